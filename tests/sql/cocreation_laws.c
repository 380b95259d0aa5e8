/* cocreation_laws: the laws of co-creation see what breaks them. */
#include <criterion/criterion.h>

#include "sql/cocreation_given.h"
#include "support/sql.h"

TestSuite(cocreation_laws, .init = sql_begin, .fini = sql_end);

struct scene {
	int market;
	const char *ada, *bob, *idea, *report;
};

/* An idea of Ada and Bob with two supporters and a report of 95.00. Guards are off, so that what
 * they prevent can be planted. */
static struct scene
scene(void)
{
	struct scene it = { .market = sql_market() };

	it.ada = sql_partner(it.market, "co_creator");
	it.bob = sql_partner(it.market, "co_creator");
	it.idea = given_idea_of(it.market, it.ada,
	    sql_text("select jsonb_build_array("
		     "jsonb_build_object('partner_id', '%s', 'share_ppm', 600000), "
		     "jsonb_build_object('partner_id', '%s', 'share_ppm', 400000))",
		it.ada, it.bob));
	given_supporters(it.market, it.idea, 2);
	given_royalty(it.market, 10000, "2019-01-01");
	it.report = given_report(it.market,
	    (struct sales){ .idea_id = it.idea, .gross_minor = 1000000, .returns_minor = 50000 });
	sql_run("set local session_replication_role = replica");
	return it;
}

Test(cocreation_laws, see_supporters_that_are_not_counted)
{
	struct scene it = scene();

	given_idea(it.market, it.ada);
	sql_breaks_law("supporters_are_counted",
	    "update cocreation.idea set supporters_count = 3 where idea_id = '%s'", it.idea);
	sql_breaks_law("supporters_are_counted",
	    "delete from cocreation.support where idea_id = '%s'", it.idea);
	sql_breaks_law(
	    "supporters_are_counted", "delete from cocreation.idea where idea_id = '%s'", it.idea);
}

Test(cocreation_laws, see_a_stage_that_nobody_lifted_it_to)
{
	struct scene it = scene();
	const char *climber = given_idea(it.market, it.ada);

	given_supporters(it.market, climber, 100);
	sql_breaks_law("idea_reaches_a_stage_once",
	    "update cocreation.idea set stage = 2 where idea_id = '%s'", it.idea);
	sql_breaks_law("idea_reaches_a_stage_once",
	    "update cocreation.idea set state = 'qualified' where idea_id = '%s'", it.idea);
	sql_breaks_law("idea_reaches_a_stage_once",
	    "insert into events.event (market_id, event_id, kind, subject, subject_id, actor_id, "
	    "actor_role, occurred_at) select market_id, '%s', kind, subject, subject_id, actor_id, "
	    "actor_role, occurred_at from events.event where subject_id = '%s' "
	    "and kind = 'idea.stage_reached'",
	    sql_id(), climber);
	sql_breaks_law("idea_reaches_a_stage_once",
	    "delete from events.event where subject_id = '%s' and kind = 'idea.supported' "
	    "and event_id in (select min(event_id::text)::uuid from events.event "
	    "where subject_id = '%s' and kind = 'idea.supported')",
	    climber, climber);
}

Test(cocreation_laws, see_an_account_that_supports_twice)
{
	struct scene it = scene();

	sql_breaks_law("account_supports_once",
	    "insert into events.event (market_id, event_id, kind, subject, subject_id, actor_id, "
	    "actor_role, occurred_at) select market_id, '%s', kind, subject, subject_id, actor_id, "
	    "actor_role, occurred_at from events.event where subject_id = '%s' "
	    "and kind = 'idea.supported' limit 1",
	    sql_id(), it.idea);
	sql_breaks_law("account_supports_once",
	    "alter table cocreation.support drop constraint support_pkey; "
	    "insert into cocreation.support select * from cocreation.support "
	    "where idea_id = '%s' limit 1",
	    it.idea);
	sql_breaks_law("account_supports_once",
	    "insert into cocreation.support values (%d, '%s', '%s', " SQL_NOW ")", it.market,
	    it.idea, sql_id());
}

Test(cocreation_laws, see_an_author_who_supports_its_own_idea)
{
	struct scene it = scene();

	sql_breaks_law("authors_support_no_own_idea",
	    "insert into cocreation.support values (%d, '%s', '%s', " SQL_NOW ")", it.market,
	    it.idea, account_of(it.bob));
}

Test(cocreation_laws, see_shares_that_are_no_million)
{
	struct scene it = scene();

	sql_breaks_law("authors_share_a_million",
	    "update cocreation.author set share_ppm = 400001 where partner_id = '%s'", it.bob);
	sql_breaks_law("authors_share_a_million",
	    "update cocreation.author set line = 3 where partner_id = '%s'", it.bob);
	sql_breaks_law("authors_share_a_million",
	    "delete from cocreation.author where idea_id = '%s'", it.idea);
}

Test(cocreation_laws, see_an_idea_that_moved_without_an_event)
{
	struct scene it = scene();

	sql_breaks_law("idea_stands_where_its_events_end",
	    "update cocreation.idea set state = 'expired', closed_at = " SQL_NOW
	    " where idea_id = '%s'",
	    it.idea);
}

Test(cocreation_laws, see_a_royalty_on_anything_but_net_sales)
{
	struct scene it = scene();

	sql_breaks_law("royalty_is_on_net_sales",
	    "update cocreation.sales_report set royalty_minor = 10000 where sales_report_id = '%s'",
	    it.report);
	sql_breaks_law("royalty_is_on_net_sales",
	    "update cocreation.sales_report set share_agreement_id = '%s' "
	    "where sales_report_id = '%s'",
	    sql_id(), it.report);
	sql_breaks_law("royalty_is_on_net_sales",
	    "update ledger.share_agreement set base = 'fare' where market_id = %d", it.market);
	sql_breaks_law("royalty_is_on_net_sales",
	    "update ledger.share_agreement set effective_from = '2026-03-01' where market_id = %d",
	    it.market);
}

Test(cocreation_laws, see_parts_that_are_not_the_royalty)
{
	struct scene it = scene();

	sql_breaks_law("royalty_parts_sum",
	    "update cocreation.sales_report_part set amount_minor = 3801 where partner_id = '%s'",
	    it.bob);
	sql_breaks_law("royalty_parts_sum",
	    "update cocreation.sales_report_part "
	    "set amount_minor = case partner_id when '%s' then 3801 else 5699 end "
	    "where sales_report_id = '%s'",
	    it.bob, it.report);
	sql_breaks_law("royalty_parts_sum",
	    "update cocreation.sales_report_part set share_ppm = 400001 where partner_id = '%s'",
	    it.bob);
	sql_breaks_law("royalty_parts_sum",
	    "delete from cocreation.sales_report_part where partner_id = '%s'", it.bob);
}

Test(cocreation_laws, see_a_royalty_that_is_not_posted_once)
{
	struct scene it = scene();

	sql_breaks_law("royalties_are_posted_once",
	    "delete from ledger.transaction where owner_id = '%s'", it.bob);
	sql_breaks_law("royalties_are_posted_once",
	    "update ledger.transaction set wallet_minor = 3801 where owner_id = '%s'", it.bob);
	sql_breaks_law("royalties_are_posted_once",
	    "delete from cocreation.sales_report_part where partner_id = '%s'", it.bob);
	sql_breaks_law("royalties_are_posted_once",
	    "select ledger.post(%d, '%s', '%s', 'royalty', '%s', '{5100,2000}', '{1,-1}', " SQL_NOW
	    ", " SQL_NOW ")",
	    it.market, it.bob, sql_id(), it.report);
	sql_breaks_law("royalties_are_posted_once",
	    "select ledger.reverse(%d, '%s', transaction_id, '%s', " SQL_NOW ", " SQL_NOW
	    ") from cocreation.sales_report_part where partner_id = '%s'",
	    it.market, it.bob, sql_id(), it.bob);
}

Test(cocreation_laws, see_a_restated_report_that_was_not_reversed)
{
	struct scene it = scene();

	given_report(it.market,
	    (struct sales){ .idea_id = it.idea, .gross_minor = 0, .restates = it.report });
	cr_assert_eq(
	    sql_count("select from laws.royalties_are_posted_once where market_id = %d", it.market),
	    0);
	sql_breaks_law("royalties_are_posted_once",
	    "delete from ledger.transaction where owner_id = '%s' and kind = 'reversal'", it.bob);
}

Test(cocreation_laws, see_two_reports_in_force)
{
	struct scene it = scene();
	const char *second = given_report(it.market,
	    (struct sales){ .idea_id = it.idea, .gross_minor = 1, .restates = it.report });

	sql_breaks_law("one_sales_report_is_in_force",
	    "drop index cocreation.sales_report_exists; "
	    "update cocreation.sales_report set restates = null where sales_report_id = '%s'",
	    second);
	sql_breaks_law("one_sales_report_is_in_force",
	    "update cocreation.sales_report set period = '2026-01-01' "
	    "where sales_report_id = '%s'",
	    second);
}
