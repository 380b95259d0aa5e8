/* fulfilment: reports of finished trips, what they come to and what they post. */
#include <criterion/criterion.h>

#include "support/sql.h"
#include "support/trip.h"

TestSuite(fulfilment, .init = sql_begin, .fini = sql_end);

Test(fulfilment, splits_the_fare_and_passes_tip_and_tolls_through)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	cr_assert(sql_true("select partner_share_minor = 802 and commission_minor = 201 and "
			   "earnings_minor = 1052 and total_minor = 1333 and wallet_minor = 1052 "
			   "and cash_collected_minor = 0 and origin = 'offer' from (%s) c",
	    trip_call(&report)));
	cr_assert_eq(trip_balance(&it), 1052);
	cr_assert_str_eq(trip_last_entries(&it), "trip 1000:1333 2000:-1052 4000:-201 2100:-80");
}

Test(fulfilment, takes_no_commission_from_tip_tolls_and_taxes)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.fare = 0;
	cr_assert_eq(sql_int("select commission_minor from (%s) c", trip_call(&report)), 0);
	cr_assert_eq(trip_balance(&it), 250);
}

Test(fulfilment, leaves_a_receivable_of_a_cash_trip)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.payment = "cash";
	cr_assert(sql_true("select cash_collected_minor = 1333 and earnings_minor = 1052 and "
			   "wallet_minor = -281 from (%s) c",
	    trip_call(&report)));
	cr_assert_eq(trip_balance(&it), -281);
	cr_assert_str_eq(trip_last_entries(&it), "trip 2000:281 4000:-201 2100:-80");
}

Test(fulfilment, collects_what_is_not_said_like_card)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.payment = "unspecified";
	trip_send(&report);
	cr_assert_eq(trip_balance(&it), 1052);
}

Test(fulfilment, posts_a_cash_trip_below_the_floor)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.payment = "cash";
	report.fare = 300000;
	trip_send(&report);
	cr_assert_lt(trip_balance(&it), -50000);
	sql_as(NULL);
	cr_assert_eq(sql_count("select from laws.wallets_keep_their_floor"), 0);
}

Test(fulfilment, splits_a_cancellation_fee_like_a_fare)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_cancelled(it.market, it.driver, 501);

	report.payment = "cash"; /* the platform collects it all the same */
	cr_assert(sql_true("select partner_share_minor = 401 and commission_minor = 100 and "
			   "cash_collected_minor = 0 and wallet_minor = 401 from (%s) c",
	    trip_call(&report)));
	cr_assert_eq(trip_balance(&it), 401);
	cr_assert_str_eq(trip_last_entries(&it), "cancellation_fee 1000:501 2000:-401 4100:-100");
}

Test(fulfilment, posts_nothing_for_a_trip_that_came_to_nothing)
{
	struct trip_scene it = trip_scene();

	for (int i = 0; i < 3; i++) {
		static const char *const statuses[] = { "cancelled_by_rider",
			"cancelled_by_partner", "no_show" };
		struct report report = trip_cancelled(it.market, it.driver, 0);

		report.status = statuses[i];
		trip_send(&report);
	}
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from ledger.transaction where owner_id = '%s'", it.driver), 0);
	cr_assert_eq(
	    sql_count("select from events.event where partner_id = '%s' and kind in "
		      "('trip.cancelled_by_rider', 'trip.cancelled_by_partner', 'trip.no_show') "
		      "and subject = 'trip' and actor_id = '" TRIP_SERVICE
		      "' and actor_role = 'service'",
		it.driver),
	    3);
}

Test(fulfilment, writes_one_transaction_even_of_nothing_for_a_completed_trip)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.fare = report.tip = report.tolls = report.taxes = 0;
	trip_send(&report);
	report.trip_id = sql_id();
	report.payment = "cash";
	trip_send(&report);
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from ledger.transaction where owner_id = '%s'", it.driver), 2);
	cr_assert_eq(sql_count("select from laws.trips_are_posted_once"), 0);
}

Test(fulfilment, takes_the_agreement_in_force_at_the_start)
{
	struct trip_scene it = trip_scene();
	struct report before = trip_of(it.market, it.driver), after = trip_of(it.market, it.driver);

	sql_as(NULL);
	trip_agree(it.market, "2026-03-02 08:00+00", 500000);
	trip_agree(it.market, "2026-03-02 08:10+00", 0);
	sql_as("socius_gate");
	before.started_at = "2026-03-02 07:59:59.999999+00";
	cr_assert_eq(sql_int("select partner_share_minor from (%s) c", trip_call(&before)), 802);
	/* half a cent each: to the first line, the partner's */
	cr_assert_eq(sql_int("select partner_share_minor from (%s) c", trip_call(&after)), 502);
}

Test(fulfilment, earns_when_the_trip_ends)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	/* over Monday 04:00 in Rome */
	report.started_at = "2026-03-02 02:50+00";
	report.ended_at = "2026-03-02 03:10+00";
	trip_send(&report);
	cr_assert(sql_true("select occurred_at = '2026-03-02 03:10+00' and week = '2026-03-02' "
			   "from api.list_earnings(%d, '%s', '%s', null, null, 50, null, null)",
	    it.market, it.driver, it.driver));
}

Test(fulfilment, takes_overlapping_endless_and_unordered_trips)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	trip_send(&report);
	report.trip_id = sql_id();
	trip_send(&report);
	report.trip_id = sql_id();
	report.started_at = report.ended_at = "2026-02-02 08:00+00";
	trip_send(&report);
	cr_assert_eq(trip_balance(&it), 3 * 1052);
	cr_assert_eq(sql_int("select count(distinct week) from api.list_earnings(%d, '%s', '%s', "
			     "null, null, 50, null, null)",
			 it.market, it.driver, it.driver),
	    2);
}

Test(fulfilment, answers_a_repeated_report_alike)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);
	const char *made, *again;

	made = sql_text("select to_jsonb(c) - 'replayed' from (%s) c", trip_call(&report));
	again = sql_text(
	    "select to_jsonb(c) - 'replayed' from (%s) c where replayed", trip_call(&report));
	cr_assert_str_eq(made, again);
	cr_assert_eq(trip_balance(&it), 1052);
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from events.event where subject_id = '%s'", report.trip_id), 1);
}

Test(fulfilment, answers_a_repeated_report_whatever_has_changed)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	trip_send(&report);
	sql_as(NULL);
	sql_run(
	    "update onboarding.enrolment set state = 'closed' where partner_id = '%s'", it.driver);
	sql_as("socius_gate");
	cr_assert(sql_true("select replayed and refused is null and trip_id = '%s' from (%s) c",
	    report.trip_id, trip_call(&report)));
}

Test(fulfilment, refuses_another_report_of_the_same_trip)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	trip_send(&report);
	report.digest = SQL_OTHER_DIGEST;
	sql_refused("key_reused", "%s", trip_call(&report));
	report.currency = "USD";
	sql_refused("key_reused", "%s", trip_call(&report));
	cr_assert_eq(trip_balance(&it), 1052);
}

Test(fulfilment, keeps_trip_ids_of_markets_apart)
{
	struct trip_scene here = trip_scene(), there;
	struct report report;

	sql_as(NULL);
	there = trip_scene();
	report = trip_of(here.market, here.driver);
	trip_send(&report);
	report.market = there.market;
	report.partner_id = there.driver;
	trip_send(&report);
	cr_assert_eq(trip_balance(&there), 1052);
}

Test(fulfilment, refuses_who_cannot_have_driven)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.partner_id = sql_id();
	sql_refused("partner_unknown", "%s", trip_call(&report));
	sql_as(NULL);
	report.partner_id = sql_partner(it.market, "courier");
	sql_refused("not_enrolled", "%s", trip_call(&report));
	report.partner_id = sql_partner(sql_market(), "driver");
	sql_refused("partner_unknown", "%s", trip_call(&report));
	sql_run("update onboarding.enrolment set state = 'suspended' where partner_id = '%s'",
	    it.driver);
	report.partner_id = it.driver;
	sql_refused("not_enrolled", "%s", trip_call(&report));
}

Test(fulfilment, refuses_a_trip_before_any_agreement)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.started_at = "2025-12-31 23:59:59+00";
	sql_refused("agreement_missing", "%s", trip_call(&report));
}

Test(fulfilment, refuses_times_that_cannot_be)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.ended_at = "2026-03-02 07:59:59.999999+00";
	sql_refused("trip_times_wrong", "%s", trip_call(&report));
	report.ended_at = "2026-03-02 10:00:00.000001+00";
	sql_refused("trip_in_the_future", "%s", trip_call(&report));
	report.ended_at = "2026-03-02 10:02:30+00";
	sql_refused("trip_in_the_future", "%s", trip_call(&report));
	sql_may_retry("ended_at", "2026-03-02T10:02:30Z", 150);
	report.ended_at = "2026-03-02 10:00+00";
	trip_send(&report);
}

Test(fulfilment, refuses_amounts_that_do_not_fit_the_status)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.fee = 1;
	sql_refused("trip_amounts_wrong", "%s", trip_call(&report));
	report.fee = 0;
	report.tip = -1;
	sql_refused("trip_amounts_wrong", "%s", trip_call(&report));
	report.tip = INT64_C(9007199254740991);
	sql_refused("amount_too_large", "%s", trip_call(&report));
	report = trip_cancelled(it.market, it.driver, 500);
	report.fare = 1;
	sql_refused("trip_amounts_wrong", "%s", trip_call(&report));
	report.fare = 0;
	report.taxes = 1;
	sql_refused("trip_amounts_wrong", "%s", trip_call(&report));
}

Test(fulfilment, refuses_another_currency)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.currency = "USD";
	sql_refused("trip_currency_differs", "%s", trip_call(&report));
	cr_assert_str_eq(
	    sql_text("select detail ->> 'currency' from (%s) c", trip_call(&report)), "EUR");
}

Test(fulfilment, holds_its_constraints_whoever_writes)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	trip_send(&report);
	sql_as(NULL);
	sql_refused("trip_times_wrong",
	    "update fulfilment.trip set ended_at = started_at - interval '1 second' "
	    "where trip_id = '%s'",
	    report.trip_id);
	sql_refused("trip_amounts_wrong",
	    "update fulfilment.trip set cancellation_fee_minor = 1 where trip_id = '%s'",
	    report.trip_id);
	sql_refused("trip_parts_sum",
	    "update fulfilment.trip set commission_minor = commission_minor + 1 "
	    "where trip_id = '%s'",
	    report.trip_id);
}

Test(fulfilment, takes_a_batch_one_by_one)
{
	struct trip_scene it = trip_scene();
	const char *first = sql_id(), *second = sql_id();
	const char *batch = sql_text(
	    "select $call$ select refused, replayed, (\"row\").trip_id, (\"row\").wallet_minor "
	    "from api.create_trip_batch(%d, array_fill('" TRIP_SERVICE "'::uuid, array[4]), "
	    "array_fill('service'::text, array[4]), array_fill(" SQL_NOW ", array[4]), "
	    "array['%s', '%s', '%s', '%s']::uuid[], array['%s', '%s', '%s', '%s']::uuid[], "
	    "array[" SQL_DIGEST ", " SQL_DIGEST ", " SQL_DIGEST ", " SQL_OTHER_DIGEST "], "
	    "array['%s', '%s', '%s', '%s']::uuid[], array_fill('%s'::uuid, array[4]), "
	    "array_fill('completed'::text, array[4]), array[null, 'self', null, null], "
	    "array['card', 'cash', 'card', 'card'], "
	    "array_fill('2026-03-02 08:00+00'::timestamptz, array[4]), "
	    "array_fill('2026-03-02 08:20+00'::timestamptz, array[4]), array_fill(5200, array[4]), "
	    "array_fill('EUR'::text, array[4]), array_fill(1000::bigint, array[4]), "
	    "array_fill(0::bigint, array[4]), array_fill(0::bigint, array[4]), "
	    "array_fill(0::bigint, array[4]), array_fill(null::bigint, array[4])) $call$",
	    it.market, sql_id(), sql_id(), sql_id(), sql_id(), sql_id(), sql_id(), sql_id(),
	    sql_id(), first, second, first, first, it.driver);

	cr_assert_str_eq(
	    sql_text("select array_agg(coalesce(refused, replayed::text, wallet_minor::text)) "
		     "from (%s) c",
		batch),
	    "{800,-200,true,key_reused}");
	cr_assert_eq(trip_balance(&it), 600);
}

Test(fulfilment, runs_a_batch_by_the_clock_of_a_test_market)
{
	struct trip_scene it = trip_scene();

	sql_as(NULL);
	sql_run("update core.market set test_now = '2026-03-02 08:19+00' where market_id = %d",
	    it.market);
	sql_as("socius_gate");
	cr_assert_str_eq(
	    sql_text("select refused from api.create_trip_batch(%d, array['" TRIP_SERVICE
		     "'::uuid], "
		     "array['service'], array[" SQL_NOW "], array['%s'::uuid], array['%s'::uuid], "
		     "array[" SQL_DIGEST "], array['%s'::uuid], array['%s'::uuid], "
		     "array['completed'], array[null::text], array['card'], "
		     "array['2026-03-02 08:00+00'::timestamptz], "
		     "array['2026-03-02 08:20+00'::timestamptz], array[5200], array['EUR'], "
		     "array[1000::bigint], array[0::bigint], array[0::bigint], array[0::bigint], "
		     "array[null::bigint])",
		it.market, sql_id(), sql_id(), sql_id(), it.driver),
	    "trip_in_the_future");
}
