/* scheduling: each law holds after real work, and sees its violation. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

static int market;
static const char *partner, *slot, *booking;

/* A market in which everything has happened: nights, forfeits, a payment, a missed booking. */
static void
begin(void)
{
	const char *rival, *missed;

	sql_begin();
	market = sql_market();
	partner = sql_partner(market, "courier");
	rival = sql_partner(market, "courier");
	slot = given_slot(market, (struct slot_plan){ .starts_local = "2026-03-28 20:00",
				      .ends_local = "2026-03-29 04:00",
				      .capacity = 5 });
	booking = given_completed(market, partner, slot);
	missed = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 60 });
	given_booking(market, rival, missed);
	sql_run("select jobs.mark_missed(%d, '%s', '2026-03-03 12:00+00')", market, sql_id());
	sql_run("%s", forfeit_call(market, rival, given_booking(market, rival, slot), "f",
			  "2026-03-28 18:20+00"));
	given_booking(market, rival, slot);
}

TestSuite(scheduling_laws, .init = begin, .fini = sql_end);

/* A second booking of the partner that holds a seat, beside every rule, from one that there is. */
#define PLANT_BOOKING \
	"insert into scheduling.booking (market_id, booking_id, partner_id, slot_id, state, " \
	"origin, starts_at, ends_at, booked_at, digest) select market_id, '%s', partner_id, " \
	"slot_id, 'confirmed', 'self', starts_at %s, ends_at %s, booked_at, digest " \
	"from scheduling.booking where booking_id = '%s'; "

Test(scheduling_laws, hold_after_real_work)
{
	static const char *const laws[] = { "slots_not_oversold", "seats_match_bookings",
		"bookings_never_overlap", "days_within_12_hours", "partner_days_match_bookings",
		"slots_know_their_days", "completed_bookings_paid_once",
		"bookings_tell_each_transition", "bookings_moved_in_time", "bookings_are_whole",
		"bookings_come_from_whom_they_say", "slots_are_whole" };

	sql_as("socius_law");
	for (size_t i = 0; i < sizeof(laws) / sizeof(laws[0]); i++) {
		cr_expect_eq(sql_count("select from laws.%s where market_id = %d", laws[i], market),
		    0, "%s", laws[i]);
		cr_expect_gt(
		    sql_int("select examined from laws.%s_examined", laws[i]), 0, "%s", laws[i]);
	}
}

Test(scheduling_laws, see_an_overlap)
{
	sql_breaks_law(
	    "bookings_never_overlap", PLANT_BOOKING, sql_id(), "+ '1 hour'", "+ '1 hour'", booking);
	/* not with the next one only: with any before */
	sql_breaks_law("bookings_never_overlap", PLANT_BOOKING PLANT_BOOKING, sql_id(),
	    "- interval '10 hours'", "+ '10 hours'", booking, sql_id(), "+ '8 hours'",
	    "+ '8 hours'", booking);
}

Test(scheduling_laws, see_a_second_above_twelve_hours)
{
	/* the partner has 3 h of the 29th: 9 h more are right, another second is not */
	sql_run(PLANT_BOOKING, sql_id(), "+ '12 hours'", "+ '14 hours'", booking);
	cr_assert_eq(
	    sql_count("select from laws.days_within_12_hours where market_id = %d", market), 0);
	sql_breaks_law("days_within_12_hours", PLANT_BOOKING, sql_id(), "+ '14:59:59'",
	    "+ '8 hours'", booking);
}

Test(scheduling_laws, see_a_seat_too_many_or_too_few)
{
	sql_breaks_law("seats_match_bookings",
	    "update scheduling.slot set booked = booked + 1 where slot_id = '%s'", slot);
	sql_breaks_law("seats_match_bookings",
	    "update scheduling.slot set booked = booked - 1 where slot_id = '%s'", slot);
	sql_breaks_law("seats_match_bookings",
	    "update scheduling.booking set state = 'forfeited' where booking_id = '%s'", booking);
}

Test(scheduling_laws, see_days_that_do_not_match)
{
	sql_breaks_law("partner_days_match_bookings",
	    "update scheduling.partner_day set seconds = seconds - 1 where partner_id = '%s'",
	    partner);
	sql_breaks_law("partner_days_match_bookings",
	    "update scheduling.partner_day set busy = '{}' where partner_id = '%s'", partner);
	sql_breaks_law("partner_days_match_bookings",
	    "delete from scheduling.partner_day where partner_id = '%s'", partner);
	sql_breaks_law("partner_days_match_bookings",
	    "insert into scheduling.partner_day values (%d, '%s', '2026-04-01', 60, '{}')", market,
	    partner);
}

Test(scheduling_laws, see_a_payment_missing_wrong_or_twice)
{
	/* past the guard that keeps the ledger append-only */
	sql_run("set local session_replication_role = replica");
	sql_breaks_law("completed_bookings_paid_once",
	    "delete from ledger.transaction where cause_id = '%s'", booking);
	sql_breaks_law("completed_bookings_paid_once",
	    "update scheduling.booking set pay_minor = pay_minor + 1 where booking_id = '%s'",
	    booking);
	sql_breaks_law("completed_bookings_paid_once",
	    "update ledger.transaction set amounts = array[1, -1], wallet_minor = 1 "
	    "where cause_id = '%s'",
	    booking);
	sql_breaks_law("completed_bookings_paid_once",
	    "select ledger.post(%d, '%s', '%s', 'slot_pay', '%s', array[5000, 2000], "
	    "array[12600, -12600]::bigint[], " SQL_NOW ", " SQL_NOW ")",
	    market, partner, sql_id(), booking);
	/* and a payment for nothing */
	sql_breaks_law("completed_bookings_paid_once",
	    "select ledger.post(%d, '%s', '%s', 'slot_pay', '%s', array[5000, 2000], "
	    "array[100, -100]::bigint[], " SQL_NOW ", " SQL_NOW ")",
	    market, partner, sql_id(), sql_id());
}

Test(scheduling_laws, see_an_event_missing_or_twice)
{
	sql_breaks_law("bookings_tell_each_transition",
	    "delete from events.event where subject_id = '%s' and to_state = 'checked_in'",
	    booking);
	sql_breaks_law("bookings_tell_each_transition",
	    "delete from events.event where subject_id = '%s'", booking);
	sql_breaks_law("bookings_tell_each_transition",
	    "insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id, "
	    "to_state, actor_id, actor_role, occurred_at) select market_id, '%s', kind, "
	    "partner_id, "
	    "subject, subject_id, to_state, actor_id, actor_role, occurred_at from events.event "
	    "where subject_id = '%s' and to_state = 'completed'",
	    sql_id(), booking);
}

Test(scheduling_laws, see_a_transition_out_of_its_window)
{
	static const char *const breaches[][3] = {
		{ "completed", "checked_in", "starts_at - interval '15 minutes 1 second'" },
		{ "completed", "checked_in", "starts_at + interval '5 minutes 1 second'" },
		{ "completed", "completed", "ends_at - interval '1 second'" },
		{ "late_forfeited", "late_forfeited", "starts_at - interval '45 minutes'" },
		{ "late_forfeited", "late_forfeited", "starts_at" },
		{ "missed", "missed", "starts_at + interval '14 minutes 59 seconds'" },
		{ "confirmed", "confirmed", "starts_at" },
	};

	for (size_t i = 0; i < sizeof(breaches) / sizeof(breaches[0]); i++)
		sql_breaks_law("bookings_moved_in_time",
		    "update scheduling.booking b set checked_in_at = case when b.checked_in_at is "
		    "not "
		    "null then %s end where market_id = %d and state = '%s'; "
		    "update events.event v set occurred_at = %s from scheduling.booking b "
		    "where v.subject_id = b.booking_id and b.market_id = %d and b.state = '%s' "
		    "and v.to_state = '%s'",
		    breaches[i][2], market, breaches[i][0], breaches[i][2], market, breaches[i][0],
		    breaches[i][1]);
}

Test(scheduling_laws, see_a_free_forfeit_that_was_late)
{
	sql_breaks_law("bookings_moved_in_time",
	    "update scheduling.booking set state = 'forfeited' where market_id = %d "
	    "and state = 'late_forfeited'; "
	    "update events.event set to_state = 'forfeited' where market_id = %d "
	    "and to_state = 'late_forfeited'",
	    market, market);
}

Test(scheduling_laws, see_a_decline_after_the_start)
{
	const char *assigned = given_assigned(market, sql_partner(market, "courier"), slot);

	sql_run("%s", act_call("decline_booking", market,
			  sql_text("select partner_id from scheduling.booking "
				   "where booking_id = '%s'",
			      assigned),
			  assigned, "d", "2026-03-02 11:00+00"));
	cr_assert_eq(
	    sql_count("select from laws.bookings_moved_in_time where market_id = %d", market), 0);
	sql_breaks_law("bookings_moved_in_time",
	    "update events.event set occurred_at = '2026-03-28 19:00+00' where subject_id = '%s' "
	    "and to_state = 'declined'",
	    assigned);
	sql_breaks_law("bookings_come_from_whom_they_say",
	    "update scheduling.booking set origin = 'self' where booking_id = '%s'", assigned);
}

Test(scheduling_laws, see_whoever_booked_for_another)
{
	const char *cancelled = given_booking(market, sql_partner(market, "courier"), slot);

	sql_run("%s", cancel_call(market, cancelled, "c", "2026-03-02 11:00+00"));
	cr_assert_eq(sql_count("select from laws.bookings_come_from_whom_they_say "
			       "where market_id = %d",
			 market),
	    0);
	sql_breaks_law("bookings_come_from_whom_they_say",
	    "update scheduling.booking set origin = 'assigned' where booking_id = '%s'", booking);
	sql_breaks_law("bookings_come_from_whom_they_say",
	    "update scheduling.booking set reason = 'Another.' where booking_id = '%s'", cancelled);
	sql_breaks_law("bookings_are_whole",
	    "update scheduling.booking set reason = null where booking_id = '%s'", cancelled);
}

Test(scheduling_laws, see_a_booking_that_is_not_whole)
{
	static const char *const breaches[] = { "slot_id = md5('x')::uuid",
		"partner_id = md5('x')::uuid", "ends_at = ends_at + interval '1 second'",
		"checked_in_at = null", "completed_at = null", "pay_minor = null" };

	for (size_t i = 0; i < sizeof(breaches) / sizeof(breaches[0]); i++)
		sql_breaks_law("bookings_are_whole",
		    "update scheduling.booking set %s where booking_id = '%s'", breaches[i],
		    booking);
}

Test(scheduling_laws, see_a_slot_that_is_not_whole)
{
	static const char *const breaches[] = { "station_id = md5('x')::uuid", "currency = 'USD'",
		"time_zone = 'UTC'", "programme_id = md5('x')::uuid" };

	for (size_t i = 0; i < sizeof(breaches) / sizeof(breaches[0]); i++)
		sql_breaks_law("slots_are_whole",
		    "update scheduling.slot set %s where slot_id = '%s'", breaches[i], slot);
}

Test(scheduling_laws, see_a_slot_that_does_not_know_its_days)
{
	static const char *const breaches[] = { "day = day + 1", "day_seconds = day_seconds - 1",
		"day_seconds = 25200, next_day_seconds = 0", "ends_at = starts_at",
		"ends_at = starts_at + interval '24:00:01', day_seconds = 14400, next_day_seconds "
		"= 72001" };

	for (size_t i = 0; i < sizeof(breaches) / sizeof(breaches[0]); i++)
		sql_breaks_law("slots_know_their_days",
		    "update scheduling.slot set %s where slot_id = '%s'", breaches[i], slot);
}

/* The two CHECKs behind the hottest rules. */
Test(scheduling_laws, stand_behind_constraints)
{
	sql_refused("slot_full",
	    "update scheduling.slot set booked = capacity + 1 where slot_id = '%s'", slot);
	sql_refused(
	    "slot_full", "update scheduling.slot set booked = -1 where slot_id = '%s'", slot);
	sql_refused("day_limit_reached",
	    "update scheduling.partner_day set seconds = 43201 where partner_id = '%s'", partner);
	sql_refused(
	    "slot_kind_check", "update scheduling.slot set kind = 'x' where slot_id = '%s'", slot);
	sql_refused("slot_capacity_check",
	    "update scheduling.slot set capacity = 0 where slot_id = '%s'", slot);
	sql_refused("hourly_rate_check",
	    "update scheduling.slot set rate_minor = -1 where slot_id = '%s'", slot);
	sql_refused("booking_state_check",
	    "update scheduling.booking set state = 'x' where booking_id = '%s'", booking);
	sql_refused("booking_origin_check",
	    "update scheduling.booking set origin = 'x' where booking_id = '%s'", booking);
	sql_refused("request_digest_check",
	    "update scheduling.booking set digest = 'x' where booking_id = '%s'", booking);
	sql_refused("pay_check",
	    "update scheduling.booking set pay_minor = -1 where booking_id = '%s'", booking);
}

/* The constraint must go first, for a moment: this suite locks the table before anything else. */
TestSuite(oversold, .init = sql_begin, .fini = sql_end);

Test(oversold, is_seen_by_its_law)
{
	int somewhere;

	sql_run("alter table scheduling.slot drop constraint slot_full");
	somewhere = sql_market();
	given_slot(
	    somewhere, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 60 });
	sql_breaks_law("slots_not_oversold",
	    "update scheduling.slot set booked = capacity + 1 where market_id = %d", somewhere);
}
