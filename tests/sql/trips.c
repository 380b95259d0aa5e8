/* trips: quoting them, reading them, and the laws that watch them. */
#include <criterion/criterion.h>

#include "support/sql.h"
#include "support/trip.h"

TestSuite(trips, .init = sql_begin, .fini = sql_end);

Test(trips, quotes_what_it_would_post)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);
	const char *quote = sql_text("select to_jsonb(q) from api.quote_earnings(%d, " SQL_NOW
				     ", null, null, null, 'EUR', 1003, 200, 50, 80, null) q",
	    it.market);

	cr_assert_eq(trip_balance(&it), 0);
	cr_assert(sql_true("select to_jsonb(c) @> '%s' from (%s) c", quote, trip_call(&report)));
	cr_assert(
	    sql_true("select wallet_minor = -201 and earnings_minor = 802 and tip_minor = 0 "
		     "from api.quote_earnings(%d, " SQL_NOW ", null, null, 'cash', 'EUR', 1003, "
		     "null, null, null, null)",
		it.market));
	cr_assert(sql_true("select wallet_minor = 401 from api.quote_earnings(%d, " SQL_NOW
			   ", null, 'no_show', 'cash', 'EUR', 0, null, null, null, 501)",
	    it.market));
}

Test(trips, quotes_nothing_that_it_would_refuse)
{
	struct trip_scene it = trip_scene();

	sql_refused("trip_amounts_wrong",
	    "select * from api.quote_earnings(%d, " SQL_NOW
	    ", null, 'no_show', null, 'EUR', 1, null, null, null, null)",
	    it.market);
	sql_refused("trip_currency_differs",
	    "select * from api.quote_earnings(%d, " SQL_NOW
	    ", null, null, null, 'USD', 1, null, null, null, null)",
	    it.market);
	sql_refused("agreement_missing",
	    "select * from api.quote_earnings(%d, " SQL_NOW
	    ", '2025-12-31 00:00+00', null, null, 'EUR', 1, null, null, null, null)",
	    it.market);
}

Test(trips, lists_trips_from_the_newest_page_by_page)
{
	struct trip_scene it = trip_scene();
	struct report report;
	const char *last = NULL;

	for (int hour = 1; hour <= 4; hour++) {
		report = trip_of(it.market, it.driver);
		report.fare = hour;
		report.started_at = sql_text("select timestamptz '2026-03-02 00:00+00' "
					     "+ interval '1 hour' * %d",
		    hour);
		trip_send(&report);
		if (hour == 2)
			last = report.trip_id;
	}
	cr_assert_str_eq(
	    sql_text("select array_agg(fare_minor) from api.list_trips(%d, '%s', null, "
		     "null, null, 2, null, null)",
		it.market, it.driver),
	    "{4,3}");
	cr_assert_str_eq(
	    sql_text("select array_agg(fare_minor) from api.list_trips(%d, null, null, "
		     "null, null, 2, '2026-03-02 02:00+00', '%s')",
		it.market, last),
	    "{1}");
	cr_assert_str_eq(
	    sql_text("select array_agg(fare_minor) from api.list_trips(%d, null, '%s', "
		     "'2026-03-02 02:00+00', '2026-03-02 04:00+00', 50, null, null)",
		it.market, it.driver),
	    "{3,2}");
}

Test(trips, hides_trips_from_others)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);
	const char *bob;
	int elsewhere;

	sql_as(NULL);
	bob = sql_partner(it.market, "driver");
	elsewhere = sql_market();
	sql_as("socius_gate");
	trip_send(&report);
	cr_assert_eq(sql_count("select from api.get_trip(%d, '%s', '%s')", it.market, it.driver,
			 report.trip_id),
	    1);
	cr_assert_eq(
	    sql_count("select from api.get_trip(%d, null, '%s')", it.market, report.trip_id), 1);
	sql_refused("trip_unknown", "select * from api.get_trip(%d, '%s', '%s')", it.market, bob,
	    report.trip_id);
	sql_refused("trip_unknown", "select * from api.get_trip(%d, null, '%s')", elsewhere,
	    report.trip_id);
	cr_assert_eq(sql_count("select from api.list_trips(%d, '%s', null, null, null, 50, null, "
			       "null)",
			 it.market, bob),
	    0);
	cr_assert_eq(sql_count("select from api.list_trips(%d, '%s', '%s', null, null, 50, null, "
			       "null)",
			 it.market, bob, it.driver),
	    0);
	cr_assert_eq(
	    sql_count("select from api.list_trips(%d, null, null, null, null, 50, null, null)",
		elsewhere),
	    0);
}

Test(trips, lists_nobody_else_for_a_partner_who_asks)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	trip_send(&report);
	cr_assert_eq(sql_count("select from api.list_trips(%d, '%s', '%s', null, null, 50, null, "
			       "null)",
			 it.market, it.driver, it.driver),
	    1);
	cr_assert_eq(sql_count("select from api.list_trips(%d, '%s', '%s', null, null, 50, null, "
			       "null)",
			 it.market, it.driver, sql_id()),
	    0);
}

Test(trips, shows_no_trip_through_the_wall)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	trip_send(&report);
	sql_as("wall_member");
	sql_run("select core.enter(%d, '%s')", it.market, sql_id());
	cr_assert_eq(sql_count("select from fulfilment.trip"), 0);
	sql_run("select core.enter(%d, '%s')", it.market, it.driver);
	cr_assert_eq(sql_count("select from fulfilment.trip"), 1);
}

/* The lists read an index in its order, behind the walls too. */
Test(trips, lists_by_index)
{
	struct trip_scene it = trip_scene();

	sql_as(NULL);
	sql_run("insert into fulfilment.trip select %d, md5('trip' || n)::uuid, md5('p' || n %% "
		"100)::uuid, " SQL_DIGEST ", 'completed', 'offer', 'card', '2026-01-01 00:00+00'"
		"::timestamptz + n * interval '1 minute', '2026-03-01', 0, 'EUR', 10, 0, 0, 0, 0, "
		"'%s', 10, 8, 2, 8, 0, 8, '2026-03-01' from generate_series(1, 20000) n",
	    it.market, sql_id());
	sql_run("analyze fulfilment.trip");
	sql_as("wall_member");
	sql_run("select core.enter(%d, md5('p7')::uuid)", it.market);
	for (int i = 0; i < 2; i++) {
		const char *only = i == 0 ? "" : "and partner_id = md5('p7')::uuid ";
		const char *plan = sql_text(
		    "explain (format json) select * from fulfilment.trip where market_id = %d %s"
		    "and started_at >= '-infinity' and (started_at, trip_id) < "
		    "('2026-01-09', 'ffffffff-ffff-ffff-ffff-ffffffffffff') "
		    "order by started_at desc, trip_id desc limit 50",
		    it.market, only);

		cr_assert(strstr(plan, i == 0 ? "trip_of_" : "trip_of_partner"), "%s", plan);
		cr_assert_null(strstr(plan, "Sort"), "%s", plan);
	}
}

/* Each law sees its violation. Constraint and guard must be out of the way to plant one. */
static void
plant(const char *law, const char *change)
{
	sql_breaks_law(law,
	    "alter table fulfilment.trip drop constraint trip_parts_sum, "
	    "drop constraint trip_amounts_wrong;"
	    "drop trigger transaction_append_only on ledger.transaction; %s",
	    change);
}

Test(trips, has_laws_that_see)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	trip_send(&report);
	report = trip_cancelled(it.market, it.driver, 500);
	trip_send(&report);
	sql_as(NULL);
	plant(
	    "trip_parts_sum_to_the_fare", "update fulfilment.trip set fare_minor = fare_minor + 1");
	plant("commission_is_on_the_fare",
	    "update fulfilment.trip set commission_minor = commission_minor + 1, "
	    "partner_share_minor = partner_share_minor - 1");
	plant(
	    "commission_is_on_the_fare", "update fulfilment.trip set share_agreement_id = trip_id");
	plant("trip_amounts_add_up", "update fulfilment.trip set tip_minor = tip_minor + 1");
	plant("trip_amounts_add_up", "update fulfilment.trip set payment = 'cash' "
				     "where status = 'completed'");
	plant("trips_are_posted_once", "delete from ledger.transaction where kind = 'trip'");
	plant("trips_are_posted_once", "delete from fulfilment.trip where status <> 'completed'");
	plant("trips_are_posted_once", "update ledger.transaction set amounts[3] = amounts[3] + 1, "
				       "amounts[1] = amounts[1] - 1 where kind = 'trip'");
	plant("trips_are_posted_once",
	    "insert into ledger.transaction select market_id, owner_id, posted_month, entry_no + "
	    "9, "
	    "transaction_id, kind, cause_id, accounts, amounts, wallet_minor, balance_minor, "
	    "currency, occurred_at, posted_at, week from ledger.transaction where kind = 'trip'");
	plant("trips_have_events", "delete from events.event where subject = 'trip'");
	plant("trips_have_events",
	    "update events.event set to_state = 'no_show' where subject = 'trip'");
}
