/* decode: path, query and body of a request. */
#include "support/asked.h"

#define SLOT "0193a0c4-5e00-7000-8000-000000000001"

TestSuite(decode, .init = given, .fini = ended);

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

#define CHANGED \
	TAKES({ "name", BODY, STRING, .optional = true }, \
	    { "address", BODY, STRING, .optional = true }, \
	    { "clears_address", CLEARED, BOOL, .of = "address" })

Test(decode, tells_null_from_absent_in_a_patch)
{
	endpoint.method = PATCH;
	send_json("{\"address\":null}");
	cr_assert(decoded(CHANGED));
	cr_assert(request.args[1].null);
	cr_assert(!request.args[2].null && request.args[2].number == 1);
	request.body = TEXT("{\"name\":\"x\"}");
	cr_assert(decoded(CHANGED));
	cr_assert(!request.args[2].null && request.args[2].number == 0);
}

Test(decode, refuses_null_where_a_patch_cannot_clear)
{
	endpoint.method = PATCH;
	send_json("{\"name\":null}");
	cr_assert_not(decoded(CHANGED));
	assert_error("/name", "type");
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

#define FILTERED \
	TAKES({ "market_id", MARKET, INT }, { "partner_id", CALLER, UUID }, \
	    { "zone", PATH, STRING }, { "kind", QUERY, STRING, .optional = true }, \
	    { "limit", LIMIT, INT }, { "after_starts_at", CURSOR, INSTANT }, \
	    { "after_slot_id", CURSOR, UUID })

/* A cursor of the request as it is, which has none yet. */
static struct text
some_cursor(const struct field *takes)
{
	struct cursor cursor = { .count = 2 };
	struct cursor_list list;

	cursor.values[0] = (struct value){ .type = INSTANT, .number = 77 };
	cursor.values[1] = (struct value){ .type = UUID, .uuid = { { 9 } } };
	cr_assert(decoded(takes));
	list = decode_list(&request, &operation);
	return cursor_write(&cursor_key, &list, &cursor, &arena);
}

Test(decode, begins_at_null_without_a_cursor)
{
	cr_assert(decoded(SORTED));
	cr_assert(request.args[1].null);
	cr_assert(request.args[2].null);
}

Test(decode, goes_on_where_the_cursor_says)
{
	struct text cursor = some_cursor(SORTED);

	request.query = text_of(arena_print(&arena, "cursor=%.*s", (int)cursor.bytes, cursor.at));
	cr_assert(decoded(SORTED));
	cr_assert_eq(request.args[1].number, 77);
	cr_assert_eq(request.args[2].uuid.byte[0], 9);
}

/* Whether a cursor that was given for these goes on in a request that `change` has changed. */
static bool
goes_on_after(void (*change)(void))
{
	struct text cursor;

	request.problem = (struct problem){ 0 };
	endpoint.path = "/v1/{zone}/things";
	request.path_params[0] = TEXT("north");
	request.query = TEXT("kind=van");
	cursor = some_cursor(FILTERED);
	request.query =
	    text_of(arena_print(&arena, "kind=van&cursor=%.*s", (int)cursor.bytes, cursor.at));
	change();
	if (decoded(FILTERED))
		return true;
	cr_assert_str_eq(slug(), "bad_cursor");
	return false;
}

static void
nothing(void)
{
}

static void
page_size(void)
{
	request.query = text_of(
	    arena_print(&arena, "limit=7&%.*s", (int)request.query.bytes, request.query.at));
}

static void
market(void)
{
	request.caller.market_id++;
}

static void
caller(void)
{
	request.caller.partner_id.byte[15] ^= 1;
}

static void
path(void)
{
	request.path_params[0] = TEXT("south");
}

static void
filter(void)
{
	request.query = text_of(
	    arena_print(&arena, "kind=bike%.*s", (int)(request.query.bytes - strlen("kind=van")),
		request.query.at + strlen("kind=van")));
}

static void
no_filter(void)
{
	request.query = (struct text){ request.query.at + strlen("kind=van&"),
		request.query.bytes - strlen("kind=van&") };
}

Test(decode, binds_a_cursor_to_market_caller_path_and_filters)
{
	cr_expect(goes_on_after(nothing));
	cr_expect(goes_on_after(page_size));
	cr_expect_not(goes_on_after(market));
	cr_expect_not(goes_on_after(caller));
	cr_expect_not(goes_on_after(path));
	cr_expect_not(goes_on_after(filter));
	cr_expect_not(goes_on_after(no_filter));
}

Test(decode, refuses_a_cursor_of_another_list)
{
	struct text cursor = some_cursor(SORTED);

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
	struct text cursor = some_cursor(SORTED);

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
	static const char *const bodies[][2] = { { "[1]", "The body is an array, not an object." },
		{ "null", "The body is null, not an object." },
		{ "true", "The body is true, not an object." },
		{ "7", "The body is a number, not an object." },
		{ "7.5", "The body is a number, not an object." },
		{ "\"name\"", "The body is a string, not an object." },
		{ "\xef\xbb\xbf{}", "At byte 0: it begins with a byte order mark, which JSON does "
				    "not have." } };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		request.problem = (struct problem){ 0 };
		request.headers_count = 0;
		send_json(bodies[i][0]);
		cr_assert_not(decoded(TAKES({ "name", BODY, STRING })));
		cr_expect_str_eq(slug(), "malformed_json");
		cr_expect_str_eq(request.problem.detail, bodies[i][1]);
	}
}

/* --- anything --- */

/* A small generator, so that each run is the same (Marsaglia, Xorshift RNGs, 2003). */
static uint32_t
next_number(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static struct text
mutilated(struct text from, uint32_t *state)
{
	char *bytes = arena_copy(&arena, from.at, from.bytes);

	for (uint32_t i = next_number(state) % 4 + 1; i > 0; i--)
		bytes[next_number(state) % from.bytes] = (char)next_number(state);
	return (struct text){ bytes, from.bytes - next_number(state) % 3 };
}

Test(decode, takes_or_refuses_whatever_comes)
{
	static const struct field takes[] = { { "name", BODY, STRING },
		{ "parties", BODY, ITEMS, .max = 3, .items = party },
		{ "from", QUERY, INSTANT, .optional = true }, { "limit", LIMIT, INT },
		{ "after_at", CURSOR, INSTANT }, { "key", KEY, STRING, .optional = true }, { 0 } };
	uint32_t state = 20261122;
	int taken = 0, refused = 0;

	for (int i = 0; i < 20000; i++) {
		given();
		send_json("{\"name\":\"a\",\"parties\":[{\"party\":\"partner\",\"share_ppm\":1}]}");
		request.query = TEXT("from=2026-11-22T10:00:00%2B01:00&limit=7");
		if (i % 2 == 0)
			request.body = mutilated(request.body, &state);
		else
			request.query = mutilated(request.query, &state);
		if (decoded(takes))
			taken++;
		else
			refused += request.problem.kind->status == 400;
		ended();
	}
	given();
	cr_assert_gt(taken, 0);
	cr_assert_eq(taken + refused, 20000);
}
