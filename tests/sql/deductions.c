/* deductions: what partners owe is withheld from what they earn, and given back. */
#include <criterion/criterion.h>

#include "sql/debts.h"
#include "sql/payday.h"
#include "sql/scheduling_given.h"
#include "support/sql.h"
#include "support/trip.h"

#define SUNDAY "2026-03-01 12:00+00"

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

static const char *
owe(const char *kind, int64_t amount_minor)
{
	return debts_owe(market, ada, kind, amount_minor, SUNDAY);
}

static bool
wallet_is(int64_t balance_minor, int64_t owed_minor)
{
	return debts_wallet_is(market, ada, balance_minor, owed_minor);
}

Test(deductions, withhold_a_quarter_of_the_share_and_carry_the_rest_over)
{
	const char *rental = owe("rental", 10500);
	const char *earning;

	cr_assert(wallet_is(0, 10500));
	earning = debts_earn(market, ada, 7200, 300);
	cr_assert_eq(debts_withheld(rental), 1800);
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
	debts_earn(market, ada, 4 * 8699, 0);
	cr_assert_eq(debts_withheld(rental), 10499);
	debts_earn(market, ada, 7200, 0);
	cr_assert_eq(debts_withheld(rental), 10500);
	debts_earn(market, ada, 7200, 0);
	cr_assert(wallet_is(7500 + 4 * 8699 + 2 * 7200 - 10500, 0));
	cr_assert(sql_true("select settled_at = " SQL_NOW
			   " from ledger.deduction where deduction_id = '%s'",
	    rental));
	cr_assert_str_eq(sql_text("select string_agg(kind, ' ' order by kind) from events.event "
				  "where subject_id = '%s' and partner_id = '%s'",
			     rental, ada),
	    "deduction.owed deduction.settled");
	debts_laws_hold(market);
}

Test(deductions, take_nothing_where_a_quarter_is_less_than_a_cent)
{
	const char *rental = owe("rental", 10500);

	debts_earn(market, ada, 0, 5000);
	debts_earn(market, ada, 1, 5000);
	debts_earn(market, ada, 3, 0);
	cr_assert_eq(debts_withheld(rental), 0);
	debts_earn(market, ada, 4, 0);
	cr_assert_eq(debts_withheld(rental), 1);
	debts_earn(market, ada, 7, 5000);
	cr_assert_eq(debts_withheld(rental), 2);
	debts_earn(market, ada, -4000, 0);
	cr_assert_eq(debts_withheld(rental), 2);
	debts_laws_hold(market);
}

Test(deductions, leave_those_alone_who_owe_nothing)
{
	const char *bob = sql_partner(market, "courier");

	owe("rental", 10500);
	debts_earn(market, bob, 7200, 0);
	cr_assert(debts_wallet_is(market, bob, 7200, 0));
	cr_assert_eq(sql_count("select from ledger.transaction where owner_id = '%s'", bob), 1);
}

Test(deductions, go_by_kind_and_then_by_age)
{
	const char *financing = debts_owe(market, ada, "financing", 100, "2026-02-01 12:00+00");
	const char *newer = debts_owe(market, ada, "rental", 100, "2026-02-20 12:00+00");
	const char *older = debts_owe(market, ada, "rental", 100, "2026-02-10 12:00+00");
	const char *voluntary = debts_owe(market, ada, "voluntary", 100, "2026-01-01 12:00+00");
	const char *insurance = debts_owe(market, ada, "insurance", 100, "2026-02-21 12:00+00");
	const char *dues = debts_owe(market, ada, "dues", 100, "2026-02-22 12:00+00");
	const char *const order[] = { dues, insurance, older, newer, financing, voluntary };

	for (int i = 0; i < 6; i++) {
		debts_earn(market, ada, 4 * 60, 0);
		for (int n = 0; n < 6; n++) {
			int64_t due = 60 * (i + 1) - 100 * n;

			cr_expect_eq(debts_withheld(order[n]),
			    due < 0     ? 0
			    : due > 100 ? 100
					: due,
			    "deduction %d after earning %d", n, i);
		}
	}
	/* one earning, two deductions, one quarter */
	cr_assert_eq(sql_int("select max(sum) from (select sum(amount_minor) "
			     "from ledger.withholding where owner_id = '%s' group by earning_id) s",
			 ada),
	    60);
	debts_laws_hold(market);
}

Test(deductions, refuse_what_is_no_debt)
{
	sql_refused("deduction_positive",
	    "select ledger.owe(%d, '%s', '%s', 'rental', '%s', 0, " SQL_NOW ")", market, ada,
	    sql_id(), sql_id());
	sql_fails("22P02", "select ledger.owe(%d, '%s', '%s', 'gift', '%s', 1, " SQL_NOW ")",
	    market, ada, sql_id(), sql_id());
	sql_fails("P0001", "select ledger.owe(%d, '%s', '%s', 'rental', '%s', 1, " SQL_NOW ")",
	    market, sql_id(), sql_id(), sql_id());
}

Test(deductions, come_from_the_pay_of_a_slot)
{
	const char *rental = owe("rental", 10500);
	const char *slot = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 240 });

	given_completed(market, ada, slot);
	cr_assert_eq(debts_withheld(rental), 1800);
	cr_assert(wallet_is(7200 - 1800, 10500 - 1800));
	debts_laws_hold(market);
}

Test(deductions, come_from_the_share_of_a_trip_alone)
{
	struct trip_scene it = trip_scene();
	struct report trip = trip_of(it.market, it.driver);
	const char *rental;

	sql_as(NULL);
	rental = debts_owe(it.market, it.driver, "rental", 10500, SUNDAY);
	sql_as("socius_gate");
	trip_send(&trip);
	sql_as(NULL);
	/* 8.02 of 10.03; tip and tolls are 2.50 more */
	cr_assert_eq(debts_withheld(rental), 200);
	cr_assert(debts_wallet_is(it.market, it.driver, 1052 - 200, 10300));
	debts_laws_hold(it.market);
}

Test(deductions, come_from_cash_trips_and_cancellation_fees_too)
{
	struct trip_scene it = trip_scene();
	struct report cash = trip_of(it.market, it.driver);
	struct report cancelled = trip_cancelled(it.market, it.driver, 500);
	const char *rental;

	cash.payment = "cash";
	sql_as(NULL);
	sql_run("update ledger.wallet set floor_minor = -400 where owner_id = '%s'", it.driver);
	rental = debts_owe(it.market, it.driver, "rental", 10500, SUNDAY);
	sql_as("socius_gate");
	trip_send(&cash);
	sql_as(NULL);
	cr_assert_eq(debts_withheld(rental), 200);
	cr_assert(debts_wallet_is(it.market, it.driver, -(201 + 80) - 200, 10300));
	sql_as("socius_gate");
	trip_send(&cancelled);
	sql_as(NULL);
	cr_assert_eq(debts_withheld(rental), 200 + 100);
	debts_laws_hold(it.market);
}

Test(deductions, stand_in_the_statement_and_are_settled_by_the_payout)
{
	int town = payday_market();
	const char *bob = sql_partner(town, "driver");
	const char *rental = debts_owe(town, bob, "rental", 10500, "2026-02-25 12:00+00");

	payday_trip(town, bob, "card", 1000, "2026-02-24 09:00+00");
	payday_trip(town, bob, "card", 2000, "2026-03-02 09:00+00");
	payday_pay(town);
	cr_assert_eq(
	    sql_int("select amount_minor from payouts.payout where partner_id = '%s'", bob),
	    800 + 1600 + 2 * 100 - 200 - 400);
	cr_assert_str_eq(
	    sql_text("select string_agg(concat_ws(' ', kind, cause_id, amount_minor, "
		     "deductions_minor, other_minor), '') "
		     "from api.list_statement_lines(%d, '%s', '%s', '2026-02-23', 50, null) "
		     "where kind = 'deduction'",
		town, bob, bob),
	    sql_text("select 'deduction %s -200 -200 0'", rental));
	cr_assert_str_eq(
	    sql_text("select string_agg(concat_ws(' ', opening_minor, share_minor, tips_minor, "
		     "deductions_minor, other_minor, payouts_minor, closing_minor), ', ' "
		     "order by week) "
		     "from api.list_statements(%d, null, '%s', 50, null)",
		town, bob),
	    "0 800 100 -200 0 0 700, 700 1600 100 -400 0 -2000 0");
	cr_assert(
	    sql_true("select wallet_minor = -400 and cause_id = '%s' and fare_minor is null "
		     "and tip_minor is null from api.list_earnings(%d, '%s', '%s', null, null, "
		     "1, core.month_now(), 5)",
		rental, town, bob, bob));
	payday_laws_hold();
	debts_laws_hold(town);
}

Test(deductions, are_given_back_with_a_reversal)
{
	const char *dues = owe("dues", 1000), *rental = owe("rental", 10500);
	const char *earning = debts_earn(market, ada, 7200, 300);

	cr_assert_eq(debts_withheld(dues), 1000);
	cr_assert_eq(debts_withheld(rental), 800);
	cr_assert_eq(sql_int("%s", debts_reverse_call(market, ada, earning)), 4);
	cr_assert(wallet_is(0, 11500));
	cr_assert_eq(debts_withheld(dues), 0);
	cr_assert_eq(debts_withheld(rental), 0);
	cr_assert(sql_true("select accounts = '{5100,2000}' and amounts = '{-7500,7500}' "
			   "and cause_id = '%s' and wallet_minor = -7500 from ledger.transaction "
			   "where owner_id = '%s' and kind = 'reversal' and entry_no = 4",
	    earning, ada));
	cr_assert_str_eq(sql_text("select string_agg(kind, ' ' order by kind) from events.event "
				  "where subject_id = '%s'",
			     dues),
	    "deduction.owed deduction.reopened deduction.settled");
	/* and is withheld again from what comes next */
	debts_earn(market, ada, 4000, 0);
	cr_assert_eq(debts_withheld(dues), 1000);
	debts_laws_hold(market);
}

Test(deductions, go_with_a_transaction_that_is_reversed_once)
{
	const char *earning = debts_earn(market, ada, 7200, 0);

	sql_run("%s", debts_reverse_call(market, ada, earning));
	sql_refused("transaction_reversed_already", "%s", debts_reverse_call(market, ada, earning));
	cr_assert(wallet_is(0, 0));
	debts_laws_hold(market);
}

Test(deductions, stay_where_no_earning_is_reversed)
{
	const char *other = sql_partner(market, "courier");
	const char *earning, *taken, *mirror;

	owe("rental", 10500);
	earning = debts_earn(market, ada, 7200, 0);
	taken =
	    sql_text("select transaction_id from ledger.withholding where owner_id = '%s'", ada);
	sql_fails("P0001", "%s", debts_reverse_call(market, other, earning));
	sql_fails("P0001", "%s", debts_reverse_call(market, ada, sql_id()));
	sql_fails("P0001", "%s", debts_reverse_call(market, ada, taken));
	sql_run("%s", debts_reverse_call(market, ada, earning));
	mirror = sql_text(
	    "select reversal_id from ledger.reversal where transaction_id = '%s'", earning);
	sql_fails("P0001", "%s", debts_reverse_call(market, ada, mirror));
	debts_laws_hold(market);
}

Test(deductions, keep_wrong_amounts_out_of_their_tables)
{
	const char *rental = owe("rental", 100);

	sql_refused("deduction_within_owed",
	    "update ledger.deduction set withheld_minor = 101 where deduction_id = '%s'", rental);
	sql_refused("deduction_within_owed",
	    "update ledger.deduction set withheld_minor = -1 where deduction_id = '%s'", rental);
	sql_refused("deduction_settled_in_full",
	    "update ledger.deduction set withheld_minor = 100 where deduction_id = '%s'", rental);
	sql_refused("deduction_settled_in_full",
	    "update ledger.deduction set settled_at = " SQL_NOW " where deduction_id = '%s'",
	    rental);
	sql_refused("withholding_positive",
	    "insert into ledger.withholding values (%d, '%s', '%s', '%s', '%s', 0, 100, " SQL_NOW
	    ")",
	    market, ada, sql_id(), rental, sql_id());
	sql_refused("withholding_within_a_quarter",
	    "insert into ledger.withholding values (%d, '%s', '%s', '%s', '%s', 26, 103, " SQL_NOW
	    ")",
	    market, ada, sql_id(), rental, sql_id());
	sql_run(
	    "insert into ledger.withholding values (%d, '%s', '%s', '%s', '%s', 26, 104, " SQL_NOW
	    ")",
	    market, ada, sql_id(), rental, sql_id());
}

Test(deductions, are_never_rewritten)
{
	const char *earning;

	owe("rental", 10500);
	earning = debts_earn(market, ada, 7200, 0);
	sql_run("%s", debts_reverse_call(market, ada, earning));
	sql_run("update core.market set is_test = false where market_id = %d", market);
	sql_fails("SO002", "update ledger.deduction set owed_minor = 1 where owner_id = '%s'", ada);
	sql_fails("SO002", "update ledger.deduction set kind = 'dues' where owner_id = '%s'", ada);
	sql_fails("SO002", "delete from ledger.deduction where owner_id = '%s'", ada);
	sql_fails("SO002", "update ledger.withholding set amount_minor = 1");
	sql_fails("SO002", "delete from ledger.withholding where owner_id = '%s'", ada);
	sql_fails("SO002", "update ledger.reversal set reversed_at = " SQL_NOW);
	sql_fails("SO002", "delete from ledger.reversal where owner_id = '%s'", ada);
	sql_fails("SO002", "truncate ledger.deduction");
	sql_fails("SO002", "truncate ledger.withholding");
	sql_fails("SO002", "truncate ledger.reversal");
	sql_as("wall_operator");
	sql_fails("42501", "update ledger.deduction set owed_minor = 1");
	sql_fails("42501", "delete from ledger.withholding");
	sql_as(NULL);
	sql_run("update core.market set is_test = true where market_id = %d", market);
	sql_run("delete from ledger.reversal where market_id = %d; "
		"delete from ledger.withholding where market_id = %d; "
		"delete from ledger.deduction where market_id = %d",
	    market, market, market);
}

Test(deductions, are_listed_from_the_newest_page_by_page)
{
	const char *first = debts_owe(market, ada, "rental", 100, "2026-02-01 12:00+00");
	const char *second = debts_owe(market, ada, "dues", 300, "2026-02-02 12:00+00");

	debts_earn(market, ada, 1320, 0);
	sql_as("socius_gate");
	cr_assert_str_eq(
	    sql_text("select concat_ws(' ', deduction_id, kind, owed_minor, withheld_minor, "
		     "left_minor, currency, created_at, settled_at) "
		     "from api.list_deductions(%d, '%s', '%s', 1, null, null)",
		market, ada, ada),
	    sql_text("select '%s dues 300 300 0 EUR 2026-02-02 12:00:00+00 ' || " SQL_NOW, second));
	cr_assert_str_eq(
	    sql_text("select concat_ws(' ', deduction_id, kind, owed_minor, withheld_minor, "
		     "left_minor, settled_at) from api.list_deductions(%d, null, '%s', 50, "
		     "'2026-02-02 12:00+00', '%s')",
		market, ada, second),
	    sql_text("select '%s rental 100 30 70'", first));
	cr_assert_eq(sql_int("select owed_minor from api.get_balance(%d, '%s', " SQL_NOW ", '%s')",
			 market, ada, ada),
	    70);
}

Test(deductions, are_hidden_from_others)
{
	int elsewhere = sql_market();
	const char *bob = sql_partner(market, "courier");

	owe("rental", 100);
	debts_earn(market, ada, 100, 0);
	sql_as("socius_gate");
	sql_refused("partner_unknown",
	    "select * from api.list_deductions(%d, '%s', '%s', 50, null, null)", market, bob, ada);
	sql_refused("partner_unknown",
	    "select * from api.list_deductions(%d, null, '%s', 50, null, null)", elsewhere, ada);
	sql_as(NULL);
	sql_as("wall_partner");
	sql_run("select core.enter(%d, '%s')", market, bob);
	cr_assert_eq(sql_count("select from ledger.deduction"), 0);
	cr_assert_eq(sql_count("select from ledger.withholding"), 0);
	sql_run("select core.enter(%d, '%s')", market, ada);
	cr_assert_eq(sql_count("select from ledger.deduction"), 1);
	cr_assert_eq(sql_count("select from ledger.withholding"), 1);
}

/* The whole life of a deduction within each wall that posts; no role needs more than it has. */
Test(deductions, live_behind_every_wall)
{
	static const char *const walls[] = { "wall_partner", "wall_member", "wall_operator",
		"wall_runner" };

	for (int i = 0; i < 4; i++) {
		const char *bob = sql_partner(market, "courier");
		const char *earning = sql_id();

		sql_as(walls[i]);
		sql_run("select core.enter(%d, '%s')", market, bob);
		sql_run("select ledger.owe(%d, '%s', '%s', 'dues', '%s', 1800, " SQL_NOW ")",
		    market, bob, sql_id(), sql_id());
		sql_run("select ledger.post(%d, '%s', '%s', 'slot_pay', '%s', '{5000,2000}', "
			"'{7200,-7200}', " SQL_NOW ", " SQL_NOW ", 7200)",
		    market, bob, earning, sql_id());
		cr_expect(debts_wallet_is(market, bob, 5400, 0), "%s", walls[i]);
		sql_run("select ledger.reverse(%d, '%s', '%s', '%s', " SQL_NOW ", " SQL_NOW ")",
		    market, bob, earning, sql_id());
		cr_expect(debts_wallet_is(market, bob, 0, 1800), "%s", walls[i]);
		sql_as(NULL);
	}
}
