/* scheduling: many callers at once. What they meet must be committed, so these tests do not roll
 * back but sweep up behind themselves. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"

enum { CROWD = 64 };

static int market;
static PGconn *callers[CROWD];

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	given_station(market);
}

static void
sweep(void)
{
	static const char *const tables[] = { "scheduling.booking", "scheduling.partner_day",
		"scheduling.slot", "scheduling.station", "scheduling.zone", "onboarding.enrolment",
		"ledger.transaction", "ledger.wallet", "identity.partner", "events.event",
		"core.request_key", "core.market" };

	for (int i = 0; i < CROWD; i++)
		PQfinish(callers[i]);
	sql_run("begin; set local session_replication_role = replica");
	sql_run("delete from identity.person r using identity.partner p "
		"where p.market_id = %d and r.person_id in (p.account_id, p.partner_id)",
	    market);
	sql_run("delete from identity.account where account_id in "
		"(select account_id from identity.partner where market_id = %d)",
	    market);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		sql_run("delete from %s where market_id = %d", tables[i], market);
	sql_run("commit");
	sql_end();
}

TestSuite(crowd, .init = begin, .fini = sweep);

/* What all callers call at the same time: each gets its statement before any is answered. */
static void
call_all(const char *const statements[CROWD])
{
	for (int i = 0; i < CROWD; i++) {
		callers[i] = sql_connect();
		cr_assert_eq(PQsendQuery(callers[i], "set role socius_gate"), 1);
		while (PQgetResult(callers[i]) != NULL)
			continue;
	}
	for (int i = 0; i < CROWD; i++)
		cr_assert_eq(PQsendQuery(callers[i], statements[i]), 1);
}

struct answers {
	int done, replayed, refused;
	char slug[64]; /* of the last refusal */
};

static void
count_answer(struct answers *answers, const PGresult *result)
{
	int refused = PQfnumber(result, "refused"), replayed = PQfnumber(result, "replayed");
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (state != NULL && strcmp(state, "SO001") == 0) { /* the cold lane refuses by raising */
		answers->refused++;
		snprintf(answers->slug, sizeof(answers->slug), "%s",
		    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
		return;
	}
	cr_assert_eq(PQresultStatus(result), PGRES_TUPLES_OK, "%s", PQresultErrorMessage(result));
	if (refused >= 0 && !PQgetisnull(result, 0, refused)) {
		answers->refused++;
		snprintf(
		    answers->slug, sizeof(answers->slug), "%s", PQgetvalue(result, 0, refused));
	} else if (PQgetvalue(result, 0, replayed)[0] == 't') {
		answers->replayed++;
	} else {
		answers->done++;
	}
}

static struct answers
hear_all(void)
{
	struct answers answers = { 0 };
	PGresult *result;

	for (int i = 0; i < CROWD; i++)
		while ((result = PQgetResult(callers[i])) != NULL) {
			count_answer(&answers, result);
			PQclear(result);
		}
	return answers;
}

static struct answers
stampede(const char *const statements[CROWD])
{
	sql_run("commit");
	call_all(statements);
	return hear_all();
}

static const char *
slot_of(int capacity)
{
	return given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-03 08:00", .minutes = 240, .capacity = capacity });
}

Test(crowd, book_once_with_one_key)
{
	const char *partner = sql_partner(market, "courier"), *slot = slot_of(CROWD);
	const char *statements[CROWD];
	struct answers answers;

	for (int i = 0; i < CROWD; i++)
		statements[i] = book_call(market, partner, slot, "key", NOW);
	answers = stampede(statements);
	cr_assert_eq(answers.done, 1);
	cr_assert_eq(answers.replayed, CROWD - 1);
	cr_assert_eq(booked_of(slot), 1);
	cr_assert_eq(seconds_of(partner), 14400);
	cr_assert_eq(sql_count("select from events.event where market_id = %d "
			       "and kind = 'booking.confirmed'",
			 market),
	    1);
}

Test(crowd, sell_no_seat_twice)
{
	const char *slot = slot_of(4), *statements[CROWD];
	struct answers answers;

	for (int i = 0; i < CROWD; i++)
		statements[i] = book_call(market, sql_partner(market, "courier"), slot, "key", NOW);
	answers = stampede(statements);
	cr_assert_eq(answers.done, 4);
	cr_assert_eq(answers.refused, CROWD - 4);
	cr_assert_str_eq(answers.slug, "slot_full");
	cr_assert_eq(booked_of(slot), 4);
	cr_assert_eq(sql_count("select from scheduling.partner_day where market_id = %d "
			       "and seconds > 0",
			 market),
	    4);
}

Test(crowd, share_the_last_seats_with_operators)
{
	const char *slot = slot_of(4), *statements[CROWD];
	struct answers answers;
	int assigned;

	for (int i = 0; i < CROWD; i++)
		statements[i] =
		    i % 2 == 0
			? book_call(market, sql_partner(market, "courier"), slot, "key", NOW)
			: assign_call(market, sql_partner(market, "courier"), slot, sql_id(), NOW);
	answers = stampede(statements);
	assigned = sql_count(
	    "select from scheduling.booking where market_id = %d and origin = 'assigned'", market);
	cr_assert_eq(answers.done, 4);
	cr_assert_eq(answers.refused, CROWD - 4);
	cr_assert_str_eq(answers.slug, "slot_full");
	cr_assert_leq(assigned, 4);
	cr_assert_eq(booked_of(slot), 4);
	cr_assert_eq(
	    sql_count("select from laws.seats_match_bookings where market_id = %d", market), 0);
	cr_assert_eq(
	    sql_count("select from laws.partner_days_match_bookings where market_id = %d", market),
	    0);
}

Test(crowd, book_one_of_many_at_the_same_hour)
{
	const char *partner = sql_partner(market, "courier"), *statements[CROWD];
	struct answers answers;

	for (int i = 0; i < CROWD; i++)
		statements[i] = book_call(market, partner, slot_of(1), sql_id(), NOW);
	answers = stampede(statements);
	cr_assert_eq(answers.done, 1);
	cr_assert_str_eq(answers.slug, "slots_overlap");
	cr_assert_eq(
	    sql_int("select sum(booked) from scheduling.slot where market_id = %d", market), 1);
}

Test(crowd, pass_twelve_hours_by_nothing)
{
	const char *partner = sql_partner(market, "courier"), *statements[CROWD];
	struct answers answers;

	/* 20-minute slots of one day: 36 of them are 12 h */
	for (int i = 0; i < CROWD; i++)
		statements[i] = book_call(market, partner,
		    given_slot(market, (struct slot_plan){ .starts_local = sql_text(
							       "select '2026-03-03'::timestamp "
							       "+ interval '20 minutes' * %d",
							       i),
					   .minutes = 20 }),
		    sql_id(), NOW);
	answers = stampede(statements);
	cr_assert_eq(answers.done, 36);
	cr_assert_str_eq(answers.slug, "day_limit_reached");
	cr_assert_eq(seconds_of(partner), 43200);
}

Test(crowd, forfeit_once)
{
	const char *partner = sql_partner(market, "courier"), *slot = slot_of(4);
	const char *booking = given_booking(market, partner, slot), *statements[CROWD];
	struct answers answers;

	/* half of them with one key, the others each with its own */
	for (int i = 0; i < CROWD; i++)
		statements[i] =
		    forfeit_call(market, partner, booking, i < CROWD / 2 ? "key" : sql_id(), NOW);
	answers = stampede(statements);
	cr_assert_eq(answers.done, 1);
	cr_assert(answers.refused == CROWD / 2 ? answers.replayed == CROWD / 2 - 1
					       : answers.refused == CROWD - 1);
	cr_assert_str_eq(answers.slug, "booking_not_confirmed");
	cr_assert_eq(booked_of(slot), 0);
	cr_assert_eq(seconds_of(partner), 0);
}

Test(crowd, be_paid_once_with_one_key)
{
	const char *partner = sql_partner(market, "courier");
	const char *booking = given_checked_in(market, partner, slot_of(1)), *statements[CROWD];
	struct answers answers;

	for (int i = 0; i < CROWD; i++)
		statements[i] = act_call(
		    "complete_booking", market, partner, booking, "key", "2026-03-03 11:00:00+00");
	answers = stampede(statements);
	cr_assert_eq(answers.done, 1);
	cr_assert_eq(answers.replayed, CROWD - 1);
	cr_assert_eq(
	    sql_int("select balance_minor from ledger.wallet where owner_id = '%s'", partner),
	    7200);
	cr_assert_eq(sql_count("select from ledger.transaction where cause_id = '%s'", booking), 1);
}

/* Four partners, four nights: half of the seats are given back while the other half are taken, by
 * several callers each, without the market's lock. */
Test(crowd, come_and_go_criss_cross)
{
	const char *partners[4], *slots[4], *statements[CROWD];
	struct answers answers;

	for (int i = 0; i < 4; i++) {
		partners[i] = sql_partner(market, "courier");
		slots[i] = given_slot(market,
		    (struct slot_plan){
			.starts_local = sql_text(
			    "select '2026-03-03 22:00'::timestamp + interval '1 day' * %d", i),
			.minutes = 240,
			.capacity = 4 });
	}
	for (int i = 0; i < CROWD; i++) {
		const char *partner = partners[i % 4], *slot = slots[i / 4 % 4];

		if ((i % 4 + i / 4) % 2 == 1)
			statements[i] = book_call(market, partner, slot, sql_id(), NOW);
		else if (i < 16)
			statements[i] = forfeit_call(
			    market, partner, given_booking(market, partner, slot), sql_id(), NOW);
		else
			statements[i] = statements[i - 16];
	}
	answers = stampede(statements);
	cr_assert_eq(answers.done, 16);
	cr_assert_eq(answers.replayed, 24);
	cr_assert_eq(answers.refused, 24);
	cr_assert_eq(
	    sql_int("select sum(booked) from scheduling.slot where market_id = %d", market), 8);
	cr_assert_eq(
	    sql_count("select from laws.seats_match_bookings where market_id = %d", market), 0);
	cr_assert_eq(
	    sql_count("select from laws.partner_days_match_bookings where market_id = %d", market),
	    0);
}
