/* openapi: the document and the page that are made of tables and catalog. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "catalog.h"
#include "openapi.h"
#include "socius/problem.h"

enum { PART = 20001, PART_ARRAY = 20002, THING = 20003 };

static const struct shape_field part_fields[] = {
	{ .name = "name", .oid = OID_TEXT, .not_null = true },
};

static const struct shape_field thing_fields[] = {
	{ "thing_id", "what it is called", OID_UUID, true },
	{ "closed_at", "null until closed", OID_TIMESTAMPTZ, false },
	{ "parts", NULL, PART_ARRAY, true },
	{ "spare", "a part, or null", PART, false },
	{ "data", "anything, or null", OID_JSONB, false },
	{ "version", NULL, OID_INT8, true },
};

static const struct shape shapes[] = {
	{ PART, SHAPE_COMPOSITE, "api.part", "A part.", .fields_count = 1, .fields = part_fields },
	{ PART_ARRAY, SHAPE_ARRAY, "api.part[]", .element_oid = PART },
	{ THING, SHAPE_COMPOSITE, "api.small_thing", "A thing.", .fields_count = 6,
	    .fields = thing_fields },
};

static const struct field part[] = {
	{ "name", BODY, STRING, .min = 9, .max = 12 },
	{ "color", BODY, STRING, .optional = true, .among = "red blue" },
	{ 0 },
};

static const struct endpoint endpoints[] = {
	{ .says = "Make a thing.",
	    .method = POST,
	    .path = "/v1/shops/{shop}/things",
	    .scope = "things.write",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "key", KEY, STRING },
		{ "shop", PATH, STRING, .max = 9 },
		{ "parts", BODY, ITEMS, .min = 2, .max = 3, .items = part },
		{ "currency", BODY, STRING, .optional = true, .format = "currency",
		    .example = "\"EUR\"" },
		{ "weight_g", BODY, INT, .min = 5, .max = 9 }),
	    .status = 201,
	    .fails = "slot_full slots_overlap slot_unknown key_reused" },
	{ .says = "Show a thing.",
	    .method = GET,
	    .path = "/v1/shops/{shop}/things/{thing_id}",
	    .takes = TAKES({ "shop", PATH, STRING }, { "thing_id", PATH, UUID }) },
	{ .says = "List things.",
	    .method = GET,
	    .path = "/v1/shops/{shop}/things",
	    .gives = LIST,
	    .takes = TAKES({ "shop", PATH, STRING },
		{ "kind", QUERY, STRING, .optional = true, .among = "old new" },
		{ "limit", LIMIT, INT }, { "after_thing_id", CURSOR, UUID }) },
	{ .says = "Change a thing.",
	    .method = PUT,
	    .path = "/v1/shops/{shop}/things/{thing_id}",
	    .takes = TAKES({ "shop", PATH, STRING }, { "thing_id", PATH, UUID },
		{ "if_match", IF_MATCH, STRING }) },
};

static const struct room room = { .name = "things", .says = "Things." };
static const struct room *const rooms[] = { &room, NULL };
static const struct role roles[] = { { "keeper", "things.read things.write" }, { 0 } };

static struct app of;
static struct contract contract;
static struct arena arena;
static json_t *document;

static void
given(void)
{
	static const char *const ids[] = { "make_thing", "get_thing", "list_things",
		"change_thing" };
	struct text text;

	arena_init(&arena);
	of = (struct app){ .rooms = rooms, .roles = roles, .problems = app.problems };
	contract.shapes = shapes;
	contract.shapes_count = 3;
	for (int i = 0; i < 4; i++)
		contract.operations[contract.operations_count++] = (struct operation){
			.room = &room, .endpoint = &endpoints[i], .id = ids[i], .gives = &shapes[2]
		};
	contract.operations[0].keyed = contract.operations[0].replays = true;
	text = openapi_write(&of, &contract, &arena);
	document = json_loadb(text.at, text.bytes, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(document);
}

static void
ended(void)
{
	json_decref(document);
	arena_release(&arena);
}

TestSuite(openapi, .init = given, .fini = ended);

/* The value at a JSON pointer, or NULL. */
static json_t *
at(json_t *from, const char *pointer)
{
	while (from != NULL && *pointer == '/') {
		size_t bytes = strcspn(++pointer, "/");
		char name[128], *to = name;

		for (const char *c = pointer; c < pointer + bytes; c++) {
			bool escape = c[0] == '~' && (c[1] == '0' || c[1] == '1');

			*to++ = !escape ? *c : c[1] == '0' ? '~' : '/';
			c += escape;
		}
		*to = '\0';
		from = json_is_array(from) ? json_array_get(from, strtoul(name, NULL, 10))
					   : json_object_get(from, name);
		pointer += bytes;
	}
	return from;
}

static const char *
words(const char *pointer)
{
	return json_string_value(at(document, pointer));
}

#define MAKE "/paths/~1v1~1shops~1{shop}~1things/post"
#define LISTED "/paths/~1v1~1shops~1{shop}~1things/get"
#define SHOW "/paths/~1v1~1shops~1{shop}~1things~1{thing_id}/get"
#define SCHEMA MAKE "/requestBody/content/application~1json/schema"
#define THING_SCHEMA "/components/schemas/SmallThing"

/* Follows every $ref below `from`. */
static void
assert_refs(json_t *from)
{
	const char *name, *ref = json_string_value(json_object_get(from, "$ref"));
	json_t *value;
	size_t i;

	if (ref != NULL)
		cr_assert_not_null(at(document, ref + 1), "%s leads nowhere", ref);
	json_object_foreach (from, name, value)
		assert_refs(value);
	json_array_foreach (from, i, value)
		assert_refs(value);
}

Test(openapi, refers_to_what_is_there)
{
	assert_refs(document);
}

Test(openapi, gives_the_same_bytes_for_the_same_input)
{
	struct text first = openapi_write(&of, &contract, &arena);
	struct text second = openapi_write(&of, &contract, &arena);

	cr_assert(text_equal(first, second));
	cr_assert_eq(first.at[first.bytes - 1], '\n');
	cr_assert_eq(first.at[first.bytes], '\0');
}

Test(openapi, describes_each_operation)
{
	cr_assert_str_eq(words("/openapi"), "3.1.0");
	cr_assert_str_eq(words(MAKE "/operationId"), "make_thing");
	cr_assert_str_eq(words(MAKE "/summary"), "Make a thing");
	cr_assert_str_eq(words(MAKE "/tags/0"), "things");
	cr_assert_str_eq(words(MAKE "/security/0/bearer/0"), "things.write");
	cr_assert_not_null(strstr(words(MAKE "/description"), "keeper"));
	cr_assert_eq(json_array_size(at(document, SHOW "/security")), 0);
	cr_assert_str_eq(words("/paths/~1healthz/get/operationId"), "get_health");
	cr_assert_str_eq(words("/paths/~1readyz/get/operationId"), "get_readiness");
	cr_assert_str_eq(words("/paths/~1openapi.json/get/operationId"), "get_document");
}

Test(openapi, describes_the_body_and_nothing_beside_it)
{
	cr_assert(json_is_false(at(document, SCHEMA "/additionalProperties")));
	cr_assert(
	    json_is_false(at(document, SCHEMA "/properties/parts/items/additionalProperties")));
	cr_assert_eq(json_array_size(at(document, SCHEMA "/required")), 2);
	cr_assert_str_eq(words(SCHEMA "/required/0"), "parts");
	cr_assert_eq(json_object_size(at(document, SCHEMA "/properties")), 3);
	cr_assert_eq(json_integer_value(at(document, SCHEMA "/properties/weight_g/maximum")), 9);
	cr_assert_str_eq(words(SCHEMA "/properties/currency/pattern"), "^[A-Z]{3}$");
	cr_assert_str_eq(words(SCHEMA "/properties/currency/type/1"), "null");
	cr_assert(
	    json_is_null(at(document, SCHEMA "/properties/parts/items/properties/color/enum/2")));
}

Test(openapi, gives_an_example_within_all_bounds)
{
	json_t *example = at(document, MAKE "/requestBody/content/application~1json/example");

	cr_assert_eq(json_array_size(at(example, "/parts")), 2);
	cr_assert_eq(json_string_length(at(example, "/parts/0/name")), 9);
	cr_assert_eq(json_integer_value(at(example, "/weight_g")), 5);
	cr_assert_str_eq(json_string_value(at(example, "/currency")), "EUR");
}

Test(openapi, describes_parameters_by_their_source)
{
	cr_assert_str_eq(words(LISTED "/parameters/0/in"), "path");
	cr_assert_str_eq(words(LISTED "/parameters/1/name"), "kind");
	cr_assert_eq(json_array_size(at(document, LISTED "/parameters/1/schema/enum")), 2);
	cr_assert_str_eq(words(LISTED "/parameters/2/name"), "limit");
	cr_assert_eq(json_integer_value(at(document, LISTED "/parameters/2/schema/default")), 50);
	cr_assert_str_eq(words(LISTED "/parameters/3/$ref"), "#/components/parameters/Cursor");
	cr_assert_str_eq(
	    words(MAKE "/parameters/1/$ref"), "#/components/parameters/IdempotencyKey");
	cr_assert_str_eq(words(SHOW "/parameters/2/$ref"), "#/components/parameters/IfNoneMatch");
	cr_assert_str_eq(
	    words("/paths/~1v1~1shops~1{shop}~1things~1{thing_id}/put/parameters/2/$ref"),
	    "#/components/parameters/IfMatch");
}

/* What is no version of ours is no fault: it matches nothing, or is passed over. */
Test(openapi, bounds_conditions_by_their_grammar_alone)
{
	cr_expect_str_eq(words("/components/parameters/IfMatch/schema/pattern"),
	    "^(\\*|[ \\t,]*(W/)?\"[!#-~]*\"[ \\t]*(,[ \\t]*((W/)?\"[!#-~]*\"[ \\t]*)?)*)$");
	cr_expect_null(at(document, "/components/parameters/IfMatch/schema/maxLength"));
	cr_expect_eq(
	    json_object_size(at(document, "/components/parameters/IfNoneMatch/schema")), 1);
	cr_expect_eq(json_integer_value(
			 at(document, "/components/parameters/IdempotencyKey/schema/maxLength")),
	    512);
}

Test(openapi, describes_shapes_with_their_nulls)
{
	cr_assert_str_eq(words(THING_SCHEMA "/description"), "A thing.");
	cr_assert_eq(json_array_size(at(document, THING_SCHEMA "/required")), 3);
	cr_assert_str_eq(words(THING_SCHEMA "/properties/thing_id/format"), "uuid");
	cr_assert_str_eq(
	    words(THING_SCHEMA "/properties/thing_id/description"), "what it is called");
	cr_assert_str_eq(words(THING_SCHEMA "/properties/closed_at/type/1"), "null");
	cr_assert_str_eq(
	    words(THING_SCHEMA "/properties/parts/items/$ref"), "#/components/schemas/Part");
	cr_assert_str_eq(
	    words(THING_SCHEMA "/properties/spare/anyOf/0/$ref"), "#/components/schemas/Part");
	cr_assert_null(at(document, THING_SCHEMA "/properties/data/type"));
	cr_assert_null(at(document, THING_SCHEMA "/additionalProperties"));
}

Test(openapi, describes_what_comes_back)
{
	cr_assert_str_eq(
	    words(MAKE "/responses/201/content/application~1json/schema/$ref"), "#" THING_SCHEMA);
	cr_assert_not_null(at(document, MAKE "/responses/201/headers/Idempotent-Replayed"));
	cr_assert_not_null(at(document, SHOW "/responses/200/headers/ETag"));
	cr_assert_not_null(at(document, SHOW "/responses/304"));
	cr_assert_null(at(document, MAKE "/responses/304"));
	cr_assert_str_eq(words(LISTED "/responses/200/content/application~1json/schema/$ref"),
	    "#/components/schemas/SmallThingPage");
	cr_assert_not_null(at(document, LISTED "/responses/200/headers/Link"));
}

/* Whether the operation's response of the status of this problem names it. */
static bool
named(const char *operation, const char *slug)
{
	const char *pointer =
	    arena_print(&arena, "%s/responses/%d", operation, problem_kind(slug)->status);
	json_t *response = at(document, pointer);
	const char *ref = json_string_value(at(response, "/$ref"));

	if (ref != NULL)
		response = at(document, ref + 1);
	return at(response, arena_print(&arena, "/content/application~1problem+json/examples/%s",
				slug)) != NULL;
}

Test(openapi, names_every_problem_of_an_operation)
{
	static const char *const made[] = { "slot_full", "slots_overlap", "slot_unknown",
		"key_reused", "key_required", "malformed_json", "invalid_fields", "unauthenticated",
		"scope_missing", "market_required", "media_type_unsupported", "quota_exceeded",
		"internal_error", "unavailable", "body_too_large" };

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		cr_assert(named(MAKE, made[i]), "%s", made[i]);
	cr_assert(named(LISTED, "bad_cursor"));
	cr_assert_not(named(SHOW, "bad_cursor"));
	cr_assert_not(named(SHOW, "unauthenticated"));
	cr_assert_not(named(SHOW, "key_required"));
	cr_assert(
	    named("/paths/~1v1~1shops~1{shop}~1things~1{thing_id}/put", "precondition_required"));
}

Test(openapi, lists_every_problem_on_its_page)
{
	struct text page = openapi_problems(&app, &arena);

	cr_assert_eq(page.at[page.bytes], '\0');
	for (const struct problem_kind *kind = app.problems; kind->slug != NULL; kind++) {
		cr_assert_not_null(strstr(page.at, arena_print(&arena, "\n### %s\n", kind->slug)));
		cr_assert_not_null(strstr(page.at, kind->remedy));
	}
}
