/* text: comparing, UTF-8 and growing buffers. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "socius/arena.h"
#include "socius/text.h"

Test(text, finds_whole_words_in_a_list)
{
	cr_assert(text_listed("card cash unspecified", TEXT("cash")));
	cr_assert(text_listed("card", TEXT("card")));
	cr_assert(text_listed("  a   b ", TEXT("b")));
	cr_assert_not(text_listed("card cash", TEXT("car")));
	cr_assert_not(text_listed("card cash", TEXT("card cash")));
	cr_assert_not(text_listed("card", TEXT("")));
	cr_assert_not(text_listed(NULL, TEXT("card")));
}

Test(text, compares_header_names_without_case)
{
	cr_assert(text_equal_nocase(TEXT("Idempotency-Key"), TEXT("idempotency-key")));
	cr_assert_not(text_equal_nocase(TEXT("Host"), TEXT("Hos")));
}

struct utf8_case {
	char bytes[8];
	int valid;
};

ParameterizedTestParameters(text, knows_well_formed_utf8)
{
	static struct utf8_case cases[] = {
		{ "abc", 1 },
		{ "\xc3\xa9", 1 },
		{ "\xe2\x82\xac", 1 },
		{ "\xf0\x9f\x9a\xb2", 1 },
		{ "\xed\x9f\xbf", 1 },
		{ "\xf4\x8f\xbf\xbf", 1 },
		{ "\xc0\x80", 0 },         /* overlong */
		{ "\xe0\x80\x80", 0 },     /* overlong */
		{ "\xf0\x80\x80\x80", 0 }, /* overlong */
		{ "\xed\xa0\x80", 0 },     /* surrogate */
		{ "\xf4\x90\x80\x80", 0 }, /* beyond U+10FFFF */
		{ "\x80", 0 },
		{ "\xe2\x82", 0 },
		{ "a\xff", 0 },
	};

	return cr_make_param_array(struct utf8_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct utf8_case *given, text, knows_well_formed_utf8)
{
	cr_assert_eq(text_is_utf8(text_of(given->bytes)), given->valid);
}

Test(text, counts_code_points)
{
	cr_assert_eq(text_length(TEXT("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xb2")), 4);
	cr_assert_not(text_is_utf8((struct text){ "a\0b", 3 }));
}

Test(buffer, grows_and_keeps_what_it_held)
{
	struct arena arena;
	struct buffer buffer;

	arena_init(&arena);
	buffer_init(&buffer, &arena, 0);
	for (int i = 0; i < 10000; i++)
		buffer_print(&buffer, "%d,", i % 10);
	cr_assert_eq(buffer.bytes, 20000);
	cr_assert_eq(memcmp(buffer.at, "0,1,2,3,", 8), 0);
	cr_assert_eq(memcmp(buffer.at + 19992, "6,7,8,9,", 8), 0);
	arena_release(&arena);
}
