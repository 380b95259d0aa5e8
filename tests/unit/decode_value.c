/* decode_value: single values against their fields. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "decode_value.h"

#define SLOT "0193a0c4-5e00-7000-8000-000000000001"

static struct arena arena;
static struct problem problem;
static struct value value;
/* All digits of a digest but the last, and all. */
#define SHA256_OF "E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"
#define SHA256 SHA256_OF "5"

static const struct place place = { &arena, &problem, "/x" };

static void
given(void)
{
	arena_init(&arena);
	problem = (struct problem){ 0 };
	value = (struct value){ 0 };
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(decode_value, .init = given, .fini = ended);

struct sample {
	const char *about;
	struct field field;
	const char *text; /* in a path or a query; NULL: not tried there */
	const char *json; /* in a body; NULL: not tried there */
	const char *code; /* of the error; "": it is taken */
	int64_t number;
};

static const struct sample samples[] = {
	{ "least int", { .type = INT }, "-2147483648", "-2147483648", "", INT32_MIN },
	{ "int past its range", { .type = INT }, "2147483648", "2147483648", "range" },
	{ "most long", { .type = LONG }, "9007199254740991", "9007199254740991", "",
	    INT64_C(9007199254740991) },
	{ "long past 2^53", { .type = LONG }, "9007199254740992", "9007199254740992", "range" },
	{ "real that is none", { .type = INT }, NULL, "1.0", "", 1 },
	{ "negative real that is none", { .type = INT }, NULL, "-7.00", "", -7 },
	{ "negative zero", { .type = INT }, NULL, "-0.0", "", 0 },
	{ "exponent", { .type = LONG }, NULL, "1e3", "", 1000 },
	{ "most long as a real", { .type = LONG }, NULL, "9007199254740991.0", "",
	    INT64_C(9007199254740991) },
	{ "real past 2^53", { .type = LONG }, NULL, "9007199254740992.0", "range" },
	{ "real past int64", { .type = LONG }, NULL, "-1e300", "range" },
	{ "int past its range as a real", { .type = INT }, NULL, "2147483648.0", "range" },
	{ "real", { .type = INT }, "1.5", "1.5", "type" },
	{ "small real", { .type = LONG }, "1e-3", "1e-3", "type" },
	{ "real in a query", { .type = INT }, "1.0", NULL, "type" },
	{ "int past int64", { .type = INT }, "9223372036854775808", NULL, "range" },
	{ "negative past int64", { .type = LONG }, "-99999999999999999999", NULL, "range" },
	{ "digits and more", { .type = LONG }, "99999999999999999999x", NULL, "type" },
	{ "number in quotes", { .type = INT }, "\"1\"", "\"1\"", "type" },
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
	{ "least instant", { .type = INSTANT }, "1970-01-01T00:00:00Z", "\"1970-01-01T00:00:00Z\"",
	    "", 0 },
	{ "instant before the least", { .type = INSTANT }, "1970-01-01T00:59:59+01:00",
	    "\"1970-01-01T00:59:59+01:00\"", "range" },
	{ "most instant", { .type = INSTANT }, "2200-01-01T00:00:00Z", "\"2200-01-01T00:00:00Z\"",
	    "", INT64_C(7258118400000000) },
	{ "instant past the most", { .type = INSTANT }, "2200-01-01T00:00:00.000001Z",
	    "\"2200-01-01T00:00:00.000001Z\"", "range" },
	{ "instant of the last year", { .type = INSTANT }, "9999-12-31T23:59:59Z",
	    "\"9999-12-31T23:59:59Z\"", "range" },
	{ "instant of year 10000", { .type = INSTANT }, "9999-12-31T23:59:59-01:00",
	    "\"9999-12-31T23:59:59-01:00\"", "format" },
	{ "second 60 within a day", { .type = INSTANT }, "2026-11-22T10:00:60Z",
	    "\"2026-11-22T10:00:60Z\"", "format" },
	{ "most local time", { .type = LOCAL_TIME }, "2200-01-01T00:00", "\"2200-01-01T00:00\"", "",
	    INT64_C(7258118400000000) },
	{ "local time past the most", { .type = LOCAL_TIME }, "2200-01-01T00:01",
	    "\"2200-01-01T00:01\"", "range" },
	{ "local time before the least", { .type = LOCAL_TIME }, "1969-12-31T23:59",
	    "\"1969-12-31T23:59\"", "range" },
	{ "most date", { .type = DATE }, "2200-01-01", "\"2200-01-01\"", "", 84006 },
	{ "date past the most", { .type = DATE }, "2200-01-02", "\"2200-01-02\"", "range" },
	{ "date before the least", { .type = DATE }, "1969-12-31", "\"1969-12-31\"", "range" },
	{ "year 0001", { .type = DATE }, "0001-01-01", "\"0001-01-01\"", "range" },
	{ "string", { .type = STRING }, "Ada Rossi", "\"Ada Rossi\"", "" },
	{ "empty string", { .type = STRING }, "", "\"\"", "length" },
	{ "blank string", { .type = STRING }, "   ", "\"   \"", "length" },
	{ "empty string where only the most is named", { .type = STRING, .max = 5 }, "", "\"\"",
	    "length" },
	{ "empty string that is allowed", { .type = STRING, .min = -1, .max = 5 }, "", "\"\"", "" },
	{ "string too long", { .type = STRING, .max = 3 }, "abcd", "\"abcd\"", "length" },
	{ "three code points", { .type = STRING, .max = 3 }, "äöü", "\"\\u00e4\\u00f6\\u00fc\"",
	    "" },
	{ "control character", { .type = STRING },
	    "a\x07"
	    "b",
	    "\"a\\u0007b\"", "format" },
	{ "line break", { .type = STRING }, "a\nb", "\"a\\nb\"", "format" },
	{ "C1 control", { .type = STRING },
	    "a\xc2\x85"
	    "b",
	    "\"a\\u0085b\"", "format" },
	{ "name of a zero-width space", { .type = STRING }, "\u200b", "\"\\u200b\"", "format" },
	{ "name of a no-break space", { .type = STRING }, "\u00a0", "\"\\u00a0\"", "length" },
	{ "bidi override", { .type = STRING }, "a\u202e", "\"a\\u202e\"", "format" },
	{ "line separator", { .type = STRING }, "a\u2028", "\"a\\u2028\"", "format" },
	{ "noncharacter", { .type = STRING }, "a\ufdd0", "\"a\\ufdd0\"", "format" },
	{ "line feed in a text", { .type = STRING, .format = "lines" }, "a\nb", "\"a\\nb\"", "" },
	{ "zero-width space in a text", { .type = STRING, .format = "lines" }, "\u200b",
	    "\"\\u200b\"", "format" },
	{ "tab in a text", { .type = STRING, .format = "lines" }, "a\tb", "\"a\\tb\"", "" },
	{ "password of blanks", { .type = STRING, .min = 8, .max = 9, .format = "password" },
	    "        ", "\"        \"", "" },
	{ "password of before", { .type = STRING, .format = "current-password" }, "a\tb\u200b",
	    "\"a\\tb\\u200b\"", "" },
	{ "control in a password", { .type = STRING, .format = "password" }, "a\tb", "\"a\\tb\"",
	    "format" },
	{ "password of eight in pieces", { .type = STRING, .min = 8, .format = "password" },
	    "abcdefge\u0301", "\"abcdefge\\u0301\"", "" },
	{ "password of seven in eight pieces", { .type = STRING, .min = 8, .format = "password" },
	    "abcdefe\u0301", "\"abcdefe\\u0301\"", "length" },
	{ "one of a list", { .type = STRING, .among = "card cash" }, "cash", "\"cash\"", "" },
	{ "none of a list", { .type = STRING, .among = "card cash" }, "gold", "\"gold\"", "among" },
	{ "currency", { .type = STRING, .format = "currency" }, "EUR", "\"EUR\"", "" },
	{ "no currency", { .type = STRING, .format = "currency" }, "eur", "\"eur\"", "format" },
	{ "time zone", { .type = STRING, .format = "time_zone" }, "America/New_York",
	    "\"America/New_York\"", "" },
	{ "no time zone", { .type = STRING, .format = "time_zone" }, "..\\etc", "\"..\\\\etc\"",
	    "format" },
	{ "month", { .type = STRING, .format = "month" }, "2026-03", "\"2026-03\"", "" },
	{ "last month", { .type = STRING, .format = "month" }, "1999-12", "\"1999-12\"", "" },
	{ "month 0", { .type = STRING, .format = "month" }, "2026-00", "\"2026-00\"", "format" },
	{ "month 13", { .type = STRING, .format = "month" }, "2026-13", "\"2026-13\"", "format" },
	{ "month 20", { .type = STRING, .format = "month" }, "2026-20", "\"2026-20\"", "format" },
	{ "first month", { .type = STRING, .format = "month" }, "1970-01", "\"1970-01\"", "" },
	{ "month before it", { .type = STRING, .format = "month" }, "1969-12", "\"1969-12\"",
	    "format" },
	{ "month of 2199", { .type = STRING, .format = "month" }, "2199-12", "\"2199-12\"", "" },
	{ "month of 2200", { .type = STRING, .format = "month" }, "2200-01", "\"2200-01\"",
	    "format" },
	{ "year 0", { .type = STRING, .format = "month" }, "0000-01", "\"0000-01\"", "format" },
	{ "a day", { .type = STRING, .format = "month" }, "2026-03-01", "\"2026-03-01\"",
	    "format" },
	{ "half a month", { .type = STRING, .format = "month" }, "2026-1", "\"2026-1\"", "format" },
	{ "month of hyphens", { .type = STRING, .format = "month" }, "2026--1", "\"2026--1\"",
	    "format" },
	{ "year of hyphens", { .type = STRING, .format = "month" }, "20-6-01", "\"20-6-01\"",
	    "format" },
	{ "digest", { .type = STRING, .format = "sha256" }, SHA256, "\"" SHA256 "\"", "" },
	{ "short digest", { .type = STRING, .format = "sha256" }, "e3b0", "\"e3b0\"", "format" },
	{ "long digest", { .type = STRING, .format = "sha256" }, SHA256 "0", "\"" SHA256 "0\"",
	    "format" },
	{ "no digest", { .type = STRING, .format = "sha256" }, SHA256_OF "g", "\"" SHA256_OF "g\"",
	    "format" },
	{ "address", { .type = STRING, .format = "email" }, "ada@example.com",
	    "\"ada@example.com\"", "" },
	{ "address", { .type = STRING, .format = "email" }, "Ada.Lovelace+1@mail.example.co.uk",
	    "\"Ada.Lovelace+1@mail.example.co.uk\"", "" },
	{ "address", { .type = STRING, .format = "email" }, "x@xn--bcher-kva.example",
	    "\"x@xn--bcher-kva.example\"", "" },
	{ "no address", { .type = STRING, .format = "email" }, "ada", "\"ada\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada@", "\"ada@\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "@example.com", "\"@example.com\"",
	    "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada@example", "\"ada@example\"",
	    "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada..l@example.com",
	    "\"ada..l@example.com\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, ".ada@example.com",
	    "\".ada@example.com\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada.@example.com",
	    "\"ada.@example.com\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada@exa_mple.com",
	    "\"ada@exa_mple.com\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada@-example.com",
	    "\"ada@-example.com\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada@example-.com",
	    "\"ada@example-.com\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada@example..com",
	    "\"ada@example..com\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada@example.com.",
	    "\"ada@example.com.\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "a da@example.com",
	    "\"a da@example.com\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada@b@example.com",
	    "\"ada@b@example.com\"", "format" },
	{ "no address", { .type = STRING, .format = "email" }, "ada@[127.0.0.1]",
	    "\"ada@[127.0.0.1]\"", "format" },
	{ "digits", { .type = STRING, .format = "digits" }, "007", "\"007\"", "" },
	{ "no digits", { .type = STRING, .format = "digits" }, "0x7", "\"0x7\"", "format" },
};

enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

/* What was said of a sample, and of nothing else. */
static void
judge(const struct sample *sample)
{
	const char *code = problem.errors_count > 0 ? problem.errors[0].code : "";

	cr_assert_str_eq(
	    code, sample->code, "%s: %s instead of %s", sample->about, code, sample->code);
	cr_assert_leq(problem.errors_count, 1, "%s: two errors", sample->about);
	if (problem.errors_count > 0)
		cr_assert_str_eq(problem.errors[0].pointer, "/x");
	else if (sample->field.type != STRING && sample->field.type != UUID)
		cr_assert_eq(value.number, sample->number, "%s: wrong value", sample->about);
	problem = (struct problem){ 0 };
}

Test(decode_value, judges_texts_of_path_and_query)
{
	for (int i = 0; i < SAMPLES; i++) {
		if (samples[i].text == NULL)
			continue;
		decode_text(&place, &samples[i].field, text_of(samples[i].text), &value);
		judge(&samples[i]);
	}
}

Test(decode_value, judges_json_of_the_body)
{
	for (int i = 0; i < SAMPLES; i++) {
		json_t *json;

		if (samples[i].json == NULL)
			continue;
		json = json_loads(samples[i].json, JSON_DECODE_ANY, NULL);
		cr_assert_not_null(json, "%s", samples[i].about);
		decode_json(&place, &samples[i].field, json, &value);
		json_decref(json);
		judge(&samples[i]);
	}
}

Test(decode_value, trims_texts)
{
	const struct field field = { .type = STRING, .max = 10 };

	decode_text(&place, &field, TEXT(" \t Ada  Rossi\n"), &value);
	cr_assert_eq(problem.errors_count, 0);
	cr_assert(text_is(value.bytes, "Ada  Rossi"));
}

Test(decode_value, refuses_text_that_is_not_utf8)
{
	const struct field field = { .type = STRING };

	decode_text(&place, &field, TEXT("\xff"), &value);
	cr_assert_str_eq(problem.errors[0].code, "utf8");
}

Test(decode_value, bounds_the_bytes_of_a_text_too)
{
	const struct field field = { .type = STRING, .max = 100000 };
	char *text = arena_take(&arena, 5000);

	memset(text, 'a', 4096);
	decode_text(&place, &field, (struct text){ text, 4096 }, &value);
	cr_assert_eq(problem.errors_count, 0);
	text[4096] = 'a';
	decode_text(&place, &field, (struct text){ text, 4097 }, &value);
	cr_assert_str_eq(problem.errors[0].code, "length");
}

static struct text
kept_of(const char *format, const char *from)
{
	const struct field field = { .type = STRING, .format = format };

	decode_text(&place, &field, text_of(from), &value);
	cr_assert_eq(problem.errors_count, 0);
	return value.bytes;
}

Test(decode_value, keeps_the_blanks_of_passwords_and_trims_names)
{
	cr_expect(text_is(kept_of("password", " correct horse "), " correct horse "));
	cr_expect(text_is(kept_of("password", "\u00a0cafe\u0301 "), " caf\u00e9 "));
	cr_expect(
	    text_is(kept_of("current-password", "\u00a0cafe\u0301\u200b "), " caf\u00e9\u200b "));
	cr_expect(text_is(kept_of("lines", "a\r\nb\tc\r"), "a\nb c"));
	cr_expect(text_is(kept_of(NULL, " Ada Rossi\t"), "Ada Rossi"));
	cr_expect(text_is(kept_of(NULL, "\u3000Jose\u0301\u00a0Rossi\u2003"), "Jos\u00e9 Rossi"));
}
