/* scheduling: zones, stations and slots, and the local time that slots are made from. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

TestSuite(slots, .init = sql_begin, .fini = sql_end);

#define HOURS(plan_market, ...) \
	sql_text("select (extract(epoch from s.ends_at - s.starts_at) / 3600)::numeric(5, 2) || " \
		 "' ' || s.day || ' ' || s.day_seconds || ' ' || s.next_day_seconds " \
		 "from scheduling.slot s where s.slot_id = '%s'", \
	    given_slot(plan_market, (struct slot_plan){ __VA_ARGS__ }))

/* --- zones and stations --- */

Test(slots, list_zones_page_by_page)
{
	int market = sql_market();
	const char *first;

	for (int i = 0; i < 3; i++)
		sql_run("select api.create_zone(%d, '%s', " SQL_NOW ", 'k%d', " SQL_DIGEST
			", '%s', 'Zone %d')",
		    market, sql_operator(), i, sql_id(), i);
	first = sql_text("select string_agg(name, ', ') from api.list_zones(%d, 2, null)", market);
	cr_assert_str_eq(first, "Zone 0, Zone 1");
	cr_assert_str_eq(
	    sql_text("select string_agg(name, ', ') from api.list_zones(%d, 2, "
		     "(select max(zone_id::text)::uuid from api.list_zones(%d, 2, null)))",
		market, market),
	    "Zone 2");
}

Test(slots, make_a_zone_once_for_one_key)
{
	int market = sql_market();
	const char *operator_id = sql_operator();
	const char *first =
	    sql_text("select (\"row\").zone_id from api.create_zone(%d, '%s', " SQL_NOW
		     ", 'key', " SQL_DIGEST ", '%s', 'North')",
		market, operator_id, sql_id());

	cr_assert_str_eq(sql_text("select (\"row\").zone_id from api.create_zone(%d, '%s', " SQL_NOW
				  ", 'key', " SQL_DIGEST ", '%s', 'North') where replayed",
			     market, operator_id, sql_id()),
	    first);
	sql_refused("key_reused",
	    "select api.create_zone(%d, '%s', " SQL_NOW ", 'key', " SQL_OTHER_DIGEST
	    ", '%s', 'South')",
	    market, operator_id, sql_id());
	cr_assert_eq(sql_count("select from scheduling.zone where market_id = %d", market), 1);
}

Test(slots, show_a_station_with_its_place_and_clock)
{
	int market = sql_market();

	given_station(market);
	cr_assert_str_eq(
	    sql_text("select name || ' ' || latitude_e7 || ' ' || longitude_e7 || ' ' || "
		     "time_zone || ' ' || (address is null) "
		     "from api.list_stations(%d, null, 50, null)",
		market),
	    "Bovisa 455027000 91598000 Europe/Rome true");
	cr_assert_eq(
	    sql_count("select from api.list_stations(%d, '%s', 50, null)", market, sql_id()), 0);
}

Test(slots, refuse_a_station_in_no_zone)
{
	int market = sql_market(), other = sql_market();
	const char *zone =
	    sql_text("select (\"row\").zone_id from api.create_zone(%d, '%s', " SQL_NOW
		     ", 'key', " SQL_DIGEST ", '%s', 'North')",
		other, sql_operator(), sql_id());

	sql_refused("zone_unknown",
	    "select api.create_station(%d, '%s', " SQL_NOW ", 'k', " SQL_DIGEST
	    ", '%s', '%s', 'B', null, 0, 0)",
	    market, sql_operator(), sql_id(), sql_id());
	/* nor in another market's */
	sql_refused("zone_unknown",
	    "select api.create_station(%d, '%s', " SQL_NOW ", 'k', " SQL_DIGEST
	    ", '%s', '%s', 'B', null, 0, 0)",
	    market, sql_operator(), sql_id(), zone);
}

/* --- local time --- */

Test(slots, last_from_local_time_to_local_time)
{
	int market = sql_market();

	cr_assert_str_eq(
	    HOURS(market, .starts_local = "2026-03-03 08:00", .ends_local = "2026-03-03 12:00"),
	    "4.00 2026-03-03 14400 0");
	cr_assert_str_eq(HOURS(market, .starts_local = "2026-03-03 08:00", .minutes = 90),
	    "1.50 2026-03-03 5400 0");
	cr_assert_str_eq(sql_text("select starts_at from scheduling.slot where market_id = %d "
				  "order by created_at limit 1",
			     market),
	    "2026-03-03 07:00:00+00");
}

Test(slots, end_at_midnight_without_touching_the_next_day)
{
	cr_assert_str_eq(HOURS(sql_market(), .starts_local = "2026-03-03 20:00",
			     .ends_local = "2026-03-04 00:00"),
	    "4.00 2026-03-03 14400 0");
}

Test(slots, lose_an_hour_in_the_night_of_march)
{
	cr_assert_str_eq(HOURS(sql_market(), .starts_local = "2026-03-28 20:00",
			     .ends_local = "2026-03-29 04:00"),
	    "7.00 2026-03-28 14400 10800");
}

Test(slots, gain_an_hour_in_the_night_of_october)
{
	cr_assert_str_eq(HOURS(sql_market(), .starts_local = "2026-10-24 22:00",
			     .ends_local = "2026-10-25 06:00"),
	    "9.00 2026-10-24 7200 25200");
}

Test(slots, refuse_a_time_that_clocks_jump_over)
{
	int market = sql_market();

	sql_refused("local_time_missing", "%s",
	    slot_call(
		market, (struct slot_plan){ .starts_local = "2026-03-29 02:30", .minutes = 60 }));
	sql_refused("local_time_missing", "%s",
	    slot_call(
		market, (struct slot_plan){ .starts_local = "2026-03-29 02:00", .minutes = 60 }));
	sql_refused("local_time_missing", "%s",
	    slot_call(market, (struct slot_plan){ .starts_local = "2026-03-29 01:00",
				  .ends_local = "2026-03-29 02:59:59" }));
	cr_assert_str_eq(
	    HOURS(market, .starts_local = "2026-03-29 01:59:59", .ends_local = "2026-03-29 03:00"),
	    "0.00 2026-03-29 1 0");
}

Test(slots, ask_which_of_two_times)
{
	int market = sql_market();
	struct slot_plan plan = { .starts_local = "2026-10-25 02:30", .minutes = 60 };

	sql_refused("local_time_twice", "%s", slot_call(market, plan));
	plan.fold = "0";
	cr_assert_str_eq(sql_text("select starts_at from (%s) made", slot_call(market, plan)),
	    "2026-10-25 00:30:00+00");
	plan.fold = "1";
	cr_assert_str_eq(sql_text("select starts_at from (%s) made", slot_call(market, plan)),
	    "2026-10-25 01:30:00+00");
}

Test(slots, ask_which_of_two_ends)
{
	int market = sql_market();
	struct slot_plan plan = { .starts_local = "2026-10-25 01:00",
		.ends_local = "2026-10-25 02:00" };

	sql_refused("local_time_twice", "%s", slot_call(market, plan));
	plan.ends_fold = "0";
	cr_assert_str_eq(
	    sql_text("select ends_at - starts_at from (%s) m", slot_call(market, plan)),
	    "01:00:00");
	plan.ends_fold = "1";
	cr_assert_str_eq(
	    sql_text("select ends_at - starts_at from (%s) m", slot_call(market, plan)),
	    "02:00:00");
	/* at 03:00 clocks have gone back: it exists once */
	plan.ends_local = "2026-10-25 03:00";
	plan.ends_fold = NULL;
	cr_assert_str_eq(
	    sql_text("select ends_at - starts_at from (%s) m", slot_call(market, plan)),
	    "03:00:00");
}

Test(slots, know_days_whose_midnight_is_missing_or_twice)
{
	/* Cairo: 24 April 2026 begins at 01:00. The Azores: 25 October 2026 has two midnights. */
	int cairo = sql_market_in("EGP", "Africa/Cairo");
	int azores = sql_market_in("EUR", "Atlantic/Azores");

	cr_assert_str_eq(HOURS(cairo, .starts_local = "2026-04-23 23:00", .minutes = 120),
	    "2.00 2026-04-23 3600 3600");
	cr_assert_str_eq(HOURS(azores, .starts_local = "2026-10-24 23:00", .minutes = 180),
	    "3.00 2026-10-24 3600 7200");
	cr_assert_eq(sql_count("select from laws.slots_know_their_days where market_id in (%d, %d)",
			 cairo, azores),
	    0);
}

Test(slots, refuse_times_that_make_no_slot)
{
	int market = sql_market();
	const char *start = "2026-03-03 08:00";

	sql_refused("slot_times_wrong", "%s",
	    slot_call(market, (struct slot_plan){ .starts_local = start, .ends_local = start }));
	sql_refused("slot_times_wrong", "%s",
	    slot_call(market,
		(struct slot_plan){ .starts_local = start, .ends_local = "2026-03-03 07:00" }));
	sql_refused("slot_times_wrong", "%s",
	    slot_call(market, (struct slot_plan){ .starts_local = start }));
	sql_refused("slot_times_wrong", "%s",
	    slot_call(market,
		(struct slot_plan){
		    .starts_local = start, .ends_local = "2026-03-03 09:00", .minutes = 60 }));
	sql_refused("slot_times_wrong", "%s",
	    slot_call(market,
		(struct slot_plan){ .starts_local = start, .ends_local = "2026-03-04 08:00:01" }));
	sql_refused("slot_times_wrong", "%s",
	    slot_call(market,
		(struct slot_plan){
		    .starts_local = start, .minutes = 60, .release_at = "2026-03-03 07:00+00" }));
	/* 24 h over the short day touch three days */
	sql_refused("slot_times_wrong", "%s",
	    slot_call(
		market, (struct slot_plan){ .starts_local = "2026-03-28 23:30", .minutes = 1440 }));
}

/* More than 12 hours on one local day are more than anybody may book. */
Test(slots, refuse_what_nobody_may_book)
{
	int market = sql_market();

	cr_assert_str_eq(HOURS(market, .starts_local = "2026-03-03 08:00", .minutes = 720),
	    "12.00 2026-03-03 43200 0");
	sql_refused("slot_times_wrong", "%s",
	    slot_call(
		market, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 721 }));
	sql_refused("slot_times_wrong", "%s",
	    slot_call(market,
		(struct slot_plan){ .starts_local = "2026-03-03 23:00", .minutes = 60 + 721 }));
	/* 13 hours, and 24, over midnight */
	cr_assert_str_eq(
	    HOURS(market, .starts_local = "2026-03-03 20:00", .ends_local = "2026-03-04 09:00"),
	    "13.00 2026-03-03 14400 32400");
	cr_assert_str_eq(HOURS(market, .starts_local = "2026-03-03 12:00", .minutes = 1440),
	    "24.00 2026-03-03 43200 43200");
	/* the same wall times: 13 hours as clocks go back, 11 as they jump */
	sql_refused("slot_times_wrong", "%s",
	    slot_call(market, (struct slot_plan){ .starts_local = "2026-10-25 00:00",
				  .ends_local = "2026-10-25 12:00" }));
	cr_assert_str_eq(
	    HOURS(market, .starts_local = "2026-03-29 00:00", .ends_local = "2026-03-29 13:00"),
	    "12.00 2026-03-29 43200 0");
}

/* A series is refused whole for its one day that clocks make too long. */
Test(slots, refuse_a_series_with_a_day_that_nobody_may_book)
{
	int market = sql_market();
	struct slot_plan plan = { .starts_local = "2026-10-24 00:00",
		.ends_local = "2026-10-24 12:00",
		.repeat_days = "2" };

	sql_refused("slot_times_wrong", "%s", slot_call(market, plan));
	cr_assert_eq(sql_count("select from scheduling.slot where market_id = %d", market), 0);
	plan.repeat_days = "1";
	sql_run("%s", slot_call(market, plan));
}

Test(slots, refuse_a_start_in_the_past)
{
	int market = sql_market();

	sql_refused("slot_in_the_past", "%s",
	    slot_call(
		market, (struct slot_plan){ .starts_local = "2026-03-02 11:00", .minutes = 60 }));
	given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-02 11:00:01", .minutes = 60 });
}

/* --- making --- */

Test(slots, refuse_a_station_or_programme_that_is_not_there)
{
	int market = sql_market(), other = sql_market();
	const char *drivers = sql_id();
	struct slot_plan plan = { .starts_local = "2026-03-03 08:00", .minutes = 60 };

	sql_run("insert into onboarding.programme (market_id, programme_id, name, kind, archetype, "
		"created_at) values (%d, '%s', 'Rides', 'driver', 'host', " SQL_NOW ")",
	    market, drivers);
	plan.station_id = given_station(other);
	sql_refused("station_unknown", "%s", slot_call(market, plan));
	plan.station_id = NULL;
	plan.programme_id = sql_id();
	sql_refused("programme_unknown", "%s", slot_call(market, plan));
	plan.programme_id = drivers;
	sql_refused("programme_kind_differs", "%s", slot_call(market, plan));
}

Test(slots, make_a_slot_once_for_one_key)
{
	int market = sql_market();
	struct slot_plan plan = { .starts_local = "2026-03-03 08:00", .minutes = 60, .key = "key" };
	const char *first = given_slot(market, plan);

	cr_assert_str_eq(
	    sql_text("select slot_id from (%s) m where replayed", slot_call(market, plan)), first);
	plan.digest = SQL_OTHER_DIGEST;
	sql_refused("key_reused", "%s", slot_call(market, plan));
	cr_assert_eq(sql_count("select from scheduling.slot where market_id = %d", market), 1);
}

Test(slots, repeat_at_the_same_wall_time_through_the_change_of_clocks)
{
	int market = sql_market();

	given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-27 08:00", .minutes = 240, .repeat_days = "7" });
	cr_assert_str_eq(
	    sql_text("select string_agg(distinct s.starts_local::time::text, ' ') || ' ' "
		     "|| count(*) || ' ' || max(s.starts_at) "
		     "from api.list_slots(%d, null, " SQL_NOW
		     ", null, null, null, null, 50, null, null) s",
		market),
	    "08:00:00 7 2026-04-02 06:00:00+00");
	cr_assert_eq(sql_count("select from events.event where market_id = %d "
			       "and kind = 'slot.released'",
			 market),
	    7);
	/* one day that cannot be: none is made */
	sql_refused("local_time_missing", "%s",
	    slot_call(market,
		(struct slot_plan){
		    .starts_local = "2026-03-27 02:30", .minutes = 60, .repeat_days = "7" }));
}

Test(slots, show_what_a_slot_is)
{
	int market = sql_market();
	const char *shown = sql_text(
	    "select concat_ws('|', station_name, kind, state, time_zone, starts_local, ends_local, "
	    "capacity, free, rate_minor, pay_minor, currency, released_at, version) from (%s) m",
	    slot_call(market, (struct slot_plan){ .starts_local = "2026-03-03 08:00",
				  .minutes = 240,
				  .capacity = 3,
				  .kind = "prime" }));

	cr_assert_str_eq(shown, "Bovisa|prime|released|Europe/Rome|2026-03-03 08:00:00|2026-03-03 "
				"12:00:00|3|3|1800|7200|"
				"EUR|2026-03-02 10:00:00+00|2");
}

/* --- reading --- */

static const char *
seen_at(int market, const char *partner, const char *slot, const char *now)
{
	return sql_text("select state || ' ' || version from api.get_slot(%d, %s, "
			"'%s', '%s')",
	    market, partner, now, slot);
}

Test(slots, pass_from_scheduled_to_ended_by_the_clock)
{
	int market = sql_market();
	const char *slot =
	    given_slot(market, (struct slot_plan){ .starts_local = "2026-03-04 08:00",
				   .minutes = 60,
				   .release_at = "2026-03-03 17:00+00" });

	cr_assert_str_eq(seen_at(market, "null", slot, "2026-03-03 16:59:59+00"), "scheduled 1");
	cr_assert_str_eq(seen_at(market, "null", slot, "2026-03-03 17:00:00+00"), "released 2");
	cr_assert_str_eq(seen_at(market, "null", slot, "2026-03-04 07:00:00+00"), "in_progress 3");
	cr_assert_str_eq(seen_at(market, "null", slot, "2026-03-04 08:00:00+00"), "ended 4");
	cr_assert_str_eq(sql_text("select kind from events.event where subject_id = '%s'", slot),
	    "slot.scheduled");
}

Test(slots, hide_from_partners_what_is_not_released)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");
	const char *slot =
	    given_slot(market, (struct slot_plan){ .starts_local = "2026-03-04 08:00",
				   .minutes = 60,
				   .release_at = "2026-03-03 17:00+00" });

	sql_refused("slot_unknown", "select api.get_slot(%d, '%s', '2026-03-03 16:59+00', '%s')",
	    market, partner, slot);
	cr_assert_eq(
	    sql_count("select from api.list_slots(%d, '%s', '2026-03-03 16:59+00', null, null, "
		      "null, null, 50, null, null)",
		market, partner),
	    0);
	cr_assert_eq(
	    sql_count("select from api.list_slots(%d, '%s', '2026-03-03 17:00+00', null, null, "
		      "null, null, 50, null, null)",
		market, partner),
	    1);
	cr_assert_eq(
	    sql_count("select from api.list_slots(%d, null, '2026-03-03 16:59+00', null, null, "
		      "null, null, 50, null, null)",
		market),
	    1);
}

Test(slots, refuse_a_slot_of_another_market)
{
	int market = sql_market(), other = sql_market();
	const char *slot = given_slot(
	    other, (struct slot_plan){ .starts_local = "2026-03-04 08:00", .minutes = 60 });

	sql_refused(
	    "slot_unknown", "select api.get_slot(%d, null, " SQL_NOW ", '%s')", market, slot);
	sql_refused(
	    "slot_unknown", "select api.get_slot(%d, null, " SQL_NOW ", '%s')", other, sql_id());
}

Test(slots, list_free_ones_of_a_station_in_a_window)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier"), *station = given_station(market);
	const char *full = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 60 });

	given_slot(market, (struct slot_plan){ .starts_local = "2026-03-03 09:00", .minutes = 60 });
	given_slot(market, (struct slot_plan){ .starts_local = "2026-03-04 09:00", .minutes = 60 });
	given_booking(market, partner, full);
	cr_assert_str_eq(sql_text("select string_agg(starts_local || ' ' || free, ', ') "
				  "from api.list_slots(%d, '%s', " SQL_NOW
				  ", '%s', '2026-03-03 07:00+00', '2026-03-04 08:00+00', "
				  "true, 50, null, null)",
			     market, partner, station),
	    "2026-03-03 09:00:00 1");
	cr_assert_str_eq(sql_text("select string_agg(starts_local || ' ' || free, ', ') "
				  "from api.list_slots(%d, '%s', " SQL_NOW
				  ", '%s', '2026-03-03 07:00+00', '2026-03-04 08:00+00', "
				  "null, 50, null, null)",
			     market, partner, station),
	    "2026-03-03 08:00:00 0, 2026-03-03 09:00:00 1");
	cr_assert_eq(sql_count("select from api.list_slots(%d, '%s', " SQL_NOW
			       ", '%s', null, null, true, 50, null, null)",
			 market, partner, sql_id()),
	    0);
}

Test(slots, list_every_slot_once_page_by_page)
{
	int market = sql_market();
	const char *station = given_station(market);

	/* five starts, three slots each: pages of four cut through equal starts */
	for (int i = 0; i < 3; i++)
		given_slot(market,
		    (struct slot_plan){
			.starts_local = "2026-03-03 08:00", .minutes = 60, .repeat_days = "5" });
	for (int with_station = 0; with_station < 2; with_station++)
		cr_assert_str_eq(
		    sql_text(
			"with recursive page (number, ids, starts_at, slot_id) as ("
			"select 0, '{}'::uuid[], null::timestamptz, null::uuid union all "
			"select p.number + 1, l.ids, l.starts_at, l.slot_id from page p, lateral ("
			"select array_agg(s.slot_id) as ids, max(s.starts_at) as starts_at, "
			"(array_agg(s.slot_id order by s.starts_at desc, s.slot_id desc))[1] as "
			"slot_id from api.list_slots(%d, null, " SQL_NOW
			", %s%s%s, null, null, null, 4, p.starts_at, p.slot_id) s) l "
			"where l.ids is not null and p.number < 9) "
			"select max(number) || ' ' || count(*) || ' ' || count(distinct i.id) "
			"from page, unnest(ids) as i (id)",
			market, with_station ? "'" : "", with_station ? station : "null",
			with_station ? "'" : ""),
		    "4 15 15");
}
