/* money_bounds: how much one posting may be in a market, and that no sum breaks the books. */
#include <criterion/criterion.h>

#include "sql/cocreation_given.h"
#include "sql/payday.h"
#include "sql/scheduling_given.h"
#include "sql/services_given.h"
#include "support/sql.h"
#include "support/trip.h"

#define MOST "9007199254740991"

TestSuite(money_bounds, .init = sql_begin, .fini = sql_end);

static void
limit(int market, int64_t max_minor)
{
	sql_run("update core.market set posting_max_minor = %lld where market_id = %d",
	    (long long)max_minor, market);
}

/* --- the limit --- */

Test(money_bounds, let_a_posting_be_a_million_units_and_no_more)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	report.tip = report.tolls = report.taxes = 0;
	report.fare = 100000000;
	trip_send(&report);
	report.trip_id = sql_id();
	report.fare++;
	sql_refused("amount_too_large", "%s", trip_call(&report));
	report.fare = INT64_C(46116860184274);
	sql_refused("amount_too_large", "%s", trip_call(&report));
	cr_expect_str_eq(sql_text("select detail from (%s) c", trip_call(&report)),
	    "{\"currency\": \"EUR\", \"posting_max_minor\": 100000000}");
	report.fare = 100000000;
	report.tip = 1;
	sql_refused("amount_too_large", "%s", trip_call(&report));
	cr_expect_eq(trip_balance(&it), 80000000);
}

Test(money_bounds, follow_the_digits_of_the_currency)
{
	cr_expect_eq(sql_int("select ledger.posting_max(m) from core.market m where market_id = %d",
			 sql_market()),
	    100000000);
	for (int exponent = 0; exponent <= 4; exponent++) {
		int market = sql_market();

		sql_run("update core.market set currency_exponent = %d where market_id = %d",
		    exponent, market);
		cr_expect(sql_true("select ledger.posting_max(m) = 1000000 * 10 ^ %d "
				   "from core.market m where market_id = %d",
		    exponent, market));
	}
}

/* The call that changes the limit of a market. */
static const char *
change(int market, int version, const char *max_minor)
{
	return sql_text("select $call$ select * from api.change_market('%s', 'admin', " SQL_NOW
			", '%s', 't%d', '%d', %s, %s is null) $call$",
	    sql_operator(), sql_id(), market, version, max_minor, max_minor);
}

Test(money_bounds, are_changed_by_an_admin_who_has_read_them)
{
	int market = sql_market();

	sql_as("socius_gate");
	cr_expect(
	    sql_true("select posting_max_minor = 100000000 from api.get_market('t%d')", market));
	cr_expect(sql_true(
	    "select posting_max_minor = 5 and version = 2 from (%s) c", change(market, 1, "5")));
	sql_refused("precondition_failed", "%s", change(market, 1, "6"));
	sql_refused("posting_max_range", "%s", change(market, 2, "1000000000001"));
	sql_refused("market_unknown",
	    "select api.change_market('%s', 'admin', " SQL_NOW ", '%s', 'nowhere', '1', 5, false)",
	    sql_operator(), sql_id());
	cr_expect(sql_true("select posting_max_minor = 100000000 and version = 3 from (%s) c",
	    change(market, 2, "null")));
	cr_expect(sql_true(
	    "select bool_or(posting_max_minor = 100000000) from api.list_markets(200, null) "
	    "where market_id = %d",
	    market));
	sql_as(NULL);
	cr_expect_eq(sql_count("select from events.event where market_id = %d "
			       "and kind = 'market.changed'",
			 market),
	    2);
}

/* --- every way in --- */

Test(money_bounds, hold_for_quotes_prices_rates_and_minimums)
{
	struct trip_scene it = trip_scene();

	sql_as(NULL);
	limit(it.market, 7000);
	sql_as("socius_gate");
	sql_refused("amount_too_large",
	    "select * from api.quote_earnings(%d, " SQL_NOW
	    ", null, null, null, 'EUR', 7000, 1, null, null, null)",
	    it.market);
	sql_refused("amount_too_large",
	    "select api.create_payout_run(%d, '%s', 'operator', " SQL_NOW
	    ", '%s', '%s', 'key', " SQL_DIGEST ", 7001)",
	    it.market, sql_operator(), sql_id(), sql_id());
	sql_as(NULL);
	sql_refused("amount_too_large", "%s",
	    offer_call(it.market, (struct offer){ .list_minor = "7001" }));
	cr_expect_not_null(given_listing(it.market, (struct offer){ .list_minor = "7000" }));
	sql_refused("amount_too_large", "%s",
	    slot_call(it.market,
		(struct slot_plan){
		    .starts_local = "2026-03-03 10:00", .minutes = 30, .rate_minor = "7001" }));
	/* two hours at 40.00: the pay is what will be posted */
	sql_refused("amount_too_large", "%s",
	    slot_call(it.market,
		(struct slot_plan){
		    .starts_local = "2026-03-03 10:00", .minutes = 120, .rate_minor = "4000" }));
	sql_run("%s", slot_call(it.market, (struct slot_plan){ .starts_local = "2026-03-03 10:00",
					       .minutes = 120,
					       .rate_minor = "3500" }));
}

Test(money_bounds, hold_for_sales_and_rentals)
{
	int market = sql_market();
	const char *author = sql_partner(market, "co_creator");
	const char *courier = sql_partner(market, "courier");
	const char *idea = given_idea(market, author), *listing;

	limit(market, 7000);
	given_price_agreement(market);
	given_royalty(market, 10000, "2026-01-01 00:00+00");
	sql_refused("amount_too_large", "%s",
	    report_call(market, (struct sales){ .idea_id = idea, .gross_minor = 7001 }));
	cr_expect_not_null(
	    given_report(market, (struct sales){ .idea_id = idea, .gross_minor = 7000 }));
	listing = given_listing(market, (struct offer){ .kind = "rental" });
	cr_expect_not_null(given_asset(market, listing));
	/* two days at 35.00 are the limit */
	sql_refused("amount_too_large",
	    "select api.create_rental(%d, '%s', '%s', " SQL_NOW ", '%s', " SQL_DIGEST
	    ", '%s', '%s', null, null, " SQL_NOW " + interval '49 hours')",
	    market, courier, courier, sql_id(), sql_id(), listing);
	sql_run("select api.create_rental(%d, '%s', '%s', " SQL_NOW ", '%s', " SQL_DIGEST
		", '%s', '%s', null, null, " SQL_NOW " + interval '48 hours')",
	    market, courier, courier, sql_id(), sql_id(), listing);
}

Test(money_bounds, hold_where_all_postings_and_debts_pass)
{
	int market = sql_market();
	const char *driver = sql_partner(market, "driver");

	limit(market, 7000);
	for (int i = 0; i < 2; i++)
		sql_refused("amount_too_large",
		    "select ledger.post(%d, '%s', '%s', 'adjustment', '%s', '{1000,2000}', "
		    "'{%d,%d}', " SQL_NOW ", " SQL_NOW ")",
		    market, driver, sql_id(), sql_id(), i == 0 ? 7001 : -7001,
		    i == 0 ? -7001 : 7001);
	sql_refused("amount_too_large",
	    "select ledger.owe(%d, '%s', '%s', 'dues', '%s', 7001, " SQL_NOW ")", market, driver,
	    sql_id(), sql_id());
}

/* What was posted before is paid out, withheld and taken back whatever the limit is now. */
Test(money_bounds, let_money_move_on_that_was_posted_under_another_limit)
{
	int market = payday_market();
	const char *driver = sql_partner(market, "driver"), *other = sql_partner(market, "driver");

	payday_trip(market, driver, "card", 1000, "2026-03-02 09:00+00");
	payday_trip(market, other, "card", 1000, "2026-03-02 09:00+00");
	sql_run("select ledger.owe(%d, '%s', '%s', 'dues', '%s', 500, " SQL_NOW ")", market, other,
	    sql_id(), sql_id());
	limit(market, 100);
	sql_run("select ledger.withhold(%d, '%s', transaction_id, 800, " SQL_NOW ", " SQL_NOW
		") from ledger.transaction where owner_id = '%s'",
	    market, other, other);
	sql_run("select ledger.reverse(%d, '%s', transaction_id, '%s', " SQL_NOW ", " SQL_NOW
		") from ledger.transaction where owner_id = '%s' and kind = 'trip'",
	    market, other, sql_id(), other);
	payday_pay(market);
	cr_expect_eq(
	    sql_int("select amount_minor from payouts.payout where partner_id = '%s'", driver),
	    900);
	payday_laws_hold();
}

/* --- balances and sums --- */

Test(money_bounds, refuse_a_balance_that_json_does_not_carry)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);

	sql_as(NULL);
	sql_run("update ledger.wallet set balance_minor = " MOST " - 1051 where owner_id = '%s'",
	    it.driver);
	sql_as("socius_gate");
	sql_refused("balance_out_of_range", "%s", trip_call(&report));
	report.tip--;
	trip_send(&report);
	sql_as(NULL);
	sql_run("update ledger.wallet set balance_minor = -" MOST ", owed_minor = " MOST
		" where owner_id = '%s'",
	    it.driver);
	sql_refused("balance_out_of_range",
	    "select ledger.owe(%d, '%s', '%s', 'dues', '%s', 1, " SQL_NOW ")", it.market, it.driver,
	    sql_id(), sql_id());
	report.payment = "cash";
	report.trip_id = sql_id();
	sql_refused("balance_out_of_range", "%s", trip_call(&report));
}

Test(money_bounds, have_a_law_that_sees)
{
	int market = sql_market();
	const char *driver = sql_partner(market, "driver");

	sql_breaks_law("balances_are_exact",
	    "update ledger.wallet set balance_minor = " MOST " + 1 where owner_id = '%s'", driver);
	sql_breaks_law("balances_are_exact",
	    "update ledger.wallet set balance_minor = '-9223372036854775808' where owner_id = '%s'",
	    driver);
	sql_breaks_law("balances_are_exact",
	    "update ledger.wallet set owed_minor = " MOST " + 1 where owner_id = '%s'", driver);
}

/* So many wallets with 2^53 - 1 each that bigint does not hold their sum. */
static void
given_riches(int market)
{
	payday_crowd(market, 1100);
	sql_run("set local session_replication_role = replica");
	sql_run("update ledger.wallet set balance_minor = " MOST " where market_id = %d", market);
	sql_run("update ledger.transaction set amounts = array[" MOST ", -" MOST
		"], wallet_minor = " MOST ", balance_minor = " MOST " where market_id = %d",
	    market);
	sql_run("set local session_replication_role = origin");
}

Test(money_bounds, let_a_run_pay_more_than_any_number_holds)
{
	int market = payday_market();
	const char *run;

	given_riches(market);
	run = payday_pay(market);
	cr_expect(sql_true("select state = 'finished' and payouts_count = 1100 "
			   "and total_minor = 1100::numeric * " MOST
			   " from payouts.payout_run where payout_run_id = '%s'",
	    run));
	payday_laws_hold();
	sql_as("socius_gate");
	cr_expect(sql_true("select state = 'finished' and total_minor is null "
			   "from api.get_payout_run(%d, '%s')",
	    market, run));
}

Test(money_bounds, show_no_sum_that_is_not_exact)
{
	int market = payday_market();

	given_riches(market);
	sql_as("socius_gate");
	cr_expect(sql_true("select debit_minor is null and credit_minor = 0 and balance_minor is "
			   "null from api.list_ledger_accounts(%d, 1, 999)",
	    market));
	sql_as(NULL);
	cr_expect(sql_true("select ledger.exact(" MOST ") = " MOST " and ledger.exact(-" MOST
			   ") = -" MOST " and ledger.exact(" MOST " + 1) is null "
			   "and ledger.exact(1e30) is null and ledger.exact(null) is null"));
}

/* A week of many postings, each at its bound, sums to more than any number holds. */
Test(money_bounds, let_a_statement_be_read_whatever_its_week_sums_to)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	payday_trip(market, ada, "card", 1000, "2026-02-24 09:00+00");
	sql_run("set local session_replication_role = replica");
	sql_run("insert into ledger.transaction (market_id, owner_id, entry_no, transaction_id, "
		"kind, cause_id, accounts, amounts, wallet_minor, balance_minor, currency, "
		"occurred_at, posted_at, week) select %d, '%s', 1 + n, gen_random_uuid(), k, "
		"gen_random_uuid(), '{1000,2000}', '{0,0}', " MOST " * 1000 * sign, " MOST
		", 'EUR', " SQL_NOW ", " SQL_NOW ", '2026-03-02' from generate_series(1, 2000) n, "
		"lateral (values ('payout', -1), ('slot_pay', 1), ('deduction', -1), "
		"('adjustment', 1)) as v (k, sign) where n %% 4 = case k when 'payout' then 0 "
		"when 'slot_pay' then 1 when 'deduction' then 2 else 3 end",
	    market, ada);
	sql_run("set local session_replication_role = origin");
	sql_as("socius_gate");
	cr_expect_str_eq(
	    sql_text("select string_agg(concat_ws(' ', week, lines_count, "
		     "coalesce(opening_minor, -1), coalesce(share_minor, -1), "
		     "coalesce(payouts_minor, -1), coalesce(slot_pay_minor, -1), "
		     "coalesce(deductions_minor, -1), coalesce(other_minor, -1), closing_minor), "
		     "', ') from api.list_statements(%d, null, '%s', 99, null)",
		market, ada),
	    "2026-03-02 2000 900 0 -1 -1 -1 -1 900, 2026-02-23 1 0 800 0 0 0 0 900");
}

/* Whatever stands in the books, each law can be run: it shows what is wrong and raises nothing. */
Test(money_bounds, let_every_law_be_run_over_the_largest_amounts)
{
	struct trip_scene it = trip_scene();
	struct report report = trip_of(it.market, it.driver);
	int64_t laws;

	trip_send(&report);
	sql_as(NULL);
	given_report(it.market,
	    (struct sales){ .idea_id = given_idea(it.market, sql_partner(it.market, "co_creator")),
		.gross_minor = given_royalty(it.market, 10000, "2026-01-01 00:00+00") != NULL });
	given_redemption(it.market, it.driver, given_listing(it.market, (struct offer){ NULL }));
	sql_run("set local session_replication_role = replica");
	sql_run("do $do$ declare v record; begin for v in select c.conrelid::regclass as r, "
		"c.conname from pg_catalog.pg_constraint c join pg_catalog.pg_class k "
		"on k.oid = c.conrelid and k.relnamespace::regnamespace::text in ('ledger', "
		"'fulfilment', 'payouts', 'services', 'cocreation', 'scheduling') "
		"where c.contype = 'c' and c.coninhcount = 0 loop "
		"execute format('alter table %%s drop constraint if exists %%I', v.r, v.conname); "
		"end loop; end $do$");
	/* every column of money, at the largest number of its type that JSON carries */
	sql_run("do $do$ declare v record; begin for v in select c.oid::regclass as r, "
		"string_agg(format('%%I = 9007199254740991', a.attname), ', ') as sets "
		"from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid "
		"where c.relkind in ('r', 'p') and not c.relispartition "
		"and c.relnamespace::regnamespace::text in ('ledger', 'fulfilment', 'payouts', "
		"'services', 'cocreation') and a.attname like '%%\\_minor' and not a.attisdropped "
		"group by c.oid loop execute format('update %%s set %%s', v.r, v.sets); "
		"end loop; end $do$");
	sql_run("update ledger.transaction set amounts = array_fill(" MOST
		"::bigint, array[cardinality(amounts)])");
	laws = sql_int("select count(*) from pg_catalog.pg_class where relkind = 'v' "
		       "and relnamespace = 'laws'::regnamespace");
	cr_expect_gt(laws, 100);
	sql_run("do $do$ declare v text; begin for v in select relname from pg_catalog.pg_class "
		"where relkind = 'v' and relnamespace = 'laws'::regnamespace loop "
		"execute format('select count(l.*) from (select * from laws.%%I) l', v); end loop; "
		"end $do$");
}
