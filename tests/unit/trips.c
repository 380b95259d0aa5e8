/* trips: lines of a file as reports, and why a line is none. */
#include <criterion/criterion.h>

#include "ctl/trips.h"
#include "ctl/zone.h"
#include "socius/instant.h"

#define HEADER "payment,pickup,dropoff,distance,fare,tip,tolls,total,colour\n"

static struct arena arena;
static struct trips trips;
static struct trip trip;

static void
begin(void)
{
	arena_init(&arena);
	cr_assert(zone_use("America/New_York"));
}

static void
end(void)
{
	arena_release(&arena);
}

TestSuite(trips, .init = begin, .fini = end);

static const char *
open_file(const char *text)
{
	return trips_init(&trips, text_of(text), "USD", 2, &arena);
}

static void
read_line(const char *line)
{
	cr_assert_null(open_file(arena_print(&arena, HEADER "%s", line)));
	cr_assert(trips_next(&trips, &arena, &trip));
}

static void
expect_fault(const char *line, const char *fault)
{
	read_line(line);
	cr_assert_not_null(trip.fault, "%s", line);
	cr_expect_str_eq(trip.fault, fault);
}

Test(trips, read_a_trip)
{
	int64_t started_us;

	read_line("credit card,2019-03-23 20:21:09,2019-03-23 20:27:24,1.6,7.0,2.15,0.0,12.95,x");
	cr_assert_null(trip.fault, "%s", trip.fault);
	cr_assert(instant_read(TEXT("2019-03-24T00:21:09Z"), &started_us));
	cr_expect_eq(trip.line, 2);
	cr_expect_eq(trip.number, 0);
	cr_expect_eq(trip.started_us, started_us);
	cr_expect_eq(trip.ended_us, started_us + 375 * INT64_C(1000000));
	cr_expect_eq(trip.distance_m, 2575); /* 1.6 miles are 2574.9504 m */
	cr_expect_eq(trip.fare_minor, 700);
	cr_expect_eq(trip.tip_minor, 215);
	cr_expect_eq(trip.tolls_minor, 0);
	cr_expect_eq(trip.taxes_minor, 380);
	cr_expect_str_eq(trip.payment, "card");
	cr_expect_not(trips_next(&trips, &arena, &trip));
}

Test(trips, know_who_holds_the_money)
{
	read_line("cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,7,");
	cr_expect_str_eq(trip.payment, "cash");
	read_line(",2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,7,");
	cr_expect_str_eq(trip.payment, "unspecified");
	expect_fault("voucher,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,7,",
	    "payment \"voucher\" is not credit card, cash or empty");
}

Test(trips, say_why_a_line_is_no_trip)
{
	expect_fault("cash,2019-03-23,2019-03-23 20:27:24,1,7,0,0,7,",
	    "pickup \"2019-03-23\" is not a time like 2019-03-23 20:21:09");
	expect_fault("cash,2019-03-10 02:30:00,2019-03-10 03:27:24,1,7,0,0,7,",
	    "pickup \"2019-03-10 02:30:00\" does not exist: clocks jump over it");
	expect_fault("cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7.005,0,0,7,",
	    "fare \"7.005\" is not a decimal number of at most 2 places");
	expect_fault("cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,,",
	    "total \"\" is not a decimal number of at most 2 places");
	expect_fault("cash,2019-03-23 20:21:09,2019-03-23 20:27:24,-1,7,0,0,7,",
	    "the distance is not one that a trip can have");
	expect_fault("cash,2019-03-23 20:21:09", "2 fields where the header has 9");
	expect_fault("\"cash,2019", "a quote that is never closed");
}

Test(trips, end_in_the_second_hour_when_the_first_would_be_too_early)
{
	read_line("cash,2019-11-03 01:50:00,2019-11-03 01:10:00,1,7,0,0,7,");
	cr_assert_null(trip.fault);
	cr_expect_eq(trip.ended_us - trip.started_us, 20 * 60 * INT64_C(1000000));
}

Test(trips, name_the_same_trip_alike_and_others_differently)
{
	static const char line[] = "cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,7,\n";
	struct uuid first, second;

	cr_assert_null(open_file(arena_print(&arena, HEADER "%s%s", line, line)));
	cr_assert(trips_next(&trips, &arena, &trip));
	first = trip.trip_id;
	cr_assert(trips_next(&trips, &arena, &trip));
	second = trip.trip_id;
	cr_expect_eq(trip.number, 1);
	cr_expect_not(uuid_equal(&first, &second));
	cr_assert_null(open_file(arena_print(&arena, HEADER "%s%s", line, line)));
	cr_assert(trips_next(&trips, &arena, &trip));
	cr_expect(uuid_equal(&first, &trip.trip_id));
	read_line(line);
	cr_expect_not(uuid_equal(&first, &trip.trip_id), "another file has other trips");
}

Test(trips, count_bad_lines_too)
{
	cr_assert_null(
	    open_file(HEADER "rubbish\n"
			     "cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,7,\n"));
	cr_assert(trips_next(&trips, &arena, &trip));
	cr_expect_not_null(trip.fault);
	cr_assert(trips_next(&trips, &arena, &trip));
	cr_expect_null(trip.fault);
	cr_expect_eq(trip.number, 1);
	cr_expect_eq(trip.line, 3);
}

Test(trips, need_their_columns)
{
	cr_expect_str_eq(open_file(""), "the file is empty");
	cr_expect_str_eq(open_file("pickup,dropoff,distance,fare,tip,tolls,total\n"),
	    "the header has no column \"payment\"");
	cr_expect_str_eq(open_file("pickup,pickup,dropoff,distance,fare,tip,tolls,total,payment\n"),
	    "the header has more than one column \"pickup\"");
}

Test(trips, report_what_the_api_takes)
{
	struct uuid driver = trips_driver("nyc", 7);
	char id[UUID_TEXT_BYTES], driver_id[UUID_TEXT_BYTES];
	struct text report;

	read_line("cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,1,2,10.5,");
	uuid_write(&trip.trip_id, id);
	uuid_write(&driver, driver_id);
	report = trips_report(&trips, &trip, &driver, &arena);
	cr_expect(text_is(report,
		      arena_print(&arena,
			  "{\"trip_id\":\"%s\",\"partner_id\":\"%s\",\"status\":\"completed\","
			  "\"payment\":\"cash\",\"started_at\":\"2019-03-24T00:21:09Z\","
			  "\"ended_at\":\"2019-03-24T00:27:24Z\",\"distance_m\":1609,"
			  "\"currency\":\"USD\",\"fare_minor\":700,\"tip_minor\":100,"
			  "\"tolls_minor\":200,\"taxes_and_fees_minor\":50}",
			  id, driver_id)),
	    "%.*s", (int)report.bytes, report.at);
}

Test(trips, give_each_market_drivers_of_its_own)
{
	struct uuid here = trips_driver("nyc", 7), there = trips_driver("rome", 7);
	struct uuid next = trips_driver("nyc", 8), again = trips_driver("nyc", 7);

	cr_expect(uuid_equal(&here, &again));
	cr_expect_not(uuid_equal(&here, &there));
	cr_expect_not(uuid_equal(&here, &next));
}
