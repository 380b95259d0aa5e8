/* decode: what comes from headers, token, clock and chance, and what is derived. */
#include <unistd.h>

#include "support/asked.h"

TestSuite(decode_sources, .init = given, .fini = ended);

/* --- headers --- */

#define KEYED_ROW \
	TAKES({ "booking_id", KEYED, UUID }, { "key", KEY, STRING }, { "size", QUERY, INT, true })

Test(decode_sources, misses_a_key)
{
	operation.keyed = true;
	cr_assert_not(decoded(KEYED_ROW));
	cr_assert_str_eq(slug(), "key_required");
}

Test(decode_sources, takes_a_bare_and_a_quoted_key_for_the_same)
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

Test(decode_sources, refuses_malformed_keys)
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

Test(decode_sources, bounds_the_length_of_a_key)
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

Test(decode_sources, refuses_two_keys)
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

Test(decode_sources, derives_an_id_from_market_account_operation_and_key)
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

Test(decode_sources, gives_each_request_its_own_id_where_the_key_is_optional)
{
	const struct field *takes = TAKES({ "booking_id", KEYED, UUID, .optional = true });
	struct uuid first;

	cr_assert(decoded(takes));
	first = request.args[0].uuid;
	cr_assert(decoded(takes));
	cr_assert_not(uuid_equal(&first, &request.args[0].uuid));
}

/* What SQL gets of If-Match; NULL: the header is refused as malformed. */
static void
expect_versions(const char *first, const char *second, const char *versions)
{
	request.headers_count = 0;
	request.problem = (struct problem){ 0 };
	send_header("If-Match", first);
	if (second != NULL)
		send_header("If-Match", second);
	cr_expect_eq(
	    decoded(TAKES({ "if_match", IF_MATCH, STRING })), versions != NULL, "%s", first);
	if (versions != NULL)
		cr_expect(text_is(request.args[0].bytes, versions), "%s", first);
	else
		assert_error("If-Match", "format");
}

/* RFC 9110 section 13.1.1: a list, any, and strong comparison. */
Test(decode_sources, takes_the_versions_from_if_match)
{
	expect_versions("\"42\"", NULL, "42");
	expect_versions("\"1\", \"2\",,\t\"3\"", NULL, "1 2 3");
	expect_versions("\"1\"", "\"2\"", "1 2");
	expect_versions("*", NULL, "*");
}

/* They are tags, but none of ours: what was read with them is not what is there. */
Test(decode_sources, takes_weak_and_foreign_tags_for_no_version)
{
	expect_versions("W/\"42\"", NULL, "");
	expect_versions("\"042\"", NULL, "");
	expect_versions("\"0\"", NULL, "");
	expect_versions("\"\"", NULL, "");
	expect_versions("\"4x\", \"5\"", NULL, "5");
	expect_versions("\"9999999999999999999\"", NULL, "");
	expect_versions("\"1 2\"", NULL, NULL);
}

Test(decode_sources, misses_if_match)
{
	cr_assert_not(decoded(TAKES({ "if_match", IF_MATCH, STRING })));
	cr_assert_str_eq(slug(), "precondition_required");
}

Test(decode_sources, refuses_malformed_if_match)
{
	expect_versions("42", NULL, NULL);
	expect_versions("", NULL, NULL);
	expect_versions(",", NULL, NULL);
	expect_versions("\"1", NULL, NULL);
	expect_versions("w/\"1\"", NULL, NULL);
	expect_versions("\"1\" \"2\"", NULL, NULL);
	expect_versions("*, \"1\"", NULL, NULL);
	expect_versions("*", "\"1\"", NULL);
}

/* --- who asks, and when --- */

Test(decode_sources, takes_caller_clock_and_fresh_ids)
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

Test(decode_sources, takes_what_the_instance_is_set_to)
{
	const struct field *takes = TAKES({ "test_markets", SETTING, INT, .max = 1000 });

	cr_assert_eq(unsetenv("SOCIUS_TEST_MARKETS"), 0);
	cr_assert(decoded(takes));
	cr_assert_eq(request.args[0].number, 0);
	cr_assert_eq(setenv("SOCIUS_TEST_MARKETS", "7", 1), 0);
	cr_assert(decoded(takes));
	cr_assert_not(request.args[0].null);
	cr_assert_eq(request.args[0].number, 7);
}

Test(decode_sources, takes_address_request_session_and_chance)
{
	request.peer = "192.0.2.7";
	memcpy(request.id, "r1", sizeof("r1"));
	request.caller.has_session = true;
	request.caller.session_id = (struct uuid){ { 0xcc } };
	cr_assert(decoded(TAKES({ "peer", PEER, STRING }, { "request_id", REQUEST, STRING },
	    { "session_id", SESSION, UUID }, { "one", CHANCE, BYTES }, { "two", CHANCE, BYTES })));
	cr_assert(text_is(request.args[0].bytes, "192.0.2.7"));
	cr_assert(text_is(request.args[1].bytes, "r1"));
	cr_assert_eq(request.args[2].uuid.byte[0], 0xcc);
	cr_assert_eq(request.args[3].bytes.bytes, 32);
	cr_assert_not(text_equal(request.args[3].bytes, request.args[4].bytes));
	request.caller.has_session = false;
	cr_assert(decoded(TAKES({ "session_id", SESSION, UUID })));
	cr_assert(request.args[0].null);
}

/* A member of the body of the same name is unknown: only .prepares sets it. */
Test(decode_sources, leaves_to_prepares_what_is_prepared)
{
	cr_assert(decoded(TAKES({ "hash", PREPARED, BYTES }, { "step", PREPARED, LONG })));
	cr_assert(request.args[0].null);
	cr_assert(request.args[1].null);
	cr_assert_eq(request.args[1].type, LONG);
}

Test(decode_sources, refuses_an_operator_where_a_partner_is_needed)
{
	request.caller.has_partner = false;
	cr_assert_not(decoded(TAKES({ "partner_id", CALLER, UUID })));
	cr_assert_str_eq(slug(), "partner_required");
}

Test(decode_sources, gives_null_for_an_operator_where_a_partner_is_optional)
{
	request.caller.has_partner = false;
	cr_assert(decoded(TAKES({ "partner_id", CALLER, UUID, .optional = true })));
	cr_assert(request.args[0].null);
}

Test(decode_sources, refuses_the_platform_where_a_market_is_needed)
{
	request.caller.market_id = 0;
	cr_assert_not(decoded(TAKES({ "market_id", MARKET, INT })));
	cr_assert_str_eq(slug(), "market_required");
}

Test(decode_sources, lets_the_platform_ask_where_the_market_is_optional)
{
	request.caller.market_id = 0;
	cr_assert(decoded(TAKES({ "market_id", MARKET, INT, .optional = true })));
	cr_assert_not(request.args[0].null);
	cr_assert_eq(request.args[0].number, 0);
}

Test(decode_sources, refuses_nobody_where_an_account_is_needed)
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

Test(decode_sources, gives_equal_requests_equal_digests)
{
	struct text digest = digest_of("size=1", "{\"name\": \"a\", \"note\": \"b\"}");

	cr_assert(text_equal(digest, digest_of("size=1", "{\"note\":\"b\",\"name\":\" a\"}")));
	cr_assert_not(text_equal(digest, digest_of("size=2", "{\"name\":\"a\",\"note\":\"b\"}")));
	cr_assert_not(text_equal(digest, digest_of("", "{\"name\":\"a\",\"note\":\"b\"}")));
	cr_assert_not(text_equal(digest, digest_of("size=1", "{\"name\":\"ab\"}")));
	cr_assert_not(text_equal(digest, digest_of("size=1", "{\"name\":\"b\",\"note\":\"a\"}")));
}

Test(decode_sources, digests_a_blob_in_memory_and_in_a_file_alike)
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

Test(decode_sources, fails_where_a_spooled_file_is_gone)
{
	request.blob_path = "/nonexistent/blob";
	cr_assert_not(decoded(TAKES({ "digest", BLOB, BYTES })));
	cr_assert_str_eq(slug(), "internal_error");
}
