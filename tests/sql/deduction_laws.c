/* deduction_laws: each law holds after real work, and sees its violation. */
#include <criterion/criterion.h>

#include "sql/debts.h"
#include "support/sql.h"

static int market;
static const char *ada, *rental, *earning, *reversed;

/* A market in which a debt was withheld from two earnings, one of which was reversed. */
static void
begin(void)
{
	sql_begin();
	market = sql_market();
	ada = sql_partner(market, "courier");
	rental = debts_owe(market, ada, "rental", 10500, "2026-03-01 12:00+00");
	reversed = debts_earn(market, ada, 4000, 0);
	earning = debts_earn(market, ada, 7200, 300);
	sql_run("%s", debts_reverse_call(market, ada, reversed));
	sql_run("set session_replication_role = replica"); /* the guards look away */
}

TestSuite(deduction_laws, .init = begin, .fini = sql_end);

Test(deduction_laws, hold_after_real_work)
{
	cr_assert_eq(debts_withheld(rental), 1800);
	sql_as("socius_law");
	debts_laws_hold(market);
}

Test(deduction_laws, see_more_than_a_quarter)
{
	sql_breaks_law("withholdings_keep_to_a_quarter",
	    "insert into ledger.withholding values (%d, '%s', '%s', '%s', '%s', 1, 7200, " SQL_NOW
	    ")",
	    market, ada, earning, sql_id(), sql_id());
	sql_breaks_law("withholdings_keep_to_a_quarter",
	    "insert into ledger.withholding values (%d, '%s', '%s', '%s', '%s', 1, 7600, " SQL_NOW
	    ")",
	    market, ada, earning, sql_id(), sql_id());
}

Test(deduction_laws, see_tips_taken_for_a_share)
{
	sql_breaks_law("withholdings_come_from_shares",
	    "update ledger.withholding set share_minor = 7501 where earning_id = '%s'", earning);
	sql_breaks_law("withholdings_come_from_shares",
	    "update ledger.withholding set earning_id = transaction_id where earning_id = '%s'",
	    earning);
	sql_breaks_law("withholdings_come_from_shares",
	    "update ledger.withholding set earning_id = '%s' where earning_id = '%s'", sql_id(),
	    earning);
}

/* A trip of 80.00 whose driver's share is 60.00: a share of 72.00 counts its tips. */
Test(deduction_laws, see_a_trips_tips_taken_for_its_share)
{
	const char *trip = sql_id();

	sql_run("insert into fulfilment.trip select %d, '%s', '%s', " SQL_DIGEST ", 'completed', "
		"'offer', 'card', " SQL_NOW ", " SQL_NOW ", 1, 'EUR', 6000, 1500, 0, 0, 0, '%s', "
		"7500, 6000, 0, 7500, 0, 7500, " SQL_NOW,
	    market, trip, ada, sql_id());
	sql_breaks_law("withholdings_come_from_shares",
	    "update ledger.transaction set kind = 'trip', cause_id = '%s' "
	    "where transaction_id = '%s'",
	    trip, earning);
}

Test(deduction_laws, see_a_withholding_that_was_not_posted)
{
	sql_breaks_law("withholdings_are_posted_once",
	    "update ledger.withholding set amount_minor = 1799 where earning_id = '%s'", earning);
	sql_breaks_law("withholdings_are_posted_once",
	    "delete from ledger.withholding where earning_id = '%s'", earning);
	sql_breaks_law("withholdings_are_posted_once",
	    "update ledger.transaction set accounts = '{2000,4000}' where kind = 'deduction'");
	sql_breaks_law("withholdings_are_posted_once",
	    "update ledger.transaction set cause_id = owner_id where kind = 'deduction'");
	sql_breaks_law("withholdings_are_posted_once",
	    "delete from ledger.transaction where kind = 'deduction'");
}

Test(deduction_laws, see_a_deduction_that_does_not_add_up)
{
	sql_breaks_law("deductions_add_up",
	    "update ledger.deduction set withheld_minor = 1801 where deduction_id = '%s'", rental);
	sql_breaks_law(
	    "deductions_add_up", "delete from ledger.reversal where market_id = %d", market);
	sql_breaks_law(
	    "deductions_add_up", "delete from ledger.deduction where deduction_id = '%s'", rental);
	sql_breaks_law("deductions_add_up",
	    "update ledger.withholding set owner_id = '%s' where earning_id = '%s'", sql_id(),
	    earning);
}

Test(deduction_laws, see_a_wallet_that_forgets_what_it_owes)
{
	sql_breaks_law("wallets_know_what_they_owe",
	    "update ledger.wallet set owed_minor = 0 where owner_id = '%s'", ada);
	sql_breaks_law("wallets_know_what_they_owe",
	    "update ledger.wallet set owed_minor = 1 where market_id = %d and owner_id <> '%s'",
	    market, ada);
	sql_breaks_law("wallets_know_what_they_owe",
	    "update ledger.wallet set owner_kind = 'vendor' where owner_id = '%s'", ada);
	sql_breaks_law(
	    "wallets_know_what_they_owe", "delete from ledger.wallet where owner_id = '%s'", ada);
}

Test(deduction_laws, see_a_receivable_that_nobody_owes)
{
	sql_breaks_law("receivables_are_what_is_left",
	    "select ledger.owe(%d, '%s', '%s', 'dues', '%s', 1, " SQL_NOW ")", market, ada,
	    sql_id(), sql_id());
	sql_breaks_law("receivables_are_what_is_left",
	    "select ledger.post(%d, '%s', '%s', 'rental', '%s', '{1200,2000}', '{1,-1}', " SQL_NOW
	    ", " SQL_NOW ")",
	    market, ada, sql_id(), sql_id());
}

Test(deduction_laws, see_a_deduction_that_nobody_told_of)
{
	sql_breaks_law("deductions_tell_where_they_stand",
	    "delete from events.event where subject_id = '%s'", rental);
	sql_breaks_law("deductions_tell_where_they_stand",
	    "update events.event set kind = 'deduction.settled' where subject_id = '%s'", rental);
	sql_breaks_law("deductions_tell_where_they_stand",
	    "update ledger.deduction set withheld_minor = owed_minor, settled_at = " SQL_NOW
	    " where deduction_id = '%s'",
	    rental);
}

Test(deduction_laws, see_a_reversal_that_is_no_mirror)
{
	static const char *const plants[] = {
		"update ledger.transaction set amounts = '{-3999,3999}' where cause_id = '%s'",
		"update ledger.transaction set accounts = '{5000,2000}' where cause_id = '%s'",
		"update ledger.transaction set wallet_minor = 4000 where cause_id = '%s'",
		"update ledger.transaction set entry_no = 0 where cause_id = '%s'",
		"delete from ledger.transaction where cause_id = '%s'",
		"delete from ledger.transaction where transaction_id = '%s'",
		"delete from ledger.reversal where transaction_id = '%s'",
		"update ledger.transaction set kind = 'payout' where transaction_id = '%s'",
	};

	for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++)
		sql_breaks_law("reversals_mirror_once", "%s",
		    sql_text("select format($$%s$$, '%s')", plants[i], reversed));
	sql_breaks_law("reversals_mirror_once",
	    "select ledger.post(%d, '%s', '%s', 'reversal', '%s', '{5100,2000}', "
	    "'{-4000,4000}', " SQL_NOW ", " SQL_NOW ")",
	    market, ada, sql_id(), reversed);
}

Test(deduction_laws, see_a_reversal_that_kept_what_was_withheld)
{
	sql_breaks_law("reversals_give_back",
	    "delete from ledger.reversal r using ledger.withholding h "
	    "where r.transaction_id = h.transaction_id and h.earning_id = '%s'",
	    reversed);
	sql_breaks_law("reversals_give_back",
	    "delete from ledger.reversal where transaction_id = '%s'", reversed);
	sql_breaks_law("reversals_give_back",
	    "update ledger.reversal set reversed_at = reversed_at + interval '1 second' "
	    "where transaction_id = '%s'",
	    reversed);
}

/* What one wallet passes to another is taken back on both sides or on none. */
Test(deduction_laws, see_a_share_taken_back_on_one_side)
{
	const char *bob = sql_partner(market, "courier"), *cause = sql_id();
	const char *given = sql_id(), *taken = sql_id();

	sql_run(
	    "select ledger.post(%d, '%s', '%s', 'share', '%s', '{2000,2900}', '{60,-60}', " SQL_NOW
	    ", " SQL_NOW "); "
	    "select ledger.post(%d, '%s', '%s', 'share', '%s', '{2900,2000}', '{60,-60}', " SQL_NOW
	    ", " SQL_NOW ")",
	    market, ada, given, cause, market, bob, taken, cause);
	sql_run("set session_replication_role = origin");
	sql_breaks_law("between_wallets_is_empty", "%s", debts_reverse_call(market, ada, given));
	sql_run("%s", debts_reverse_call(market, ada, given));
	sql_run("%s", debts_reverse_call(market, bob, taken));
	cr_assert_eq(
	    sql_count("select from laws.between_wallets_is_empty where market_id = %d", market), 0);
}
