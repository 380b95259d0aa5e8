/* encode: answers as JSON, CSV, events and problems. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "encode.h"
#include "socius/instant.h"
#include "support/cells.h"

enum { THING = 20003 };

/* --- a small contract --- */

static const struct shape_field thing_fields[] = {
	{ .name = "thing_id", .oid = OID_UUID },
	{ .name = "kind", .oid = OID_TEXT },
	{ .name = "amount_minor", .oid = OID_INT8 },
	{ .name = "at", .oid = OID_TIMESTAMPTZ },
	{ .name = "version", .oid = OID_INT8 },
};

static const struct shape shapes[] = {
	{ THING, SHAPE_COMPOSITE, "api.thing", .fields_count = 5, .fields = thing_fields },
};

static const struct contract contract = { .shapes = shapes, .shapes_count = 1 };

static const struct endpoint get_thing = { .method = GET, .path = "/v1/things/{thing_id}" };

static const struct field no_fields[] = { { 0 } };
static const struct field sorted[] = {
	{ "limit", LIMIT, INT },
	{ "after_at", CURSOR, INSTANT },
	{ "after_thing_id", CURSOR, UUID },
	{ 0 },
};

static struct arena arena;
static struct cursor_key cursor_key;
static struct request request;
static struct endpoint endpoint;
static struct operation operation;
static struct answer answer;
static struct reply reply;
static const struct encoder encoder = { &contract, &cursor_key };

static void
given(void)
{
	arena_init(&arena);
	cursor_key_of("a secret of the tests", &cursor_key);
	request = (struct request){ .arena = &arena, .method = GET, .path = TEXT("/v1/things") };
	request.endpoint = &endpoint;
	endpoint = (struct endpoint){ .method = GET, .path = "/v1/things", .takes = no_fields };
	operation = (struct operation){ .endpoint = &endpoint, .id = "get_thing" };
	operation.gives = &shapes[0];
	answer = (struct answer){ .outcome = OUTCOME_ROWS };
}

static void
ended(void)
{
	PQclear((PGresult *)(uintptr_t)answer.rows.result);
	arena_release(&arena);
}

TestSuite(encode, .init = given, .fini = ended);

static void
encoded(void)
{
	encode_reply(&encoder, &operation, &request, &answer, &reply);
}

static const char *
body(void)
{
	return arena_copy(&arena, reply.body.at, reply.body.bytes);
}

/* The value of a header of the reply, or NULL. */
static const char *
header(const char *name)
{
	for (int i = 0; i < reply.headers_count; i++)
		if (text_is(reply.headers[i].name, name))
			return arena_copy(
			    &arena, reply.headers[i].value.at, reply.headers[i].value.bytes);
	return NULL;
}

static const char *
slug(void)
{
	return request.problem.kind == NULL ? "none" : request.problem.kind->slug;
}

/* The columns of api.thing, behind the leading ones that the operation has. */
static PGresult *
things(void)
{
	static const struct cells_column leading[] = { { "refused", OID_TEXT },
		{ "detail", OID_JSONB }, { "replayed", OID_BOOL } };
	struct cells_column columns[16] = { 0 };
	int count = 0;

	if (operation.refuses) {
		columns[count++] = leading[0];
		columns[count++] = leading[1];
	}
	if (operation.replays)
		columns[count++] = leading[2];
	for (int i = 0; i < 5; i++)
		columns[count++] =
		    (struct cells_column){ thing_fields[i].name, thing_fields[i].oid };
	return cells_new(columns);
}

static void
put_thing(PGresult *result, int row)
{
	int first = PQnfields(result) - 5;
	uint8_t id[16] = { 0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, (uint8_t)(row + 1) };

	for (int i = 0; i < first; i++)
		cells_put_null(result, row, i);
	cells_put(result, row, first, id, sizeof(id));
	cells_put_text(result, row, first + 1, row == 0 ? "a \"b\"" : "=1+1");
	cells_put_int(result, row, first + 2, row == 0 ? 1250 : -50, 8);
	cells_put_int(result, row, first + 3, row * INT64_C(1500000), 8);
	cells_put_int(result, row, first + 4, row + 3, 8);
}

static void
given_things(int count)
{
	PGresult *result = things();

	for (int row = 0; row < count; row++)
		put_thing(result, row);
	answer.rows = (struct rows){ .result = result, .count = count };
}

#define FIRST \
	"{\"thing_id\":\"00000000-0000-7000-8000-000000000001\",\"kind\":\"a \\\"b\\\"\"," \
	"\"amount_minor\":1250,\"at\":\"2000-01-01T00:00:00Z\",\"version\":3}"
#define SECOND \
	"{\"thing_id\":\"00000000-0000-7000-8000-000000000002\",\"kind\":\"=1+1\"," \
	"\"amount_minor\":-50,\"at\":\"2000-01-01T00:00:01.500Z\",\"version\":4}"

/* --- one object --- */

Test(encode, writes_one_object_with_its_tag)
{
	given_things(1);
	encoded();
	cr_assert_eq(reply.status, 200);
	cr_assert(text_is(reply.media, "application/json"));
	cr_assert_str_eq(body(), FIRST);
	cr_assert_str_eq(header("ETag"), "\"3\"");
	cr_assert_null(header("Location"));
}

Test(encode, writes_null_for_null)
{
	given_things(1);
	cells_put_null((PGresult *)(uintptr_t)answer.rows.result, 0, 4);
	cells_put_null((PGresult *)(uintptr_t)answer.rows.result, 0, 1);
	encoded();
	cr_assert_not_null(strstr(body(), "\"kind\":null"));
	cr_assert_null(header("ETag"));
}

Test(encode, says_unchanged_to_who_has_the_version)
{
	static const char *const known[] = { "\"3\"", "W/\"3\"", "\"1\", W/\"3\"", "*" };

	given_things(1);
	request.headers_count = 1;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		request.headers[0] = (struct header){ TEXT("if-none-match"), text_of(known[i]) };
		encoded();
		cr_assert_eq(reply.status, 304, "%s", known[i]);
		cr_assert_eq(reply.body.bytes, 0);
		cr_assert_eq(reply.media.bytes, 0);
		cr_assert_str_eq(header("ETag"), "\"3\"");
	}
}

Test(encode, shows_what_has_changed)
{
	given_things(1);
	request.headers_count = 1;
	request.headers[0] = (struct header){ TEXT("If-None-Match"), TEXT("\"13\", \"30\"") };
	encoded();
	cr_assert_eq(reply.status, 200);
}

Test(encode, never_says_unchanged_to_a_write)
{
	given_things(1);
	request.method = POST;
	request.headers_count = 1;
	request.headers[0] = (struct header){ TEXT("If-None-Match"), TEXT("*") };
	encoded();
	cr_assert_eq(reply.status, 200);
}

Test(encode, says_where_a_made_thing_can_be_read)
{
	given_things(1);
	endpoint.status = 201;
	operation.located = &get_thing;
	encoded();
	cr_assert_eq(reply.status, 201);
	cr_assert_str_eq(header("Location"), "/v1/things/00000000-0000-7000-8000-000000000001");
}

Test(encode, says_that_a_request_was_replayed)
{
	operation.refuses = operation.replays = true;
	given_things(1);
	cells_put_int((PGresult *)(uintptr_t)answer.rows.result, 0, 2, 1, 1);
	encoded();
	cr_assert_str_eq(header("Idempotent-Replayed"), "true");
	cr_assert(reply.replayed);
	cr_assert_str_eq(body(), FIRST);
}

Test(encode, does_not_say_so_of_a_first_request)
{
	operation.replays = true;
	given_things(1);
	cells_put_int((PGresult *)(uintptr_t)answer.rows.result, 0, 0, 0, 1);
	encoded();
	cr_assert_null(header("Idempotent-Replayed"));
	cr_assert_not(reply.replayed);
}

Test(encode, refuses_what_the_function_refuses)
{
	operation.refuses = true;
	given_things(1);
	cells_put_text((PGresult *)(uintptr_t)answer.rows.result, 0, 0, "slot_full");
	cells_put_jsonb((PGresult *)(uintptr_t)answer.rows.result, 0, 1, "{\"seats_left\": 0}");
	encoded();
	cr_assert_eq(reply.status, 409);
	cr_assert(text_is(reply.media, "application/problem+json"));
	cr_assert_not_null(strstr(body(), "\"code\":\"slot_full\""));
	cr_assert_not_null(strstr(body(), "\"seats_left\":0"));
	cr_assert_null(header("ETag"));
}

Test(encode, answers_only_the_row_of_its_own_call)
{
	operation.refuses = true;
	given_things(2);
	cells_put_text((PGresult *)(uintptr_t)answer.rows.result, 0, 0, "slot_full");
	answer.rows.first = 1;
	answer.rows.count = 1;
	encoded();
	cr_assert_eq(reply.status, 200);
	cr_assert_str_eq(body(), SECOND);
}

Test(encode, finds_nothing_where_there_is_no_row)
{
	given_things(0);
	encoded();
	cr_assert_eq(reply.status, 404);
	cr_assert_str_eq(slug(), "not_found");
}

Test(encode, says_nothing_where_nothing_is_given)
{
	static const struct cells_column columns[] = { { 0 } };

	operation.gives = NULL;
	answer.rows = (struct rows){ .result = cells_new(columns), .count = 1 };
	encoded();
	cr_assert_eq(reply.status, 204);
	cr_assert_eq(reply.body.bytes, 0);
	cr_assert_eq(reply.media.bytes, 0);
}

/* --- problems --- */

Test(encode, says_when_to_come_again)
{
	answer = (struct answer){ .outcome = OUTCOME_UNAVAILABLE, .sent = true };
	request.method = POST;
	encoded();
	cr_assert_eq(reply.status, 503);
	cr_assert_str_eq(header("Retry-After"), "1");
	cr_assert_not_null(strstr(body(), "may have had its effect"));
}

Test(encode, says_when_to_come_again_as_the_refusal_does)
{
	answer = (struct answer){ .outcome = OUTCOME_FAILED,
		.sqlstate = "SO001",
		.message = "quota_exceeded",
		.detail = "{\"retry_after_s\": 77}" };
	encoded();
	cr_assert_eq(reply.status, 429);
	cr_assert_str_eq(header("Retry-After"), "77");
}

Test(encode, says_that_a_busy_link_did_nothing)
{
	answer = (struct answer){ .outcome = OUTCOME_BUSY };
	encoded();
	cr_assert_eq(reply.status, 503);
	cr_assert_not_null(strstr(body(), "had no effect"));
}

Test(encode, turns_a_failed_call_into_its_problem)
{
	answer = (struct answer){
		.outcome = OUTCOME_FAILED, .sqlstate = "SO001", .message = "slot_unknown"
	};
	encoded();
	cr_assert_eq(reply.status, 404);
	cr_assert_str_eq(slug(), "slot_unknown");
}

Test(encode, lets_an_earlier_problem_win)
{
	given_things(1);
	problem_set(&request.problem, "quota_exceeded", NULL);
	encoded();
	cr_assert_eq(reply.status, 429);
}

Test(encode, says_how_to_sign_in_and_what_is_allowed)
{
	problem_set(&request.problem, "unauthenticated", NULL);
	encode_problem(&request, &reply);
	cr_assert_str_eq(header("WWW-Authenticate"), "Bearer");
	request.problem = (struct problem){ 0 };
	problem_set(&request.problem, "method_not_allowed", NULL);
	request.allow = "GET, HEAD";
	encode_problem(&request, &reply);
	cr_assert_str_eq(header("Allow"), "GET, HEAD");
}

/* --- lists --- */

static void
given_list(int count, int page_limit)
{
	endpoint.gives = LIST;
	endpoint.takes = sorted;
	request.page_limit = page_limit;
	given_things(count);
}

Test(encode, writes_an_empty_page)
{
	given_list(0, 2);
	encoded();
	cr_assert_eq(reply.status, 200);
	cr_assert_str_eq(body(), "{\"data\":[],\"has_more\":false,\"next_cursor\":null}");
	cr_assert_null(header("Link"));
}

Test(encode, writes_a_last_page)
{
	given_list(2, 2);
	encoded();
	cr_assert_eq(strncmp(body(), "{\"data\":[" FIRST "," SECOND "],\"has_more\":false,",
			 strlen("{\"data\":[" FIRST "," SECOND "],\"has_more\":false,")),
	    0, "%s", body());
	cr_assert_null(header("ETag"));
	cr_assert_null(header("Link"));
}

/* The cursor that stands behind this text in the body. */
static struct cursor
cursor_behind(const char *text)
{
	static const struct cursor_list things_list = { .operation_id = "get_thing" };
	struct cursor cursor = { { { .type = INSTANT }, { .type = UUID } }, 2 };
	const char *next = strstr(body(), text);

	cr_assert_not_null(next);
	next += strlen(text);
	cr_assert(cursor_read(&cursor_key, &things_list, (struct text){ next, strcspn(next, "\"") },
	    &cursor, &arena));
	return cursor;
}

Test(encode, gives_a_cursor_on_the_last_page_for_who_comes_back)
{
	given_list(1, 2);
	encoded();
	cr_assert_eq(cursor_behind("\"next_cursor\":\"").values[1].uuid.byte[15], 1);
}

Test(encode, goes_on_after_the_last_row_of_a_page)
{
	static const char before[] = "\"has_more\":true,\"next_cursor\":\"";
	struct cursor cursor;
	const char *next;

	given_list(3, 2);
	request.query = TEXT("kind=%22<x>&cursor=old&limit=2");
	encoded();
	cursor = cursor_behind(before);
	cr_assert_eq(cursor.values[0].number, INSTANT_OF_2000 + 1500000);
	cr_assert_eq(cursor.values[1].uuid.byte[15], 2);
	next = strstr(body(), before) + strlen(before);
	cr_assert_str_eq(header("Link"),
	    arena_print(&arena, "</v1/things?kind=%%22%%3Cx%%3E&limit=2&cursor=%.*s>; rel=\"next\"",
		(int)strcspn(next, "\""), next));
}

/* --- files and streams --- */

Test(encode, writes_csv_that_no_spreadsheet_runs)
{
	endpoint.gives = DOWNLOAD;
	endpoint.media = "text/csv";
	given_things(2);
	encoded();
	cr_assert_str_eq(body(),
	    "thing_id,kind,amount_minor,at,version\r\n"
	    "00000000-0000-7000-8000-000000000001,\"a \"\"b\"\"\",1250,2000-01-01T00:00:00Z,3\r\n"
	    "00000000-0000-7000-8000-000000000002,'=1+1,-50,2000-01-01T00:00:01.500Z,4\r\n");
	cr_assert_str_eq(header("X-Row-Count"), "2");
	cr_assert_str_eq(header("X-Sum-Amount-Minor"), "1200");
	cr_assert_str_eq(header("Content-Disposition"), "attachment; filename=\"get_thing.csv\"");
}

Test(encode, quotes_separators_and_leaves_nulls_empty)
{
	endpoint.gives = DOWNLOAD;
	endpoint.media = "text/csv";
	given_things(1);
	cells_put_text((PGresult *)(uintptr_t)answer.rows.result, 0, 1, "\ta,b\r\n");
	cells_put_null((PGresult *)(uintptr_t)answer.rows.result, 0, 2);
	encoded();
	cr_assert_not_null(strstr(body(), ",\"'\ta,b\r\n\",,2000"));
	cr_assert_str_eq(header("X-Sum-Amount-Minor"), "0");
}

Test(encode, writes_events_with_their_cursor_as_id)
{
	endpoint.gives = STREAM;
	endpoint.takes = sorted;
	given_things(1);
	encoded();
	cr_assert(text_is(reply.media, "text/event-stream"));
	cr_assert_str_eq(
	    body(), arena_print(&arena, "id: %s\nevent: a \"b\"\ndata: %s\n\n",
			arena_copy(&arena,
			    encode_cursor(&encoder, &operation, &request, &answer.rows, 0).at,
			    encode_cursor(&encoder, &operation, &request, &answer.rows, 0).bytes),
			FIRST));
}

/* --- .finishes --- */

static bool
finish_well(struct request *of, const struct rows *rows, struct buffer *to)
{
	cr_assert_eq(rows_column(rows, "kind"), 1);
	buffer_print(to, "BEGIN %d", of->page_limit);
	return true;
}

static bool
finish_badly(struct request *of, const struct rows *rows, struct buffer *to)
{
	cr_assert_eq(rows->count, 1);
	buffer_add(to, "half", 4);
	problem_set(&of->problem, "not_found", NULL);
	return false;
}

Test(encode, sends_what_the_row_finishes)
{
	endpoint.finishes = finish_well;
	endpoint.gives = DOWNLOAD;
	endpoint.media = "text/calendar";
	request.page_limit = 5;
	given_things(1);
	encoded();
	cr_assert_str_eq(body(), "BEGIN 5");
	cr_assert(text_is(reply.media, "text/calendar"));
	cr_assert_str_eq(header("Content-Disposition"), "attachment; filename=\"get_thing.ics\"");
}

Test(encode, refuses_what_the_row_cannot_finish)
{
	endpoint.finishes = finish_badly;
	given_things(1);
	encoded();
	cr_assert_eq(reply.status, 404);
	cr_assert_null(strstr(body(), "half"));
}
