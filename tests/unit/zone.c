/* zone: wall times into instants, in both nights when clocks are changed. */
#include <criterion/criterion.h>

#include "ctl/zone.h"
#include "socius/instant.h"

static int64_t
instant(const char *text)
{
	int64_t us;

	cr_assert(instant_read(text_of(text), &us), "%s", text);
	return us;
}

static int64_t
wall(const char *text)
{
	int64_t us;

	cr_assert(instant_read_local(text_of(text), &us), "%s", text);
	return us;
}

static void
expect_instant(const char *local, const char *earliest, const char *wanted)
{
	int64_t earliest_us = earliest != NULL ? instant(earliest) : INT64_MIN;
	int64_t us = 0;

	cr_assert(zone_instant(wall(local), earliest_us, &us), "%s", local);
	cr_expect_eq(us, instant(wanted), "%s", local);
}

static void
expect_none(const char *local)
{
	int64_t us = 7;

	cr_expect_not(zone_instant(wall(local), INT64_MIN, &us), "%s", local);
	cr_expect_eq(us, 7);
}

Test(zone, know_the_database_s_names_only)
{
	cr_expect(zone_use("America/New_York"));
	cr_expect(zone_use("Etc/GMT+5"));
	cr_expect_not(zone_use("America/Gotham"));
	cr_expect_not(zone_use("/etc/passwd"));
	cr_expect_not(zone_use("America/../../../../etc/passwd"));
	cr_expect_not(zone_use(""));
}

Test(zone, turn_summer_and_winter_into_utc)
{
	cr_assert(zone_use("America/New_York"));
	expect_instant("2019-03-09T12:00:00", NULL, "2019-03-09T17:00:00Z");
	expect_instant("2019-03-11T12:00:00", NULL, "2019-03-11T16:00:00Z");
	cr_assert(zone_use("Europe/Rome"));
	expect_instant("2024-07-01T00:00:00", NULL, "2024-06-30T22:00:00Z");
	cr_assert(zone_use("Asia/Kathmandu"));
	expect_instant("2024-07-01T00:00:00", NULL, "2024-06-30T18:15:00Z");
}

Test(zone, find_no_instant_where_clocks_jump)
{
	cr_assert(zone_use("America/New_York"));
	expect_instant("2019-03-10T01:59:59", NULL, "2019-03-10T06:59:59Z");
	expect_none("2019-03-10T02:00:00");
	expect_none("2019-03-10T02:59:59");
	expect_instant("2019-03-10T03:00:00", NULL, "2019-03-10T07:00:00Z");
	cr_assert(zone_use("Australia/Lord_Howe")); /* jumps by half an hour */
	expect_none("2024-10-06T02:15:00");
	expect_instant("2024-10-06T02:30:00", NULL, "2024-10-05T15:30:00Z");
}

Test(zone, take_the_first_of_two)
{
	cr_assert(zone_use("America/New_York"));
	expect_instant("2019-11-03T01:30:00", NULL, "2019-11-03T05:30:00Z");
	expect_instant("2019-11-03T02:00:00", NULL, "2019-11-03T07:00:00Z");
}

Test(zone, take_the_second_for_an_end_after_the_first)
{
	cr_assert(zone_use("America/New_York"));
	expect_instant("2019-11-03T01:10:00", "2019-11-03T05:50:00Z", "2019-11-03T06:10:00Z");
	expect_instant("2019-11-03T01:55:00", "2019-11-03T05:50:00Z", "2019-11-03T05:55:00Z");
}
