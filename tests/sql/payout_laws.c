/* payout_laws: constraints and laws of payouts, runs and statements, each broken once. */
#include <criterion/criterion.h>

#include "sql/payday.h"
#include "support/sql.h"

TestSuite(payout_laws, .init = sql_begin, .fini = sql_end);

#define MONDAY "2026-03-02 09:00+00"

/* A market with one paid wallet and one that was too low. */
static int
paid_market(void)
{
	int market = payday_market();

	payday_trip(market, sql_partner(market, "driver"), "card", 1000, MONDAY);
	payday_trip(market, sql_partner(market, "driver"), "cash", 1000, MONDAY);
	payday_pay(market);
	payday_laws_hold();
	/* what follows breaks in, past the guard that keeps the ledger append-only */
	sql_run("set local session_replication_role = replica");
	return market;
}

#define PAYOUT \
	"insert into payouts.payout (market_id, payout_run_id, partner_id, payout_id, state, " \
	"amount_minor, currency, first_entry_no, last_entry_no, created_at) select market_id, "

Test(payout_laws, keep_payouts_in_their_shape)
{
	int market = paid_market();
	const char *id = sql_id();

	sql_refused("payout_pkey",
	    PAYOUT "payout_run_id, partner_id, '%s', state, 1, currency, 9, 9, created_at "
		   "from payouts.payout where market_id = %d",
	    id, market);
	sql_refused("payout_settles_once",
	    PAYOUT "'%s', partner_id, '%s', state, 1, currency, 1, 1, created_at "
		   "from payouts.payout where market_id = %d",
	    id, id, market);
	sql_refused("payout_unique",
	    PAYOUT "'%s', '%s', payout_id, state, 1, currency, 1, 1, created_at "
		   "from payouts.payout where market_id = %d",
	    id, id, market);
	sql_refused("payout_positive",
	    "update payouts.payout set amount_minor = 0 where market_id = %d", market);
	sql_refused("payout_range",
	    "update payouts.payout set last_entry_no = 0 where market_id = %d", market);
	sql_refused("payout_state", "update payouts.payout set state = 'lost' where market_id = %d",
	    market);
}

Test(payout_laws, keep_runs_in_their_shape)
{
	int market = paid_market();

	sql_refused("payout_run_times",
	    "update payouts.payout_run set finished_at = null where market_id = %d", market);
	sql_refused("payout_run_times",
	    "update payouts.payout_run set started_at = null where market_id = %d", market);
	sql_refused("payout_run_minimum",
	    "update payouts.payout_run set minimum_minor = 0 where market_id = %d", market);
	sql_refused("payout_run_state",
	    "update payouts.payout_run set state = 'lost' where market_id = %d", market);
	sql_refused("job_period",
	    "insert into core.job (market_id, job_id, kind, due_at, created_at, "
	    "every_s) values (%d, '%s', 'x', " SQL_NOW ", " SQL_NOW ", 0)",
	    market, sql_id());
}

Test(payout_laws, see_a_payout_that_is_not_its_entries)
{
	int market = paid_market();

	sql_breaks_law("payouts_sum_their_entries",
	    "update payouts.payout set amount_minor = amount_minor + 1 where market_id = %d",
	    market);
	sql_breaks_law("payouts_sum_their_entries",
	    "update ledger.transaction set wallet_minor = wallet_minor - 1 "
	    "where market_id = %d and kind = 'trip'",
	    market);
	sql_breaks_law("payouts_sum_their_entries",
	    "delete from ledger.transaction where market_id = %d and kind = 'payout'", market);
	sql_breaks_law("payouts_sum_their_entries",
	    "update payouts.payout set last_entry_no = last_entry_no + 1 where market_id = %d",
	    market);
	sql_breaks_law("payouts_sum_their_entries",
	    "update payouts.payout set payout_id = '%s' where market_id = %d", sql_id(), market);
}

Test(payout_laws, see_ranges_with_gaps_or_overlaps)
{
	int market = paid_market();

	sql_breaks_law("payouts_follow_on",
	    "update payouts.payout set first_entry_no = 2, last_entry_no = 2 where market_id = %d",
	    market);
	sql_breaks_law("payouts_follow_on",
	    PAYOUT "'%s', partner_id, '%s', state, 1, currency, 2, 2, created_at "
		   "from payouts.payout where market_id = %d",
	    sql_id(), sql_id(), market);
}

Test(payout_laws, see_wallets_that_forgot_what_is_settled)
{
	int market = paid_market();

	sql_breaks_law("wallets_know_what_is_settled",
	    "update ledger.wallet set dirty = not dirty where market_id = %d", market);
	sql_breaks_law("wallets_know_what_is_settled",
	    "update ledger.wallet set settled_entries = entries - 1, dirty = true "
	    "where market_id = %d and not dirty",
	    market);
	sql_breaks_law("wallets_know_what_is_settled",
	    "update ledger.wallet set settled_entries = entries, dirty = false "
	    "where market_id = %d and dirty",
	    market);
}

Test(payout_laws, see_runs_that_do_not_add_up)
{
	int market = paid_market();

	sql_breaks_law("payout_runs_add_up",
	    "update payouts.payout_run set total_minor = total_minor + 1 where market_id = %d",
	    market);
	sql_breaks_law("payout_runs_add_up",
	    "update payouts.payout_run set payouts_count = 2 where market_id = %d", market);
	sql_breaks_law(
	    "payout_runs_add_up", "delete from payouts.payout_run where market_id = %d", market);
}

Test(payout_laws, see_payouts_that_nobody_is_owed)
{
	int market = paid_market();

	sql_breaks_law("payouts_are_owed",
	    "alter table payouts.payout drop constraint payout_positive; "
	    "update payouts.payout set amount_minor = -5 where market_id = %d",
	    market);
	sql_breaks_law("payouts_are_owed",
	    "update payouts.payout_run set minimum_minor = 901 where market_id = %d", market);
	sql_breaks_law("payouts_are_owed",
	    "update ledger.wallet set owner_kind = 'vendor' where market_id = %d", market);
	sql_breaks_law("payouts_are_owed",
	    "update payouts.payout set currency = 'USD' where market_id = %d", market);
}

Test(payout_laws, see_a_transition_that_was_not_told)
{
	int market = paid_market();

	sql_breaks_law("payouts_have_events",
	    "delete from events.event where market_id = %d and kind = 'payout.in_run'", market);
	sql_breaks_law("payouts_have_events",
	    "delete from events.event where market_id = %d and kind = 'payout_run.finished'",
	    market);
	sql_breaks_law("payouts_have_events",
	    "update events.event set partner_id = null where market_id = %d", market);
}

Test(payout_laws, see_a_line_whose_parts_do_not_sum)
{
	int market = paid_market();

	sql_breaks_law("statement_lines_add_up",
	    "update fulfilment.trip set tip_minor = tip_minor + 1 where market_id = %d", market);
	sql_breaks_law(
	    "statement_lines_add_up", "delete from fulfilment.trip where market_id = %d", market);
}

Test(payout_laws, see_a_last_closing_that_is_not_the_balance)
{
	int market = paid_market();

	sql_breaks_law("statements_reach_the_balance",
	    "update ledger.wallet set balance_minor = balance_minor + 1 where market_id = %d",
	    market);
	sql_breaks_law("statements_reach_the_balance",
	    "delete from ledger.transaction where market_id = %d and kind = 'payout'", market);
}

Test(payout_laws, see_a_line_in_a_week_that_was_closed)
{
	int market = paid_market();

	sql_breaks_law("closed_weeks_stay",
	    "insert into payouts.closed_week values (%d, '2026-03-02', " SQL_NOW
	    " - interval '1 s')",
	    market);
	sql_breaks_law("closed_weeks_stay",
	    "insert into payouts.closed_week values (%d, '2026-03-16', " SQL_NOW
	    " - interval '1 s'), (%d, '2026-03-09', " SQL_NOW ")",
	    market, market);
}

Test(payout_laws, see_a_line_in_another_week_than_its_own)
{
	int market = paid_market();

	sql_breaks_law("lines_stand_in_their_week",
	    "update ledger.transaction set week = '2026-02-23' where market_id = %d", market);
	sql_breaks_law("lines_stand_in_their_week",
	    "update ledger.transaction set week = '2026-03-09' where market_id = %d", market);
	sql_run("insert into payouts.closed_week values (%d, '2026-03-02', " SQL_NOW ")", market);
	sql_run("update ledger.transaction set week = '2026-03-09' where market_id = %d", market);
	cr_expect_eq(
	    sql_count("select from laws.lines_stand_in_their_week where market_id = %d", market),
	    0);
}
