/* payday: a market with terms, trips, and the runner's steps; see payday.h. */
#include "sql/payday.h"

#include <criterion/criterion.h>

#include "support/sql.h"

int
payday_market(void)
{
	int market_id = sql_market();

	sql_run("insert into ledger.share_agreement (market_id, share_agreement_id, name, base, "
		"effective_from, parties, shares_ppm, created_at) values (%d, '%s', '80/20', "
		"'fare', '2019-01-01 00:00+00', '{partner,platform}', '{800000,200000}', " SQL_NOW
		")",
	    market_id, sql_id());
	return market_id;
}

void
payday_trip(
    int market_id, const char *partner_id, const char *payment, int64_t fare_minor, const char *at)
{
	const char *refused =
	    sql_text("select refused from api.create_trip(%d, '%s', 'operator', " SQL_NOW
		     ", '%s', '%s', " SQL_DIGEST ", '%s', '%s', 'completed', 'offer', '%s', '%s', "
		     "'%s', 1000, 'EUR', %lld, 100, 0, 0, 0)",
		market_id, sql_operator(), sql_id(), sql_id(), sql_id(), partner_id, payment, at,
		at, (long long)fare_minor);

	cr_assert_null(refused, "%s", refused);
}

const char *
payday_run(int market_id, int64_t minimum_minor)
{
	const char *run_id = sql_id();

	sql_as("socius_gate");
	sql_run("select * from api.create_payout_run(%d, '%s', 'operator', " SQL_NOW
		", '%s', '%s', '%s', " SQL_DIGEST ", %lld)",
	    market_id, sql_operator(), sql_id(), run_id, run_id, (long long)minimum_minor);
	sql_as(NULL);
	return run_id;
}

const char *
payday_step(int market_id, const char *run_id)
{
	const char *again_at;

	sql_as("socius_runner");
	again_at = sql_text("select jobs.run_payouts(%d, '%s', " SQL_NOW ")", market_id, run_id);
	sql_as(NULL);
	return again_at;
}

const char *
payday_pay(int market_id)
{
	const char *run_id = payday_run(market_id, 1);

	cr_assert_null(payday_step(market_id, run_id));
	return run_id;
}

void
payday_crowd(int market_id, int wallets)
{
	sql_run("insert into ledger.wallet (market_id, owner_id, owner_kind, currency, "
		"balance_minor, entries, dirty) select %d, core.derived_id(i::text::bytea), "
		"'partner', 'EUR', 500, 1, true from generate_series(1, %d) i",
	    market_id, wallets);
	sql_run("insert into ledger.transaction (market_id, owner_id, posted_month, entry_no, "
		"transaction_id, kind, cause_id, accounts, amounts, wallet_minor, balance_minor, "
		"currency, occurred_at, posted_at, week) select market_id, owner_id, "
		"'2026-03-01', 1, owner_id, 'adjustment', owner_id, '{1000,2000}', '{500,-500}', "
		"500, 500, 'EUR', " SQL_NOW ", " SQL_NOW ", '2026-03-02' "
		"from ledger.wallet where market_id = %d",
	    market_id);
}

void
payday_laws_hold(void)
{
	static const char *const laws[] = { "payouts_sum_their_entries", "payouts_follow_on",
		"wallets_know_what_is_settled", "payout_runs_add_up", "payouts_are_owed",
		"payouts_have_events", "statement_lines_add_up", "statements_reach_the_balance",
		"closed_weeks_stay", "lines_stand_in_their_week" };

	sql_as("socius_law");
	for (size_t i = 0; i < sizeof(laws) / sizeof(laws[0]); i++)
		cr_expect_eq(sql_count("select from laws.%s", laws[i]), 0, "%s", laws[i]);
	sql_as(NULL);
}
