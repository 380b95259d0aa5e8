/* debts: owing, earning, reversing, and the laws of it; see debts.h. */
#include "sql/debts.h"

#include <criterion/criterion.h>

#include "support/sql.h"

const char *
debts_owe(
    int market_id, const char *partner_id, const char *kind, int64_t amount_minor, const char *at)
{
	const char *deduction = sql_id(), *cause = sql_id();
	const char *creditor = sql_text("select core.derived_id('creditor of %d')", market_id);

	sql_run("insert into ledger.wallet (market_id, owner_id, owner_kind, currency) "
		"select market_id, '%s', 'market', currency from core.market where market_id = %d "
		"on conflict do nothing",
	    creditor, market_id);
	sql_run("select ledger.post(%d, '%s', '%s', 'rental', '%s', '{1200,2000}', "
		"'{%lld,%lld}', '%s', '%s')",
	    market_id, creditor, sql_id(), cause, (long long)amount_minor, -(long long)amount_minor,
	    at, at);
	sql_run("select ledger.owe(%d, '%s', '%s', '%s', '%s', %lld, '%s')", market_id, partner_id,
	    deduction, kind, cause, (long long)amount_minor, at);
	return deduction;
}

const char *
debts_earn(int market_id, const char *partner_id, int64_t share_minor, int64_t extra_minor)
{
	const char *transaction = sql_id();
	long long sum = share_minor + extra_minor;

	sql_run("select ledger.post(%d, '%s', '%s', 'adjustment', '%s', '{5100,2000}', "
		"'{%lld,%lld}', " SQL_NOW ", " SQL_NOW ", %lld)",
	    market_id, partner_id, transaction, sql_id(), sum, -sum, (long long)share_minor);
	return transaction;
}

const char *
debts_reverse_call(int market_id, const char *partner_id, const char *transaction_id)
{
	return sql_text("select $call$ select ledger.reverse(%d, '%s', '%s', '%s', " SQL_NOW
			", " SQL_NOW ") $call$",
	    market_id, partner_id, transaction_id, sql_id());
}

int64_t
debts_withheld(const char *deduction_id)
{
	return sql_int(
	    "select withheld_minor from ledger.deduction where deduction_id = '%s'", deduction_id);
}

bool
debts_wallet_is(int market_id, const char *partner_id, int64_t balance_minor, int64_t owed_minor)
{
	return sql_true("select balance_minor = %lld and owed_minor = %lld from ledger.wallet "
			"where market_id = %d and owner_id = '%s'",
	    (long long)balance_minor, (long long)owed_minor, market_id, partner_id);
}

void
debts_laws_hold(int market_id)
{
	static const char *const laws[] = { "withholdings_keep_to_a_quarter",
		"withholdings_come_from_shares", "withholdings_are_posted_once",
		"deductions_add_up", "wallets_know_what_they_owe", "receivables_are_what_is_left",
		"deductions_tell_where_they_stand", "reversals_mirror_once", "reversals_give_back",
		"transactions_balance", "wallets_match_entries", "wallets_add_up",
		"entries_follow_on", "wallets_keep_their_floor", "event_chain_holds" };

	for (size_t i = 0; i < sizeof(laws) / sizeof(laws[0]); i++)
		cr_expect_eq(
		    sql_count("select from laws.%s where market_id = %d", laws[i], market_id), 0,
		    "%s", laws[i]);
}
