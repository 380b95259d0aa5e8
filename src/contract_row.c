/* contract_row: what can be said of a row without its functions; see contract_parts.h. */
#include <assert.h>

#include "contract_parts.h"
#include "cursor.h"
#include "socius/problem.h"
#include "socius/text.h"

/* Which types a source can give, as a set of bits. */
#define OF(type) (1u << (type))

static const unsigned types_of[] = {
	[PATH] = OF(INT) | OF(LONG) | OF(STRING) | OF(UUID) | OF(DATE),
	[QUERY] = OF(INT) | OF(LONG) | OF(BOOL) | OF(STRING) | OF(UUID) | OF(INSTANT) |
		  OF(LOCAL_TIME) | OF(DATE),
	[BODY] = OF(INT) | OF(LONG) | OF(BOOL) | OF(STRING) | OF(UUID) | OF(INSTANT) |
		 OF(LOCAL_TIME) | OF(DATE) | OF(ITEMS),
	[BLOB] = OF(BYTES),
	[LIMIT] = OF(INT),
	[CURSOR] = OF(INT) | OF(LONG) | OF(BOOL) | OF(STRING) | OF(UUID) | OF(INSTANT) |
		   OF(LOCAL_TIME) | OF(DATE),
	[KEY] = OF(STRING),
	[KEYED] = OF(UUID),
	[IF_MATCH] = OF(STRING),
	[DIGEST] = OF(BYTES),
	[MARKET] = OF(INT),
	[CALLER] = OF(UUID),
	[ACCOUNT] = OF(UUID),
	[ROLE] = OF(STRING),
	[CLOCK] = OF(INSTANT),
	[FRESH] = OF(UUID),
	[SETTING] = OF(INT),
	[PEER] = OF(STRING),
	[REQUEST] = OF(STRING),
	[SESSION] = OF(UUID),
	[CHANCE] = OF(BYTES),
	[BLIND] = OF(STRING),
	[CLEARED] = OF(BOOL),
	[PREPARED] = OF(LONG) | OF(BOOL) | OF(STRING) | OF(UUID) | OF(BYTES),
};

static int
count_of(const struct field *takes, enum source from)
{
	int count = 0;

	for (int i = 0; takes[i].name != NULL; i++)
		count += takes[i].from == from;
	return count;
}

static void
check_items(struct check *check, const struct field *field)
{
	const struct field *items = field->items;

	if (items == NULL) {
		contract_disagree(check, "%s has no .items", field->name);
		return;
	}
	for (int i = 0; items[i].name != NULL; i++)
		if (items[i].type < INT || items[i].type > ITEMS || items[i].type == BYTES)
			contract_disagree(check, "%s.%s has a type that items cannot have",
			    field->name, items[i].name);
		else if (items[i].type == ITEMS)
			check_items(check, &items[i]);
}

static const struct field *
field_of(const struct field *takes, struct text name)
{
	for (; takes->name != NULL; takes++)
		if (text_is(name, takes->name))
			return takes;
	return NULL;
}

/* Whether the words name arguments of this type. */
static bool
names(const struct field *takes, const char *words, enum type type)
{
	if (words == NULL)
		return false;
	while (*words != '\0') {
		struct text word = { words, strcspn(words, " ") };
		const struct field *field = field_of(takes, word);

		if (field == NULL || field->type != type)
			return false;
		words += word.bytes;
		words += strspn(words, " ");
	}
	return true;
}

/* Only an optional field of a PATCH's body can be cleared. */
static void
check_cleared(struct check *check, const struct field *takes, const struct field *field)
{
	const struct field *of = field->of == NULL ? NULL : field_of(takes, text_of(field->of));

	if (field->from == CLEARED && (check->operation->endpoint->method != PATCH || of == NULL ||
					  of->from != BODY || !of->optional))
		contract_disagree(check, "%s is not .of an optional field of a PATCH", field->name);
}

static void
check_seal(struct check *check, const struct field *takes, const struct field *field)
{
	if (field->from == BLIND && !names(takes, field->of, STRING))
		contract_disagree(check, "%s has no .of", field->name);
	if (field->seals == NULL)
		return;
	check->operation->seals = true;
	if (field->type != STRING || !names(takes, field->person, UUID) ||
	    (field->row != NULL && !names(takes, field->row, UUID)))
		contract_disagree(
		    check, "%s cannot be sealed: it needs .person and ids", field->name);
	if (check->operation->endpoint->method == GET)
		contract_disagree(check, "%s is sealed in a GET, which keeps nothing", field->name);
}

static void
check_fields(struct check *check, const struct field *takes)
{
	for (int i = 0; takes[i].name != NULL; i++) {
		const struct field *field = &takes[i];

		if (i >= REQUEST_ARGS_MAX)
			contract_disagree(
			    check, "it takes more than %d arguments", REQUEST_ARGS_MAX);
		if (field->from < PATH || field->from > PREPARED || field->type < INT ||
		    field->type > ITEMS || (types_of[field->from] & OF(field->type)) == 0)
			contract_disagree(
			    check, "%s has a type that its source cannot give", field->name);
		else if (field->type == ITEMS)
			check_items(check, field);
		check_seal(check, takes, field);
		check_cleared(check, takes, field);
		for (int before = 0; before < i; before++)
			if (strcmp(takes[before].name, field->name) == 0)
				contract_disagree(check, "it takes %s twice", field->name);
	}
}

/* Whether the path has the parameter {name}. */
static bool
in_path(const char *path, const char *name)
{
	size_t bytes = strlen(name);

	for (; (path = strchr(path, '{')) != NULL; path++)
		if (strncmp(path + 1, name, bytes) == 0 && path[1 + bytes] == '}')
			return true;
	return false;
}

static void
check_path(struct check *check, const struct endpoint *endpoint)
{
	int params = 0;

	if (endpoint->path[0] != '/')
		contract_disagree(check, "the path does not begin with /");
	for (const char *at = endpoint->path; (at = strchr(at, '{')) != NULL; at++)
		params++;
	if (params > REQUEST_PATH_PARAMS_MAX)
		contract_disagree(
		    check, "the path has more than %d parameters", REQUEST_PATH_PARAMS_MAX);
	if (params != count_of(endpoint->takes, PATH))
		contract_disagree(check, "the path has %d parameters, .takes has %d", params,
		    count_of(endpoint->takes, PATH));
	for (int i = 0; endpoint->takes[i].name != NULL; i++)
		if (endpoint->takes[i].from == PATH &&
		    !in_path(endpoint->path, endpoint->takes[i].name))
			contract_disagree(
			    check, "{%s} is not in the path", endpoint->takes[i].name);
}

/* Whether both match the same paths: equal but for the names of their parameters. */
static bool
same_path(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		if (*a != *b)
			return false;
		if (*a == '{') {
			a += strcspn(a, "}");
			b += strcspn(b, "}");
		}
		a++;
		b++;
	}
	return *a == *b;
}

/* The rows before this one must be others: by method and path, and by operation id. */
static void
check_unique(struct check *check)
{
	const struct operation *own = check->operation;
	const struct endpoint *endpoint = own->endpoint;

	for (const struct room *const *room = check->of->rooms; *room != NULL; room++)
		for (const struct endpoint *other = (*room)->endpoints; other->path != NULL;
		     other++) {
			if (other == endpoint)
				return;
			if (other->method == endpoint->method &&
			    same_path(other->path, endpoint->path))
				contract_disagree(check, "another row has its method and path");
			if (strcmp(other->calls, endpoint->calls) == 0)
				contract_disagree(check, "another row calls %s", endpoint->calls);
		}
}

static void
check_scope(struct check *check, const char *scope)
{
	if (scope == NULL)
		return;
	for (const struct role *role = check->of->roles; role->name != NULL; role++)
		if (text_listed(role->scopes, text_of(scope)))
			return;
	contract_disagree(check, "no role has the scope %s", scope);
}

static void
check_body(struct check *check, const struct endpoint *endpoint)
{
	int body = count_of(endpoint->takes, BODY), blob = count_of(endpoint->takes, BLOB);

	if (endpoint->method == GET && body + blob > 0)
		contract_disagree(check, "a GET has no body");
	if (blob > 1 || (blob > 0 && body > 0))
		contract_disagree(check, "a BLOB is the whole body");
}

static void
check_gives(struct check *check, const struct endpoint *endpoint)
{
	int cursors = count_of(endpoint->takes, CURSOR), limits = count_of(endpoint->takes, LIMIT);

	if (cursors > CURSOR_VALUES_MAX)
		contract_disagree(check, "it has more than %d sort keys", CURSOR_VALUES_MAX);
	if (cursors > 0 && limits != 1)
		contract_disagree(check, "sort keys need one LIMIT");
	if (cursors > 0 && endpoint->gives != LIST && endpoint->gives != STREAM)
		contract_disagree(check, "only lists and streams have sort keys");
	if (endpoint->gives == STREAM && cursors == 0)
		contract_disagree(check, "a stream needs sort keys");
	if (endpoint->gives == DOWNLOAD && endpoint->media == NULL)
		contract_disagree(check, "a download needs .media");
	if (endpoint->gives == DOWNLOAD && endpoint->media != NULL && endpoint->finishes == NULL &&
	    strcmp(endpoint->media, "text/csv") != 0)
		contract_disagree(check, "only text/csv is written without .finishes");
	if (endpoint->method == GET && endpoint->status != 0 && endpoint->status != 200)
		contract_disagree(check, "a GET succeeds with 200");
}

static void
check_fails(struct check *check, const char *fails)
{
	while (fails != NULL && *fails != '\0') {
		struct text slug = { fails, strcspn(fails, " ") };

		if (slug.bytes > 0 && problem_kind_or_null(slug) == NULL)
			contract_disagree(
			    check, "there is no problem %.*s", (int)slug.bytes, slug.at);
		fails += slug.bytes;
		fails += strspn(fails, " ");
	}
}

void
contract_check_row(struct check *check)
{
	const struct endpoint *endpoint = check->operation->endpoint;

	if (endpoint->says == NULL)
		contract_disagree(check, "it says nothing");
	check_fields(check, endpoint->takes);
	check_path(check, endpoint);
	check_unique(check);
	check_scope(check, endpoint->scope);
	check_body(check, endpoint);
	check_gives(check, endpoint);
	check_fails(check, endpoint->fails);
	if (endpoint->batch && (endpoint->method == GET || endpoint->slow))
		contract_disagree(check, "only writes that are not slow go in batches");
	if (count_of(endpoint->takes, PREPARED) > 0 && endpoint->prepares == NULL)
		contract_disagree(check, "nothing prepares what is PREPARED");
	if (endpoint->fresh_totp && endpoint->scope == NULL)
		contract_disagree(check, ".fresh_totp needs a scope: nobody has shown a code");
	if (endpoint->asks != NULL && endpoint->prepares == NULL)
		contract_disagree(check, ".asks is for .prepares, which is missing");
}
