/* handles: what strangers are shown of each other is no id that a call takes. */
#include <criterion/criterion.h>

#include "sql/cocreation_given.h"
#include "sql/onboarding_given.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"

/* An idea of ada's with bob, who gets 40 % of its royalties; eve is a stranger. */
static struct {
	int market;
	const char *ada, *bob, *eve, *idea;
} it;

static void
given(void)
{
	sql_begin();
	it.market = sql_market();
	it.ada = sql_partner(it.market, "co_creator");
	it.bob = sql_partner(it.market, "courier");
	it.eve = sql_partner(it.market, "courier");
	it.idea = given_idea_of(it.market, it.ada,
	    sql_text("select '[{\"partner_id\": \"%s\", \"share_ppm\": 600000}, "
		     "{\"partner_id\": \"%s\", \"share_ppm\": 400000}]'",
		it.ada, it.bob));
}

TestSuite(handles, .init = given, .fini = sql_end);

/* Which of the ids of ada and bob an account sees in the idea: submitter, then the authors. */
static const char *
seen_by(const char *account, const char *role)
{
	return sql_text(
	    "select concat_ws(' ', case when submitter_id = '%s' then 'ada' else '-' end, "
	    "case when authors[1].partner_id = '%s' then 'ada' else '-' end, "
	    "case when authors[2].partner_id = '%s' then 'bob' else '-' end) "
	    "from api.list_ideas(%d, '%s', '%s', null, 5, null)",
	    it.ada, it.ada, it.bob, it.market, account, role);
}

Test(handles, stand_for_who_has_an_idea)
{
	cr_expect_str_eq(seen_by(account_of(it.ada), "partner"), "ada ada bob");
	cr_expect_str_eq(seen_by(account_of(it.bob), "partner"), "- - bob");
	cr_expect_str_eq(seen_by(account_of(it.eve), "partner"), "- - -");
	cr_expect_str_eq(seen_by(sql_id(), "customer"), "- - -");
	cr_expect_str_eq(seen_by(sql_operator(), "operator"), "ada ada bob");
	cr_expect_str_eq(seen_by(sql_operator(), "auditor"), "ada ada bob");
	cr_expect(sql_true("select (i.\"row\").submitter_id = core.handle(%d, '%s') "
			   "and (i.\"row\").submitter_id = (i.\"row\").authors[1].partner_id "
			   "from (select api.get_idea(%d, '%s', 'partner', '%s') as \"row\") i",
	    it.market, it.ada, it.market, account_of(it.eve), it.idea));
}

Test(handles, stand_for_who_supports_an_idea)
{
	const char *eve = account_of(it.eve);

	sql_run("%s", support_call("support_idea", it.market, eve, "partner", it.idea, NOW));
	cr_expect_eq(
	    sql_count("select from api.support_idea(%d, '%s', 'partner', '" NOW "', '%s', '%s') s "
		      "where (s.\"row\").submitter_id = '%s'",
		it.market, eve, sql_id(), it.idea, it.ada),
	    0);
}

Test(handles, differ_by_market_and_person)
{
	cr_expect(sql_true("select core.handle(1, '%s') <> core.handle(2, '%s') "
			   "and core.handle(1, '%s') <> core.handle(1, '%s') "
			   "and core.handle(1, '%s') = core.handle(1, '%s')",
	    it.ada, it.ada, it.ada, it.bob, it.ada, it.ada));
}

Test(handles, stand_for_who_shares_a_royalty)
{
	static const char parts[] =
	    "select (p[1].partner_id = '%s') || ' ' || (p[2].partner_id = '%s') "
	    "from (select parts as p from api.list_sales_reports(%d, %s, null, 5, null)) s";

	given_royalty(it.market, 10000, "2019-01-01");
	given_report(it.market, (struct sales){ .idea_id = it.idea, .gross_minor = 1000000 });
	cr_expect_str_eq(sql_text(parts, it.ada, it.bob, it.market, "null"), "true true");
	cr_expect_str_eq(sql_text(parts, it.ada, it.bob, it.market,
			     sql_text("select quote_literal('%s')", it.ada)),
	    "true false");
	cr_expect_str_eq(sql_text(parts, it.ada, it.bob, it.market,
			     sql_text("select quote_literal('%s')", it.bob)),
	    "false true");
}

/* The actors of a feed: of the caller itself, the machine, or another. */
static const char *
actors(const char *caller, const char *account, const char *other)
{
	sql_run("set local socius.epoch = '1'");
	return sql_text("select string_agg(distinct case actor_id when '%s' then 'self' "
			"when '%s' then 'other' when core.handle(%d, '%s') then 'handle' else "
			"'unknown' end, ' ') from api.list_events(%d, %s, 200, null, null, null) "
			"where kind = 'thing.seen'",
	    account, other, it.market, other, it.market, caller);
}

Test(handles, stand_for_who_acts_in_a_feed)
{
	const char *ada = account_of(it.ada), *operator= sql_operator();

	for (int i = 0; i < 2; i++)
		sql_run("insert into events.event (market_id, epoch, xid, event_id, kind, "
			"partner_id, subject, subject_id, actor_id, actor_role, occurred_at) "
			"values (%d, 1, '1', '%s', 'thing.seen', '%s', 'thing', '%s', '%s', "
			"'x', " SQL_NOW ")",
		    it.market, sql_id(), it.ada, sql_id(), i == 0 ? ada : operator);
	cr_expect_str_eq(
	    actors(sql_text("select quote_literal('%s')", it.ada), ada, operator), "handle self");
	cr_expect_str_eq(actors("null", ada, operator), "other self");
}

Test(handles, stand_for_who_reviews_a_document)
{
	const char *document = given_verified(it.market, it.ada, "passport", NULL);

	cr_expect(sql_true("select (d.own).reviewed_by = core.handle(%d, t.reviewed_by) "
			   "and (d.seen).reviewed_by = t.reviewed_by from onboarding.document t, "
			   "(select api.get_partner_document(%d, '%s', '%s') as own, "
			   "api.get_partner_document(%d, null, '%s') as seen) d "
			   "where t.document_id = '%s'",
	    it.market, it.market, it.ada, document, it.market, document, document));
}
