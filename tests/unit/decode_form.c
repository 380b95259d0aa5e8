/* decode_form: bodies that come as forms, as OAuth's libraries send them. */
#include "support/asked.h"

TestSuite(decode_form, .init = given, .fini = ended);

#define FIELDS \
	TAKES({ "size", BODY, STRING, .optional = true, .max = 8 }, \
	    { "thing_id", BODY, UUID, .optional = true })

static bool
sent(const char *body)
{
	endpoint.form = true;
	send_header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
	request.body = text_of(body);
	return decoded(FIELDS);
}

Test(decode_form, takes_what_the_row_knows_and_passes_over_the_rest)
{
	cr_assert(sent("&colour=red&siz%65=a%2Bb+c&thing_id=0193a0c4-5e00-7000-8000-000000000001"));
	cr_assert(text_is(request.args[0].bytes, "a+b c"));
	cr_assert_eq(request.args[1].uuid.byte[0], 0x01);
}

Test(decode_form, takes_what_is_empty_for_absent)
{
	cr_assert(sent("size=&thing_id"));
	cr_assert(request.args[0].null);
	cr_assert(request.args[1].null);
}

Test(decode_form, refuses_what_stands_twice)
{
	cr_assert_not(sent("size=a&size=b"));
	assert_error("/size", "duplicate");
	cr_assert(text_is(request.problem.members, "{\"error\":\"invalid_request\"}"));
}

Test(decode_form, refuses_malformed_escapes_and_bytes)
{
	cr_assert_not(sent("size=%g1"));
	assert_error("", "format");
}

Test(decode_form, refuses_what_is_no_text)
{
	cr_assert_not(sent("size=%ff"));
	assert_error("", "format");
}

Test(decode_form, is_for_rows_that_say_so)
{
	send_header("Content-Type", "application/x-www-form-urlencoded");
	request.body = TEXT("size=a");
	cr_assert_not(decoded(FIELDS));
	cr_assert_str_eq(slug(), "media_type_unsupported");
	cr_assert_eq(request.problem.members.bytes, 0);
}

Test(decode_form, leaves_json_as_it_is)
{
	endpoint.form = true;
	send_json("{\"size\":\"a\"}");
	cr_assert(decoded(FIELDS));
	cr_assert(text_is(request.args[0].bytes, "a"));
}
