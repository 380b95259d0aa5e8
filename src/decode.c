/* decode: a request into the arguments of its call; see decode.h. */
#include "decode.h"

#include <assert.h>
#include <jansson.h>

#include "decode_parts.h"
#include "socius/json.h"
#include "socius/world.h"

bool
decode_refuse(struct request *request, const char *slug, const char *detail)
{
	problem_set(&request->problem, slug, detail);
	return false;
}

void
decode_fault(struct request *request, const char *pointer, const char *code, const char *detail)
{
	problem_add_error(&request->problem, pointer, code, detail);
}

struct place
decode_place(struct request *request, const char *pointer)
{
	return (struct place){ request->arena, &request->problem, pointer };
}

int
decode_count(const struct field *takes, enum source from)
{
	int count = 0;

	for (int i = 0; takes[i].name != NULL; i++)
		count += takes[i].from == from;
	return count;
}

static bool
take_market(struct request *request, const struct field *field, struct value *value)
{
	/* optional: the platform itself, market 0, may ask */
	if (request->caller.market_id == 0 && !field->optional)
		return decode_refuse(request, "market_required", NULL);
	value->number = request->caller.market_id;
	return true;
}

static bool
take_partner(struct request *request, const struct field *field, struct value *value)
{
	if (!request->caller.has_partner && !field->optional)
		return decode_refuse(request, "partner_required", NULL);
	value->null = !request->caller.has_partner;
	value->uuid = request->caller.partner_id;
	return true;
}

static bool
take_account(struct request *request, const struct field *field, struct value *value)
{
	if (!request->caller.known && !field->optional)
		return decode_refuse(request, "unauthenticated", NULL);
	value->null = !request->caller.known;
	value->uuid = request->caller.account_id;
	return true;
}

/* It was checked when the instance started: what is not usable ended the start. */
static int64_t
setting(const struct request *request, const struct field *field)
{
	char *name = arena_print(request->arena, "SOCIUS_%s", field->name);

	for (char *at = name; *at != '\0'; at++)
		if (*at >= 'a' && *at <= 'z')
			*at -= 'a' - 'A';
	return world_setting_int(name, field->min, field->min, field->max);
}

static struct text
chance(struct arena *arena)
{
	char *bytes = arena_take(arena, DECODE_CHANCE_BYTES);

	world_chance(bytes, DECODE_CHANCE_BYTES);
	return (struct text){ bytes, DECODE_CHANCE_BYTES };
}

static bool
take_surroundings(struct request *request, const struct field *field, struct value *value)
{
	*value = (struct value){ .type = field->type };
	switch (field->from) {
	case MARKET:
		return take_market(request, field, value);
	case CALLER:
		return take_partner(request, field, value);
	case ACCOUNT:
		return take_account(request, field, value);
	case ROLE:
		value->null = request->caller.role == NULL;
		if (!value->null)
			value->bytes = text_of(request->caller.role);
		return true;
	case CLOCK:
		value->number = request->now_us;
		return true;
	case FRESH:
		value->uuid = world_fresh_id();
		return true;
	case SETTING:
		value->number = setting(request, field);
		return true;
	case PEER:
		value->bytes = text_of(request->peer);
		return true;
	case REQUEST:
		value->bytes = text_of(request->id);
		return true;
	case SESSION:
		value->null = !request->caller.has_session;
		value->uuid = request->caller.session_id;
		return true;
	case CHANCE:
		value->bytes = chance(request->arena);
		return true;
	default:
		value->null = true;
		return true;
	}
}

static bool
take_caller(struct request *request)
{
	const struct field *takes = request->endpoint->takes;

	for (int i = 0; takes[i].name != NULL; i++)
		if (!take_surroundings(request, &takes[i], &request->args[i]))
			return false;
	return true;
}

bool
decode_cursor(struct request *request, const struct operation *operation,
    const struct cursor_key *cursor_key, struct text from)
{
	const struct field *takes = operation->endpoint->takes;
	struct cursor_list list = decode_list(request, operation);
	struct cursor cursor = { .count = 0 };
	int count = 0;

	for (int i = 0; takes[i].name != NULL; i++) {
		if (takes[i].from != CURSOR)
			continue;
		assert(cursor.count < CURSOR_VALUES_MAX);
		cursor.values[cursor.count++] =
		    (struct value){ .type = takes[i].type, .null = true };
	}
	if (from.bytes > 0 && !cursor_read(cursor_key, &list, from, &cursor, request->arena))
		return decode_refuse(request, "bad_cursor", NULL);
	for (int i = 0; takes[i].name != NULL; i++)
		if (takes[i].from == CURSOR)
			request->args[i] = cursor.values[count++];
	return true;
}

static bool
body_is(const struct request *request, struct text kind)
{
	struct text media = request_header(request, "Content-Type");
	size_t bytes = 0;

	while (bytes < media.bytes && media.at[bytes] != ';' && media.at[bytes] != ' ')
		bytes++;
	return text_equal_nocase((struct text){ media.at, bytes }, kind);
}

/* The body as a JSON value to be released; NULL: the problem is set. */
static struct json_t *
read_body(struct request *request)
{
	struct text body = request->body;
	struct json_t *value;
	const char *why;
	long offset;

	if (request->endpoint->form && body_is(request, TEXT("application/x-www-form-urlencoded")))
		return decode_form(request);
	if (body.bytes > 0 && !body_is(request, TEXT("application/json"))) {
		(void)decode_refuse(request, "media_type_unsupported", NULL);
		return NULL;
	}
	value = json_read(body.bytes == 0 ? TEXT("{}") : body, &why, &offset);
	if (value == NULL)
		(void)decode_refuse(request, "malformed_json",
		    arena_print(request->arena, "At byte %ld: %s.", offset, why));
	return value;
}

bool
decode_clears(const struct field *fields, const char *name)
{
	for (int i = 0; fields[i].name != NULL; i++)
		if (fields[i].from == CLEARED && strcmp(fields[i].of, name) == 0)
			return true;
	return false;
}

/* A PATCH tells null from what is absent: one clears, the other leaves what there is. */
static void
take_cleared(struct place *place, struct request *request, const json_t *object)
{
	const struct field *takes = request->endpoint->takes;

	for (int i = 0; takes[i].name != NULL; i++) {
		bool sent =
		    takes[i].from == BODY && json_is_null(json_object_get(object, takes[i].name));

		if (takes[i].from == CLEARED)
			request->args[i] = (struct value){ .type = BOOL,
				.number = json_is_null(json_object_get(object, takes[i].of)) };
		else if (sent && request->endpoint->method == PATCH &&
			 !decode_clears(takes, takes[i].name))
			problem_add_error(place->problem,
			    arena_print(request->arena, "/%s", takes[i].name), "type",
			    "This field cannot be cleared: leave it out to keep what there is.");
	}
}

static const char *
kind_of(const struct json_t *value)
{
	static const char *const kinds[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number",
		[JSON_REAL] = "a number",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};

	return kinds[json_typeof(value)];
}

static bool
take_body(struct request *request)
{
	struct place place = decode_place(request, "");
	struct json_t *object = read_body(request);

	if (object == NULL)
		return false;
	if (json_is_object(object)) {
		decode_members(&place, request->endpoint->takes, false, object, request->args);
		take_cleared(&place, request, object);
	} else
		problem_set(&request->problem, "malformed_json",
		    arena_print(request->arena, "The body is %s, not an object.", kind_of(object)));
	json_decref(object);
	return request->problem.kind == NULL;
}

/* Where the sort keys come from: a stream that reconnects sends the id of the last event it saw. */
static struct text
cursor_sent(const struct request *request, struct text parameter)
{
	struct text header = request_header(request, "Last-Event-ID");

	return request->endpoint->gives == STREAM && header.bytes > 0 ? header : parameter;
}

static bool
take_all(
    struct request *request, const struct operation *operation, const struct cursor_key *cursor_key)
{
	bool blob = decode_count(request->endpoint->takes, BLOB) > 0;
	struct text key, cursor;

	assert(request->endpoint == operation->endpoint);
	if (!take_caller(request) || !decode_headers(request, operation, &key))
		return false;
	decode_path(request);
	decode_query(request, &cursor);
	if (!blob && !take_body(request))
		return false;
	if (request->problem.errors_count > 0)
		return decode_refuse(request, "invalid_fields", NULL);
	decode_bind(request);
	return decode_cursor(request, operation, cursor_key, cursor_sent(request, cursor)) &&
	       decode_derived(request, operation, key);
}

/* Who sends forms wants to hear of faults by the names of RFC 6749 section 5.2, too. */
bool
decode(
    struct request *request, const struct operation *operation, const struct cursor_key *cursor_key)
{
	bool taken = take_all(request, operation, cursor_key);

	if (!taken && request->endpoint->form)
		request->problem.members = TEXT("{\"error\":\"invalid_request\"}");
	return taken;
}
