/* instant: RFC 3339 both ways, and its refusals. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "socius/instant.h"

struct instant_case {
	char text[48];
	long long us; /* -1: refused */
};

ParameterizedTestParameters(instant, reads_rfc_3339)
{
	static struct instant_case cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-01-01T00:00:00Z", 946684800000000 },
		{ "2026-11-22T10:00:00Z", 1795341600000000 },
		{ "2026-11-22T10:00:00.5Z", 1795341600500000 },
		{ "2026-11-22T10:00:00.123456789Z", 1795341600123456 },
		{ "2026-11-22t11:00:00+01:00", 1795341600000000 },
		{ "2026-11-22T05:30:00-04:30", 1795341600000000 },
		{ "2024-02-29T00:00:00Z", 1709164800000000 },
		{ "2016-12-31T23:59:60Z", 1483228800000000 },
		{ "2016-12-31T23:59:60.25Z", 1483228800250000 },
		{ "2017-01-01T00:59:60+01:00", 1483228800000000 },
		{ "2016-12-31T15:59:60-08:00", 1483228800000000 },
		{ "2016-12-31T23:58:60Z", -1 },
		{ "2016-12-31T22:59:60Z", -1 },
		{ "2016-12-30T23:59:60Z", -1 },
		{ "2016-12-31T23:59:60+01:00", -1 },
		{ "2016-12-31T23:59:61Z", -1 },
		{ "2023-02-29T00:00:00Z", -1 },
		{ "2026-13-01T00:00:00Z", -1 },
		{ "2026-11-22T24:00:00Z", -1 },
		{ "2026-11-22T10:60:00Z", -1 },
		{ "2026-11-22 10:00:00Z", -1 },
		{ "2026-11-22T10:00:00", -1 },
		{ "2026-11-22T10:00Z", -1 },
		{ "2026-11-22T10:00:00.Z", -1 },
		{ "2026-11-22T10:00:00Zx", -1 },
		{ "2026-11-22T10:00:00+24:00", -1 },
		{ "0000-01-01T00:00:00Z", -1 },
		{ "0001-01-01T00:00:00+00:01", -1 },
		{ "", -1 },
	};

	return cr_make_param_array(struct instant_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct instant_case *given, instant, reads_rfc_3339)
{
	int64_t us = -1;

	cr_assert_eq(instant_read(text_of(given->text), &us), given->us >= 0);
	cr_assert_eq(us, given->us);
}

Test(instant, writes_what_it_reads_over_ten_thousand_days)
{
	for (int64_t days = -25000; days < 25000; days += 5) {
		int64_t us = days * 86400000000 + 45296000000, back = 0;
		char text[INSTANT_TEXT_BYTES_MAX];
		int bytes = instant_write(us, text);

		cr_assert_eq(strlen(text), (size_t)bytes);
		cr_assert(instant_read(text_of(text), &back));
		cr_assert_eq(back, us, "%s", text);
	}
}

Test(instant, writes_as_many_fraction_digits_as_needed)
{
	char text[INSTANT_TEXT_BYTES_MAX];

	(void)instant_write(1795341600123456, text);
	cr_assert_str_eq(text, "2026-11-22T10:00:00.123456Z");
	(void)instant_write(1795341600120000, text);
	cr_assert_str_eq(text, "2026-11-22T10:00:00.120Z");
	(void)instant_write(-1, text);
	cr_assert_str_eq(text, "1969-12-31T23:59:59.999999Z");
}

Test(instant, reads_wall_time_and_dates)
{
	int64_t us;
	int32_t days;
	char text[INSTANT_TEXT_BYTES_MAX];

	cr_assert(instant_read_local(TEXT("2026-03-29T02:30"), &us));
	(void)instant_write_local(us, text);
	cr_assert_str_eq(text, "2026-03-29T02:30:00");
	cr_assert_not(instant_read_local(TEXT("2026-03-29T02:30Z"), &us));
	cr_assert(instant_read_date(TEXT("2026-11-23"), &days));
	cr_assert_eq(days, 20780);
	(void)instant_write_date(days, text);
	cr_assert_str_eq(text, "2026-11-23");
	cr_assert_not(instant_read_date(TEXT("2026-11-31"), &days));
}

Test(instant, has_no_leap_second_in_wall_time)
{
	int64_t us;

	cr_expect_not(instant_read_local(TEXT("2016-12-31T23:59:60"), &us));
	cr_expect(instant_read_local(TEXT("2016-12-31T23:59:59"), &us));
}

/* There is no year of five digits in RFC 3339, and no date of PostgreSQL's becomes year 0. */
Test(instant, writes_what_is_beyond_four_digits_as_the_last_or_first)
{
	char text[INSTANT_TEXT_BYTES_MAX];

	(void)instant_write(INT64_C(253402300800000000), text); /* 10000-01-01 */
	cr_expect_str_eq(text, "9999-12-31T23:59:59.999999Z");
	(void)instant_write(INT64_MAX, text);
	cr_expect_str_eq(text, "9999-12-31T23:59:59.999999Z");
	(void)instant_write(INT64_MIN, text);
	cr_expect_str_eq(text, "0001-01-01T00:00:00Z");
	(void)instant_write_local(INT64_C(-62135596800000001), text); /* 1 BC */
	cr_expect_str_eq(text, "0001-01-01T00:00:00");
	(void)instant_write_date(2932897, text);
	cr_expect_str_eq(text, "9999-12-31");
	(void)instant_write_date(INT32_MIN, text);
	cr_expect_str_eq(text, "0001-01-01");
}
