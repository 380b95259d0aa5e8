/* openapi_texts: the patterns of the document take what the server takes, and nothing else.
 * PostgreSQL's expressions are the judge, because C has none that know Unicode. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "decode_value.h"
#include "openapi_parts.h"
#include "support/sql.h"

static struct arena arena;

static void
given(void)
{
	sql_begin();
	arena_init(&arena);
}

static void
ended(void)
{
	arena_release(&arena);
	sql_end();
}

TestSuite(openapi_texts, .init = given, .fini = ended);

/* A small generator, so that each run is the same (Marsaglia, Xorshift RNGs, 2003). */
static uint32_t state = 2026;

static uint32_t
chance(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static bool
server_takes(const struct field *field, const char *text)
{
	struct problem problem = { 0 };
	struct place place = { &arena, &problem, "/x" };
	struct value value;

	decode_text(&place, field, text_of(text), &value);
	return problem.errors_count == 0;
}

static bool
fits(const char *text, const char *pattern)
{
	const char *const values[] = { text, pattern };
	PGresult *result = PQexecParams(
	    sql_connection(), "select $1::text ~ $2::text", 2, NULL, values, NULL, NULL, 0);
	bool right;

	cr_assert_eq(PQntuples(result), 1, "%s: %s", pattern, PQresultErrorMessage(result));
	right = PQgetvalue(result, 0, 0)[0] == 't';
	PQclear(result);
	return right;
}

static bool
document_takes(json_t *schema, const char *text)
{
	const char *pattern = json_string_value(json_object_get(schema, "pattern"));
	json_t *least = json_object_get(schema, "minLength"),
	       *most = json_object_get(schema, "maxLength");
	json_int_t length = (json_int_t)text_length(text_of(text));

	cr_assert_not_null(pattern);
	return (least == NULL || length >= json_integer_value(least)) &&
	       (most == NULL || length <= json_integer_value(most)) && fits(text, pattern);
}

/* Texts of these pieces, from none of them to `most`. */
static void
compare(const struct field *field, const char *const *pieces, uint32_t count, uint32_t most)
{
	struct document document = { .arena = &arena };
	json_t *schema = openapi_field_schema(&document, field);
	int taken = 0, refused = 0;

	for (int i = 0; i < 1000; i++) {
		struct buffer text;
		bool takes;

		buffer_init(&text, &arena, 64);
		for (uint32_t left = chance(most + 1); left > 0; left--)
			buffer_add_text(&text, pieces[chance(count)]);
		buffer_add(&text, "", 1);
		takes = server_takes(field, text.at);
		taken += takes;
		refused += !takes;
		cr_expect_eq(document_takes(schema, text.at), takes, "%s: %s \"%s\"", field->name,
		    takes ? "takes" : "refuses", text.at);
	}
	cr_expect(
	    taken > 20 && refused > 20, "%s: %d taken, %d refused", field->name, taken, refused);
	json_decref(schema);
}

/* Of each class that precis.c knows, but for what depends on neighbours and the upper planes. */
static const char *const characters[] = { "a", "Z", "7", "~", "\"", "é", "ж", "李", "👍", "½", "’",
	"a", "b", "c", " ", " ", "\u00a0", "\u3000", "\u2003", "\t", "\n", "\r", "\x01", "\x7f",
	"\xc2\x85", "\u00ad", "\u200b", "\u202e", "\u2028", "\u2066", "\ufeff", "\ue000", "\ufdd0",
	"\uffff", "\u061c", "\ufffd" };

enum { CHARACTERS = sizeof(characters) / sizeof(characters[0]) };

Test(openapi_texts, say_which_texts_are_taken)
{
	static const struct field fields[] = {
		{ "name", BODY, STRING, .max = 200 },
		{ "empty", BODY, STRING, .min = -1, .max = 200 },
		{ "two", BODY, STRING, .min = 2, .max = 32 },
		{ "three", BODY, STRING, .min = 3, .max = 32 },
		{ "lines", BODY, STRING, .max = 2000, .format = "lines" },
		{ "password", BODY, STRING, .min = 2, .max = 128, .format = "password" },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		compare(&fields[i], characters, CHARACTERS, 5);
}

Test(openapi_texts, say_which_formats_are_taken)
{
	static const char *const address[] = { "a", "b.c", "@", "@", ".", "-", "+", "x1", "example",
		".com", "@a.b", "é", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	static const char *const month[] = { "1970-", "1969-", "1999-", "2199-", "2026-", "2200-",
		"2026-", "01", "12", "13", "00", "05", "1", "9" };
	static const char *const digits[] = { "0", "12", "345", "6789", "x", "-" };
	static const char *const currency[] = { "E", "U", "R", "EUR", "e", "1" };
	const struct field fields[] = {
		{ "email", BODY, STRING, .max = 254, .format = "email" },
		{ "month", BODY, STRING, .format = "month" },
		{ "digits", BODY, STRING, .min = 2, .max = 8, .format = "digits" },
		{ "currency", BODY, STRING, .format = "currency" },
	};

	compare(&fields[0], address, sizeof(address) / sizeof(address[0]), 5);
	compare(&fields[1], month, 14, 2);
	compare(&fields[2], digits, 6, 4);
	compare(&fields[3], currency, 6, 3);
}

/* A day too many in February is all that it cannot say. */
Test(openapi_texts, say_which_local_times_are_taken)
{
	static const char *const pieces[] = { "2026-03-02", "1970-01-01", "1969-12-31",
		"2200-01-01", "2199-12-31", "2026-04-31", "2026-04-30", "2024-02-29", "2026-13-01",
		"T", "t", "T", " ", "08:00", "00:00", "23:59", "24:00", "08:60", ":00", ":59",
		":60", ".5", ".000", "Z" };
	static const struct field field = { "starts_local", BODY, LOCAL_TIME };
	struct document document = { .arena = &arena };
	json_t *schema = openapi_field_schema(&document, &field);
	const char *of[4];

	for (int day = 0; day < 9; day++)
		for (int mark = 9; mark < 13; mark++)
			for (int time = 13; time < 18; time++)
				for (int end = 17; end < 24; end++) {
					const char *text;

					of[0] = pieces[day];
					of[1] = pieces[mark];
					of[2] = pieces[time];
					of[3] = end == 17 ? "" : pieces[end];
					text = arena_print(&arena, "%s%s%s%s%s", of[0], of[1],
					    of[2], end > 20 ? ":00" : "", of[3]);
					cr_expect_eq(document_takes(schema, text),
					    server_takes(&field, text), "%s", text);
				}
	json_decref(schema);
}
