/* scheduling: bookings are read, checked in, completed and paid, or missed. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

static int market;
static const char *partner;

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	partner = sql_partner(market, "courier");
}

TestSuite(work, .init = begin, .fini = sql_end);

/* 08:00-12:00 in Rome on 3 March: 07:00-11:00 UTC. */
static const char *
morning(void)
{
	return given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-03 08:00", .minutes = 240, .capacity = 9 });
}

static const char *
check_in(const char *booking, const char *now)
{
	return act_call("check_in_booking", market, partner, booking, sql_id(), now);
}

static const char *
complete(const char *booking, const char *now)
{
	return act_call("complete_booking", market, partner, booking, sql_id(), now);
}

/* --- reading --- */

Test(work, list_ones_own_bookings_by_start)
{
	const char *rival = sql_partner(market, "courier");
	const char *first = given_booking(market, partner, morning());

	given_booking(market, rival, morning());
	given_booking(market, partner,
	    given_slot(
		market, (struct slot_plan){ .starts_local = "2026-03-02 18:00", .minutes = 60 }));
	cr_assert_str_eq(sql_text("select string_agg(starts_at::text, ', ') from "
				  "api.list_bookings(%d, '%s', null, null, null, 50, null, null)",
			     market, partner),
	    "2026-03-02 17:00:00+00, 2026-03-03 07:00:00+00");
	cr_assert_eq(
	    sql_count("select from api.list_bookings(%d, null, null, null, null, 50, null, null)",
		market),
	    3);
	cr_assert_eq(sql_count("select from api.list_bookings(%d, '%s', '2026-03-03 07:00+00', "
			       "'2026-03-03 07:00:01+00', 'confirmed', 50, null, null)",
			 market, partner),
	    1);
	cr_assert_eq(
	    sql_count("select from api.list_bookings(%d, '%s', null, '2026-03-03 07:00+00', "
		      "null, 50, null, null)",
		market, partner),
	    1);
	cr_assert_eq(
	    sql_count("select from api.list_bookings(%d, '%s', null, null, 'missed', 50, null, "
		      "null)",
		market, partner),
	    0);
	cr_assert_eq(sql_count("select from api.list_bookings(%d, '%s', null, null, null, 50, "
			       "'2026-03-03 07:00+00', '%s')",
			 market, partner, first),
	    0);
}

Test(work, show_a_booking_to_its_partner_and_to_operators)
{
	const char *booking = given_booking(market, partner, morning());
	int other = sql_market();

	cr_assert_eq(
	    sql_count("select from api.get_booking(%d, '%s', '%s')", market, partner, booking), 1);
	cr_assert_eq(sql_count("select from api.get_booking(%d, null, '%s')", market, booking), 1);
	sql_refused("booking_unknown", "select api.get_booking(%d, '%s', '%s')", market,
	    sql_partner(market, "courier"), booking);
	sql_refused("booking_unknown", "select api.get_booking(%d, null, '%s')", other, booking);
}

/* --- check-in --- */

Test(work, check_in_from_15_minutes_before)
{
	const char *booking = given_booking(market, partner, morning());

	sql_refused("check_in_too_early", "%s", check_in(booking, "2026-03-03 06:44:59.999999+00"));
	sql_may_retry("opens_at", "2026-03-03T06:45:00Z", 1);
	cr_assert_str_eq(
	    sql_text("select state || ' ' || checked_in_at || ' ' || version from (%s) m",
		check_in(booking, "2026-03-03 06:45:00+00")),
	    "checked_in 2026-03-03 06:45:00+00 2");
	cr_assert_eq(sql_count("select from events.event where subject_id = '%s' "
			       "and kind = 'booking.checked_in' and from_state = 'confirmed'",
			 booking),
	    1);
}

Test(work, check_in_to_5_minutes_after)
{
	const char *booking = given_booking(market, partner, morning());

	sql_refused("check_in_too_late", "%s", check_in(booking, "2026-03-03 07:05:00.000001+00"));
	cr_assert_str_eq(
	    sql_text("select state from (%s) m", check_in(booking, "2026-03-03 07:05:00+00")),
	    "checked_in");
}

Test(work, refuse_a_second_check_in)
{
	const char *booking = given_checked_in(market, partner, morning());

	sql_refused("booking_not_confirmed", "%s", check_in(booking, "2026-03-03 07:00+00"));
	sql_refused("booking_not_confirmed", "%s",
	    forfeit_call(market, partner, booking, "f", "2026-03-03 06:50+00"));
	sql_refused("booking_unknown", "%s", check_in(sql_id(), "2026-03-03 07:00+00"));
}

Test(work, check_in_once_for_one_key)
{
	const char *booking = given_booking(market, partner, morning());
	const char *other = given_booking(market, partner,
	    given_slot(
		market, (struct slot_plan){ .starts_local = "2026-03-03 12:00", .minutes = 60 }));
	const char *at = "2026-03-03 06:50+00";

	sql_run("%s", act_call("check_in_booking", market, partner, booking, "key", at));
	cr_assert_eq(sql_count("select from (%s) m where replayed and state = 'checked_in' "
			       "and version = 2",
			 act_call("check_in_booking", market, partner, booking, "key", at)),
	    1);
	sql_refused(
	    "key_reused", "%s", act_call("check_in_booking", market, partner, other, "key", at));
}

/* --- completion --- */

Test(work, pay_four_hours_at_18_with_72)
{
	const char *booking = given_checked_in(market, partner, morning());

	sql_refused("slot_not_ended", "%s", complete(booking, "2026-03-03 10:30+00"));
	sql_may_retry("ends_at", "2026-03-03T11:00:00Z", 1800);
	sql_refused("slot_not_ended", "%s", complete(booking, "2026-03-03 10:59:59.999999+00"));
	cr_assert_str_eq(sql_text("select concat_ws(' ', state, pay_minor, currency, completed_at, "
				  "version) from (%s) m",
			     complete(booking, "2026-03-03 11:00:00+00")),
	    "completed 7200 EUR 2026-03-03 11:00:00+00 3");
	cr_assert_str_eq(sql_text("select concat_ws(' ', kind, accounts, amounts, wallet_minor, "
				  "occurred_at) from ledger.transaction where cause_id = '%s'",
			     booking),
	    "slot_pay {5000,2000} {7200,-7200} 7200 2026-03-03 11:00:00+00");
	cr_assert_eq(
	    sql_int("select balance_minor from ledger.wallet where owner_id = '%s'", partner),
	    7200);
}

Test(work, earn_when_the_slot_ends_however_late_it_is_completed)
{
	const char *booking = given_checked_in(market, partner, morning());

	sql_run("%s", complete(booking, "2026-03-20 09:00:00+00"));
	cr_assert_str_eq(sql_text("select occurred_at || ' ' || posted_at from ledger.transaction "
				  "where cause_id = '%s'",
			     booking),
	    "2026-03-03 11:00:00+00 2026-03-20 09:00:00+00");
}

Test(work, pay_elapsed_seconds_and_round_half_up)
{
	static const struct {
		const char *ends_at;
		int rate_minor, pay_minor;
	} cases[] = {
		{ "00:00:01", 1800, 1 }, /* 0.5 */
		{ "00:00:01", 1799, 0 }, /* 0.4997 */
		{ "00:00:03", 1800, 2 }, /* 1.5 */
		{ "07:00:00", 1800, 12600 },
		{ "09:00:00", 2150, 19350 },
		{ "00:50:00", 1801, 1501 }, /* 1500.83 */
		{ "00:10:00", 1801, 300 },  /* 300.17 */
		{ "24:00:00", 1000000000, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]) - 1; i++)
		cr_expect_eq(sql_int("select scheduling.pay_of(%d, '2026-03-03 00:00+00', "
				     "'2026-03-03 00:00+00'::timestamptz + interval '%s')",
				 cases[i].rate_minor, cases[i].ends_at),
		    cases[i].pay_minor, "%s at %d", cases[i].ends_at, cases[i].rate_minor);
	cr_expect_eq(sql_int("select scheduling.pay_of(1000000000, '2026-03-03 00:00+00', "
			     "'2026-03-04 00:00+00')"),
	    INT64_C(24000000000));
}

Test(work, round_as_exact_arithmetic_does_in_every_case)
{
	cr_assert_eq(
	    sql_count("select from generate_series(0, 20000, 37) r, "
		      "generate_series(1, 90000, 1201) s "
		      "where scheduling.pay_of(r, '2026-01-01+00', '2026-01-01+00'::timestamptz "
		      "+ make_interval(secs => s)) <> floor(r::numeric * s / 3600 + 0.5)"),
	    0);
}

Test(work, pay_the_hours_that_passed_in_the_night_of_october)
{
	const char *slot =
	    given_slot(market, (struct slot_plan){ .starts_local = "2026-10-24 22:00",
				   .ends_local = "2026-10-25 06:00" });

	cr_assert_eq(sql_int("select pay_minor from scheduling.booking where booking_id = '%s'",
			 given_completed(market, partner, slot)),
	    9 * 1800);
}

Test(work, post_nothing_where_there_is_no_pay)
{
	const char *slot = given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-03 08:00", .minutes = 60, .rate_minor = "0" });
	const char *booking = given_completed(market, partner, slot);

	cr_assert_str_eq(state_of(booking), "completed");
	cr_assert_eq(sql_count("select from ledger.transaction where cause_id = '%s'", booking), 0);
	cr_assert_eq(sql_count("select from laws.completed_bookings_paid_once"), 0);
}

Test(work, refuse_to_complete_what_is_not_checked_in)
{
	const char *booking = given_booking(market, partner, morning());

	sql_refused("booking_not_checked_in", "%s", complete(booking, "2026-03-03 11:00+00"));
	sql_refused("booking_unknown", "%s", complete(sql_id(), "2026-03-03 11:00+00"));
	sql_refused("booking_unknown", "%s",
	    act_call("complete_booking", market, sql_partner(market, "courier"), booking, "k",
		"2026-03-03 11:00+00"));
}

Test(work, complete_once_for_one_key)
{
	const char *booking = given_checked_in(market, partner, morning());
	const char *at = "2026-03-03 11:00+00";

	sql_run("%s", act_call("complete_booking", market, partner, booking, "key", at));
	cr_assert_eq(sql_count("select from (%s) m where replayed and pay_minor = 7200",
			 act_call("complete_booking", market, partner, booking, "key", at)),
	    1);
	cr_assert_eq(sql_count("select from ledger.transaction where cause_id = '%s'", booking), 1);
	sql_refused("booking_not_checked_in", "%s", complete(booking, at));
	sql_refused(
	    "key_reused", "%s", act_call("complete_booking", market, partner, sql_id(), "key", at));
}

/* --- missed --- */

static const char *
mark_missed(const char *now)
{
	return sql_text("select jobs.mark_missed(%d, '%s', '%s')", market, sql_id(), now);
}

Test(work, miss_who_has_not_come_15_minutes_after)
{
	const char *slot = morning(), *came = sql_partner(market, "courier");
	const char *booking = given_booking(market, partner, slot);

	given_checked_in(market, came, slot);
	cr_assert_null(mark_missed("2026-03-03 07:14:59.999999+00"));
	cr_assert_str_eq(state_of(booking), "confirmed");
	cr_assert_null(mark_missed("2026-03-03 07:15:00+00"));
	cr_assert_str_eq(state_of(booking), "missed");
	cr_assert_eq(booked_of(slot), 2);
	cr_assert_eq(seconds_of(partner), 14400);
	cr_assert_eq(sql_count("select from scheduling.booking where market_id = %d "
			       "and state = 'checked_in'",
			 market),
	    1);
	cr_assert_str_eq(
	    sql_text("select from_state || ' ' || actor_role || ' ' || occurred_at "
		     "from events.event where subject_id = '%s' and kind = 'booking.missed'",
		booking),
	    "confirmed runner 2026-03-03 07:15:00+00");
	/* once */
	cr_assert_null(mark_missed("2026-03-03 07:16:00+00"));
	cr_assert_eq(sql_count("select from events.event where subject_id = '%s'", booking), 2);
	sql_refused("booking_not_confirmed", "%s",
	    forfeit_call(market, partner, booking, "f", "2026-03-03 06:00+00"));
}

Test(work, miss_after_a_long_rest_and_in_steps_of_a_thousand)
{
	const char *slot = given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-03 08:00", .minutes = 60, .capacity = 2000 });

	sql_run(
	    "insert into scheduling.booking (market_id, booking_id, partner_id, slot_id, state, "
	    "origin, starts_at, ends_at, booked_at, digest) "
	    "select market_id, md5('b' || n)::uuid, md5('p' || n)::uuid, slot_id, 'confirmed', "
	    "'self', starts_at, ends_at, " SQL_NOW ", " SQL_DIGEST
	    " from scheduling.slot, generate_series(1, 1500) n where slot_id = '%s'",
	    slot);
	cr_assert_str_eq(mark_missed("2026-05-03 00:00:00+00"), "2026-05-03 00:00:00+00");
	cr_assert_null(mark_missed("2026-05-03 00:00:00+00"));
	cr_assert_eq(sql_count("select from scheduling.booking where slot_id = '%s' "
			       "and state = 'missed'",
			 slot),
	    1500);
	cr_assert_eq(
	    sql_int("select count(distinct event_id) from events.event where market_id = %d "
		    "and kind = 'booking.missed'",
		market),
	    1500);
}
