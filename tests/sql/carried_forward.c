/* carried_forward: sums of months that are over, and that no account differs for them. */
#include <criterion/criterion.h>

#include "support/sql.h"

static int market;
static const char *partner;

/* Three months that have partitions and are over. */
static void
given(void)
{
	sql_begin();
	sql_run("select pg_advisory_xact_lock(77005052)"); /* as tests of months do */
	sql_run("select core.make_months('ledger.transaction', "
		"(core.month_now() - interval '3 months')::date, 4)");
	market = sql_market();
	partner = sql_partner(market, "driver");
}

TestSuite(carried_forward, .init = given, .fini = sql_end, .timeout = 60);

static void
post(const char *owner, int64_t minor)
{
	sql_run("select ledger.post(%d, '%s', '%s', 'adjustment', '%s', '{1000,2000}', "
		"'{%lld,-%lld}', " SQL_NOW ", " SQL_NOW ")",
	    market, owner, sql_id(), sql_id(), (long long)minor, (long long)minor);
}

/* All that was posted of a wallet until now was posted in a month long ago. */
static void
months_pass(const char *owner, int months)
{
	sql_run("set local session_replication_role = replica");
	sql_run("update ledger.transaction set posted_month = "
		"core.month_now() - make_interval(months => %d) "
		"where owner_id = '%s' and posted_month = core.month_now()",
	    months, owner);
	sql_run("set local session_replication_role = origin");
}

/* A step of the job; whether there is more to do. */
static bool
step(const char *now)
{
	const char *at = sql_text("select (%s)::timestamptz", now);
	bool is_more;

	sql_as("socius_runner");
	is_more =
	    sql_true("select jobs.carry_forward(%d, '%s', '%s') is not null", market, sql_id(), at);
	sql_as(NULL);
	return is_more;
}

static const char *
accounts(void)
{
	const char *all;

	sql_as("socius_gate");
	all = sql_text("select string_agg(concat_ws(' ', account, debit_minor, credit_minor, "
		       "balance_minor), ', ' order by account) "
		       "from api.list_ledger_accounts(%d, 50, null) "
		       "where debit_minor <> 0 or credit_minor <> 0",
	    market);
	sql_as(NULL);
	return all;
}

static void
assert_carried(const char *sums)
{
	cr_expect_str_eq(sql_text("select concat_ws(' ', is_whole, debits, credits) "
				  "from ledger.carried_forward where market_id = %d and is_whole",
			     market),
	    sums);
	cr_expect_eq(
	    sql_count("select from laws.sums_are_carried_forward where market_id = %d", market), 0);
}

Test(carried_forward, change_no_sum)
{
	const char *before;

	post(partner, 1000);
	months_pass(partner, 3);
	post(partner, 500);
	months_pass(partner, 1);
	post(partner, 7);
	before = accounts();
	cr_expect_str_eq(before, "1000 1507 0 1507, 2000 0 1507 -1507");
	cr_expect_not(step("now()"));
	cr_expect_eq(
	    sql_count("select from ledger.carried_forward where market_id = %d and is_whole "
		      "and accounts = '{1000,2000}' and debits[1] >= 1000",
		market),
	    1);
	cr_expect_eq(
	    sql_count("select from laws.sums_are_carried_forward where market_id = %d", market), 0);
	cr_expect_str_eq(accounts(), before);
}

/* Only the present month's rows are read, and what comes after counts. */
Test(carried_forward, leave_the_months_that_are_over_unread)
{
	const char *scans = "select sum(pg_stat_get_xact_numscans(m.partition) + "
			    "pg_stat_get_xact_numscans(i.indexrelid)) "
			    "from core.months_of('ledger.transaction') m "
			    "join pg_catalog.pg_index i on i.indrelid = m.partition "
			    "where m.month < core.month_now()";
	int64_t before;

	post(partner, 1000);
	months_pass(partner, 2);
	before = sql_int("%s", scans);
	(void)accounts();
	cr_expect_gt(sql_int("%s", scans), before);
	while (step("core.month_now() + interval '2 days'"))
		continue;
	before = sql_int("%s", scans);
	post(partner, 30);
	cr_expect_str_eq(accounts(), "1000 1030 0 1030, 2000 0 1030 -1030");
	cr_expect_eq(sql_int("%s", scans), before);
}

/* The month that runs is never carried, whatever the runner's clock says; nor is one that has just
 * ended. */
Test(carried_forward, wait_for_a_day_after_a_month)
{
	post(partner, 1000);
	months_pass(partner, 2);
	post(partner, 30);
	months_pass(partner, 1);
	post(partner, 7);
	cr_expect_not(step("core.month_now() + interval '23 hours'"));
	assert_carried("t {1000,0} {0,1000}");
	cr_expect_not(step("core.month_now() + interval '1 day'"));
	assert_carried("t {1030,0} {0,1030}");
	cr_expect_not(step("core.month_now() + interval '90 days'"));
	assert_carried("t {1030,0} {0,1030}");
	cr_expect_str_eq(accounts(), "1000 1037 0 1037, 2000 0 1037 -1037");
}

/* A step reads ten thousand rows; what was carried before stands until all is in. */
Test(carried_forward, are_made_in_bounded_steps)
{
	const char *ada = sql_partner(market, "driver"), *before;

	post(partner, 1000);
	months_pass(partner, 3);
	cr_expect_not(step("core.month_now() - interval '1 month'"));
	sql_run("insert into ledger.transaction (market_id, owner_id, posted_month, entry_no, "
		"transaction_id, kind, cause_id, accounts, amounts, wallet_minor, balance_minor, "
		"currency, occurred_at, posted_at, week) select %d, '%s', "
		"core.month_now() - interval '2 months' * (1 + n %% 2) / 2, n, gen_random_uuid(), "
		"'adjustment', gen_random_uuid(), '{1000,2000}', '{1,-1}', 1, n, 'EUR', " SQL_NOW
		", " SQL_NOW ", '2026-03-02' from generate_series(1, 20000) n",
	    market, ada);
	before = accounts();
	cr_expect_str_eq(before, "1000 21000 0 21000, 2000 0 21000 -21000");
	for (int steps = 1; steps <= 2; steps++) {
		cr_expect(step("core.month_now() + interval '2 days'"));
		cr_expect(sql_true("select debits = '{1000,0}' from ledger.carried_forward "
				   "where market_id = %d and is_whole",
		    market));
		cr_expect_eq(sql_int("select debits[1] from ledger.carried_forward "
				     "where market_id = %d and not is_whole",
				 market),
		    1000 + 10000 * steps);
		cr_expect_str_eq(accounts(), before);
	}
	cr_expect_not(step("core.month_now() + interval '2 days'"));
	assert_carried("t {21000,0} {0,21000}");
	cr_expect_str_eq(accounts(), before);
}

Test(carried_forward, hold_any_sum)
{
	post(partner, 1);
	sql_run("set local session_replication_role = replica");
	sql_run("update ledger.transaction set amounts = "
		"'{9223372036854775807,-9223372036854775807}' where owner_id = '%s'; "
		"insert into ledger.transaction (market_id, owner_id, posted_month, entry_no, "
		"transaction_id, kind, cause_id, accounts, amounts, wallet_minor, balance_minor, "
		"currency, occurred_at, posted_at, week) select market_id, owner_id, posted_month, "
		"2, gen_random_uuid(), kind, cause_id, accounts, amounts, wallet_minor, "
		"balance_minor, currency, occurred_at, posted_at, week "
		"from ledger.transaction where owner_id = '%s'",
	    partner, partner);
	months_pass(partner, 2);
	cr_expect_not(step("core.month_now() + interval '2 days'"));
	assert_carried("t {18446744073709551614,0} {0,18446744073709551614}");
	cr_expect_null(accounts());
}

Test(carried_forward, have_a_law_that_sees)
{
	post(partner, 1000);
	months_pass(partner, 2);
	cr_expect_not(step("core.month_now() + interval '2 days'"));
	sql_breaks_law("sums_are_carried_forward",
	    "update ledger.carried_forward set debits[1] = debits[1] + 1 where market_id = %d",
	    market);
	sql_breaks_law("sums_are_carried_forward",
	    "update ledger.carried_forward set accounts = '{1100,2000}' where market_id = %d",
	    market);
	/* a row that came into a month after it was carried */
	sql_run("savepoint before_late");
	post(partner, 30);
	months_pass(partner, 1);
	cr_expect_eq(
	    sql_count("select from laws.sums_are_carried_forward where market_id = %d", market), 2);
	sql_run("rollback to before_late");
	sql_refused("month_is_first",
	    "update ledger.carried_forward set month = month + 1 where market_id = %d", market);
}
