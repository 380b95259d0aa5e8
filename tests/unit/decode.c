/* decode: what is taken from a request, and what is refused. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "decode.h"
#include "socius/instant.h"
#include "socius/world.h"

#define NOW INT64_C(1795168800000000) /* 2026-11-20T10:00:00Z */
#define SLOT "0193a0c4-5e00-7000-8000-000000000001"

static struct arena arena;
static struct request request;
static struct endpoint endpoint;
static struct operation operation;
static struct cursor_key cursor_key;

static void
given(void)
{
	world_hold_still(NOW);
	arena_init(&arena);
	cursor_key_of("a secret of the tests", &cursor_key);
	request = (struct request){ .arena = &arena, .now_us = NOW, .endpoint = &endpoint };
	request.caller = (struct caller){ .known = true, .market_id = 7, .role = "partner" };
	request.caller.account_id.byte[0] = 0xaa;
	request.caller.has_partner = true;
	request.caller.partner_id.byte[0] = 0xbb;
	endpoint = (struct endpoint){ .method = POST, .path = "/v1/things", .gives = ONE };
	operation = (struct operation){ .endpoint = &endpoint, .id = "make_thing" };
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(decode, .init = given, .fini = ended);

static void
send_header(const char *name, const char *value)
{
	request.headers[request.headers_count++] = (struct header){ text_of(name), text_of(value) };
}

static void
send_json(const char *body)
{
	send_header("Content-Type", "application/json");
	request.body = text_of(body);
}

static bool
decoded(const struct field *takes)
{
	endpoint.takes = takes;
	return decode(&request, &operation, &cursor_key);
}

static const char *
slug(void)
{
	return request.problem.kind == NULL ? "none" : request.problem.kind->slug;
}

/* Whether there is exactly one error, and it is this. */
static void
assert_error(const char *pointer, const char *code)
{
	cr_assert_str_eq(slug(), "invalid_fields");
	cr_assert_eq(request.problem.errors_count, 1);
	cr_assert_str_eq(request.problem.errors[0].pointer, pointer);
	cr_assert_str_eq(request.problem.errors[0].code, code);
	cr_assert_not_null(request.problem.errors[0].detail);
}

/* --- one value at a time --- */

struct sample {
	const char *about;
	struct field field; /* named x */
	char query[96];     /* ?x= */
	char body[96];      /* "x": */
	char code[16];      /* of the error; "": it is taken */
	int64_t number;
};

static const struct sample samples[] = {
	{ "least int", { .type = INT }, "-2147483648", "-2147483648", "", INT32_MIN },
	{ "int past its range", { .type = INT }, "2147483648", "2147483648", "range" },
	{ "most long", { .type = LONG }, "9007199254740991", "9007199254740991", "",
	    INT64_C(9007199254740991) },
	{ "long past 2^53", { .type = LONG }, "9007199254740992", "9007199254740992", "range" },
	{ "real", { .type = INT }, "1.0", "1.0", "type" },
	{ "exponent", { .type = LONG }, "1e3", "1e3", "type" },
	{ "number in quotes", { .type = INT }, "%221%22", "\"1\"", "type" },
	{ "below min", { .type = INT, .min = 5, .max = 9 }, "4", "4", "range" },
	{ "above max", { .type = INT, .min = 5, .max = 9 }, "10", "10", "range" },
	{ "least alone", { .type = INT, .min = 5 }, "1000000", "1000000", "", 1000000 },
	{ "negative range", { .type = LONG, .min = -5, .max = 0 }, "-6", "-6", "range" },
	{ "zero as most", { .type = LONG, .min = -5, .max = 0 }, "1", "1", "range" },
	{ "true", { .type = BOOL }, "true", "true", "", 1 },
	{ "false", { .type = BOOL }, "false", "false", "", 0 },
	{ "bool of a number", { .type = BOOL }, "1", "1", "type" },
	{ "uuid", { .type = UUID }, SLOT, "\"" SLOT "\"", "" },
	{ "no uuid", { .type = UUID }, "0193a0c4", "\"0193a0c4\"", "format" },
	{ "instant", { .type = INSTANT }, "1970-01-01T00:00:01Z", "\"1970-01-01T00:00:01Z\"", "",
	    1000000 },
	{ "instant with offset", { .type = INSTANT }, "1970-01-01T01:00:01+01:00",
	    "\"1970-01-01T01:00:01+01:00\"", "", 1000000 },
	{ "instant without offset", { .type = INSTANT }, "1970-01-01T00:00:01",
	    "\"1970-01-01T00:00:01\"", "format" },
	{ "local time", { .type = LOCAL_TIME }, "1970-01-01T00:01", "\"1970-01-01T00:01\"", "",
	    60000000 },
	{ "local time with offset", { .type = LOCAL_TIME }, "1970-01-01T00:01Z",
	    "\"1970-01-01T00:01Z\"", "format" },
	{ "date", { .type = DATE }, "1970-01-03", "\"1970-01-03\"", "", 2 },
	{ "no date", { .type = DATE }, "1970-02-30", "\"1970-02-30\"", "format" },
	{ "string", { .type = STRING }, "Ada%20Rossi", "\"Ada Rossi\"", "" },
	{ "empty string", { .type = STRING }, "", "\"\"", "length" },
	{ "blank string", { .type = STRING }, "+++", "\"   \"", "length" },
	{ "empty string where only the most is named", { .type = STRING, .max = 5 }, "", "\"\"",
	    "length" },
	{ "empty string that is allowed", { .type = STRING, .min = -1, .max = 5 }, "", "\"\"", "" },
	{ "string too long", { .type = STRING, .max = 3 }, "abcd", "\"abcd\"", "length" },
	{ "three code points", { .type = STRING, .max = 3 }, "%C3%A4%C3%B6%C3%BC",
	    "\"\\u00e4\\u00f6\\u00fc\"", "" },
	{ "control character", { .type = STRING }, "a%07b", "\"a\\u0007b\"", "format" },
	{ "line break", { .type = STRING }, "a%0Ab", "\"a\\nb\"", "format" },
	{ "C1 control", { .type = STRING }, "a%C2%85b", "\"a\\u0085b\"", "format" },
	{ "one of a list", { .type = STRING, .among = "card cash" }, "cash", "\"cash\"", "" },
	{ "none of a list", { .type = STRING, .among = "card cash" }, "gold", "\"gold\"", "among" },
	{ "currency", { .type = STRING, .format = "currency" }, "EUR", "\"EUR\"", "" },
	{ "no currency", { .type = STRING, .format = "currency" }, "eur", "\"eur\"", "format" },
	{ "time zone", { .type = STRING, .format = "time_zone" }, "America/New_York",
	    "\"America/New_York\"", "" },
	{ "no time zone", { .type = STRING, .format = "time_zone" }, "..%5Cetc", "\"..\\\\etc\"",
	    "format" },
	{ "digits", { .type = STRING, .format = "digits" }, "007", "\"007\"", "" },
	{ "no digits", { .type = STRING, .format = "digits" }, "0x7", "\"0x7\"", "format" },
};

enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

/* The verdict on one sample whose field comes from `from`. */
static void
judge(const struct sample *sample, enum source from)
{
	struct field takes[] = { sample->field, { 0 } };
	const char *code = "";
	bool taken;

	takes[0].name = "x";
	takes[0].from = from;
	taken = decoded(takes);
	if (request.problem.errors_count > 0)
		code = request.problem.errors[0].code;
	cr_assert_str_eq(
	    code, sample->code, "%s: %s instead of %s", sample->about, code, sample->code);
	cr_assert_eq(taken, sample->code[0] == '\0', "%s: %s", sample->about, slug());
	cr_assert_leq(request.problem.errors_count, 1, "%s: two errors", sample->about);
	if (taken && sample->field.type != STRING && sample->field.type != UUID)
		cr_assert_eq(
		    request.args[0].number, sample->number, "%s: wrong value", sample->about);
}

Test(decode, judges_values_of_the_query)
{
	for (int i = 0; i < SAMPLES; i++) {
		given();
		request.query = text_of(arena_print(&arena, "x=%s", samples[i].query));
		judge(&samples[i], QUERY);
		ended();
	}
	given();
}

Test(decode, judges_values_of_the_body)
{
	for (int i = 0; i < SAMPLES; i++) {
		given();
		send_json(arena_print(&arena, "{\"x\": %s}", samples[i].body));
		judge(&samples[i], BODY);
		ended();
	}
	given();
}

Test(decode, trims_texts)
{
	send_json("{\"name\": \"  Ada  Rossi\\n\"}");
	cr_assert(decoded(TAKES({ "name", BODY, STRING, .max = 10 })));
	cr_assert(text_is(request.args[0].bytes, "Ada  Rossi"));
}

Test(decode, refuses_text_that_is_not_utf8)
{
	request.query = TEXT("name=%ff");
	cr_assert_not(decoded(TAKES({ "name", QUERY, STRING })));
	assert_error("?name", "utf8");
}

/* --- path and query --- */

Test(decode, takes_path_parameters_by_name)
{
	endpoint.path = "/v1/things/{thing_id}/parts/{part}";
	request.path_params[0] = TEXT(SLOT);
	request.path_params[1] = TEXT("wheel");
	cr_assert(decoded(TAKES({ "part", PATH, STRING }, { "thing_id", PATH, UUID })));
	cr_assert(text_is(request.args[0].bytes, "wheel"));
	cr_assert_eq(request.args[1].uuid.byte[0], 0x01);
}

Test(decode, names_a_faulty_path_parameter)
{
	endpoint.path = "/v1/things/{thing_id}";
	request.path_params[0] = TEXT("7");
	cr_assert_not(decoded(TAKES({ "thing_id", PATH, UUID })));
	assert_error("{thing_id}", "format");
}

Test(decode, refuses_an_unknown_parameter)
{
	request.query = TEXT("color=red");
	cr_assert_not(decoded(TAKES({ "size", QUERY, INT, .optional = true })));
	assert_error("?color", "unknown");
}

Test(decode, refuses_a_parameter_that_stands_twice)
{
	request.query = TEXT("size=1&s%69ze=1");
	cr_assert_not(decoded(TAKES({ "size", QUERY, INT })));
	assert_error("?size", "duplicate");
}

Test(decode, misses_a_required_parameter)
{
	cr_assert_not(decoded(TAKES({ "size", QUERY, INT })));
	assert_error("?size", "required");
}

Test(decode, gives_null_for_an_absent_optional_parameter)
{
	request.query = TEXT("&&");
	cr_assert(decoded(TAKES({ "size", QUERY, INT, .optional = true })));
	cr_assert(request.args[0].null);
}

Test(decode, refuses_malformed_escapes)
{
	request.query = TEXT("size=%2");
	cr_assert_not(decoded(TAKES({ "size", QUERY, INT })));
	assert_error("?size", "format");
}

Test(decode, refuses_malformed_escapes_in_names)
{
	request.query = TEXT("si%zze=2");
	cr_assert_not(decoded(TAKES({ "size", QUERY, INT, .optional = true })));
	assert_error("?", "format");
}

/* --- lists --- */

Test(decode, asks_for_one_row_more_than_a_page)
{
	cr_assert(decoded(TAKES({ "limit", LIMIT, INT })));
	cr_assert_eq(request.page_limit, DECODE_LIMIT_DEFAULT);
	cr_assert_eq(request.args[0].number, DECODE_LIMIT_DEFAULT + 1);
}

Test(decode, takes_the_limit_that_is_asked_for)
{
	request.query = TEXT("limit=200");
	cr_assert(decoded(TAKES({ "limit", LIMIT, INT })));
	cr_assert_eq(request.page_limit, 200);
}

Test(decode, refuses_limits_out_of_range)
{
	request.query = TEXT("limit=201");
	cr_assert_not(decoded(TAKES({ "limit", LIMIT, INT })));
	assert_error("?limit", "range");
}

Test(decode, refuses_a_limit_of_zero)
{
	request.query = TEXT("limit=0");
	cr_assert_not(decoded(TAKES({ "limit", LIMIT, INT })));
	assert_error("?limit", "range");
}

#define SORTED \
	TAKES({ "limit", LIMIT, INT }, { "after_starts_at", CURSOR, INSTANT }, \
	    { "after_slot_id", CURSOR, UUID })

static struct text
some_cursor(void)
{
	struct cursor cursor = { .count = 2 };

	cursor.values[0] = (struct value){ .type = INSTANT, .number = 77 };
	cursor.values[1] = (struct value){ .type = UUID, .uuid = { { 9 } } };
	return cursor_write(&cursor_key, operation.id, &cursor, &arena);
}

Test(decode, begins_at_null_without_a_cursor)
{
	cr_assert(decoded(SORTED));
	cr_assert(request.args[1].null);
	cr_assert(request.args[2].null);
}

Test(decode, goes_on_where_the_cursor_says)
{
	struct text cursor = some_cursor();

	request.query = text_of(arena_print(&arena, "cursor=%.*s", (int)cursor.bytes, cursor.at));
	cr_assert(decoded(SORTED));
	cr_assert_eq(request.args[1].number, 77);
	cr_assert_eq(request.args[2].uuid.byte[0], 9);
}

Test(decode, refuses_a_cursor_of_another_list)
{
	struct text cursor = some_cursor();

	operation.id = "list_others";
	request.query = text_of(arena_print(&arena, "cursor=%.*s", (int)cursor.bytes, cursor.at));
	cr_assert_not(decoded(SORTED));
	cr_assert_str_eq(slug(), "bad_cursor");
}

Test(decode, knows_no_cursor_where_there_are_no_sort_keys)
{
	request.query = TEXT("cursor=abc");
	cr_assert_not(decoded(TAKES({ "limit", LIMIT, INT })));
	assert_error("?cursor", "unknown");
}

Test(decode, goes_on_after_the_last_event_in_a_stream)
{
	struct text cursor = some_cursor();

	endpoint.gives = STREAM;
	send_header("Last-Event-ID", arena_copy(&arena, cursor.at, cursor.bytes));
	cr_assert(decoded(SORTED));
	cr_assert_eq(request.args[1].number, 77);
}

/* --- body --- */

static const struct field party[] = {
	{ "party", BODY, STRING, .among = "partner platform" },
	{ "share_ppm", BODY, INT, .min = 0, .max = 1000000 },
	{ "note", BODY, STRING, .optional = true },
	{ 0 },
};

#define AGREEMENT \
	TAKES({ "name", BODY, STRING }, { "parties", BODY, ITEMS, .max = 3, .items = party })

Test(decode, writes_items_again_in_one_form)
{
	send_json("{\"parties\": [{\"share_ppm\":1, \"note\":null, \"party\" : \" partner\"},"
		  " {\"party\":\"platform\",\"share_ppm\":2,\"note\":\"\\u00e4\"}],"
		  " \"name\": \"a\"}");
	cr_assert(decoded(AGREEMENT), "%s", slug());
	cr_assert(text_is(request.args[1].bytes,
	    "[{\"party\":\"partner\",\"share_ppm\":1},"
	    "{\"party\":\"platform\",\"share_ppm\":2,\"note\":\"ä\"}]"));
}

Test(decode, tells_all_faults_of_a_body_at_once)
{
	send_json("{\"parties\": [{\"party\":\"partner\",\"share_ppm\":1},"
		  " {\"party\":\"nobody\",\"share_ppm\":1.5,\"a/b~c\":1}, 7], \"nam\": \"a\"}");
	cr_assert_not(decoded(AGREEMENT));
	cr_assert_str_eq(slug(), "invalid_fields");
	cr_assert_eq(request.problem.errors_count, 6);
	cr_assert_str_eq(request.problem.errors[0].pointer, "/name");
	cr_assert_str_eq(request.problem.errors[0].code, "required");
	cr_assert_str_eq(request.problem.errors[1].pointer, "/parties/1/party");
	cr_assert_str_eq(request.problem.errors[1].code, "among");
	cr_assert_str_eq(request.problem.errors[1].detail, "Expected one of: partner, platform.");
	cr_assert_str_eq(request.problem.errors[2].pointer, "/parties/1/share_ppm");
	cr_assert_str_eq(request.problem.errors[2].code, "type");
	cr_assert_str_eq(request.problem.errors[3].pointer, "/parties/1/a~1b~0c");
	cr_assert_str_eq(request.problem.errors[3].code, "unknown");
	cr_assert_str_eq(request.problem.errors[4].pointer, "/parties/2");
	cr_assert_str_eq(request.problem.errors[4].code, "type");
	cr_assert_str_eq(request.problem.errors[5].pointer, "/nam");
	cr_assert_str_eq(request.problem.errors[5].code, "unknown");
}

Test(decode, counts_items)
{
	send_json("{\"name\": \"a\", \"parties\": []}");
	cr_assert_not(decoded(AGREEMENT));
	assert_error("/parties", "length");
}

Test(decode, wants_an_array_of_items)
{
	send_json("{\"name\": \"a\", \"parties\": {}}");
	cr_assert_not(decoded(AGREEMENT));
	assert_error("/parties", "type");
}

Test(decode, takes_null_for_absent)
{
	send_json("{\"name\": null}");
	cr_assert(decoded(TAKES({ "name", BODY, STRING, .optional = true })));
	cr_assert(request.args[0].null);
}

Test(decode, refuses_null_where_a_value_is_required)
{
	send_json("{\"name\": null}");
	cr_assert_not(decoded(TAKES({ "name", BODY, STRING })));
	assert_error("/name", "required");
}

Test(decode, takes_no_body_for_an_empty_object)
{
	cr_assert(decoded(TAKES({ "name", BODY, STRING, .optional = true })));
	cr_assert(request.args[0].null);
}

Test(decode, refuses_a_member_where_no_body_is_expected)
{
	send_json("{\"name\": 1}");
	cr_assert_not(decoded(TAKES({ "limit", LIMIT, INT })));
	assert_error("/name", "unknown");
}

Test(decode, wants_the_media_type_of_json)
{
	request.body = TEXT("{}");
	cr_assert_not(decoded(TAKES({ "name", BODY, STRING, .optional = true })));
	cr_assert_str_eq(slug(), "media_type_unsupported");
}

Test(decode, refuses_another_media_type)
{
	request.body = TEXT("{}");
	send_header("Content-Type", "application/jsonx");
	cr_assert_not(decoded(TAKES({ "name", BODY, STRING, .optional = true })));
	cr_assert_str_eq(slug(), "media_type_unsupported");
}

Test(decode, takes_a_media_type_with_parameters)
{
	request.body = TEXT("{}");
	send_header("content-type", "Application/JSON; charset=utf-8");
	cr_assert(decoded(TAKES({ "name", BODY, STRING, .optional = true })));
}

Test(decode, refuses_malformed_json_and_says_where)
{
	send_json("{\"name\": }");
	cr_assert_not(decoded(TAKES({ "name", BODY, STRING })));
	cr_assert_str_eq(slug(), "malformed_json");
	cr_assert_not_null(strstr(request.problem.detail, "At byte "));
}

Test(decode, refuses_a_body_that_is_no_object)
{
	send_json("[1]");
	cr_assert_not(decoded(TAKES({ "name", BODY, STRING })));
	cr_assert_str_eq(slug(), "malformed_json");
}

/* --- headers --- */

#define KEYED_ROW \
	TAKES({ "booking_id", KEYED, UUID }, { "key", KEY, STRING }, { "size", QUERY, INT, true })

Test(decode, misses_a_key)
{
	operation.keyed = true;
	cr_assert_not(decoded(KEYED_ROW));
	cr_assert_str_eq(slug(), "key_required");
}

Test(decode, takes_a_bare_and_a_quoted_key_for_the_same)
{
	struct uuid bare;

	operation.keyed = true;
	send_header("Idempotency-Key", "a \\b");
	cr_assert(decoded(KEYED_ROW));
	cr_assert(text_is(request.args[1].bytes, "a \\b"));
	bare = request.args[0].uuid;
	request.headers[0].value = TEXT("\"a \\\\b\"");
	cr_assert(decoded(KEYED_ROW));
	cr_assert(text_is(request.args[1].bytes, "a \\b"));
	cr_assert(uuid_equal(&bare, &request.args[0].uuid));
}

Test(decode, refuses_malformed_keys)
{
	static const char *const malformed[] = { "\"", "\"\"", "\"a", "\"a\"b", "\"a\";v=1",
		"\"a\\n\"", "caf\xc3\xa9", "a\tb" };

	operation.keyed = true;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		request.headers_count = 0;
		request.problem = (struct problem){ 0 };
		send_header("Idempotency-Key", malformed[i]);
		cr_assert_not(decoded(KEYED_ROW), "%s was taken", malformed[i]);
		assert_error("Idempotency-Key", "format");
	}
}

Test(decode, bounds_the_length_of_a_key)
{
	char key[DECODE_KEY_BYTES_MAX + 2] = { 0 };

	operation.keyed = true;
	memset(key, 'k', DECODE_KEY_BYTES_MAX);
	send_header("Idempotency-Key", key);
	cr_assert(decoded(KEYED_ROW));
	key[DECODE_KEY_BYTES_MAX] = 'k';
	request.headers_count = 0;
	send_header("Idempotency-Key", key);
	cr_assert_not(decoded(KEYED_ROW));
	assert_error("Idempotency-Key", "format");
}

Test(decode, refuses_two_keys)
{
	operation.keyed = true;
	send_header("Idempotency-Key", "a");
	send_header("idempotency-key", "a");
	cr_assert_not(decoded(KEYED_ROW));
	assert_error("Idempotency-Key", "duplicate");
}

/* The id that a request with this key gets after `change` was done to it. */
static struct uuid
id_of(const char *key)
{
	request.headers_count = 0;
	send_header("Idempotency-Key", key);
	cr_assert(decoded(KEYED_ROW));
	return request.args[0].uuid;
}

Test(decode, derives_an_id_from_market_account_operation_and_key)
{
	struct uuid first = id_of("k"), other;

	other = id_of("k");
	cr_assert(uuid_equal(&first, &other));
	other = id_of("l");
	cr_assert_not(uuid_equal(&first, &other));
	request.caller.market_id = 8;
	other = id_of("k");
	cr_assert_not(uuid_equal(&first, &other));
	request.caller.market_id = 7;
	request.caller.account_id.byte[15] = 1;
	other = id_of("k");
	cr_assert_not(uuid_equal(&first, &other));
	request.caller.account_id.byte[15] = 0;
	operation.id = "make_other";
	other = id_of("k");
	cr_assert_not(uuid_equal(&first, &other));
}

Test(decode, gives_each_request_its_own_id_where_the_key_is_optional)
{
	const struct field *takes = TAKES({ "booking_id", KEYED, UUID, .optional = true });
	struct uuid first;

	cr_assert(decoded(takes));
	first = request.args[0].uuid;
	cr_assert(decoded(takes));
	cr_assert_not(uuid_equal(&first, &request.args[0].uuid));
}

Test(decode, takes_the_version_from_if_match)
{
	send_header("If-Match", "\"42\"");
	cr_assert(decoded(TAKES({ "version", IF_MATCH, LONG })));
	cr_assert_eq(request.args[0].number, 42);
}

Test(decode, takes_a_version_that_a_proxy_made_weak)
{
	send_header("If-Match", "W/\"42\"");
	cr_assert(decoded(TAKES({ "version", IF_MATCH, LONG })));
	cr_assert_eq(request.args[0].number, 42);
}

Test(decode, misses_if_match)
{
	cr_assert_not(decoded(TAKES({ "version", IF_MATCH, LONG })));
	cr_assert_str_eq(slug(), "precondition_required");
}

Test(decode, refuses_malformed_if_match)
{
	static const char *const malformed[] = { "42", "\"\"", "\"4x\"", "\"1\", \"2\"", "*",
		"\"9999999999999999999\"" };

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		request.headers_count = 0;
		request.problem = (struct problem){ 0 };
		send_header("If-Match", malformed[i]);
		cr_assert_not(decoded(TAKES({ "version", IF_MATCH, LONG })), "%s", malformed[i]);
		assert_error("If-Match", "format");
	}
}

/* --- who asks, and when --- */

Test(decode, takes_caller_clock_and_fresh_ids)
{
	cr_assert(decoded(TAKES({ "market_id", MARKET, INT }, { "partner_id", CALLER, UUID },
	    { "account_id", ACCOUNT, UUID }, { "role", ROLE, STRING }, { "now", CLOCK, INSTANT },
	    { "one_id", FRESH, UUID }, { "two_id", FRESH, UUID })));
	cr_assert_eq(request.args[0].number, 7);
	cr_assert_eq(request.args[1].uuid.byte[0], 0xbb);
	cr_assert_eq(request.args[2].uuid.byte[0], 0xaa);
	cr_assert(text_is(request.args[3].bytes, "partner"));
	cr_assert_eq(request.args[4].number, NOW);
	cr_assert_eq(request.args[5].uuid.byte[6] >> 4, 7);
	cr_assert_not(uuid_equal(&request.args[5].uuid, &request.args[6].uuid));
}

Test(decode, refuses_an_operator_where_a_partner_is_needed)
{
	request.caller.has_partner = false;
	cr_assert_not(decoded(TAKES({ "partner_id", CALLER, UUID })));
	cr_assert_str_eq(slug(), "partner_required");
}

Test(decode, gives_null_for_an_operator_where_a_partner_is_optional)
{
	request.caller.has_partner = false;
	cr_assert(decoded(TAKES({ "partner_id", CALLER, UUID, .optional = true })));
	cr_assert(request.args[0].null);
}

Test(decode, refuses_the_platform_where_a_market_is_needed)
{
	request.caller.market_id = 0;
	cr_assert_not(decoded(TAKES({ "market_id", MARKET, INT })));
	cr_assert_str_eq(slug(), "market_required");
}

Test(decode, lets_the_platform_ask_where_the_market_is_optional)
{
	request.caller.market_id = 0;
	cr_assert(decoded(TAKES({ "market_id", MARKET, INT, .optional = true })));
	cr_assert_not(request.args[0].null);
	cr_assert_eq(request.args[0].number, 0);
}

Test(decode, refuses_nobody_where_an_account_is_needed)
{
	request.caller = (struct caller){ 0 };
	cr_assert_not(decoded(TAKES({ "account_id", ACCOUNT, UUID })));
	cr_assert_str_eq(slug(), "unauthenticated");
}

/* --- digests --- */

static const struct field digested[] = {
	{ "digest", DIGEST, BYTES },
	{ "size", QUERY, INT, .optional = true },
	{ "name", BODY, STRING, .optional = true },
	{ "note", BODY, STRING, .optional = true },
	{ 0 },
};

static struct text
digest_of(const char *query, const char *body)
{
	request.headers_count = 0;
	request.query = text_of(query);
	send_json(body);
	cr_assert(decoded(digested));
	cr_assert_eq(request.args[0].bytes.bytes, 32);
	return request.args[0].bytes;
}

Test(decode, gives_equal_requests_equal_digests)
{
	struct text digest = digest_of("size=1", "{\"name\": \"a\", \"note\": \"b\"}");

	cr_assert(text_equal(digest, digest_of("size=1", "{\"note\":\"b\",\"name\":\" a\"}")));
	cr_assert_not(text_equal(digest, digest_of("size=2", "{\"name\":\"a\",\"note\":\"b\"}")));
	cr_assert_not(text_equal(digest, digest_of("", "{\"name\":\"a\",\"note\":\"b\"}")));
	cr_assert_not(text_equal(digest, digest_of("size=1", "{\"name\":\"ab\"}")));
	cr_assert_not(text_equal(digest, digest_of("size=1", "{\"name\":\"b\",\"note\":\"a\"}")));
}

Test(decode, digests_a_blob_in_memory_and_in_a_file_alike)
{
	const struct field *takes = TAKES({ "digest", BLOB, BYTES });
	char path[] = "/tmp/socius-decode-XXXXXX";
	int fd = mkstemp(path);
	struct text digest;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "any bytes", 9), 9);
	cr_assert_eq(close(fd), 0);
	request.body = TEXT("any bytes");
	cr_assert(decoded(takes));
	digest = request.args[0].bytes;
	request.body = TEXT("");
	request.blob_path = path;
	cr_assert(decoded(takes));
	cr_assert_eq(unlink(path), 0);
	cr_assert(text_equal(digest, request.args[0].bytes));
	cr_assert_eq((unsigned char)digest.at[0], 0x23);
}

Test(decode, fails_where_a_spooled_file_is_gone)
{
	request.blob_path = "/nonexistent/blob";
	cr_assert_not(decoded(TAKES({ "digest", BLOB, BYTES })));
	cr_assert_str_eq(slug(), "internal_error");
}
