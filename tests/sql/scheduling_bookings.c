/* scheduling: a seat is taken and given back; refusals leave no trace. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"

static int market;
static const char *partner;

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	partner = sql_partner(market, "courier");
}

TestSuite(bookings, .init = begin, .fini = sql_end);

/* A slot of so many hours, in Rome. */
static const char *
slot_at(const char *starts_local, int hours)
{
	return given_slot(
	    market, (struct slot_plan){ .starts_local = starts_local, .minutes = hours * 60 });
}

static const char *
book(const char *slot)
{
	return book_call(market, partner, slot, sql_id(), NOW);
}

/* --- taking --- */

Test(bookings, take_a_seat_and_the_day)
{
	const char *slot = given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-03 08:00", .minutes = 240, .capacity = 3 });
	const char *shown = sql_text(
	    "select concat_ws('|', state, origin, station_name, starts_at, ends_at, time_zone, "
	    "rate_minor, pay_minor, currency, booked_at, free_forfeit_until, check_in_opens_at, "
	    "check_in_closes_at, version, refused, replayed) from (%s) m",
	    book(slot));

	cr_assert_str_eq(shown,
	    "confirmed|self|Bovisa|2026-03-03 07:00:00+00|2026-03-03 "
	    "11:00:00+00|Europe/Rome|1800|EUR|"
	    "2026-03-02 10:00:00+00|2026-03-03 06:15:00+00|2026-03-03 06:45:00+00|"
	    "2026-03-03 07:05:00+00|1");
	cr_assert_eq(booked_of(slot), 1);
	cr_assert_eq(seconds_of(partner), 14400);
	cr_assert_eq(sql_int("select (\"row\").version from (select s as \"row\" from "
			     "scheduling.slot s where slot_id = '%s') m",
			 slot),
	    2);
}

Test(bookings, say_so_in_one_event)
{
	const char *booking = given_booking(market, partner, slot_at("2026-03-03 08:00", 4));

	cr_assert_str_eq(sql_text("select string_agg(concat_ws('|', kind, partner_id = '%s', "
				  "from_state, to_state, actor_role, occurred_at), ' ') "
				  "from events.event where subject_id = '%s'",
			     partner, booking),
	    "booking.confirmed|t|confirmed|partner|2026-03-02 10:00:00+00");
}

Test(bookings, show_the_same_when_made_as_when_read)
{
	const char *slot = slot_at("2026-03-03 08:00", 4);
	const char *made = sql_text("select to_jsonb(m) - array['refused', 'detail', 'replayed'] "
				    "from (%s) m",
	    book(slot));

	cr_assert_str_eq(
	    sql_text("select to_jsonb(g) from api.get_booking(%d, '%s', "
		     "(select booking_id from scheduling.booking where slot_id = '%s')) g",
		market, partner, slot),
	    made);
}

Test(bookings, refuse_a_slot_that_is_not_there)
{
	int other = sql_market();

	sql_refused("slot_unknown", "%s", book(sql_id()));
	sql_refused("slot_unknown", "%s",
	    book(given_slot(
		other, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 60 })));
}

Test(bookings, refuse_before_the_release)
{
	const char *slot =
	    given_slot(market, (struct slot_plan){ .starts_local = "2026-03-03 08:00",
				   .minutes = 60,
				   .release_at = "2026-03-02 17:00+00" });

	sql_refused("slot_not_released", "%s",
	    book_call(market, partner, slot, "k", "2026-03-02 16:59:59.999999+00"));
	sql_refused("slot_not_released", "%s", book(slot));
	sql_may_retry("released_at", "2026-03-02T17:00:00Z", 7 * 3600);
	cr_assert_eq(sql_count("select from (%s) m where refused is null",
			 book_call(market, partner, slot, "k", "2026-03-02 17:00+00")),
	    1);
}

Test(bookings, refuse_once_it_has_started)
{
	const char *slot = slot_at("2026-03-03 08:00", 1);

	sql_refused(
	    "slot_started", "%s", book_call(market, partner, slot, "k", "2026-03-03 07:00:00+00"));
	cr_assert_eq(sql_count("select from (%s) m where refused is null",
			 book_call(market, partner, slot, "k", "2026-03-03 06:59:59+00")),
	    1);
}

Test(bookings, refuse_who_is_not_an_active_courier)
{
	const char *slot = slot_at("2026-03-03 08:00", 1);

	sql_refused(
	    "not_enrolled", "%s", book_call(market, sql_partner(market, "driver"), slot, "k", NOW));
	sql_run("update onboarding.enrolment set state = 'restricted' where partner_id = '%s'",
	    partner);
	sql_refused("not_enrolled", "%s", book(slot));
	sql_run(
	    "update onboarding.enrolment set state = 'active' where partner_id = '%s'", partner);
	cr_assert_eq(sql_count("select from (%s) m where refused is null", book(slot)), 1);
}

Test(bookings, refuse_who_is_not_in_the_slots_programme)
{
	const char *programme = sql_id();
	const char *slot;

	sql_run("insert into onboarding.programme (market_id, programme_id, name, kind, archetype, "
		"created_at) values (%d, '%s', 'Prime', 'courier', 'host', " SQL_NOW ")",
	    market, programme);
	slot = given_slot(market,
	    (struct slot_plan){
		.starts_local = "2026-03-03 08:00", .minutes = 60, .programme_id = programme });
	sql_refused("not_enrolled", "%s", book(slot));
	sql_run("update onboarding.enrolment set programme_id = '%s' where partner_id = '%s'",
	    programme, partner);
	cr_assert_eq(sql_count("select from (%s) m where refused is null", book(slot)), 1);
}

Test(bookings, refuse_when_the_slot_is_full)
{
	const char *slot = slot_at("2026-03-03 08:00", 4);
	const char *late = sql_partner(market, "courier");

	given_booking(market, partner, slot);
	sql_refused("slot_full", "%s", book_call(market, late, slot, "k", NOW));
	sql_run("%s", book_call(market, late, slot, "k", NOW));
	cr_assert_eq(booked_of(slot), 1);
	cr_assert_eq(seconds_of(late), 0);
}

Test(bookings, give_the_days_back_where_the_last_seat_goes_meanwhile)
{
	const char *slot = slot_at("2026-03-03 22:00", 4);
	const char *late = sql_partner(market, "courier");

	/* as if the last seat went between the look at the slot and its update */
	given_booking(market, partner, slot);
	sql_run("select core.enter(%d, '%s')", market, late);
	cr_assert_str_eq(sql_text("select scheduling.take_seat('%s', s) from scheduling.slot s "
				  "where s.slot_id = '%s'",
			     late, slot),
	    "slot_full");
	cr_assert_eq(seconds_of(late), 0);
	cr_assert_eq(sql_count("select from scheduling.partner_day where partner_id = '%s' "
			       "and not isempty(busy)",
			 late),
	    0);
}

Test(bookings, refuse_the_second_at_the_same_hour)
{
	const char *first = slot_at("2026-03-03 08:00", 4),
		   *second = slot_at("2026-03-03 11:59", 1);

	given_booking(market, partner, first);
	sql_refused("slots_overlap", "%s", book(second));
	sql_refused("slots_overlap", "%s", book(first));
	sql_run("%s", book(second));
	cr_assert_eq(booked_of(second), 0);
	cr_assert_eq(seconds_of(partner), 14400);
	/* right after is fine */
	given_booking(market, partner, slot_at("2026-03-03 12:00", 1));
}

Test(bookings, refuse_an_overlap_across_midnight)
{
	given_booking(market, partner, slot_at("2026-03-03 22:00", 4));
	sql_refused("slots_overlap", "%s", book(slot_at("2026-03-04 01:00", 2)));
	sql_refused("slots_overlap", "%s", book(slot_at("2026-03-03 20:00", 3)));
	given_booking(market, partner, slot_at("2026-03-04 02:00", 2));
	cr_assert_eq(seconds_of(partner), 6 * 3600);
}

Test(bookings, undo_the_first_day_where_the_second_refuses)
{
	const char *slot = slot_at("2026-03-03 22:00", 4);

	given_booking(market, partner, slot_at("2026-03-04 01:00", 2));
	sql_refused("slots_overlap", "%s", book(slot));
	sql_run("%s", book(slot));
	cr_assert_eq(seconds_of(partner), 7200);
	cr_assert_eq(booked_of(slot), 0);
	cr_assert_eq(sql_count("select from scheduling.partner_day where partner_id = '%s' "
			       "and day = '2026-03-03' and not isempty(busy)",
			 partner),
	    0);
}

/* --- twelve hours --- */

Test(bookings, fill_twelve_hours_and_not_a_second_more)
{
	given_booking(market, partner, slot_at("2026-03-03 06:00", 8));
	given_booking(market, partner, slot_at("2026-03-03 14:00", 4));
	sql_refused("day_limit_reached", "%s",
	    book(given_slot(market, (struct slot_plan){ .starts_local = "2026-03-03 18:00",
					.ends_local = "2026-03-03 18:00:01" })));
	cr_assert_eq(seconds_of(partner), 43200);
	given_booking(market, partner, slot_at("2026-03-04 00:00", 12));
}

Test(bookings, refuse_one_slot_above_twelve_hours)
{
	const char *slot =
	    given_slot(market, (struct slot_plan){ .starts_local = "2026-03-03 06:00",
				   .ends_local = "2026-03-03 18:00" });

	/* the first release has left some; refused in words, not by a constraint */
	sql_run("update scheduling.slot set ends_at = ends_at + interval '1 s', "
		"day_seconds = 43201 where slot_id = '%s'",
	    slot);
	cr_assert_str_eq(sql_text("select refused from (%s) m", book(slot)), "day_limit_reached");
	given_booking(market, partner, slot_at("2026-03-03 06:00", 12));
}

Test(bookings, tell_what_is_left_of_the_day)
{
	given_booking(market, partner, slot_at("2026-03-03 06:00", 11));
	cr_assert_str_eq(sql_text("select detail #>> '{days,0}' from (%s) m",
			     book(slot_at("2026-03-03 18:00", 2))),
	    "{\"day\": \"2026-03-03\", \"seconds_left\": 3600, \"seconds_needed\": 7200}");
}

Test(bookings, count_each_side_of_midnight_on_its_own_day)
{
	/* 4 h on the 3rd, 4 h on the 4th, and 8 more on either */
	given_booking(market, partner, slot_at("2026-03-03 20:00", 8));
	given_booking(market, partner, slot_at("2026-03-03 08:00", 8));
	given_booking(market, partner, slot_at("2026-03-04 08:00", 8));
	sql_refused("day_limit_reached", "%s", book(slot_at("2026-03-04 23:00", 2)));
	cr_assert_eq(sql_count("select from scheduling.partner_day where partner_id = '%s' "
			       "and seconds = 43200",
			 partner),
	    2);
}

Test(bookings, count_elapsed_seconds_in_the_night_of_march)
{
	/* 20:00-04:00 are 4 h + 3 h, so 9 h are left of the 29th */
	given_booking(market, partner,
	    given_slot(market, (struct slot_plan){ .starts_local = "2026-03-28 20:00",
				   .ends_local = "2026-03-29 04:00" }));
	sql_refused("day_limit_reached", "%s",
	    book(given_slot(market, (struct slot_plan){ .starts_local = "2026-03-29 08:00",
					.ends_local = "2026-03-29 17:00:01" })));
	given_booking(market, partner, slot_at("2026-03-29 08:00", 9));
	cr_assert_eq(seconds_of(partner), 4 * 3600 + 12 * 3600);
}

Test(bookings, count_elapsed_seconds_in_the_night_of_october)
{
	/* 22:00-06:00 are 2 h + 7 h, so 5 h are left of the 25th */
	given_booking(market, partner,
	    given_slot(market, (struct slot_plan){ .starts_local = "2026-10-24 22:00",
				   .ends_local = "2026-10-25 06:00" }));
	sql_refused("day_limit_reached", "%s", book(slot_at("2026-10-25 08:00", 6)));
	given_booking(market, partner, slot_at("2026-10-25 08:00", 5));
}

/* --- keys --- */

Test(bookings, answer_a_replay_with_the_booking_as_it_is_now)
{
	const char *slot = slot_at("2026-03-03 08:00", 4);
	const char *call = book_call(market, partner, slot, "key", NOW);
	const char *booking =
	    sql_text("select booking_id from (%s) m where replayed is null", call);

	cr_assert_str_eq(
	    sql_text("select booking_id from (%s) m where replayed and refused is null "
		     "and state = 'confirmed'",
		call),
	    booking);
	cr_assert_eq(booked_of(slot), 1);
	cr_assert_eq(seconds_of(partner), 14400);
	/* after a forfeit seat and day are free: nothing is booked anew */
	sql_run("%s", forfeit_call(market, partner, booking, "f", NOW));
	cr_assert_str_eq(
	    sql_text("select booking_id from (%s) m where replayed and refused is null "
		     "and state = 'forfeited'",
		call),
	    booking);
	cr_assert_eq(booked_of(slot), 0);
	cr_assert_eq(seconds_of(partner), 0);
	cr_assert_eq(sql_count("select from events.event where subject_id = '%s'", booking), 2);
	/* and after the start too */
	cr_assert_eq(sql_count("select from (%s) m where replayed",
			 book_call(market, partner, slot, "key", "2026-03-05 10:00+00")),
	    1);
}

Test(bookings, refuse_a_key_of_another_request)
{
	const char *first = slot_at("2026-03-03 08:00", 1),
		   *second = slot_at("2026-03-04 08:00", 1);

	sql_run("%s", book_call(market, partner, first, "key", NOW));
	sql_refused("key_reused", "%s", book_call(market, partner, second, "key", NOW));
	sql_run("%s", book_call(market, partner, second, "key", NOW));
	cr_assert_eq(booked_of(second), 0);
	cr_assert_eq(seconds_of(partner), 3600);
}

Test(bookings, remember_no_refusal)
{
	const char *slot = slot_at("2026-03-03 08:00", 4);
	const char *rival = sql_partner(market, "courier");
	const char *held = given_booking(market, rival, slot);
	const char *call = book_call(market, partner, slot, "key", NOW);

	sql_refused("slot_full", "%s", call);
	sql_run("%s", forfeit_call(market, rival, held, "f", NOW));
	cr_assert_eq(
	    sql_count("select from (%s) m where refused is null and replayed is null", call), 1);
}

/* --- giving back --- */

Test(bookings, forfeit_free_until_exactly_45_minutes_before)
{
	const char *slot = slot_at("2026-03-03 08:00", 4);
	const char *booking = given_booking(market, partner, slot);

	cr_assert_str_eq(sql_text("select state || version from (%s) m",
			     forfeit_call(market, partner, booking, "f", "2026-03-03 06:15:00+00")),
	    "forfeited2");
	cr_assert_eq(booked_of(slot), 0);
	cr_assert_eq(seconds_of(partner), 0);
	cr_assert_eq(sql_count("select from events.event where subject_id = '%s' "
			       "and kind = 'booking.forfeited' and from_state = 'confirmed'",
			 booking),
	    1);
	given_booking(market, partner, slot);
}

Test(bookings, forfeit_late_after_that)
{
	const char *slot = slot_at("2026-03-03 22:00", 4);
	const char *booking = given_booking(market, partner, slot);

	cr_assert_str_eq(
	    sql_text("select state from (%s) m",
		forfeit_call(market, partner, booking, "f", "2026-03-03 20:15:00.000001+00")),
	    "late_forfeited");
	cr_assert_eq(booked_of(slot), 0);
	cr_assert_eq(seconds_of(partner), 0);
}

Test(bookings, refuse_to_forfeit_once_it_has_started)
{
	const char *booking = given_booking(market, partner, slot_at("2026-03-03 08:00", 4));

	sql_refused("slot_started", "%s",
	    forfeit_call(market, partner, booking, "f", "2026-03-03 07:00:00+00"));
	cr_assert_str_eq(
	    sql_text("select state from (%s) m",
		forfeit_call(market, partner, booking, "f", "2026-03-03 06:59:59.999999+00")),
	    "late_forfeited");
}

Test(bookings, refuse_to_forfeit_what_is_not_ones_own)
{
	const char *booking = given_booking(market, partner, slot_at("2026-03-03 08:00", 4));

	sql_refused("booking_unknown", "%s",
	    forfeit_call(market, sql_partner(market, "courier"), booking, "f", NOW));
	sql_refused("booking_unknown", "%s", forfeit_call(market, partner, sql_id(), "f", NOW));
}

Test(bookings, forfeit_once_for_one_key)
{
	const char *slot = given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-03 08:00", .minutes = 240, .capacity = 2 });
	const char *booking = given_booking(market, partner, slot);
	const char *call = forfeit_call(market, partner, booking, "key", NOW);

	given_booking(market, sql_partner(market, "courier"), slot);
	sql_run("%s", call);
	cr_assert_eq(
	    sql_count("select from (%s) m where replayed and state = 'forfeited'", call), 1);
	cr_assert_eq(booked_of(slot), 1);
	/* another key meets the state, and the key is not remembered */
	sql_refused(
	    "booking_not_confirmed", "%s", forfeit_call(market, partner, booking, "other", NOW));
	cr_assert_eq(sql_count("select from core.request_key where market_id = %d "
			       "and operation = 'forfeit_booking'",
			 market),
	    1);
}

Test(bookings, refuse_a_key_of_another_forfeit)
{
	const char *first = given_booking(market, partner, slot_at("2026-03-03 08:00", 4));
	const char *second = given_booking(market, partner, slot_at("2026-03-04 08:00", 4));

	sql_run("%s", forfeit_call(market, partner, first, "key", NOW));
	sql_refused("key_reused", "%s", forfeit_call(market, partner, second, "key", NOW));
	sql_run("%s", forfeit_call(market, partner, second, "key", NOW));
	cr_assert_str_eq(state_of(second), "confirmed");
}

/* --- batches --- */

Test(bookings, go_in_a_batch_in_order_each_for_itself)
{
	const char *slot = given_slot(market,
	    (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 60, .capacity = 2 });

	sql_run(
	    "create temp table caller on commit drop as select n, md5('caller' || n)::uuid as id "
	    "from generate_series(1, 4) n");
	sql_run("insert into onboarding.enrolment (market_id, partner_id, kind, state, created_at) "
		"select %d, id, 'courier', 'active', " SQL_NOW " from caller where n <> 2",
	    market);
	cr_assert_str_eq(
	    sql_text(
		"select string_agg(coalesce(b.refused, (b.\"row\").state), ' ' order by b.n) from "
		"rows from (api.book_slot_batch(%d, (select array_agg(id order by n) from caller), "
		"(select array_agg(id order by n) from caller), "
		"array_fill('%s'::timestamptz, array[4]), "
		"(select array_agg(md5('b' || n)::uuid order by n) from caller), "
		"array_fill(sha256('d'), array[4]), "
		"(select array_agg(md5('e' || n)::uuid order by n) from caller), "
		"array_fill('%s'::uuid, array[4]))) with ordinality "
		"as b (refused, detail, replayed, \"row\", n)",
		market, NOW, slot),
	    "confirmed not_enrolled confirmed slot_full");
	cr_assert_eq(booked_of(slot), 2);
}

Test(bookings, run_on_the_clock_of_a_test_market)
{
	const char *slot = slot_at("2026-03-03 08:00", 1);
	const char *arrays = sql_text("select $a$array['%s'::uuid], array['%s'::uuid], "
				      "array['%s'::timestamptz], array['%s'::uuid], "
				      "array[sha256('d')], array['%s'::uuid], array['%s'::uuid]$a$",
	    partner, partner, NOW, sql_id(), sql_id(), slot);

	sql_run(
	    "update core.market set test_now = '2026-03-03 07:00+00' where market_id = %d", market);
	sql_refused("slot_started", "select * from api.book_slot_batch(%d, %s)", market, arrays);
	sql_run(
	    "update core.market set test_now = '2026-03-03 06:30+00' where market_id = %d", market);
	cr_assert_str_eq(
	    sql_text("select (\"row\").booked_at from api.book_slot_batch(%d, %s)", market, arrays),
	    "2026-03-03 06:30:00+00");
}

Test(bookings, forfeit_in_a_batch)
{
	const char *first = given_booking(market, partner, slot_at("2026-03-03 08:00", 1));
	const char *second = given_booking(market, partner, slot_at("2026-03-04 08:00", 1));

	cr_assert_str_eq(
	    sql_text("select string_agg(coalesce(refused, (\"row\").state), ' ') from "
		     "api.forfeit_booking_batch(%d, array_fill('%s'::uuid, array[3]), "
		     "array_fill('%s'::uuid, array[3]), array_fill('%s'::timestamptz, array[3]), "
		     "array['a', 'b', 'c'], array_fill(sha256('d'), array[3]), "
		     "array['%s', '%s', '%s']::uuid[], array['%s', '%s', '%s']::uuid[])",
		market, partner, partner, NOW, sql_id(), sql_id(), sql_id(), first, sql_id(),
		second),
	    "forfeited booking_unknown forfeited");
}
