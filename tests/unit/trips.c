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
	expect_fault("cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,90071992547409.92,0,0,7,",
	    "fare \"90071992547409.92\" is out of range");
	expect_fault("cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,-99999999999999999999,7,",
	    "tolls \"-99999999999999999999\" is out of range");
	expect_fault("cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,99999999999999999.001,",
	    "total \"99999999999999999.001\" is not a decimal number of at most 2 places");
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

/* The ids of all good lines of a file, sorted and as one text. */
static const char *
ids_of(const char *text, size_t bytes)
{
	char ids[8][UUID_TEXT_BYTES];
	size_t count = 0;
	const char *all = "";

	cr_assert_null(
	    trips_init(&trips, (struct text){ text, bytes }, "USD", 2, &arena), "%s", text);
	while (trips_next(&trips, &arena, &trip)) {
		if (trip.fault != NULL)
			continue;
		cr_assert_lt(count, 8);
		uuid_write(&trip.trip_id, ids[count++]);
	}
	qsort(ids, count, sizeof(ids[0]), (int (*)(const void *, const void *))strcmp);
	for (size_t i = 0; i < count; i++)
		all = arena_print(&arena, "%s %s", all, ids[i]);
	return all;
}

static const char *
ids(const char *text)
{
	return ids_of(text, strlen(text));
}

#define ONE "cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7.50,0,0,7.5"
#define TWO "card,2019-03-23 21:21:09,2019-03-23 21:27:24,2,9,1,0,10"
#define THREE "card,2019-03-24 21:21:09,2019-03-24 21:27:24,2,9,1,0,10"
#define NAMES "payment,pickup,dropoff,distance,fare,tip,tolls,total\n"

Test(trips, keep_their_ids_however_the_file_is_saved)
{
	static const char *const same[] = {
		NAMES TWO "\n" ONE "\n",
		NAMES ONE "\r\n" TWO "\r\n",
		NAMES ONE "\r" TWO "\r",
		"\xef\xbb\xbf" NAMES ONE "\n" TWO,
		NAMES ONE " \t\n\n" TWO "  \n\n",
		NAMES "\"cash\",\"2019-03-23 20:21:09\",2019-03-23 20:27:24,1,7.5,0,0,7.5\n" TWO,
		NAMES "cash,2019-03-23T20:21:09, 2019-03-23 20:27:24 ,1.0,7.500,0.00,-0,07.5\n"
		      "credit card,2019-03-23 21:21:09,2019-03-23 21:27:24,2,9,1,0,10\n",
		" payment , pickup,dropoff,distance,fare,tip,tolls,total\n" ONE "\n" TWO "\n",
		"colour,total,tolls,tip,fare,distance,dropoff,pickup,payment\n"
		"red,7.5,0,0,7.50,1,2019-03-23 20:27:24,2019-03-23 20:21:09,cash\n"
		"blue,10,0,1,9,2,2019-03-23 21:27:24,2019-03-23 21:21:09,card\n",
		NAMES "rubbish\n" ONE "\nmore\n" TWO "\n",
	};
	const char *of = ids(NAMES ONE "\n" TWO "\n");

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		cr_expect_str_eq(ids(same[i]), of, "%s", same[i]);
}

Test(trips, have_ids_of_their_own_where_they_differ)
{
	static const char *const others[] = {
		"cash,2019-03-23 20:21:10,2019-03-23 20:27:24,1,7.50,0,0,7.5",
		"cash,2019-03-23 20:21:09,2019-03-23 20:27:25,1,7.50,0,0,7.5",
		"cash,2019-03-23 20:21:09,2019-03-23 20:27:24,2,7.50,0,0,7.5",
		"cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7.51,0,0,7.5",
		"cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7.50,0.01,0,7.5",
		"cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7.50,0,0.01,7.5",
		"cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7.50,0,0,7.51",
		"card,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7.50,0,0,7.5",
	};
	const char *of = ids(NAMES ONE "\n");

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_str_neq(
		    ids(arena_print(&arena, NAMES "%s\n", others[i])), of, "%s", others[i]);
}

/* Equal lines are told apart by their number among them; one more is one trip more. */
Test(trips, that_are_equal_are_counted)
{
	const char *twice = ids(NAMES ONE "\n" TWO "\n" ONE "\n");
	const char *thrice = ids(NAMES ONE "\n" ONE "\n" TWO "\n" ONE "\n");
	const char *once = ids(NAMES ONE "\n");

	cr_expect_eq(strlen(twice), 3 * UUID_TEXT_BYTES);
	cr_expect_eq(strlen(thrice), 4 * UUID_TEXT_BYTES);
	cr_expect_not_null(strstr(twice, once));
	cr_expect_not_null(strstr(thrice, once));
	cr_expect_str_eq(twice, ids(NAMES TWO "\n" ONE "\n" ONE "\n"));
}

/* What is added is new, wherever; what was there stays. */
Test(trips, that_are_added_leave_the_others_as_they_were)
{
	const char *of = ids(NAMES ONE "\n"), *more = ids(NAMES THREE "\n" TWO "\n" ONE "\n");

	cr_expect_not_null(strstr(more, of));
	cr_expect_not_null(strstr(more, ids(NAMES TWO "\n")));
	cr_expect_eq(strlen(more), 3 * UUID_TEXT_BYTES);
}

Test(trips, are_found_by_thousands_and_again_after_a_rewind)
{
	struct buffer file;
	char first[UUID_TEXT_BYTES], again[UUID_TEXT_BYTES];
	struct uuid last = { 0 };

	buffer_init(&file, &arena, 1024);
	buffer_add_text(&file, NAMES);
	for (int i = 0; i < 5000; i++)
		buffer_print(
		    &file, "cash,2019-03-23 20:21:09,2019-03-23 20:27:24,%d,7,0,0,7\n", i % 2500);
	cr_assert_null(trips_init(&trips, buffer_text(&file), "USD", 2, &arena));
	for (int round = 0; round < 2; round++) {
		int count = 0;

		while (trips_next(&trips, &arena, &trip)) {
			if (count++ == 2500)
				uuid_write(&trip.trip_id, round == 0 ? first : again);
			last = trip.trip_id;
		}
		cr_expect_eq(count, 5000);
		trips_rewind(&trips);
	}
	cr_expect_str_eq(first, again);
	cr_assert(trips_next(&trips, &arena, &trip));
	uuid_write(&trip.trip_id, again);
	cr_expect_str_neq(first, again, "the second of two equal lines");
	cr_expect_not(uuid_equal(&last, &trip.trip_id));
}

/* So that a file which the first release imported is the same trips still. */
Test(trips, can_have_the_ids_of_the_first_release)
{
	char id[UUID_TEXT_BYTES];
	struct uuid old;

	cr_assert_null(
	    open_file(HEADER "cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,7,\n"));
	old = trips_old_id(&trips, 2);
	uuid_write(&old, id);
	cr_expect_str_eq(id, "3698d164-3244-8831-962c-964a25b214fe");
	trips.by_line = true;
	cr_assert(trips_next(&trips, &arena, &trip));
	cr_expect(uuid_equal(&old, &trip.trip_id));
	cr_expect_eq(trips_driver_of(&trips, &trip, 7), 0);
}

Test(trips, are_driven_by_whom_their_ids_say)
{
	int64_t driver;

	read_line("cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,7,");
	driver = trips_driver_of(&trips, &trip, 7);
	cr_expect(driver >= 0 && driver < 7);
	cr_assert_null(
	    open_file(HEADER "rubbish\n"
			     "cash,2019-03-23 20:21:09,2019-03-23 20:27:24,1,7,0,0,7,\n"));
	cr_assert(trips_next(&trips, &arena, &trip));
	cr_assert(trips_next(&trips, &arena, &trip));
	cr_expect_eq(trips_driver_of(&trips, &trip, 7), driver);
	cr_expect_eq(trips_driver_of(&trips, &trip, 1), 0);
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
	cr_expect_str_eq(open_file("pickup;dropoff;distance;fare;tip;tolls;total;payment\n"),
	    "its fields are separated by semicolons: save it with commas");
	cr_expect_str_eq(open_file("pickup\tdropoff\tdistance\tfare\ttip\ttolls\ttotal\n"),
	    "its fields are separated by tabs: save it with commas");
	cr_expect_str_eq(open_file("pickup,pickup,dropoff,distance,fare,tip,tolls,total,payment\n"),
	    "the header has more than one column \"pickup\"");
}

Test(trips, are_no_utf_16)
{
	static const char *const starts[] = { "\xff\xfep\0i\0", "\xfe\xff\0p\0i", "p\0i\0c\0",
		"\0p\0i\0c" };

	for (int i = 0; i < 4; i++)
		cr_expect_str_eq(
		    trips_init(&trips, (struct text){ starts[i], 6 }, "USD", 2, &arena),
		    "the file is UTF-16: save it as UTF-8");
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
