/* fulfilment: reports of finished trips, what they come to and what they post. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(fulfilment, .init = sql_begin, .fini = sql_end);

#define SERVICE "00000000-0000-7000-8000-00000000000b"

struct report {
	int market;
	const char *trip_id, *partner_id;
	const char *digest;
	const char *status, *payment, *currency;
	const char *started_at, *ended_at;
	int64_t fare, tip, tolls, taxes, fee;
};

/* A completed trip by card of 10.03, 2.00 tip, 0.50 tolls, 0.80 taxes, this morning. */
static struct report
trip_of(int market, const char *partner_id)
{
	return (struct report){
		.market = market,
		.trip_id = sql_id(),
		.partner_id = partner_id,
		.digest = SQL_DIGEST,
		.status = "completed",
		.payment = "card",
		.currency = "EUR",
		.started_at = "2026-03-02 08:00+00",
		.ended_at = "2026-03-02 08:20+00",
		.fare = 1003,
		.tip = 200,
		.tolls = 50,
		.taxes = 80,
	};
}

/* A trip that the rider called off, for a fee. */
static struct report
cancelled(int market, const char *partner_id, int64_t fee)
{
	struct report report = trip_of(market, partner_id);

	report.status = "cancelled_by_rider";
	report.fare = report.tip = report.tolls = report.taxes = 0;
	report.fee = fee;
	return report;
}

static const char *
call(const struct report *report)
{
	return sql_text("select $call$ select refused, detail, replayed, (\"row\").* "
			"from api.create_trip(%d, '" SERVICE "', 'service', " SQL_NOW
			", '%s', '%s', %s, '%s', '%s', '%s', null, '%s', '%s', '%s', 5200, '%s', "
			"%lld, %lld, %lld, %lld, nullif(%lld, 0)) $call$",
	    report->market, sql_id(), sql_id(), report->digest, report->trip_id, report->partner_id,
	    report->status, report->payment, report->started_at, report->ended_at, report->currency,
	    (long long)report->fare, (long long)report->tip, (long long)report->tolls,
	    (long long)report->taxes, (long long)report->fee);
}

static void
send(const struct report *report)
{
	cr_assert(
	    sql_true("select refused is null and replayed is not true from (%s) c", call(report)));
}

/* 80 % to the partner from the beginning of 2026, from `from` on the given part. */
static void
agree(int market, const char *from, int partner_ppm)
{
	sql_run("insert into ledger.share_agreement values (%d, '%s', 'Terms', 'fare', '%s', "
		"'{partner,platform}', '{%d,%d}', " SQL_NOW ")",
	    market, sql_id(), from, partner_ppm, 1000000 - partner_ppm);
}

struct scene {
	int market;
	const char *driver;
};

/* A market with an agreement of 80/20 and one driver; the gate calls. */
static struct scene
scene(void)
{
	struct scene it = { .market = sql_market() };

	it.driver = sql_partner(it.market, "driver");
	agree(it.market, "2026-01-01 00:00+00", 800000);
	sql_as("socius_gate");
	return it;
}

static int64_t
balance(const struct scene *it)
{
	return sql_int("select balance_minor from api.get_balance(%d, '%s', " SQL_NOW ", '%s')",
	    it->market, it->driver, it->driver);
}

/* The entries of the driver's last transaction, as account:amount. */
static const char *
last_entries(const struct scene *it)
{
	return sql_text("select x.kind || (select string_agg(format(' %%s:%%s', e.account, "
			"e.amount_minor), '' order by n) from unnest(x.entries) with ordinality "
			"as e (account, name, amount_minor, n)) "
			"from api.list_ledger_transactions(%d, '%s', null, null, null, 200, null, "
			"null, null) x order by x.entry_no desc limit 1",
	    it->market, it->driver);
}

Test(fulfilment, splits_the_fare_and_passes_tip_and_tolls_through)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	cr_assert(sql_true("select partner_share_minor = 802 and commission_minor = 201 and "
			   "earnings_minor = 1052 and total_minor = 1333 and wallet_minor = 1052 "
			   "and cash_collected_minor = 0 and origin = 'offer' from (%s) c",
	    call(&report)));
	cr_assert_eq(balance(&it), 1052);
	cr_assert_str_eq(last_entries(&it), "trip 1000:1333 2000:-1052 4000:-201 2100:-80");
}

Test(fulfilment, takes_no_commission_from_tip_tolls_and_taxes)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.fare = 0;
	cr_assert_eq(sql_int("select commission_minor from (%s) c", call(&report)), 0);
	cr_assert_eq(balance(&it), 250);
}

Test(fulfilment, leaves_a_receivable_of_a_cash_trip)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.payment = "cash";
	cr_assert(sql_true("select cash_collected_minor = 1333 and earnings_minor = 1052 and "
			   "wallet_minor = -281 from (%s) c",
	    call(&report)));
	cr_assert_eq(balance(&it), -281);
	cr_assert_str_eq(last_entries(&it), "trip 2000:281 4000:-201 2100:-80");
}

Test(fulfilment, collects_what_is_not_said_like_card)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.payment = "unspecified";
	send(&report);
	cr_assert_eq(balance(&it), 1052);
}

Test(fulfilment, posts_a_cash_trip_below_the_floor)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.payment = "cash";
	report.fare = 300000;
	send(&report);
	cr_assert_lt(balance(&it), -50000);
	sql_as(NULL);
	cr_assert_eq(sql_count("select from laws.wallets_keep_their_floor"), 0);
}

Test(fulfilment, splits_a_cancellation_fee_like_a_fare)
{
	struct scene it = scene();
	struct report report = cancelled(it.market, it.driver, 501);

	report.payment = "cash"; /* the platform collects it all the same */
	cr_assert(sql_true("select partner_share_minor = 401 and commission_minor = 100 and "
			   "cash_collected_minor = 0 and wallet_minor = 401 from (%s) c",
	    call(&report)));
	cr_assert_eq(balance(&it), 401);
	cr_assert_str_eq(last_entries(&it), "cancellation_fee 1000:501 2000:-401 4100:-100");
}

Test(fulfilment, posts_nothing_for_a_trip_that_came_to_nothing)
{
	struct scene it = scene();

	for (int i = 0; i < 3; i++) {
		static const char *const statuses[] = { "cancelled_by_rider",
			"cancelled_by_partner", "no_show" };
		struct report report = cancelled(it.market, it.driver, 0);

		report.status = statuses[i];
		send(&report);
	}
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from ledger.transaction where owner_id = '%s'", it.driver), 0);
	cr_assert_eq(
	    sql_count("select from events.event where partner_id = '%s' and kind in "
		      "('trip.cancelled_by_rider', 'trip.cancelled_by_partner', 'trip.no_show') "
		      "and subject = 'trip' and actor_id = '" SERVICE
		      "' and actor_role = 'service'",
		it.driver),
	    3);
}

Test(fulfilment, writes_one_transaction_even_of_nothing_for_a_completed_trip)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.fare = report.tip = report.tolls = report.taxes = 0;
	send(&report);
	report.trip_id = sql_id();
	report.payment = "cash";
	send(&report);
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from ledger.transaction where owner_id = '%s'", it.driver), 2);
	cr_assert_eq(sql_count("select from laws.trips_are_posted_once"), 0);
}

Test(fulfilment, takes_the_agreement_in_force_at_the_start)
{
	struct scene it = scene();
	struct report before = trip_of(it.market, it.driver), after = trip_of(it.market, it.driver);

	sql_as(NULL);
	agree(it.market, "2026-03-02 08:00+00", 500000);
	agree(it.market, "2026-03-02 08:10+00", 0);
	sql_as("socius_gate");
	before.started_at = "2026-03-02 07:59:59.999999+00";
	cr_assert_eq(sql_int("select partner_share_minor from (%s) c", call(&before)), 802);
	/* half a cent each: to the first line, the partner's */
	cr_assert_eq(sql_int("select partner_share_minor from (%s) c", call(&after)), 502);
}

Test(fulfilment, takes_overlapping_endless_and_unordered_trips)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	send(&report);
	report.trip_id = sql_id();
	send(&report);
	report.trip_id = sql_id();
	report.started_at = report.ended_at = "2026-02-02 08:00+00";
	send(&report);
	cr_assert_eq(balance(&it), 3 * 1052);
	cr_assert_eq(sql_int("select count(distinct week) from api.list_earnings(%d, '%s', '%s', "
			     "null, null, 50, null, null)",
			 it.market, it.driver, it.driver),
	    2);
}

Test(fulfilment, answers_a_repeated_report_alike)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);
	const char *made, *again;

	made = sql_text("select to_jsonb(c) - 'replayed' from (%s) c", call(&report));
	again =
	    sql_text("select to_jsonb(c) - 'replayed' from (%s) c where replayed", call(&report));
	cr_assert_str_eq(made, again);
	cr_assert_eq(balance(&it), 1052);
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from events.event where subject_id = '%s'", report.trip_id), 1);
}

Test(fulfilment, answers_a_repeated_report_whatever_has_changed)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	send(&report);
	sql_as(NULL);
	sql_run(
	    "update onboarding.enrolment set state = 'closed' where partner_id = '%s'", it.driver);
	sql_as("socius_gate");
	cr_assert(sql_true("select replayed and refused is null and trip_id = '%s' from (%s) c",
	    report.trip_id, call(&report)));
}

Test(fulfilment, refuses_another_report_of_the_same_trip)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	send(&report);
	report.digest = SQL_OTHER_DIGEST;
	sql_refused("key_reused", "%s", call(&report));
	report.currency = "USD";
	sql_refused("key_reused", "%s", call(&report));
	cr_assert_eq(balance(&it), 1052);
}

Test(fulfilment, keeps_trip_ids_of_markets_apart)
{
	struct scene here = scene(), there;
	struct report report;

	sql_as(NULL);
	there = scene();
	report = trip_of(here.market, here.driver);
	send(&report);
	report.market = there.market;
	report.partner_id = there.driver;
	send(&report);
	cr_assert_eq(balance(&there), 1052);
}

Test(fulfilment, refuses_who_cannot_have_driven)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.partner_id = sql_id();
	sql_refused("partner_unknown", "%s", call(&report));
	sql_as(NULL);
	report.partner_id = sql_partner(it.market, "courier");
	sql_refused("not_enrolled", "%s", call(&report));
	report.partner_id = sql_partner(sql_market(), "driver");
	sql_refused("partner_unknown", "%s", call(&report));
	sql_run("update onboarding.enrolment set state = 'suspended' where partner_id = '%s'",
	    it.driver);
	report.partner_id = it.driver;
	sql_refused("not_enrolled", "%s", call(&report));
}

Test(fulfilment, refuses_a_trip_before_any_agreement)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.started_at = "2025-12-31 23:59:59+00";
	sql_refused("agreement_missing", "%s", call(&report));
}

Test(fulfilment, refuses_times_that_cannot_be)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.ended_at = "2026-03-02 07:59:59.999999+00";
	sql_refused("trip_times_wrong", "%s", call(&report));
	report.ended_at = "2026-03-02 10:00:00.000001+00";
	sql_refused("trip_in_the_future", "%s", call(&report));
	report.ended_at = "2026-03-02 10:00+00";
	send(&report);
}

Test(fulfilment, refuses_amounts_that_do_not_fit_the_status)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.fee = 1;
	sql_refused("trip_amounts_wrong", "%s", call(&report));
	report.fee = 0;
	report.tip = -1;
	sql_refused("trip_amounts_wrong", "%s", call(&report));
	report.tip = INT64_C(9007199254740991);
	sql_refused("trip_amounts_wrong", "%s", call(&report));
	report = cancelled(it.market, it.driver, 500);
	report.fare = 1;
	sql_refused("trip_amounts_wrong", "%s", call(&report));
	report.fare = 0;
	report.taxes = 1;
	sql_refused("trip_amounts_wrong", "%s", call(&report));
}

Test(fulfilment, refuses_another_currency)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	report.currency = "USD";
	sql_refused("trip_currency_differs", "%s", call(&report));
	cr_assert_str_eq(
	    sql_text("select detail ->> 'currency' from (%s) c", call(&report)), "EUR");
}

Test(fulfilment, holds_its_constraints_whoever_writes)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	send(&report);
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
	struct scene it = scene();
	const char *first = sql_id(), *second = sql_id();
	const char *batch = sql_text(
	    "select $call$ select refused, replayed, (\"row\").trip_id, (\"row\").wallet_minor "
	    "from api.create_trip_batch(%d, array_fill('" SERVICE "'::uuid, array[4]), "
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
	cr_assert_eq(balance(&it), 600);
}

Test(fulfilment, runs_a_batch_by_the_clock_of_a_test_market)
{
	struct scene it = scene();

	sql_as(NULL);
	sql_run("update core.market set test_now = '2026-03-02 08:19+00' where market_id = %d",
	    it.market);
	sql_as("socius_gate");
	cr_assert_str_eq(
	    sql_text("select refused from api.create_trip_batch(%d, array['" SERVICE "'::uuid], "
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

Test(fulfilment, quotes_what_it_would_post)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);
	const char *quote = sql_text("select to_jsonb(q) from api.quote_earnings(%d, " SQL_NOW
				     ", null, null, null, 'EUR', 1003, 200, 50, 80, null) q",
	    it.market);

	cr_assert_eq(balance(&it), 0);
	cr_assert(sql_true("select to_jsonb(c) @> '%s' from (%s) c", quote, call(&report)));
	cr_assert(
	    sql_true("select wallet_minor = -201 and earnings_minor = 802 and tip_minor = 0 "
		     "from api.quote_earnings(%d, " SQL_NOW ", null, null, 'cash', 'EUR', 1003, "
		     "null, null, null, null)",
		it.market));
	cr_assert(sql_true("select wallet_minor = 401 from api.quote_earnings(%d, " SQL_NOW
			   ", null, 'no_show', 'cash', 'EUR', 0, null, null, null, 501)",
	    it.market));
}

Test(fulfilment, quotes_nothing_that_it_would_refuse)
{
	struct scene it = scene();

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

Test(fulfilment, lists_trips_from_the_newest_page_by_page)
{
	struct scene it = scene();
	struct report report;
	const char *last = NULL;

	for (int hour = 1; hour <= 4; hour++) {
		report = trip_of(it.market, it.driver);
		report.fare = hour;
		report.started_at = sql_text("select timestamptz '2026-03-02 00:00+00' "
					     "+ interval '1 hour' * %d",
		    hour);
		send(&report);
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

Test(fulfilment, hides_trips_from_others)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);
	const char *bob;
	int elsewhere;

	sql_as(NULL);
	bob = sql_partner(it.market, "driver");
	elsewhere = sql_market();
	sql_as("socius_gate");
	send(&report);
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

Test(fulfilment, shows_no_trip_through_the_wall)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	send(&report);
	sql_as("wall_member");
	sql_run("select core.enter(%d, '%s')", it.market, sql_id());
	cr_assert_eq(sql_count("select from fulfilment.trip"), 0);
	sql_run("select core.enter(%d, '%s')", it.market, it.driver);
	cr_assert_eq(sql_count("select from fulfilment.trip"), 1);
}

/* The lists read an index in its order, behind the walls too. */
Test(fulfilment, lists_by_index)
{
	struct scene it = scene();

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

Test(fulfilment, has_laws_that_see)
{
	struct scene it = scene();
	struct report report = trip_of(it.market, it.driver);

	send(&report);
	report = cancelled(it.market, it.driver, 500);
	send(&report);
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
