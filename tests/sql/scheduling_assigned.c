/* scheduling: an operator books for a partner, who may decline; or cancels; and a full slot names
 * the next one. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"

static int market;
static const char *partner, *slot;

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	partner = sql_partner(market, "courier");
	slot = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 240 });
}

TestSuite(assigned, .init = begin, .fini = sql_end);

/* --- assigning --- */

Test(assigned, book_for_the_partner_and_say_who_did)
{
	const char *shown =
	    sql_text("select concat_ws('|', state, origin, partner_id = '%s', booked_at, reason, "
		     "replayed) from (%s) m",
		partner, assign_call(market, partner, slot, "key", NOW));

	cr_assert_str_eq(shown, "confirmed|assigned|t|2026-03-02 10:00:00+00|f");
	cr_assert_eq(booked_of(slot), 1);
	cr_assert_eq(seconds_of(partner), 14400);
	cr_assert_str_eq(sql_text("select string_agg(concat_ws('|', kind, partner_id = '%s', "
				  "actor_role, actor_id), ' ') from events.event "
				  "where market_id = %d and subject = 'booking'",
			     partner, market),
	    "booking.confirmed|t|operator|00000000-0000-7000-8000-00000000000a");
	/* the same key again changes nothing */
	cr_assert(sql_true(
	    "select replayed from (%s) m", assign_call(market, partner, slot, "key", NOW)));
	cr_assert_eq(booked_of(slot), 1);
	sql_refused("key_reused", "%s",
	    assign_call(market, sql_partner(market, "courier"), slot, "key", NOW));
}

Test(assigned, come_before_the_release_too)
{
	const char *later =
	    given_slot(market, (struct slot_plan){ .starts_local = "2026-03-04 08:00",
				   .minutes = 60,
				   .release_at = "2026-03-03 17:00+00" });

	sql_refused("slot_not_released", "%s", book_call(market, partner, later, "k", NOW));
	cr_assert_not_null(given_assigned(market, partner, later));
}

Test(assigned, refuse_what_is_not_there)
{
	int other = sql_market();

	sql_refused("slot_unknown", "%s", assign_call(market, partner, sql_id(), "k", NOW));
	sql_refused("slot_unknown", "%s", assign_call(other, partner, slot, "k", NOW));
	sql_refused("partner_unknown", "%s", assign_call(market, sql_id(), slot, "k", NOW));
	sql_refused("partner_unknown", "%s",
	    assign_call(market, sql_partner(other, "courier"), slot, "k", NOW));
	sql_refused("not_enrolled", "%s",
	    assign_call(market, sql_partner(market, "driver"), slot, "k", NOW));
}

Test(assigned, refuse_who_is_not_in_the_slots_programme)
{
	const char *programme = sql_id(), *theirs;

	sql_run("insert into onboarding.programme (market_id, programme_id, name, kind, archetype, "
		"created_at) values (%d, '%s', 'Prime', 'courier', 'host', " SQL_NOW ")",
	    market, programme);
	theirs = given_slot(market,
	    (struct slot_plan){
		.starts_local = "2026-03-04 08:00", .minutes = 60, .programme_id = programme });
	sql_refused("not_enrolled", "%s", assign_call(market, partner, theirs, "k", NOW));
	sql_run("update onboarding.enrolment set programme_id = '%s' where partner_id = '%s'",
	    programme, partner);
	cr_assert_not_null(given_assigned(market, partner, theirs));
}

Test(assigned, keep_the_rules_of_every_booking)
{
	const char *rival = sql_partner(market, "courier");
	const char *at_once = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-03 11:00", .minutes = 60 });
	const char *long_one = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-03 12:00", .minutes = 481 });

	sql_refused("slot_started", "%s",
	    assign_call(market, partner, slot, "k", "2026-03-03 07:00:00+00"));
	given_assigned(market, partner, slot);
	sql_refused("slot_full", "%s", assign_call(market, rival, slot, "k", NOW));
	sql_refused("slots_overlap", "%s", assign_call(market, partner, at_once, "k", NOW));
	sql_refused("day_limit_reached", "%s", assign_call(market, partner, long_one, "k", NOW));
	cr_assert_eq(seconds_of(partner), 14400);
	cr_assert_eq(seconds_of(rival), 0);
	cr_assert_eq(booked_of(long_one), 0);
}

/* --- declining --- */

Test(assigned, give_all_back_when_declined)
{
	const char *booking = given_assigned(market, partner, slot);
	const char *call = act_call(
	    "decline_booking", market, partner, booking, "d", "2026-03-03 06:59:59.999999+00");

	cr_assert_str_eq(sql_text("select state from (%s) m", call), "declined");
	cr_assert_eq(booked_of(slot), 0);
	cr_assert_eq(seconds_of(partner), 0);
	cr_assert_str_eq(sql_text("select string_agg(concat_ws('|', kind, from_state, actor_role), "
				  "' ') from events.event where subject_id = '%s' "
				  "and kind <> 'booking.confirmed'",
			     booking),
	    "booking.declined|confirmed|partner");
	cr_assert(sql_true("select replayed and state = 'declined' from (%s) m", call));
	sql_refused("booking_not_confirmed", "%s",
	    act_call("decline_booking", market, partner, booking, "again", NOW));
	/* and it may be booked again, by oneself */
	cr_assert_str_eq(state_of(given_booking(market, partner, slot)), "confirmed");
}

Test(assigned, be_declined_by_their_partner_before_the_start_only)
{
	const char *booking = given_assigned(market, partner, slot);
	const char *other = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-04 08:00", .minutes = 60 });

	sql_refused("slot_started", "%s",
	    act_call("decline_booking", market, partner, booking, "k", "2026-03-03 07:00:00+00"));
	sql_refused("booking_unknown", "%s",
	    act_call("decline_booking", market, sql_partner(market, "courier"), booking, "k", NOW));
	sql_refused("booking_not_assigned", "%s",
	    act_call("decline_booking", market, partner, given_booking(market, partner, other), "k",
		NOW));
	cr_assert_str_eq(state_of(booking), "confirmed");
}

Test(assigned, may_be_forfeited_under_the_rules_of_forfeiting)
{
	const char *booking = given_assigned(market, partner, slot);

	cr_assert_str_eq(sql_text("select state from (%s) m",
			     forfeit_call(market, partner, booking, "f", "2026-03-03 06:30+00")),
	    "late_forfeited");
}

/* --- cancelling --- */

Test(assigned, end_with_a_reason_when_cancelled)
{
	const char *booking = given_booking(market, partner, slot);
	const char *call = cancel_call(market, booking, "c", NOW);

	cr_assert_str_eq(
	    sql_text("select concat_ws('|', state, origin, reason, version) from (%s) m", call),
	    "cancelled_by_operator|self|The station is closed.|2");
	cr_assert_eq(booked_of(slot), 0);
	cr_assert_eq(seconds_of(partner), 0);
	cr_assert_str_eq(sql_text("select reason from api.get_booking(%d, '%s', '%s') g", market,
			     partner, booking),
	    "The station is closed.");
	cr_assert_str_eq(sql_text("select concat_ws('|', actor_role, partner_id = '%s', reason) "
				  "from events.event where subject_id = '%s' "
				  "and kind = 'booking.cancelled_by_operator'",
			     partner, booking),
	    "operator|t|The station is closed.");
	cr_assert(sql_true("select replayed from (%s) m", call));
}

Test(assigned, are_not_cancelled_once_checked_in)
{
	int other = sql_market();

	sql_refused("booking_not_confirmed", "%s",
	    cancel_call(market, given_checked_in(market, partner, slot), "k", NOW));
	sql_refused("booking_unknown", "%s", cancel_call(market, sql_id(), "k", NOW));
	sql_refused("booking_unknown", "%s",
	    cancel_call(other,
		given_booking(market, partner,
		    given_slot(market,
			(struct slot_plan){ .starts_local = "2026-03-04 08:00", .minutes = 60 })),
		"k", NOW));
}

/* --- the next slot --- */

static const char *
next_of(const char *who)
{
	return sql_text("select detail ->> 'next_slot_id' from (%s) m where refused = 'slot_full'",
	    book_call(market, who, slot, sql_id(), NOW));
}

/* An hour at a station, one seat. */
static const char *
hour_at(const char *station, const char *starts_local)
{
	return given_slot(
	    market, (struct slot_plan){
			.starts_local = starts_local, .minutes = 60, .station_id = station });
}

static const char *
another_station(void)
{
	const char *id = sql_id();

	sql_run(
	    "insert into scheduling.station (market_id, station_id, zone_id, name, latitude_e7, "
	    "longitude_e7, created_at) select market_id, '%s', zone_id, 'Else', 0, 0, "
	    "created_at from scheduling.station where market_id = %d",
	    id, market);
	return id;
}

Test(assigned, name_the_next_free_slot_where_one_is_full)
{
	const char *late = sql_partner(market, "courier");
	const char *here = given_station_of(slot), *elsewhere = another_station(), *next;

	given_booking(market, partner, slot);
	/* before it, at another station, not released, full, a week later */
	hour_at(here, "2026-03-03 07:00");
	hour_at(elsewhere, "2026-03-03 12:00");
	given_slot(market, (struct slot_plan){ .starts_local = "2026-03-03 12:00",
			       .minutes = 60,
			       .station_id = here,
			       .release_at = "2026-03-03 09:00+00" });
	given_booking(market, partner, hour_at(here, "2026-03-03 13:00"));
	hour_at(here, "2026-03-10 08:00");
	cr_assert_null(next_of(late));
	next = hour_at(here, "2026-03-03 14:00");
	cr_assert_str_eq(next_of(late), next);
	/* a time that is taken */
	given_booking(market, late, hour_at(elsewhere, "2026-03-03 14:30"));
	cr_assert_null(next_of(late));
	next = hour_at(here, "2026-03-03 15:30");
	cr_assert_str_eq(next_of(late), next);
	cr_assert_str_eq(
	    sql_text("select state from (%s) m", book_call(market, late, next, "k", NOW)),
	    "confirmed");
	sql_refused("slot_full", "%s", assign_call(market, late, slot, "k", NOW));
}

Test(assigned, name_no_slot_that_the_day_has_no_room_for)
{
	const char *late = sql_partner(market, "courier"), *next;

	given_booking(market, partner, slot);
	given_booking(market, late,
	    given_slot(market,
		(struct slot_plan){ .starts_local = "2026-03-03 12:00", .minutes = 12 * 60 - 30 }));
	hour_at(given_station_of(slot), "2026-03-03 10:00");
	cr_assert_null(next_of(late));
	next = hour_at(given_station_of(slot), "2026-03-04 10:00");
	cr_assert_str_eq(next_of(late), next);
}
