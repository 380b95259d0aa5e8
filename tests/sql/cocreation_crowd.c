/* cocreation: many supporters at once. What they meet must be committed, so these tests do not roll
 * back but sweep up behind themselves. */
#include <criterion/criterion.h>

#include "sql/cocreation_given.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"

/* Each line of callers is a connection; whoever stands in it calls as soon as the one before has
 * been answered. */
enum { LINES = 60, LINE = 5, CROWD = LINES * LINE };

static int market;
static const char *idea;
static PGconn *lines[LINES];

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	idea = given_idea(market, sql_partner(market, "co_creator"));
}

static void
sweep(void)
{
	static const char *const tables[] = { "cocreation.support", "cocreation.sales_report_part",
		"cocreation.sales_report", "cocreation.author", "cocreation.idea",
		"onboarding.enrolment", "ledger.transaction", "ledger.wallet",
		"ledger.share_agreement", "ledger.reversal", "identity.partner", "events.event",
		"core.request_key", "core.market" };

	for (int i = 0; i < LINES; i++)
		PQfinish(lines[i]);
	sql_run("begin; set local session_replication_role = replica");
	sql_run("delete from identity.person r using identity.partner p "
		"where p.market_id = %d and r.person_id in (p.account_id, p.partner_id)",
	    market);
	sql_run("delete from identity.account where account_id in "
		"(select account_id from identity.partner where market_id = %d)",
	    market);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		sql_run("delete from %s where market_id = %d", tables[i], market);
	sql_run("commit");
	sql_end();
}

TestSuite(supporters, .init = begin, .fini = sweep);

static void
open_lines(void)
{
	for (int i = 0; i < LINES; i++) {
		lines[i] = sql_connect();
		cr_assert_eq(PQsendQuery(lines[i], "set role socius_gate"), 1);
		while (PQgetResult(lines[i]) != NULL)
			continue;
		cr_assert_eq(PQenterPipelineMode(lines[i]), 1);
	}
}

/* What all call at the same time, each in a transaction of its own. */
static void
call_all(const char *const statements[CROWD])
{
	for (int place = 0; place < LINE; place++)
		for (int i = 0; i < LINES; i++) {
			cr_assert_eq(PQsendQueryParams(lines[i], statements[place * LINES + i], 0,
					 NULL, NULL, NULL, NULL, 0),
			    1);
			cr_assert_eq(PQpipelineSync(lines[i]), 1);
		}
}

/* How many were answered with a row; the others were refused by this name. */
static int
hear_all(const char *slug)
{
	int done = 0;

	for (int i = 0; i < LINES; i++)
		for (int syncs = 0; syncs < LINE;) {
			PGresult *result = PQgetResult(lines[i]);
			ExecStatusType status = PQresultStatus(result);

			syncs += status == PGRES_PIPELINE_SYNC;
			done += status == PGRES_TUPLES_OK;
			cr_assert(result == NULL || status == PGRES_PIPELINE_SYNC ||
				      status == PGRES_TUPLES_OK ||
				      (slug != NULL && strcmp(PQresultErrorField(
								  result, PG_DIAG_MESSAGE_PRIMARY),
							   slug) == 0),
			    "%s", PQresultErrorMessage(result));
			PQclear(result);
		}
	return done;
}

static int
stampede(const char *const statements[CROWD], const char *slug)
{
	sql_run("commit");
	open_lines();
	call_all(statements);
	return hear_all(slug);
}

static void
assert_laws_hold(void)
{
	cr_assert_eq(sql_int("select (select count(*) from laws.supporters_are_counted "
			     "where market_id = %d) + (select count(*) "
			     "from laws.account_supports_once where market_id = %d) "
			     "+ (select count(*) from laws.idea_reaches_a_stage_once "
			     "where market_id = %d)",
			 market, market, market),
	    0);
}

static int
events_of(const char *kind)
{
	return sql_count(
	    "select from events.event where market_id = %d and kind = '%s'", market, kind);
}

Test(supporters, lift_an_idea_once)
{
	const char *statements[CROWD];

	for (int i = 0; i < CROWD; i++)
		statements[i] =
		    support_call("support_idea", market, sql_text("select gen_random_uuid()"),
			i % 2 == 0 ? "customer" : "partner", idea, NOW);
	cr_assert_eq(stampede(statements, NULL), CROWD);
	cr_assert_str_eq(of_idea(idea, "supporters_count"), "300");
	cr_assert_str_eq(of_idea(idea, "stage"), "2");
	cr_assert_eq(events_of("idea.stage_reached"), 1);
	cr_assert_eq(events_of("idea.supported"), CROWD);
	assert_laws_hold();
}

Test(supporters, count_once_however_often_they_call)
{
	const char *accounts[LINE], *statements[CROWD];

	for (int i = 0; i < LINE; i++)
		accounts[i] = sql_text("select gen_random_uuid()");
	for (int i = 0; i < CROWD; i++)
		statements[i] =
		    support_call("support_idea", market, accounts[i % LINE], "customer", idea, NOW);
	cr_assert_eq(stampede(statements, NULL), CROWD);
	cr_assert_str_eq(of_idea(idea, "supporters_count"), "5");
	cr_assert_eq(events_of("idea.supported"), LINE);
	assert_laws_hold();
}

/* 150 accounts give and take in any order; who took last, or gave last, is not known, but the count
 * is that of the rows, and an idea that was at 100 once has flipped once. */
Test(supporters, come_and_go)
{
	const char *statements[CROWD];

	given_supporters(market, idea, 80);
	for (int i = 0; i < CROWD; i += 2) {
		const char *account = sql_text("select gen_random_uuid()");

		statements[i] =
		    support_call("support_idea", market, account, "customer", idea, NOW);
		statements[i + 1] =
		    support_call("withdraw_support", market, account, "customer", idea, NOW);
	}
	cr_assert_eq(stampede(statements, NULL), CROWD);
	cr_assert_eq(events_of("idea.stage_reached"),
	    sql_int("select stage - 1 from cocreation.idea where idea_id = '%s'", idea));
	assert_laws_hold();
}

/* A first report comes from everybody at once, each with its own key. */
Test(supporters, report_sales_once)
{
	const char *statements[CROWD];

	given_royalty(market, 10000, "2019-01-01");
	for (int i = 0; i < CROWD; i++)
		statements[i] = report_call(
		    market, (struct sales){ .idea_id = idea, .gross_minor = 10000 + i });
	cr_assert_eq(stampede(statements, "sales_report_exists"), 1);
	cr_assert_eq(sql_count("select from ledger.transaction where market_id = %d", market), 1);
	cr_assert_eq(
	    sql_count("select from laws.royalties_are_posted_once where market_id = %d", market),
	    0);
}

/* Everybody restates the same report. */
Test(supporters, restate_a_report_once)
{
	const char *statements[CROWD], *first;

	given_royalty(market, 10000, "2019-01-01");
	first = given_report(market, (struct sales){ .idea_id = idea, .gross_minor = 10000 });
	for (int i = 0; i < CROWD; i++)
		statements[i] = report_call(market,
		    (struct sales){ .idea_id = idea, .gross_minor = 20000, .restates = first });
	cr_assert_eq(stampede(statements, "sales_report_restated_already"), 1);
	cr_assert_eq(
	    sql_int("select sum(balance_minor) from ledger.wallet where market_id = %d", market),
	    200);
	cr_assert_eq(
	    sql_count("select from laws.royalties_are_posted_once where market_id = %d", market),
	    0);
}
