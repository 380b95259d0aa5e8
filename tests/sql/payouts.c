/* payouts: runs that pay every wallet once, in chunks, and what is shown of them. */
#include <criterion/criterion.h>

#include "sql/payday.h"
#include "support/sql.h"

TestSuite(payouts, .init = sql_begin, .fini = sql_end);

#define MONDAY "2026-03-02 09:00+00"

Test(payouts, pay_each_wallet_what_it_holds)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver"), *bob = sql_partner(market, "driver");
	const char *run;

	payday_trip(market, ada, "card", 1000, MONDAY);
	payday_trip(market, ada, "card", 2000, MONDAY);
	payday_trip(market, bob, "card", 500, MONDAY);
	run = payday_pay(market);
	cr_expect_eq(
	    sql_int("select amount_minor from payouts.payout where partner_id = '%s'", ada),
	    800 + 1600 + 2 * 100);
	cr_expect_eq(
	    sql_int("select amount_minor from payouts.payout where partner_id = '%s'", bob), 500);
	cr_expect(sql_true("select state = 'finished' and payouts_count = 2 and total_minor = 3100 "
			   "and started_at = " SQL_NOW " and finished_at = " SQL_NOW
			   " from payouts.payout_run where payout_run_id = '%s'",
	    run));
	cr_expect(sql_true("select bool_and(balance_minor = 0 and not dirty and entries = "
			   "settled_entries) from ledger.wallet where market_id = %d",
	    market));
	payday_laws_hold();
}

Test(payouts, stand_in_the_ledger_and_in_the_feed)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver"), *run;

	payday_trip(market, ada, "card", 1000, MONDAY);
	run = payday_pay(market);
	cr_expect(sql_true(
	    "select x.entry_no = 2 and x.kind = 'payout' and x.cause_id = p.payout_id "
	    "and x.accounts = '{2000,1100}' and x.amounts = '{900,-900}' and x.wallet_minor = -900 "
	    "and x.balance_minor = 0 and x.week = '2026-03-02' and x.posted_at = " SQL_NOW
	    " and x.posted_month = core.month_now() and p.state = 'in_run' "
	    "and p.first_entry_no = 1 and p.last_entry_no = 1 "
	    "from payouts.payout p join ledger.transaction x on x.transaction_id = p.payout_id "
	    "where p.partner_id = '%s' and x.market_id = %d",
	    ada, market));
	cr_expect_str_eq(sql_text("select string_agg(kind, ' ' order by kind) from events.event "
				  "where subject_id = '%s' and market_id = %d",
			     run, market),
	    "payout_run.finished payout_run.queued payout_run.running");
	cr_expect_eq(sql_count("select from events.event e join payouts.payout p "
			       "on p.payout_id = e.subject_id where e.market_id = %d "
			       "and e.kind = 'payout.in_run' and e.partner_id = '%s'",
			 market, ada),
	    1);
}

Test(payouts, leave_who_owes_and_carry_it_over)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	payday_trip(market, ada, "cash", 1000, MONDAY);
	cr_assert_eq(
	    sql_int("select balance_minor from ledger.wallet where owner_id = '%s'", ada), -200);
	payday_pay(market);
	cr_expect_eq(sql_count("select from payouts.payout where market_id = %d", market), 0);
	cr_expect(sql_true("select dirty and settled_entries = 0 from ledger.wallet "
			   "where owner_id = '%s'",
	    ada));
	payday_trip(market, ada, "card", 1000, MONDAY);
	payday_pay(market);
	cr_expect(sql_true("select amount_minor = 900 - 200 and first_entry_no = 1 "
			   "and last_entry_no = 2 from payouts.payout where partner_id = '%s'",
	    ada));
	payday_laws_hold();
}

Test(payouts, follow_on_in_one_wallet)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	for (int i = 0; i < 3; i++) {
		payday_trip(market, ada, "card", 1000, MONDAY);
		payday_trip(market, ada, "card", 2000, MONDAY);
		payday_pay(market);
	}
	cr_expect_str_eq(sql_text("select string_agg(format('%%s-%%s', first_entry_no, "
				  "last_entry_no), ' ' order by first_entry_no) "
				  "from payouts.payout where partner_id = '%s'",
			     ada),
	    "1-2 4-5 7-8");
	payday_laws_hold();
}

Test(payouts, leave_small_wallets_for_later)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver"), *bob = sql_partner(market, "driver");

	payday_trip(market, ada, "card", 1000, MONDAY);
	payday_trip(market, bob, "card", 999, MONDAY);
	cr_assert_null(payday_step(market, payday_run(market, 900)));
	cr_expect_str_eq(
	    sql_text("select partner_id from payouts.payout where market_id = %d", market), ada);
	payday_pay(market);
	cr_expect_eq(
	    sql_int("select amount_minor from payouts.payout where partner_id = '%s'", bob), 899);
	payday_laws_hold();
}

Test(payouts, go_to_partners_only)
{
	int market = payday_market();

	sql_run("insert into ledger.wallet (market_id, owner_id, owner_kind, currency) values "
		"(%d, '%s', 'vendor', 'EUR'), (%d, '%s', 'market', 'EUR')",
	    market, sql_id(), market, sql_id());
	sql_run("select ledger.post(market_id, owner_id, owner_id, 'adjustment', owner_id, "
		"'{1000,2000}', '{500,-500}', " SQL_NOW ", " SQL_NOW
		") from ledger.wallet where market_id = %d",
	    market);
	payday_pay(market);
	cr_expect_eq(sql_count("select from payouts.payout where market_id = %d", market), 0);
	cr_expect_eq(
	    sql_count("select from ledger.wallet where market_id = %d and dirty", market), 2);
}

/* A step that is cut off is undone as a whole: the next one begins where the run stood. */
Test(payouts, go_on_where_they_were_cut_off)
{
	int market = payday_market(), steps = 0;
	const char *run;

	payday_crowd(market, 4500);
	run = payday_run(market, 1);
	cr_assert_not_null(payday_step(market, run));
	cr_expect_str_eq(
	    sql_text("select state from payouts.payout_run where payout_run_id = '%s'", run),
	    "running");
	sql_run("savepoint cut");
	cr_assert_not_null(payday_step(market, run));
	cr_assert_eq(
	    sql_int("select payouts_count from payouts.payout_run where payout_run_id = '%s'", run),
	    4000);
	sql_run("rollback to cut");
	cr_assert_eq(sql_count("select from payouts.payout where market_id = %d", market), 2000);
	while (payday_step(market, run) != NULL)
		steps++;
	cr_expect_eq(steps, 1);
	cr_expect(sql_true("select state = 'finished' and payouts_count = 4500 "
			   "and total_minor = 4500 * 500 from payouts.payout_run "
			   "where payout_run_id = '%s'",
	    run));
	cr_expect_eq(sql_count("select from payouts.payout where market_id = %d", market), 4500);
	payday_laws_hold();
}

Test(payouts, look_once_at_wallets_that_are_too_low)
{
	int market = payday_market(), steps = 0;
	const char *run;

	payday_crowd(market, 4000);
	run = payday_run(market, 501);
	while (payday_step(market, run) != NULL)
		steps++;
	cr_expect_eq(steps, 2);
	cr_expect_eq(sql_count("select from payouts.payout where market_id = %d", market), 0);
	cr_expect_eq(
	    sql_count("select from ledger.wallet where market_id = %d and dirty", market), 4000);
}

Test(payouts, change_nothing_once_the_run_has_finished)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver"), *run;

	payday_trip(market, ada, "card", 1000, MONDAY);
	run = payday_pay(market);
	payday_trip(market, ada, "card", 1000, MONDAY);
	cr_expect_null(payday_step(market, run));
	cr_expect_eq(sql_count("select from payouts.payout where market_id = %d", market), 1);
	cr_expect_eq(
	    sql_int("select balance_minor from ledger.wallet where owner_id = '%s'", ada), 900);
}

/* --- asking for a run --- */

#define CREATE \
	"select * from api.create_payout_run(%d, '00000000-0000-7000-8000-00000000000a', " \
	"'operator', " SQL_NOW ", '%s', '%s', '%s', %s, %s)"

Test(payouts, refuse_a_second_run_while_one_is_open)
{
	int market = payday_market(), elsewhere = payday_market();
	const char *run = payday_run(market, 1);

	sql_as("socius_gate");
	sql_refused("payout_run_open", CREATE, market, sql_id(), sql_id(), "b", SQL_DIGEST, "null");
	sql_run(CREATE, elsewhere, sql_id(), sql_id(), "b", SQL_DIGEST, "null");
	sql_as(NULL);
	sql_refused("payout_run_open",
	    "insert into payouts.payout_run (market_id, payout_run_id, state, minimum_minor, "
	    "currency, created_by, created_at) select market_id, '%s', state, minimum_minor, "
	    "currency, created_by, created_at from payouts.payout_run "
	    "where payout_run_id = '%s'",
	    sql_id(), run);
	cr_assert_null(payday_step(market, run));
	sql_run(CREATE, market, sql_id(), sql_id(), "b", SQL_DIGEST, "null");
}

Test(payouts, make_one_run_per_key)
{
	int market = payday_market();
	const char *run = sql_id();

	sql_as("socius_gate");
	sql_run(CREATE, market, sql_id(), run, "k", SQL_DIGEST, "700");
	cr_expect(sql_true("select replayed and (\"row\").payout_run_id = '%s' "
			   "and (\"row\").minimum_minor = 700 and (\"row\").state = 'queued' "
			   "from (" CREATE ") c",
	    run, market, sql_id(), sql_id(), "k", SQL_DIGEST, "700"));
	sql_refused("key_reused", CREATE, market, sql_id(), sql_id(), "k", SQL_OTHER_DIGEST, "701");
	sql_as(NULL);
	cr_assert_null(payday_step(market, run));
	sql_as("socius_gate");
	cr_expect(sql_true("select replayed and (\"row\").state = 'finished' from (" CREATE ") c",
	    market, sql_id(), sql_id(), "k", SQL_DIGEST, "700"));
	sql_as(NULL);
	cr_expect_eq(sql_count("select from payouts.payout_run where market_id = %d", market), 1);
	cr_expect_eq(sql_count("select from core.job where market_id = %d", market), 1);
}

/* --- what is shown --- */

Test(payouts, show_runs_and_their_payouts_page_by_page)
{
	int market = payday_market();
	const char *first, *second, *id;

	payday_crowd(market, 3);
	first = payday_pay(market);
	second = payday_pay(market);
	sql_as("socius_gate");
	cr_expect_str_eq(
	    sql_text("select payout_run_id from api.list_payout_runs(%d, 1, null)", market),
	    second);
	cr_expect_str_eq(
	    sql_text("select payout_run_id from api.list_payout_runs(%d, 9, '%s')", market, second),
	    first);
	cr_expect_eq(
	    sql_int("select payouts_count from api.get_payout_run(%d, '%s')", market, first), 3);
	sql_refused(
	    "payout_run_unknown", "select * from api.get_payout_run(%d, '%s')", market, sql_id());
	id = sql_text("select partner_id from api.list_payouts_of_run(%d, '%s', 2, null) offset 1",
	    market, first);
	cr_expect(sql_true("select count(*) = 1 and bool_and(partner_id > '%s') "
			   "from api.list_payouts_of_run(%d, '%s', 9, '%s')",
	    id, market, first, id));
	cr_expect_eq(
	    sql_count("select from api.list_payouts_of_run(%d, '%s', 9, null)", market, second), 0);
	sql_refused("payout_run_unknown",
	    "select * from api.list_payouts_of_run(%d, '%s', 9, null)", market, sql_id());
}

Test(payouts, hide_what_is_in_another_market)
{
	int market = payday_market(), elsewhere = payday_market();
	const char *run, *payout;

	payday_crowd(market, 1);
	run = payday_pay(market);
	payout = sql_text("select payout_id from payouts.payout where market_id = %d", market);
	sql_as("socius_gate");
	sql_refused(
	    "payout_run_unknown", "select * from api.get_payout_run(%d, '%s')", elsewhere, run);
	sql_refused("payout_run_unknown",
	    "select * from api.list_payouts_of_run(%d, '%s', 9, null)", elsewhere, run);
	sql_refused(
	    "payout_unknown", "select * from api.get_payout(%d, null, '%s')", elsewhere, payout);
	cr_expect_eq(sql_count("select from api.list_payouts(%d, null, null, 9, null, null, null)",
			 elsewhere),
	    0);
}

/* Walks the market's list, two at a time; returns how many rows it saw. */
static int
walk(int market)
{
	const char *run = "null", *partner = "null";
	int seen = 0, page;

	do {
		page = sql_count("select from api.list_payouts(%d, null, null, 2, %s, %s, null)",
		    market, run, partner);
		seen += page;
		if (page == 2) {
			const char *last = sql_text(
			    "select quote_literal(payout_run_id) || ',' || "
			    "quote_literal(partner_id) "
			    "from api.list_payouts(%d, null, null, 2, %s, %s, null) offset 1",
			    market, run, partner);

			run = sql_text("select split_part($a$%s$a$, ',', 1)", last);
			partner = sql_text("select split_part($a$%s$a$, ',', 2)", last);
		}
	} while (page == 2);
	return seen;
}

Test(payouts, list_each_payout_of_the_market_once)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	for (int i = 0; i < 3; i++) {
		payday_trip(market, ada, "card", 1000, MONDAY);
		if (i == 1)
			payday_trip(market, sql_partner(market, "driver"), "card", 700, MONDAY);
		payday_pay(market);
	}
	sql_as("socius_gate");
	cr_expect_eq(walk(market), 4);
}

Test(payouts, show_a_partner_its_own)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver"), *bob = sql_partner(market, "driver");
	const char *payout;

	for (int i = 0; i < 2; i++) {
		payday_trip(market, ada, "card", 1000, MONDAY);
		payday_trip(market, bob, "card", 2000, MONDAY);
		payday_pay(market);
	}
	payout = sql_text("select payout_id from payouts.payout where partner_id = '%s' "
			  "order by first_entry_no limit 1",
	    ada);
	sql_as("socius_gate");
	cr_expect(sql_true("select count(*) = 2 and bool_and(partner_id = '%s') "
			   "from api.list_payouts(%d, '%s', null, 9, null, null, null)",
	    ada, market, ada));
	cr_expect_eq(sql_count("select from api.list_payouts(%d, '%s', '%s', 9, null, null, null)",
			 market, ada, bob),
	    0);
	cr_expect(sql_true("select count(*) = 2 and bool_and(partner_id = '%s') "
			   "from api.list_payouts(%d, null, '%s', 9, null, null, null)",
	    bob, market, bob));
	cr_expect_str_eq(
	    sql_text("select payout_id from api.list_payouts(%d, '%s', null, 9, null, null, 3)",
		market, ada),
	    payout);
	cr_expect_eq(
	    sql_int("select amount_minor from api.get_payout(%d, '%s', '%s')", market, ada, payout),
	    900);
	cr_expect_eq(sql_count("select from api.get_payout(%d, null, '%s')", market, payout), 1);
	sql_refused(
	    "payout_unknown", "select * from api.get_payout(%d, '%s', '%s')", market, bob, payout);
	sql_refused("payout_unknown",
	    "select * from api.list_entries_of_payout(%d, '%s', '%s', 9, null)", market, bob,
	    payout);
}

Test(payouts, list_the_entries_that_they_settle)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver"), *payout;

	payday_trip(market, ada, "card", 1000, MONDAY);
	payday_pay(market);
	payday_trip(market, ada, "card", 2000, MONDAY);
	payday_trip(market, ada, "cash", 500, MONDAY);
	payday_pay(market);
	payout = sql_text("select payout_id from payouts.payout where partner_id = '%s' "
			  "and first_entry_no > 1",
	    ada);
	sql_as("socius_gate");
	cr_expect(sql_true("select sum(e.amount_minor) = min(p.amount_minor) "
			   "and count(*) = min(p.entries_count) and min(e.entry_no) = 3 "
			   "and sum(e.share_minor) = 2000 and sum(e.cash_collected_minor) = -600 "
			   "from api.get_payout(%d, '%s', '%s') p, "
			   "api.list_entries_of_payout(%d, '%s', '%s', 9, null) e",
	    market, ada, payout, market, ada, payout));
	cr_expect_eq(sql_int("select entry_no from "
			     "api.list_entries_of_payout(%d, '%s', '%s', 9, 3)",
			 market, ada, payout),
	    4);
	sql_refused("payout_unknown",
	    "select * from api.list_entries_of_payout(%d, null, '%s', 9, null)", market, sql_id());
}
