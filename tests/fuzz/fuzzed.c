/* fuzzed: see fuzzed.h. */
#include "fuzz/fuzzed.h"

#include <jansson.h>

#include "decode.h"
#include "decode_value.h"
#include "precis.h"
#include "socius/money.h"
#include "socius/world.h"

const struct contract *
fuzzed_contract(void)
{
	static struct contract contract;

	if (contract.operations_count > 0)
		return &contract;
	for (const struct room *const *room = app.rooms; *room != NULL; room++)
		for (const struct endpoint *endpoint = (*room)->endpoints; endpoint->path != NULL;
		     endpoint++) {
			struct operation *operation =
			    &contract.operations[contract.operations_count++];

			*operation = (struct operation){
				.room = *room, .endpoint = endpoint, .id = endpoint->calls + 4
			};
		}
	return &contract;
}

const struct cursor_key *
fuzzed_cursor_key(void)
{
	static struct cursor_key key;
	static bool made;

	if (!made)
		cursor_key_of("a secret of the fuzzers", &key);
	made = true;
	return &key;
}

size_t
fuzzed_number(const uint8_t **data, size_t *size, size_t count)
{
	size_t number = 0;

	for (int i = 0; i < 2 && *size > 0; i++, (*data)++, (*size)--)
		number = number << 8 | **data;
	return number % count;
}

struct text
fuzzed_rest(const uint8_t *data, size_t size)
{
	static char *copy;

	free(copy);
	copy = malloc(size > 0 ? size : 1);
	if (size > 0)
		memcpy(copy, data, size);
	return (struct text){ copy, size };
}

struct request *
fuzzed_request(void)
{
	static struct arena arena;
	static struct request request;

	world_hold_still(FUZZED_NOW_US);
	if (request.arena != NULL)
		arena_release(&arena);
	arena_init(&arena);
	request = (struct request){ .arena = &arena, .now_us = FUZZED_NOW_US, .peer = "192.0.2.1" };
	request.caller = (struct caller){
		.known = true, .market_id = 7, .role = "partner", .has_partner = true
	};
	request.caller.account_id.byte[0] = 0xaa;
	request.caller.partner_id.byte[0] = 0xbb;
	return &request;
}

void
fuzzed_ask(struct request *request, const struct operation *operation)
{
	request->endpoint = operation->endpoint;
	request->method = operation->endpoint->method;
	for (int i = 0; i < REQUEST_PATH_PARAMS_MAX; i++)
		request->path_params[i] = TEXT("0193a0c4-5e00-7000-8000-000000000001");
	request->headers[0] = (struct header){ TEXT("Content-Type"), TEXT("application/json") };
	request->headers[1] = (struct header){ TEXT("Idempotency-Key"), TEXT("a key") };
	request->headers[2] = (struct header){ TEXT("If-Match"), TEXT("\"1\"") };
	request->headers_count = 3;
}

static bool
is_utf8(struct text text)
{
	json_t *string = json_stringn(text.at, text.bytes);

	json_decref(string);
	return string != NULL;
}

/* Within what the row says. */
static void
check_argument(struct arena *arena, const struct field *field, const struct value *value)
{
	struct bounds bounds = decode_bounds(field);

	FUZZED_HOLDS(value->type == field->type);
	if (value->null || (field->from != QUERY && field->from != BODY && field->from != PATH)) {
		FUZZED_HOLDS(!value->null || field->optional || field->from > BODY);
		return;
	}
	if (field->type == INT || field->type == LONG)
		FUZZED_HOLDS(value->number >= bounds.min && value->number <= bounds.max);
	if (field->type == STRING) {
		FUZZED_HOLDS(is_utf8(value->bytes));
		FUZZED_HOLDS(value->bytes.bytes <= 4 * (size_t)bounds.max);
		FUZZED_HOLDS(memchr(value->bytes.at == NULL ? "" : value->bytes.at, '\0',
				 value->bytes.bytes) == NULL);
		FUZZED_HOLDS(precis_is_plain(value->bytes) ||
			     precis_fault(arena, value->bytes, PRECIS_LINES) == NULL);
		if (field->among != NULL)
			FUZZED_HOLDS(text_listed(field->among, value->bytes));
	}
}

/* A problem is JSON whatever it is about. */
static void
check_problem(struct request *request)
{
	struct buffer body;
	json_t *object;

	buffer_init(&body, request->arena, 512);
	problem_write(&request->problem, "id", &body);
	object = json_loadb(body.at, body.bytes, JSON_REJECT_DUPLICATES, NULL);
	FUZZED_HOLDS(json_is_object(object));
	json_decref(object);
}

void
fuzzed_decode(struct request *request, const struct operation *operation)
{
	const struct field *takes = operation->endpoint->takes;
	bool right = decode(request, operation, fuzzed_cursor_key());

	FUZZED_HOLDS(right == (request->problem.kind == NULL));
	if (!right) {
		FUZZED_HOLDS(request->problem.kind->status < 500);
		check_problem(request);
		return;
	}
	for (int i = 0; takes[i].name != NULL; i++)
		check_argument(request->arena, &takes[i], &request->args[i]);
}
