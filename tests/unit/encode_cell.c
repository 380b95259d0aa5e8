/* encode_cell: binary cells of each type as JSON. */
#include <criterion/criterion.h>

#include "encode_parts.h"
#include "socius/instant.h"
#include "support/cells.h"

#include "socius/world.h"

enum { OID_INT8_ARRAY = 1016, PARTY = 20001, PARTY_ARRAY = 20002, SIGNED_TOKEN = 20003 };

static const struct shape_field party_fields[] = {
	{ .name = "name", .oid = OID_TEXT },
	{ .name = "share_ppm", .oid = OID_INT4 },
};

static const struct shape shapes[] = {
	{ OID_INT8_ARRAY, SHAPE_ARRAY, "bigint[]", .element_oid = OID_INT8 },
	{ PARTY, SHAPE_COMPOSITE, "api.party", .fields_count = 2, .fields = party_fields },
	{ PARTY_ARRAY, SHAPE_ARRAY, "api.party[]", .element_oid = PARTY },
	{ SIGNED_TOKEN, SHAPE_COMPOSITE, "api.signed_token", .fields_count = 6 },
};

static const struct contract contract = { .shapes = shapes, .shapes_count = 4 };

static struct token_keys keys;
static const struct role roles[] = { { "partner", "bookings.read", "", .is_partner = true },
	{ "operator", "setup.write", "" }, { 0 } };
static const struct encoder encoder = {
	.contract = &contract, .token_keys = &keys, .roles = roles
};

static struct arena arena;

static void
given(void)
{
	arena_init(&arena);
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(encode_cell, .init = given, .fini = ended);

static const char *
cell_json(uint32_t oid, const void *cell, size_t bytes)
{
	struct buffer buffer;
	struct json json;

	buffer_init(&buffer, &arena, 0);
	json_init(&json, &buffer);
	encode_cell(&encoder, oid, (struct text){ cell, bytes }, &json);
	return arena_copy(&arena, buffer.at, buffer.bytes);
}

static const char *
number_json(uint32_t oid, int64_t number, int bytes)
{
	uint8_t cell[8];

	(void)cells_number(cell, number, bytes); /* the end is known */
	return cell_json(oid, cell, (size_t)bytes);
}

Test(encode_cell, writes_numbers)
{
	cr_assert_str_eq(number_json(OID_INT2, -2, 2), "-2");
	cr_assert_str_eq(number_json(OID_INT4, INT32_MIN, 4), "-2147483648");
	cr_assert_str_eq(number_json(OID_INT8, INT64_MIN, 8), "-9223372036854775808");
	cr_assert_str_eq(number_json(OID_BOOL, 1, 1), "true");
	cr_assert_str_eq(number_json(OID_BOOL, 0, 1), "false");
	cr_assert_str_eq(number_json(OID_XID8, -1, 8), "\"18446744073709551615\"");
}

Test(encode_cell, writes_times)
{
	cr_assert_str_eq(
	    number_json(OID_TIMESTAMPTZ, 123456, 8), "\"2000-01-01T00:00:00.123456Z\"");
	cr_assert_str_eq(number_json(OID_TIMESTAMPTZ, -1000000, 8), "\"1999-12-31T23:59:59Z\"");
	cr_assert_str_eq(number_json(OID_TIMESTAMP, 60000000, 8), "\"2000-01-01T00:01:00\"");
	cr_assert_str_eq(number_json(OID_DATE, -1, 4), "\"1999-12-31\"");
	cr_assert_str_eq(number_json(OID_DATE, 60, 4), "\"2000-03-01\"");
}

Test(encode_cell, writes_infinity_as_null)
{
	cr_assert_str_eq(number_json(OID_TIMESTAMPTZ, INT64_MAX, 8), "null");
	cr_assert_str_eq(number_json(OID_TIMESTAMPTZ, INT64_MIN, 8), "null");
	cr_assert_str_eq(number_json(OID_DATE, INT32_MAX, 4), "null");
}

Test(encode_cell, writes_texts_and_json)
{
	cr_assert_str_eq(cell_json(OID_TEXT, "a\n\"", 3), "\"a\\n\\\"\"");
	cr_assert_str_eq(cell_json(OID_VARCHAR, "ü", 2), "\"ü\"");
	cr_assert_str_eq(cell_json(OID_JSONB, "\001{\"a\": [1]}", 11), "{\"a\": [1]}");
	cr_assert_str_eq(cell_json(OID_JSON, "[1]", 3), "[1]");
	cr_assert_str_eq(cell_json(OID_BYTEA, "\x00\xff\x0a", 3), "\"00ff0a\"");
	cr_assert_str_eq(cell_json(OID_BYTEA, "", 0), "\"\"");
}

/* numeric_send: ndigits, weight, sign, dscale, digits of base 10000. */
static const char *
numeric_json(int digits, const int *all, int weight, int sign, int scale)
{
	uint8_t cell[64], *at = cell;

	at = cells_number(at, digits, 2);
	at = cells_number(at, weight, 2);
	at = cells_number(at, sign, 2);
	at = cells_number(at, scale, 2);
	for (int i = 0; i < digits; i++)
		at = cells_number(at, all[i], 2);
	return cell_json(OID_NUMERIC, cell, (size_t)(at - cell));
}

Test(encode_cell, writes_numerics_with_all_their_digits)
{
	cr_assert_str_eq(numeric_json(0, NULL, 0, 0, 0), "\"0\"");
	cr_assert_str_eq(numeric_json(0, NULL, 0, 0, 2), "\"0.00\"");
	cr_assert_str_eq(numeric_json(2, (int[]){ 12, 5000 }, 0, 0, 2), "\"12.50\"");
	cr_assert_str_eq(numeric_json(2, (int[]){ 12, 5000 }, 0, 0x4000, 1), "\"-12.5\"");
	cr_assert_str_eq(numeric_json(1, (int[]){ 1 }, 2, 0, 0), "\"100000000\"");
	cr_assert_str_eq(numeric_json(2, (int[]){ 7, 89 }, 1, 0, 3), "\"70089.000\"");
	cr_assert_str_eq(numeric_json(1, (int[]){ 500 }, -1, 0, 2), "\"0.05\"");
	cr_assert_str_eq(numeric_json(1, (int[]){ 7 }, -2, 0, 8), "\"0.00000007\"");
	cr_assert_str_eq(numeric_json(0, NULL, 0, 0xc000, 0), "\"NaN\"");
}

/* array_send with one dimension, up to its cells. */
static uint8_t *
array_head(uint8_t *to, uint32_t element, int count)
{
	to = cells_number(to, count > 0, 4);
	to = cells_number(to, 0, 4);
	to = cells_number(to, element, 4);
	if (count == 0)
		return to;
	to = cells_number(to, count, 4);
	return cells_number(to, 1, 4);
}

Test(encode_cell, writes_arrays)
{
	uint8_t cell[128], *at = array_head(cell, OID_INT8, 3);

	at = cells_number(cells_number(at, 8, 4), -7, 8);
	at = cells_number(at, -1, 4);
	at = cells_number(cells_number(at, 8, 4), 8, 8);
	cr_assert_str_eq(cell_json(OID_INT8_ARRAY, cell, (size_t)(at - cell)), "[-7,null,8]");
	at = array_head(cell, OID_INT8, 0);
	cr_assert_str_eq(cell_json(OID_INT8_ARRAY, cell, (size_t)(at - cell)), "[]");
}

Test(encode_cell, writes_arrays_of_two_dimensions)
{
	uint8_t cell[128], *at = cell;

	at = cells_number(cells_number(cells_number(at, 2, 4), 0, 4), OID_INT8, 4);
	at = cells_number(cells_number(at, 2, 4), 1, 4);
	at = cells_number(cells_number(at, 1, 4), 1, 4);
	at = cells_number(cells_number(at, 8, 4), 1, 8);
	at = cells_number(cells_number(at, 8, 4), 2, 8);
	cr_assert_str_eq(cell_json(OID_INT8_ARRAY, cell, (size_t)(at - cell)), "[[1],[2]]");
}

/* record_send of one party. */
static uint8_t *
party(uint8_t *to, const char *name, int share_ppm)
{
	size_t bytes = strlen(name);

	to = cells_number(to, 2, 4);
	to = cells_number(to, OID_TEXT, 4);
	to = cells_number(to, (int64_t)bytes, 4);
	memcpy(to, name, bytes);
	to = cells_number(to + bytes, OID_INT4, 4);
	if (share_ppm < 0)
		return cells_number(to, -1, 4);
	return cells_number(cells_number(to, 4, 4), share_ppm, 4);
}

Test(encode_cell, writes_arrays_of_composites)
{
	uint8_t cell[256], one[128], *at = array_head(cell, PARTY, 2), *end;

	end = party(one, "partner", 800000);
	at = cells_number(at, end - one, 4);
	memcpy(at, one, (size_t)(end - one));
	at += end - one;
	end = party(one, "platform", -1);
	at = cells_number(at, end - one, 4);
	memcpy(at, one, (size_t)(end - one));
	at += end - one;
	cr_assert_str_eq(cell_json(PARTY_ARRAY, cell, (size_t)(at - cell)),
	    "[{\"name\":\"partner\",\"share_ppm\":800000},"
	    "{\"name\":\"platform\",\"share_ppm\":null}]");
}

Test(encode_cell, writes_bare_text_where_json_would_quote)
{
	const struct text plain = encode_plain(&encoder, OID_TEXT, TEXT("a \"b\""), &arena);
	uint8_t day[4];

	(void)cells_number(day, 0, 4); /* the end is known */
	cr_assert(text_is(plain, "a \"b\""));
	cr_assert(text_is(encode_plain(&encoder, OID_DATE, (struct text){ (char *)day, 4 }, &arena),
	    "2000-01-01"));
	cr_assert(text_is(
	    encode_plain(&encoder, OID_INT4, (struct text){ (char *)day, 4 }, &arena), "0"));
}

Test(encode_cell, knows_no_floats)
{
	cr_assert(encode_knows(OID_NUMERIC));
	cr_assert_not(encode_knows(700));
	cr_assert_not(encode_knows(701));
}

Test(encode_cell, leaves_out_a_field_that_is_newer_than_the_contract)
{
	uint8_t cell[128], *end = party(cell, "partner", 1);

	(void)cells_number(cell, 3, 4); /* one field more than the shape knows */
	end = cells_number(end, OID_INT8, 4);
	end = cells_number(cells_number(end, 8, 4), 7, 8);
	cr_assert_str_eq(
	    cell_json(PARTY, cell, (size_t)(end - cell)), "{\"name\":\"partner\",\"share_ppm\":1}");
}

/* --- tokens --- */

enum { NOW_S = 1772445600 }; /* 2026-03-02T10:00:00Z */

static void
given_key(void)
{
	world_hold_still(NOW_S * INT64_C(1000000));
	keys = (struct token_keys){ .count = 1,
		.keys = { { .kid = "k",
		    .secret = "0123456789abcdef0123456789abcdef",
		    .secret_bytes = TOKEN_SECRET_BYTES_MIN } } };
}

/* A field of a composite: its type, its length, its bytes. */
static uint8_t *
field(uint8_t *to, uint32_t oid, const void *bytes, int count)
{
	to = cells_number(cells_number(to, oid, 4), bytes == NULL ? -1 : count, 4);
	if (bytes == NULL)
		return to;
	memcpy(to, bytes, (size_t)count);
	return to + count;
}

/* Whom a token is for, which ends so many seconds from now, as the API shows it. */
static const char *
token_json(const char *role, const struct uuid *partner_id, int64_t life_s)
{
	static const struct uuid session_id = { { 0xcc } };
	static const struct uuid account_id = { { 0xaa } };
	uint8_t cell[256], market[4], expires[8];
	uint8_t *end = cells_number(cell, 6, 4);

	(void)cells_number(market, 1000000001, 4); /* its end is known */
	(void)cells_number(expires, (NOW_S + life_s) * INT64_C(1000000) - INSTANT_OF_2000, 8);
	end = field(end, OID_TEXT, role, (int)strlen(role));
	end = field(end, OID_UUID, account_id.byte, UUID_BYTES);
	end = field(end, OID_INT4, market, 4);
	end = field(end, OID_UUID, partner_id == NULL ? NULL : partner_id->byte, UUID_BYTES);
	end = field(end, OID_TIMESTAMPTZ, expires, 8);
	end = field(end, OID_UUID, partner_id == NULL ? NULL : session_id.byte, UUID_BYTES);
	return cell_json(SIGNED_TOKEN, cell, (size_t)(end - cell));
}

/* NULL: the JSON is a string that holds a good token. */
static const char *
check(const char *json, struct token *token)
{
	size_t bytes = strlen(json);

	cr_assert_eq(json[0], '"', "%s", json);
	return token_check(
	    &keys, roles, (struct text){ json + 1, bytes - 2 }, world_now_us(), token);
}

Test(encode_cell, writes_the_token_that_a_reply_names)
{
	static const struct uuid partner_id = { { 0xbb } };
	struct token token;
	const char *why;

	given_key();
	why = check(token_json("partner", &partner_id, 86400), &token);
	cr_assert_null(why, "%s", why);
	cr_assert_eq(token.caller.market_id, 1000000001);
	cr_assert_eq(token.caller.account_id.byte[0], 0xaa);
	cr_assert_eq(token.caller.partner_id.byte[0], 0xbb);
	cr_assert(token.caller.has_session);
	cr_assert_eq(token.caller.session_id.byte[0], 0xcc);
	cr_assert_str_eq(token.caller.role, "partner");
	cr_assert_str_eq(token.scopes, "bookings.read");
	cr_assert_eq(token.expires_us, (NOW_S + 86400) * INT64_C(1000000));
	cr_assert_null(check(token_json("operator", NULL, 1), &token));
	cr_assert_not(token.caller.has_partner);
	cr_assert_not(token.caller.has_session);
}

Test(encode_cell, writes_no_token_that_nobody_can_sign_or_use)
{
	given_key();
	cr_assert_str_eq(token_json("operator", NULL, 0), "null");
	cr_assert_str_eq(token_json("nobody", NULL, 60), "null");
	keys.count = 0;
	cr_assert_str_eq(token_json("operator", NULL, 60), "null");
}
