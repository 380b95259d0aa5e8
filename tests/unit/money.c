/* money: decimal text and minor units. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "socius/money.h"

struct money_case {
	char text[24];
	int exponent;
	long long minor; /* -1: refused */
};

ParameterizedTestParameters(money, reads_decimal_text)
{
	static struct money_case cases[] = {
		{ "12.5", 2, 1250 },
		{ "12.50", 2, 1250 },
		{ "12.500", 2, 1250 },
		{ "0.0", 2, 0 },
		{ "7", 2, 700 },
		{ "100", 0, 100 },
		{ "1.234", 3, 1234 },
		{ "90071992547409.91", 2, 9007199254740991 },
		{ "90071992547409.92", 2, -1 },
		{ "12.505", 2, -1 },
		{ "12.", 2, -1 },
		{ ".5", 2, -1 },
		{ "1.2.3", 2, -1 },
		{ "1,5", 2, -1 },
		{ "", 2, -1 },
		{ "-", 2, -1 },
		{ "1e3", 2, -1 },
		{ " 1", 2, -1 },
	};

	return cr_make_param_array(struct money_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct money_case *given, money, reads_decimal_text)
{
	int64_t minor = -1;

	cr_assert_eq(money_read(text_of(given->text), given->exponent, &minor), given->minor >= 0,
	    "%s", given->text);
	cr_assert_eq(minor, given->minor);
}

Test(money, reads_below_zero)
{
	int64_t minor;

	cr_assert(money_read(TEXT("-4.30"), 2, &minor));
	cr_assert_eq(minor, -430);
}

Test(money, writes_with_the_currencys_digits)
{
	char text[32];

	(void)money_write(1250, 2, text);
	cr_assert_str_eq(text, "12.50");
	(void)money_write(-5, 2, text);
	cr_assert_str_eq(text, "-0.05");
	(void)money_write(100, 0, text);
	cr_assert_str_eq(text, "100");
	(void)money_write(INT64_MIN, 3, text);
	cr_assert_str_eq(text, "-9223372036854775.808");
}

Test(money, writes_what_it_reads)
{
	for (int64_t minor = -100000; minor < 100000; minor += 37)
		for (int exponent = 0; exponent <= 4; exponent++) {
			char text[32];
			int64_t back;

			(void)money_write(minor, exponent, text);
			cr_assert(money_read(text_of(text), exponent, &back), "%s", text);
			cr_assert_eq(back, minor);
		}
}
