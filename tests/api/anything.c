/*
 * Anything: requests made of the document by chance, right ones and spoilt ones, by everybody. Each
 * reply is what the document promises, and none is a fault of ours. API_FUZZ_REQUESTS says how
 * many; API_FUZZ_SEED plays a run again as far as the instance's state allows.
 */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "socius/endpoint.h"
#include "socius/text.h"
#include "socius/world.h"
#include "story.h"

enum { REQUESTS = 3000, OF_A_STORY = 500, IDS = 64, ROLES = 6, OPERATIONS_MAX = 600 };

static uint64_t chance_state;

/* xorshift64*; below `count`. */
static unsigned
chance(unsigned count)
{
	chance_state ^= chance_state >> 12;
	chance_state ^= chance_state << 25;
	chance_state ^= chance_state >> 27;
	return (unsigned)((chance_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % count;
}

static bool
once_in(unsigned count)
{
	return chance(count) == 0;
}

/* --- ids that replies have named --- */

static char ids[IDS][STORY_ID_BYTES];

static void
harvest(json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	json_object_foreach (value, name, member) {
		const char *id = json_string_value(member);

		if (id != NULL && strlen(id) == STORY_ID_BYTES - 1 && strstr(name, "_id") != NULL)
			memcpy(ids[chance(IDS)], id, STORY_ID_BYTES);
		harvest(member);
	}
	json_array_foreach (value, i, member)
		harvest(member);
}

static const char *
some_id(void)
{
	const char *id = ids[chance(IDS)];

	return *id == '\0' || once_in(10) ? story_key() : id;
}

/* --- values --- */

static json_t *
spoilt(void)
{
	static const char *const texts[] = { "", " ", "null", "-1", "1e400", "\x7f", "'; drop --",
		"%s%n", "\xf0\x9f\x9a\x80", "2026-02-30", "2026-03-29T02:30", "NaN", "a\nb" };

	switch (chance(8)) {
	case 0:
		return json_null();
	case 1:
		return json_integer(INT64_MAX - chance(3));
	case 2:
		return json_integer(-(json_int_t)chance(3) - 1);
	case 3:
		return json_real(0.5);
	case 4:
		return json_boolean(once_in(2));
	case 5:
		return json_array();
	case 6:
		return json_object();
	default:
		return json_string(texts[chance(sizeof(texts) / sizeof(texts[0]))]);
	}
}

static json_int_t
bound(json_t *schema, const char *name, json_int_t otherwise)
{
	json_t *value = json_object_get(schema, name);

	return value == NULL ? otherwise : json_integer_value(value);
}

static json_t *
some_number(json_t *schema)
{
	json_int_t least = bound(schema, "minimum", 0), most = bound(schema, "maximum", 1000000);

	switch (chance(24)) {
	case 0:
		return json_integer(least);
	case 1:
		return json_integer(most);
	case 2:
		return json_integer(once_in(2) ? least - 1 : most + 1);
	default:
		return json_integer(least + (json_int_t)chance(1000) % (most - least + 1));
	}
}

static json_t *
some_text(json_t *schema)
{
	const char *format = json_string_value(json_object_get(schema, "format"));
	json_t *among = json_object_get(schema, "enum");
	json_t *examples = json_object_get(schema, "examples");
	json_int_t most = bound(schema, "maxLength", 40);
	char text[64];

	if (json_array_size(among) > 0)
		return json_incref(json_array_get(among, chance((unsigned)json_array_size(among))));
	if (format != NULL && strcmp(format, "uuid") == 0)
		return json_string(some_id());
	if (format != NULL && strcmp(format, "date-time") == 0)
		return json_string(story_print("2026-%02u-%02uT%02u:%02u:00%s", 1 + chance(12),
		    1 + chance(28), chance(24), chance(60), once_in(2) ? "Z" : "+02:00"));
	if (format != NULL && strcmp(format, "date") == 0)
		return json_string(story_print("2026-%02u-%02u", 1 + chance(12), 1 + chance(31)));
	if (json_array_size(examples) > 0 && !once_in(4))
		return json_incref(json_array_get(examples, 0));
	memset(text, 'a' + (int)chance(26), sizeof(text));
	text[most < 40 ? chance((unsigned)most + 2) : chance(40)] = '\0';
	return json_string(text);
}

static json_t *some_object(json_t *schema);

static bool
is_of(json_t *schema, const char *type)
{
	json_t *said = json_object_get(schema, "type"), *one;
	size_t i;

	json_array_foreach (said, i, one)
		if (strcmp(json_string_value(one), type) == 0)
			return true;
	return json_is_string(said) && strcmp(json_string_value(said), type) == 0;
}

static json_t *
some_value(json_t *schema)
{
	json_t *list;

	if (once_in(40))
		return spoilt();
	if (is_of(schema, "integer"))
		return some_number(schema);
	if (is_of(schema, "boolean"))
		return json_boolean(once_in(2));
	if (is_of(schema, "object"))
		return some_object(schema);
	if (!is_of(schema, "array"))
		return some_text(schema);
	list = json_array();
	for (unsigned i = chance(4); i > 0; i--)
		json_array_append_new(list, some_value(json_object_get(schema, "items")));
	return list;
}

static bool
is_required(json_t *schema, const char *name)
{
	json_t *required;
	size_t i;

	json_array_foreach (json_object_get(schema, "required"), i, required)
		if (strcmp(json_string_value(required), name) == 0)
			return true;
	return false;
}

static json_t *
some_object(json_t *schema)
{
	json_t *object = json_object(), *of;
	const char *name;

	json_object_foreach (json_object_get(schema, "properties"), name, of)
		if (is_required(schema, name) ? !once_in(40) : once_in(2))
			json_object_set_new(object, name, some_value(of));
	if (once_in(60))
		json_object_set_new(object, "nobody_knows_me", json_true());
	return object;
}

/* --- operations --- */

struct operation {
	const char *method, *path;
	json_t *says;
};

/* Somebody who asks. */
struct who {
	const char *role, *token;
};

static struct operation operations[OPERATIONS_MAX];
static int operations_count;

/* What tells of itself without end, what makes whole cities, and what others' guesses would be
 * counted with. */
static bool
is_left_out(const char *path)
{
	return strstr(path, "/stream") != NULL || strcmp(path, "/v1/test/markets") == 0 ||
	       strncmp(path, "/v1/accounts", 12) == 0 || strcmp(path, "/v1/auth/sessions") == 0 ||
	       strncmp(path, "/v1/", 4) != 0;
}

static void
read_operations(json_t *document)
{
	const char *path, *method;
	json_t *item, *says;

	operations_count = 0;
	json_object_foreach (json_object_get(document, "paths"), path, item)
		json_object_foreach (item, method, says)
			if (!is_left_out(path) && json_is_object(says) &&
			    operations_count < OPERATIONS_MAX)
				operations[operations_count++] =
				    (struct operation){ method, path, says };
}

/* The path with an id, or something else, for each parameter, and some of its query. */
static const char *
some_path(const struct operation *operation)
{
	const char *made = "", *at = operation->path, *query = "?";
	json_t *parameter;
	size_t i;

	while (*at != '\0') {
		size_t bytes = strcspn(at, "{");

		made = story_print("%s%.*s", made, (int)bytes, at);
		at += bytes;
		if (*at == '{') {
			made = story_print("%s%s", made, once_in(15) ? "2026-03-02" : some_id());
			at += strcspn(at, "}") + 1;
		}
	}
	json_array_foreach (json_object_get(operation->says, "parameters"), i, parameter) {
		const char *in = json_string_value(json_object_get(parameter, "in"));
		json_t *value;
		char *text;

		if (in == NULL || strcmp(in, "query") != 0 || once_in(2))
			continue;
		value = some_value(json_object_get(parameter, "schema"));
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		made = story_print(
		    "%s%s%s=", made, query, json_string_value(json_object_get(parameter, "name")));
		for (const char *c = text; *c != '\0'; c++)
			if (*c != '"')
				made = story_print("%s%%%02x", made, (unsigned char)*c);
		query = "&";
		free(text);
		json_decref(value);
	}
	return made;
}

static char *
some_body(const struct operation *operation)
{
	json_t *schema = json_object_get(
	    json_object_get(
		json_object_get(json_object_get(operation->says, "requestBody"), "content"),
		"application/json"),
	    "schema");
	json_t *body;
	char *text;

	if (schema == NULL)
		return once_in(20) ? strdup("{}") : NULL;
	body = some_value(schema);
	text = json_dumps(body, JSON_ENCODE_ANY);
	json_decref(body);
	return text;
}

/* Most often of somebody who may. */
static const char *
some_token(const struct operation *operation, const struct who whos[ROLES])
{
	const char *scope = json_string_value(json_array_get(
	    json_object_get(
		json_array_get(json_object_get(operation->says, "security"), 0), "bearer"),
	    0));

	for (int tries = 0; tries < 20; tries++) {
		const struct who *who = &whos[chance(ROLES)];

		if (scope == NULL || once_in(20))
			return who->token;
		for (const struct role *role = app.roles; role->name != NULL; role++)
			if (strcmp(role->name, who->role) == 0 &&
			    text_listed(role->scopes, text_of(scope)))
				return who->token;
	}
	return NULL;
}

static void
ask(const struct operation *operation, const struct who whos[ROLES])
{
	char method[8] = "";
	char *body = some_body(operation);
	const char *token = some_token(operation, whos);
	struct story_reply *reply;

	for (size_t i = 0; i < sizeof(method) - 1 && operation->method[i] != '\0'; i++)
		method[i] = (char)(operation->method[i] - 'a' + 'A');
	if (once_in(3))
		story_header(story_print("If-Match: \"%u\"", 1 + chance(3)));
	reply = body == NULL ? story_call(method, some_path(operation), token,
				   once_in(8) ? NULL : story_key(), NULL)
			     : story_call(method, some_path(operation), token,
				   once_in(8) ? NULL : story_key(), "%s", body);
	harvest(reply->body);
	free(body);
}

/* A city of its own with somebody in it. */
static void
play_a_story(int requests)
{
	struct story_partner ada;

	story_begin();
	ada = story_partner("courier");
	const struct who whos[ROLES] = { { "operator", story.operator_token },
		{ "partner", ada.token }, { "service", story.service },
		{ "customer", story_token("customer", story_key(), NULL) },
		{ "auditor", story.auditor }, { "nobody", NULL } };

	(void)story_slot(story_station(), "2026-03-02T12:00", "2026-03-02T16:00", 2);
	read_operations(story_get(NULL, "/openapi.json")->body);
	cr_assert_gt(operations_count, 0);
	memset(ids, 0, sizeof(ids));
	memcpy(ids[0], ada.partner_id, STORY_ID_BYTES);
	for (int i = 0; i < requests; i++)
		ask(&operations[chance((unsigned)operations_count)], whos);
	story_end();
}

Test(anything, gets_a_reply_that_the_document_promises, .timeout = 3600)
{
	int64_t left = world_setting_int("API_FUZZ_REQUESTS", REQUESTS, 1, 100 * 1000 * 1000);
	int64_t seed =
	    world_setting_int("API_FUZZ_SEED", world_now_us() % 1000000000, 0, INT64_MAX);

	if (world_setting("SOCIUS_URL", NULL) == NULL)
		cr_skip_test("SOCIUS_URL names no running instance");
	chance_state = (uint64_t)seed * 2 + 1;
	cr_log_warn("API_FUZZ_SEED=%" PRId64 "\n", seed);
	for (; left > 0; left -= OF_A_STORY)
		play_a_story(left < OF_A_STORY ? (int)left : OF_A_STORY);
}
