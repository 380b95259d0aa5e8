/* deductions: what partners owe is withheld from what they earn, and given back. */
#include <criterion/criterion.h>

#include "support/sql.h"

static int market;
static const char *ada;

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	ada = sql_partner(market, "courier");
}

TestSuite(deductions, .init = begin, .fini = sql_end);

/* Owes; returns the deduction's id. */
static const char *
owe(const char *kind, int64_t amount_minor, const char *now)
{
	const char *deduction = sql_id();

	sql_run("select ledger.owe(%d, '%s', '%s', '%s', '%s', %lld, '%s')", market, ada, deduction,
	    kind, sql_id(), (long long)amount_minor, now);
	return deduction;
}

/* Posts an earning whose wallet part is share and extra (tips, tolls); returns its transaction. */
static const char *
earn(int64_t share_minor, int64_t extra_minor)
{
	const char *transaction = sql_id();
	long long sum = share_minor + extra_minor;

	sql_run("select ledger.post(%d, '%s', '%s', 'adjustment', '%s', '{5000,2000}', "
		"array[%lld, %lld]::bigint[], " SQL_NOW ", " SQL_NOW ", %lld)",
	    market, ada, transaction, sql_id(), sum, -sum, (long long)share_minor);
	return transaction;
}

static int64_t
withheld(const char *deduction)
{
	return sql_int(
	    "select withheld_minor from ledger.deduction where deduction_id = '%s'", deduction);
}

static bool
wallet_is(int64_t balance_minor, int64_t owed_minor)
{
	return sql_true("select balance_minor = %lld and owed_minor = %lld from ledger.wallet "
			"where market_id = %d and owner_id = '%s'",
	    (long long)balance_minor, (long long)owed_minor, market, ada);
}

Test(deductions, withhold_a_quarter_of_the_share_and_carry_the_rest_over)
{
	const char *rental = owe("rental", 10500, "2026-03-01 12:00+00");
	const char *earning;

	cr_assert(wallet_is(0, 10500));
	earning = earn(7200, 300);
	cr_assert_eq(withheld(rental), 1800);
	cr_assert(wallet_is(7500 - 1800, 8700));
	cr_assert(
	    sql_true("select d.kind = 'deduction' and d.cause_id = '%s' and d.entry_no = 2 "
		     "and d.accounts = '{2000,1200}' and d.amounts = '{1800,-1800}' "
		     "and d.wallet_minor = -1800 and d.week = e.week and h.share_minor = 7200 "
		     "and h.amount_minor = 1800 and h.deduction_id = '%s' "
		     "from ledger.withholding h "
		     "join ledger.transaction d on d.transaction_id = h.transaction_id "
		     "join ledger.transaction e on e.transaction_id = h.earning_id "
		     "where h.earning_id = '%s'",
		rental, rental, earning));
	earn(4 * 8699, 0);
	cr_assert_eq(withheld(rental), 10499);
	earn(7200, 0);
	cr_assert_eq(withheld(rental), 10500);
	cr_assert(sql_true("select settled_at = " SQL_NOW
			   " from ledger.deduction where deduction_id = '%s'",
	    rental));
	earn(7200, 0);
	cr_assert(wallet_is(7500 + 4 * 8699 + 2 * 7200 - 10500, 0));
	cr_assert_str_eq(sql_text("select string_agg(kind, ' ' order by kind) from events.event "
				  "where subject_id = '%s' and partner_id = '%s'",
			     rental, ada),
	    "deduction.owed deduction.settled");
}

Test(deductions, take_nothing_where_there_is_no_share)
{
	const char *rental = owe("rental", 10500, "2026-03-01 12:00+00");

	earn(0, 5000);
	earn(3, 5000);
	cr_assert_eq(withheld(rental), 0);
	earn(7, 0);
	cr_assert_eq(withheld(rental), 1);
}

Test(deductions, are_given_back_with_a_reversal_once)
{
	const char *rental = owe("rental", 1800, "2026-03-01 12:00+00");
	const char *earning = earn(7200, 300);

	cr_assert(wallet_is(5700, 0));
	cr_assert_eq(
	    sql_int("select ledger.reverse(%d, '%s', '%s', '%s', " SQL_NOW ", " SQL_NOW ")", market,
		ada, earning, sql_id()),
	    3);
	cr_assert(wallet_is(0, 1800));
	cr_assert_eq(withheld(rental), 0);
	sql_refused("transaction_reversed_already",
	    "select ledger.reverse(%d, '%s', '%s', '%s', " SQL_NOW ", " SQL_NOW ")", market, ada,
	    earning, sql_id());
}
