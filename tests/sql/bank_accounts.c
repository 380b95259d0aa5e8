/* bank_accounts: where partners are paid, and whom a payout run leaves out. */
#include <criterion/criterion.h>

#include "sql/onboarding_given.h"
#include "sql/payday.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"
#define MONDAY "2026-03-02 09:00+00"
#define ROME "IT60X0542811101000000123456"
#define BERLIN "DE89370400440532013000"

static int market;
static const char *programme, *partner;

static void
given(void)
{
	sql_begin();
	market = payday_market();
	programme = given_programme(market, "driver", "bank_account");
	partner = given_applicant(market, "driver", programme);
}

TestSuite(bank_accounts, .init = given, .fini = sql_end);

static void
put(const char *iban, const char *now)
{
	sql_as("socius_gate");
	sql_run("%s", bank_call(market, partner, iban, NULL, now));
	sql_as(NULL);
}

/* --- the account --- */

Test(bank_accounts, show_country_and_last_four_only)
{
	sql_refused("bank_account_unknown",
	    "select api.get_bank_account(%d, '%s', " SQL_NOW ", '%s')", market, partner, partner);
	put(ROME, NOW);
	cr_assert_str_eq(sql_text("select row(b.country, (b.last_four).cell, "
				  "(b.holder_name).cell, "
				  "b.frozen_until, b.version) from api.get_bank_account(%d, '%s', "
				  "" SQL_NOW ", '%s') b",
			     market, partner, partner),
	    "(IT,3456,\"Ada Rossi\",,1)");
	cr_assert_eq(events_of(partner, "bank_account.set"), 1);
}

Test(bank_accounts, freeze_for_72_hours_when_the_iban_changes)
{
	put(ROME, NOW);
	put(BERLIN, NOW);
	cr_assert_str_eq(sql_text("select reason from events.event where partner_id = '%s' "
				  "and kind = 'bank_account.changed'",
			     partner),
	    "Payouts wait until 2026-03-05T10:00:00Z.");
	cr_expect(sql_true("select b.frozen_until = '2026-03-05 10:00+00' and b.version = 2 "
			   "from api.get_bank_account(%d, null, '2026-03-05 09:59:59+00', '%s') b",
	    market, partner));
	cr_expect(sql_true("select b.frozen_until is null from api.get_bank_account(%d, null, "
			   "'2026-03-05 10:00+00', '%s') b",
	    market, partner));
	cr_expect_str_eq(
	    requirement_state(market, partner, "bank_account", "2026-03-05 09:59:59+00"),
	    "submitted");
	cr_expect_str_eq(
	    requirement_state(market, partner, "bank_account", "2026-03-05 10:00+00"), "verified");
}

Test(bank_accounts, do_nothing_when_they_stay_the_same)
{
	put(ROME, NOW);
	put(ROME, "2026-03-03 10:00+00");
	cr_assert_eq(sql_count("select from onboarding.bank_account where partner_id = '%s' "
			       "and version = 1 and changed_at = " SQL_NOW,
			 partner),
	    1);
	sql_run("select api.put_bank_account(%d, null, '%s', 'operator', " SQL_NOW ", '%s', '%s', "
		"'1', '" ROME "', 'Ada R.')",
	    market, sql_operator(), sql_id(), partner);
	cr_assert_eq(events_of(partner, "bank_account.renamed"), 1);
	cr_assert_eq(sql_count("select from onboarding.bank_account where partner_id = '%s' "
			       "and version = 2 and frozen_until is null",
			 partner),
	    1);
}

Test(bank_accounts, change_as_they_were_read)
{
	sql_refused("precondition_failed", "%s", bank_call(market, partner, ROME, "'1'", NOW));
	put(ROME, NOW);
	sql_refused("precondition_failed", "%s", bank_call(market, partner, BERLIN, "'2'", NOW));
	sql_run("%s", bank_call(market, partner, BERLIN, "'1'", NOW));
}

Test(bank_accounts, are_nobody_elses)
{
	const char *other = sql_partner(market, "driver");

	put(ROME, NOW);
	sql_as("socius_gate");
	sql_refused("partner_unknown", "select api.get_bank_account(%d, '%s', " SQL_NOW ", '%s')",
	    market, other, partner);
	sql_refused("partner_unknown",
	    "select api.put_bank_account(%d, '%s', '%s', 'partner', " SQL_NOW ", '%s', '%s', null, "
	    "'" BERLIN "', 'Eve')",
	    market, other, other, sql_id(), partner);
	sql_as(NULL);
}

Test(bank_accounts, hold_to_their_shapes)
{
	put(ROME, NOW);
	sql_refused("bank_account_iban", "update onboarding.bank_account set iban = 'IT60 X054'");
	sql_refused("bank_account_holder", "update onboarding.bank_account set holder_name = ''");
	sql_refused("left_out_reason",
	    "insert into payouts.left_out values (%d, '%s', '%s', 'mood', null, 1, 'EUR')", market,
	    sql_id(), partner);
	sql_refused("left_out_until",
	    "insert into payouts.left_out values (%d, '%s', '%s', 'bank_account_changed', null, 1, "
	    "'EUR')",
	    market, sql_id(), partner);
	sql_refused("left_out_positive",
	    "insert into payouts.left_out values (%d, '%s', '%s', 'bank_account_due', null, 0, "
	    "'EUR')",
	    market, sql_id(), partner);
}

/* --- payout runs --- */

static void
assert_left_out(const char *run, const char *of)
{
	cr_expect_str_eq(
	    sql_text("select coalesce(string_agg(format('%%s %%s %%s', l.reason, l.balance_minor, "
		     "coalesce(core.show_instant(l.until), '-')), ', '), '') "
		     "from api.list_left_out_of_run(%d, '%s', 9, null) l",
		market, run),
	    of);
	cr_expect_eq(
	    sql_count("select from laws.left_out_adds_up where payout_run_id = '%s'", run), 0);
	cr_expect_eq(
	    sql_count(
		"select from laws.payouts_reach_a_bank_account where partner_id = '%s'", partner),
	    0);
	payday_laws_hold();
}

Test(bank_accounts, that_are_missing_leave_their_partners_out)
{
	const char *bob = sql_partner(market, "driver"), *run;

	payday_trip(market, partner, "card", 1000, MONDAY);
	payday_trip(market, bob, "card", 500, MONDAY);
	run = payday_pay(market);
	assert_left_out(run, "bank_account_due 900 -");
	cr_expect(sql_true("select payouts_count = 1 and total_minor = 500 and left_out_count = 1 "
			   "and left_out_minor = 900 from api.get_payout_run(%d, '%s')",
	    market, run));
	cr_expect(sql_true("select dirty and balance_minor = 900 and settled_entries = 0 "
			   "from ledger.wallet where owner_id = '%s'",
	    partner));
	put(ROME, NOW);
	run = payday_pay(market);
	assert_left_out(run, "");
	cr_expect_eq(
	    sql_int("select amount_minor from payouts.payout where partner_id = '%s'", partner),
	    900);
}

Test(bank_accounts, that_were_changed_leave_their_partners_out_for_72_hours)
{
	const char *run;

	payday_trip(market, partner, "card", 1000, MONDAY);
	put(ROME, "2026-02-20 10:00+00");
	put(BERLIN, "2026-02-27 10:00:01+00");
	run = payday_pay(market);
	assert_left_out(run, "bank_account_changed 900 2026-03-02T10:00:01Z");
	sql_run("update core.market set test_now = '2026-03-02 10:00:01+00' where market_id = %d",
	    market);
	run = payday_pay(market);
	assert_left_out(run, "");
	cr_expect_eq(sql_count("select from payouts.payout where partner_id = '%s'", partner), 1);
}

/* Requirements and home say so once, for no kind of enrolment in particular. */
static void
assert_shown_as_frozen(void)
{
	const char *wanted = "submitted payouts {} The IBAN was changed: payouts wait until "
			     "2026-03-02T10:00:01Z.";

	cr_expect_str_eq(
	    sql_text("select string_agg(concat_ws(' ', state, blocks, enrolment_kinds, reason), "
		     "', ') from api.list_requirements(%d, null, '" NOW "', '%s', 99, null) "
		     "where requirement = 'bank_account'",
		market, partner),
	    wanted);
	cr_expect_str_eq(
	    sql_text("select string_agg(concat_ws(' ', d.state, d.blocks, d.enrolment_kinds, "
		     "d.reason), ', ') from identity.partner p, "
		     "api.get_home(%d, p.account_id, '" NOW "') h, unnest(h.due) d "
		     "where p.partner_id = '%s' and d.requirement = 'bank_account'",
		market, partner),
	    wanted);
}

/* Whoever has changed the IBAN waits, whether a programme asks for an account or not. */
Test(bank_accounts, that_were_changed_freeze_payouts_of_everybody)
{
	const char *run;

	sql_run("update onboarding.programme set requirements = '{}' where programme_id = '%s'",
	    programme);
	payday_trip(market, partner, "card", 1000, MONDAY);
	put(ROME, "2026-02-20 10:00+00");
	put(BERLIN, "2026-02-27 10:00:01+00");
	run = payday_pay(market);
	assert_left_out(run, "bank_account_changed 900 2026-03-02T10:00:01Z");
	assert_shown_as_frozen();
	sql_run(
	    "update onboarding.enrolment set programme_id = null where partner_id = '%s'", partner);
	run = payday_pay(market);
	assert_left_out(run, "bank_account_changed 900 2026-03-02T10:00:01Z");
	assert_shown_as_frozen();
	sql_run(
	    "update onboarding.enrolment set state = 'closed' where partner_id = '%s'", partner);
	assert_shown_as_frozen();
	sql_run("update core.market set test_now = '2026-03-02 10:00:01+00' where market_id = %d",
	    market);
	cr_expect_null(
	    requirement_state(market, partner, "bank_account", "2026-03-02 10:00:01+00"));
	run = payday_pay(market);
	assert_left_out(run, "");
	cr_expect_eq(sql_count("select from payouts.payout where partner_id = '%s'", partner), 1);
}

/* One enrolment that asks is enough, whatever has become of it. */
Test(bank_accounts, are_asked_for_by_any_enrolment)
{
	const char *bob = sql_partner(market, "courier");

	sql_run("select api.create_enrolment(%d, null, '%s', 'operator', " SQL_NOW
		", gen_random_uuid(), 'k', " SQL_DIGEST ", '%s', 'driver', '%s')",
	    market, sql_operator(), bob, programme);
	payday_trip(market, bob, "card", 1000, MONDAY);
	sql_run("update onboarding.enrolment set state = 'closed' where partner_id = '%s'", bob);
	assert_left_out(payday_pay(market), "bank_account_due 900 -");
	cr_expect_str_eq(requirement_state(market, bob, "bank_account", NOW), "due");
}

Test(bank_accounts, matter_to_those_only_who_would_be_paid)
{
	assert_left_out(payday_pay(market), "");
	payday_trip(market, partner, "cash", 1000, MONDAY);
	assert_left_out(payday_pay(market), "");
	payday_trip(market, partner, "card", 1000, MONDAY);
	payday_step(market, payday_run(market, 701));
	cr_expect_eq(sql_count("select from payouts.left_out where market_id = %d", market), 0);
}

Test(bank_accounts, leave_out_over_all_chunks)
{
	const char *run;

	payday_crowd(market, 2500);
	sql_run(
	    "insert into onboarding.enrolment (market_id, partner_id, kind, programme_id, state, "
	    "created_at) select market_id, owner_id, 'driver', '%s', 'active', " SQL_NOW
	    " from ledger.wallet where market_id = %d and owner_id <> '%s'",
	    programme, market, partner);
	sql_run("insert into onboarding.bank_account (market_id, partner_id, iban, iban_key, "
		"country, last_four, holder_name, holder_key, created_at, changed_at) select "
		"market_id, owner_id, '" ROME "', 'k', 'IT', '3456', 'A', 'k', " SQL_NOW
		", " SQL_NOW
		" from ledger.wallet where market_id = %d order by owner_id limit 1000",
	    market);
	run = payday_run(market, 1);
	while (payday_step(market, run) != NULL)
		continue;
	cr_expect(sql_true("select payouts_count + left_out_count = 2500 and left_out_minor = "
			   "left_out_count * 500 and payouts_count between 999 and 1000 "
			   "from payouts.payout_run where payout_run_id = '%s'",
	    run));
	cr_expect_eq(
	    sql_count("select from laws.left_out_adds_up where payout_run_id = '%s'", run), 0);
}

Test(bank_accounts, list_whom_a_run_left_out_page_by_page)
{
	const char *bob = given_applicant(market, "driver", programme), *run, *first;

	payday_trip(market, partner, "card", 1000, MONDAY);
	payday_trip(market, bob, "card", 1000, MONDAY);
	run = payday_pay(market);
	sql_as("socius_gate");
	first = sql_text(
	    "select partner_id from api.list_left_out_of_run(%d, '%s', 1, null)", market, run);
	cr_expect_str_eq(first, partner);
	cr_expect_str_eq(
	    sql_text("select partner_id from api.list_left_out_of_run(%d, '%s', 9, '%s')", market,
		run, first),
	    bob);
	sql_refused("payout_run_unknown", "select api.list_left_out_of_run(%d, '%s', 9, null)",
	    market, sql_id());
	sql_as(NULL);
}

/* --- laws --- */

Test(bank_accounts, see_a_payout_to_nowhere)
{
	payday_trip(market, partner, "card", 1000, MONDAY);
	put(ROME, "2026-02-20 10:00+00");
	sql_run("update onboarding.enrolment set created_at = '2026-02-20' where partner_id = '%s'",
	    partner);
	payday_pay(market);
	sql_breaks_law("payouts_reach_a_bank_account",
	    "delete from onboarding.bank_account where partner_id = '%s'", partner);
	sql_breaks_law("payouts_reach_a_bank_account",
	    "update onboarding.bank_account set created_at = '2026-03-02 10:02:01+00' "
	    "where partner_id = '%s'",
	    partner);
	sql_breaks_law("payouts_reach_a_bank_account", "%s",
	    bank_call(market, partner, BERLIN, NULL, "2026-03-01 10:00+00"));
	/* of somebody who is asked for nothing, and though the row forgot it */
	sql_run("update onboarding.enrolment set programme_id = null");
	sql_breaks_law("payouts_reach_a_bank_account",
	    "%s; update onboarding.bank_account set frozen_until = null",
	    bank_call(market, partner, BERLIN, NULL, "2026-02-27 10:00:01+00"));
}

Test(bank_accounts, see_a_run_that_miscounts_whom_it_left_out)
{
	const char *run;

	payday_trip(market, partner, "card", 1000, MONDAY);
	run = payday_pay(market);
	sql_breaks_law("left_out_adds_up",
	    "update payouts.payout_run set left_out_count = 2 where payout_run_id = '%s'", run);
	sql_breaks_law("left_out_adds_up",
	    "update payouts.left_out set balance_minor = 1 where payout_run_id = '%s'", run);
	sql_breaks_law("left_out_adds_up",
	    "insert into payouts.payout select market_id, payout_run_id, partner_id, '%s', "
	    "'in_run', 900, 'EUR', 1, 1, " SQL_NOW " from payouts.left_out "
	    "where payout_run_id = '%s'",
	    sql_id(), run);
}

/* RFC 9110 section 13.1.1. */
Test(bank_accounts, hold_a_precondition_against_what_there_is)
{
	static const struct {
		const char *if_match, *version, *holds;
	} cases[] = { { "null", "null", "true" }, { "null", "7", "true" }, { "'7'", "7", "true" },
		{ "'6 7'", "7", "true" }, { "'*'", "7", "true" }, { "'*'", "null", "false" },
		{ "'7'", "null", "false" }, { "'77'", "7", "false" }, { "''", "7", "false" },
		{ "'6 8'", "7", "false" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(sql_text("select core.etag_matches(%s, %s)::text",
				     cases[i].if_match, cases[i].version),
		    cases[i].holds, "%s of %s", cases[i].if_match, cases[i].version);
}
