/* json: an escaping writer and strict reading. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <jansson.h>

#include "socius/arena.h"
#include "socius/json.h"

static struct arena arena;
static struct buffer buffer;
static struct json json;

static void
given(void)
{
	arena_init(&arena);
	buffer_init(&buffer, &arena, 0);
	json_init(&json, &buffer);
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(json, .init = given, .fini = ended);

Test(json, writes_nested_values_with_commas)
{
	json_open_object(&json);
	json_put_int(&json, "a", INT64_MIN);
	json_name(&json, "b");
	json_open_array(&json);
	json_write_bool(&json, true);
	json_write_null(&json);
	json_open_object(&json);
	json_close_object(&json);
	json_close_array(&json);
	json_put_text(&json, "c", NULL);
	json_close_object(&json);
	buffer_add(&buffer, "", 1);
	cr_assert_str_eq(buffer.at, "{\"a\":-9223372036854775808,\"b\":[true,null,{}],\"c\":null}");
}

Test(json, escapes_every_byte_so_that_jansson_reads_it_back)
{
	char bytes[256];
	json_t *read;

	for (int i = 0; i < 255; i++)
		bytes[i] = (char)(i + 1);
	json_write_text(&json, (struct text){ bytes, 127 });
	read = json_loadb(buffer.at, buffer.bytes, JSON_DECODE_ANY, NULL);
	cr_assert_not_null(read);
	cr_assert_eq(memcmp(json_string_value(read), bytes, 127), 0);
	json_decref(read);
}

Test(json, writes_json_even_from_bytes_that_are_not_utf8)
{
	json_t *read;

	json_write_text(&json, TEXT("a\xff\xc3"));
	read = json_loadb(buffer.at, buffer.bytes, JSON_DECODE_ANY, NULL);
	cr_assert_not_null(read);
	cr_assert_str_eq(json_string_value(read), "a\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(read);
}

struct json_case {
	char text[64];
	int accepted;
};

ParameterizedTestParameters(json, reads_strictly)
{
	static struct json_case cases[] = {
		{ "{\"a\": [1, 2.5, \"\\u20ac\", null, true]}", 1 },
		{ "{}", 1 },
		{ "{\"a\":1,\"a\":2}", 0 },
		{ "{\"a\":01}", 0 },
		{ "{\"a\":1,}", 0 },
		{ "{\"a\":\"\\ud800\"}", 0 },
		{ "{\"a\":\"\xff\"}", 0 },
		{ "{\"a\":\"\\u0000\"}", 0 },
		{ "{\"a\":1} x", 0 },
		{ "{\"a\":9223372036854775808}", 0 },
		{ "{\"a\":1e400}", 0 },
		{ "{'a':1}", 0 },
		{ "", 0 },
		{ "null", 1 },
		{ "-7", 1 },
		{ "\"a\"", 1 },
		{ "nul", 0 },
		{ "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", 1 },
		{ "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 0 },
		{ "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[\\\"[\"}", 1 },
	};

	return cr_make_param_array(struct json_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct json_case *given_case, json, reads_strictly)
{
	const char *why = NULL;
	long offset;
	json_t *read = json_read(text_of(given_case->text), &why, &offset);

	cr_assert_eq(read != NULL, given_case->accepted, "%s: %s", given_case->text, why);
	json_decref(read);
}

Test(json, says_what_encoding_it_is_not_in)
{
	static const struct {
		struct text text;
		const char *says;
	} cases[] = {
		{ TEXT("\xef\xbb\xbf{}"),
		    "it begins with a byte order mark, which JSON does not have" },
		{ TEXT("\xff\xfe{\0}\0"), "it is in UTF-16 or UTF-32, and JSON is in UTF-8" },
		{ TEXT("{\0}\0"), "it is in UTF-16 or UTF-32, and JSON is in UTF-8" },
		{ TEXT("\0{\0}"), "it is in UTF-16 or UTF-32, and JSON is in UTF-8" },
		{ TEXT("\0\0\xfe\xff\0\0\0{"), "it is in UTF-16 or UTF-32, and JSON is in UTF-8" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = NULL;
		long offset = -1;

		cr_assert_null(json_read(cases[i].text, &why, &offset));
		cr_expect_str_eq(why, cases[i].says);
		cr_expect_eq(offset, 0);
	}
}

Test(json, refuses_long_strings_and_arrays)
{
	const char *why;
	long offset;

	buffer_add_text(&buffer, "[\"");
	for (int i = 0; i <= JSON_STRING_BYTES_MAX; i++)
		buffer_add(&buffer, "x", 1);
	buffer_add_text(&buffer, "\"]");
	cr_assert_null(json_read(buffer_text(&buffer), &why, &offset));
	buffer.bytes = 0;
	buffer_add_text(&buffer, "[0");
	for (int i = 0; i < JSON_ITEMS_MAX; i++)
		buffer_add_text(&buffer, ",0");
	buffer_add_text(&buffer, "]");
	cr_assert_null(json_read(buffer_text(&buffer), &why, &offset));
}
