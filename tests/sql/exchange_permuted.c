/* exchange_permuted: the same week, lived under every permutation of the tags, comes to the same
 * cent, slot and list. */
#include <criterion/criterion.h>

#include "sql/exchange_given.h"
#include "sql/payday.h"
#include "sql/scheduling_given.h"
#include "sql/services_given.h"
#include "support/sql.h"

TestSuite(exchange_permuted, .init = sql_begin, .fini = sql_end);

enum { COURIERS = 4, SLOTS = 3 };

static struct {
	int market;
	const char *couriers[COURIERS], *driver;
	const char *slots[SLOTS];
	const char *discount, *van;
} city;

/* Couriers of each archetype, slots for which there are too few seats, and a market with terms. */
static void
found_city(void)
{
	static const char *const hours[SLOTS] = { "2026-03-02T17:00", "2026-03-02T19:00",
		"2026-03-03T08:00" };

	city.market = payday_market();
	city.driver = sql_partner(city.market, "driver");
	for (int i = 0; i < COURIERS; i++) {
		city.couriers[i] = sql_partner(city.market, "courier");
		happened_bookings(city.market, city.couriers[i], i % 2 == 0 ? "self" : "assigned",
		    6, "2026-02-20 10:00+00");
	}
	happened_trips(city.market, city.driver, "assigned", 7, "2026-02-20 10:00+00");
	fold(city.market, "2026-03-02 10:00+00");
	sql_run("update exchange.reading set archetype = 'companion' where partner_id = '%s'",
	    city.couriers[2]);
	sql_run("update exchange.reading set archetype = 'advisor' where partner_id = '%s'",
	    city.couriers[3]);
	for (int i = 0; i < SLOTS; i++)
		city.slots[i] = given_slot(city.market,
		    (struct slot_plan){ .starts_local = hours[i], .minutes = 180, .capacity = 2 });
	(void)given_slot(city.market, /* nobody takes it: it is on offer to all */
	    (struct slot_plan){ .starts_local = "2026-03-05T08:00", .minutes = 180 });
	given_price_agreement(city.market);
	city.discount = given_listing(city.market, (struct offer){ .stock = "3" });
	city.van = given_listing(city.market, (struct offer){ .kind = "rental" });
	(void)given_asset(city.market, city.van);
}

/* Runs a statement that may be refused, and says how it went. */
static const char *
attempt(const char *statement)
{
	PGresult *result;
	const char *refused = NULL, *said;
	int column;

	sql_run("savepoint attempt");
	result = PQexec(sql_connection(), statement);
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		column = PQfnumber(result, "refused");
		if (column >= 0 && !PQgetisnull(result, 0, column))
			refused = PQgetvalue(result, 0, column);
	} else {
		refused = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
		sql_run("rollback to attempt");
	}
	said = sql_text("select '%s'", refused == NULL ? "done" : refused);
	PQclear(result);
	return said;
}

/* A week: everyone wants every slot, works, is paid, buys, rents and drives. What was said. */
static const char *
live_a_week(void)
{
	const char *said = "", *booking;

	for (int slot = 0; slot < SLOTS; slot++)
		for (int i = 0; i < COURIERS; i++)
			said = sql_text("select '%s %s'", said,
			    attempt(book_call(city.market, city.couriers[i], city.slots[slot],
				city.slots[slot], "2026-03-02 10:00+00")));
	for (int i = 0; i < COURIERS; i++) {
		booking = sql_text("select md5('%s %s')::uuid", city.couriers[i], city.slots[0]);
		said = sql_text("select '%s %s'", said,
		    attempt(act_call("check_in_booking", city.market, city.couriers[i], booking,
			sql_id(), "2026-03-02 16:00+00")));
		said = sql_text("select '%s %s'", said,
		    attempt(act_call("complete_booking", city.market, city.couriers[i], booking,
			sql_id(), "2026-03-02 20:00+00")));
		said = sql_text("select '%s %s'", said,
		    attempt(redeem_call(city.market, city.couriers[i], city.discount, "redeemed",
			"2026-03-02 12:00+00")));
		said = sql_text("select '%s %s'", said,
		    attempt(rent_call(city.market, (struct hire){ .partner_id = city.couriers[i],
						       .listing_id = city.van,
						       .key = "rented" })));
	}
	for (int i = 1; i <= 3; i++)
		payday_trip(city.market, city.driver, "card", 1000 + i, "2026-03-02 09:00+00");
	(void)payday_pay(city.market);
	return said;
}

/* Money, seats, days and lists, as far as no id is in them that differs from run to run. */
static const char *
what_it_came_to(void)
{
	const char *lists = "";

	for (int i = 0; i < COURIERS; i++)
		lists = sql_text(
		    "select '%s' || md5((select string_agg(s::text, '|') from api.list_slots(%d, "
		    "'%s', '2026-03-02 10:00+00', null, null, null, null, 50, null, null) s) "
		    "|| (select string_agg(l::text, '|') from api.list_listings(%d, '%s', "
		    "'2026-03-02 10:00+00', null, 50, null) l) || (select (h.offers)::text "
		    "from identity.partner p, api.get_home(%d, p.account_id, "
		    "'2026-03-02 10:00+00') h where p.partner_id = '%s'))",
		    lists, city.market, city.couriers[i], city.market, city.couriers[i],
		    city.market, city.couriers[i]);
	return sql_text(
	    "select concat_ws(E'\\n', '%s', "
	    "(select string_agg(concat_ws(' ', owner_id, balance_minor, entries, owed_minor), ', ' "
	    "order by owner_id) from ledger.wallet where market_id = %d), "
	    "(select string_agg(concat_ws(' ', slot_id, booked), ', ' order by slot_id) "
	    "from scheduling.slot where market_id = %d), "
	    "(select string_agg(concat_ws(' ', booking_id, state, pay_minor), ', ' "
	    "order by booking_id) from scheduling.booking b where market_id = %d "
	    "and slot_id in ('%s', '%s', '%s')), "
	    "(select string_agg(concat_ws(' ', partner_id, day, seconds), ', ' "
	    "order by partner_id, day) from scheduling.partner_day where market_id = %d), "
	    "(select string_agg(concat_ws(' ', partner_id, amount_minor), ', ' "
	    "order by partner_id) from payouts.payout where market_id = %d))",
	    lists, city.market, city.market, city.market, city.slots[0], city.slots[1],
	    city.slots[2], city.market, city.market);
}

/* Each tag becomes the next one, for everybody. */
static void
permute(int steps)
{
	for (int i = 0; i < steps; i++)
		sql_run("update exchange.reading set archetype = case archetype "
			"when 'host' then 'companion' when 'companion' then 'advisor' "
			"when 'advisor' then 'director' else 'host' end where market_id = %d",
		    city.market);
}

Test(exchange_permuted, changes_no_cent_no_slot_and_no_list, .timeout = 120)
{
	const char *said, *came_to, *said_now, *came_to_now;

	found_city();
	sql_run("savepoint monday");
	said = live_a_week();
	came_to = what_it_came_to();
	cr_assert_not_null(came_to);
	/* it was a week worth comparing */
	cr_assert_not_null(strstr(said, "slot_full"), "%s", said);
	cr_assert_not_null(strstr(said, "slots_overlap"), "%s", said);
	cr_assert_not_null(strstr(said, "sold_out"), "%s", said);
	cr_assert_not_null(strstr(said, "no_asset_free"), "%s", said);
	cr_assert_eq(sql_int("select count(*) from payouts.payout where market_id = %d and "
			     "amount_minor > 0",
			 city.market),
	    3, "%s", came_to);
	for (int steps = 1; steps < 4; steps++) {
		sql_run("rollback to monday");
		permute(steps);
		cr_assert_eq(sql_count("select distinct archetype from exchange.reading "
				       "where market_id = %d",
				 city.market),
		    4);
		said_now = live_a_week();
		came_to_now = what_it_came_to();
		cr_expect_str_eq(said_now, said);
		cr_expect_str_eq(came_to_now, came_to);
	}
}
