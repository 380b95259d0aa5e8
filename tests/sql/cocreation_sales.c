/* cocreation_sales: reports of sales and the royalties that they post, as SQL sees them. */
#include <criterion/criterion.h>

#include "sql/cocreation_given.h"
#include "support/sql.h"

TestSuite(royalties, .init = sql_begin, .fini = sql_end);

/* Two authors at 60 and 40 %, and 1 % of net sales since 2019. */
struct scene {
	int market;
	const char *ada, *bob, *idea;
};

static const char *
authors_of(const char *ada, int ada_ppm, const char *bob, int bob_ppm)
{
	return sql_text("select jsonb_build_array("
			"jsonb_build_object('partner_id', '%s', 'share_ppm', %d), "
			"jsonb_build_object('partner_id', '%s', 'share_ppm', %d))",
	    ada, ada_ppm, bob, bob_ppm);
}

static struct scene
scene(void)
{
	struct scene it = { .market = sql_market() };

	it.ada = sql_partner(it.market, "co_creator");
	it.bob = sql_partner(it.market, "courier");
	it.idea = given_idea_of(it.market, it.ada, authors_of(it.ada, 600000, it.bob, 400000));
	given_royalty(it.market, 10000, "2019-01-01");
	return it;
}

static int64_t
broken_laws(int market)
{
	return sql_int(
	    "select (select count(*) from laws.royalty_is_on_net_sales "
	    "where market_id = %d) + (select count(*) from laws.royalty_parts_sum "
	    "where market_id = %d) + (select count(*) from laws.royalties_are_posted_once "
	    "where market_id = %d) + (select count(*) "
	    "from laws.one_sales_report_is_in_force where market_id = %d) "
	    "+ (select count(*) from laws.event_chain_holds where market_id = %d)",
	    market, market, market, market, market);
}

static int
transactions_of(const char *partner, const char *kind)
{
	return sql_count(
	    "select from ledger.transaction where owner_id = '%s' and kind = '%s'", partner, kind);
}

Test(royalties, are_one_percent_of_net_sales_divided_over_the_authors)
{
	struct scene it = scene();
	const char *call = report_call(it.market,
	    (struct sales){ .idea_id = it.idea, .gross_minor = 1000000, .returns_minor = 50000 });

	sql_as("socius_gate");
	cr_assert(sql_true("select not replayed and period = '2026-02' and currency = 'EUR' "
			   "and gross_minor = 1000000 and returns_minor = 50000 "
			   "and net_minor = 950000 and royalty_minor = 9500 and restates is null "
			   "and restated_by is null and occurred_at = '2026-02-28 22:59:59+00' "
			   "and parts = array[row('%s', 600000, 5700), row('%s', 400000, 3800)]"
			   "::api.sales_report_part[] from (%s) made",
	    it.ada, it.bob, call));
	sql_as(NULL);
	cr_assert_eq(balance_of(it.ada), 5700);
	cr_assert_eq(balance_of(it.bob), 3800);
	cr_assert(sql_true("select x.kind = 'royalty' and x.accounts = '{5100,2000}' "
			   "and x.amounts = '{5700,-5700}' and x.cause_id = r.sales_report_id "
			   "and x.occurred_at = '2026-02-28 22:59:59+00' "
			   "from ledger.transaction x, cocreation.sales_report r "
			   "where x.owner_id = '%s' and r.market_id = %d",
	    it.ada, it.market));
	cr_assert_eq(sql_count("select from events.event where market_id = %d "
			       "and kind = 'sales_report.posted' and partner_id in ('%s', '%s')",
			 it.market, it.ada, it.bob),
	    2);
	cr_assert_eq(broken_laws(it.market), 0);
}

Test(royalties, give_odd_cents_to_the_largest_remainders)
{
	int market = sql_market();
	const char *authors[3], *idea;

	for (int i = 0; i < 3; i++)
		authors[i] = sql_partner(market, "co_creator");
	idea = given_idea_of(market, authors[0],
	    sql_text("select jsonb_agg(jsonb_build_object('partner_id', a.id, 'share_ppm', a.ppm) "
		     "order by a.ppm) from (values ('%s', 333333), ('%s', 333334), ('%s', 333333)) "
		     "as a (id, ppm)",
		authors[0], authors[1], authors[2]));
	given_royalty(market, 10000, "2019-01-01");
	/* 10.01 at 1 % is 10.01 cents, 10 of them; a third is 3.33, the larger third has the cent
	 */
	given_report(market, (struct sales){ .idea_id = idea, .gross_minor = 1001 });
	cr_assert_eq(balance_of(authors[0]), 3);
	cr_assert_eq(balance_of(authors[1]), 4);
	cr_assert_eq(balance_of(authors[2]), 3);
	/* 2 cents: the larger third and, of the equal ones, the first line */
	given_report(
	    market, (struct sales){ .idea_id = idea, .period = "2026-01", .gross_minor = 150 });
	cr_assert_eq(balance_of(authors[0]) + balance_of(authors[1]) + balance_of(authors[2]), 12);
	cr_assert_eq(balance_of(authors[1]), 5);
	cr_assert_eq(broken_laws(market), 0);
}

Test(royalties, of_nothing_post_nothing)
{
	struct scene it = scene();

	cr_assert(sql_true("select royalty_minor = 0 and parts = array[row('%s', 600000, 0), "
			   "row('%s', 400000, 0)]::api.sales_report_part[] from (%s) made",
	    it.ada, it.bob,
	    report_call(it.market,
		(struct sales){ .idea_id = it.idea, .gross_minor = 700, .returns_minor = 700 })));
	/* a cent: the first author's */
	given_report(it.market,
	    (struct sales){ .idea_id = it.idea, .period = "2026-01", .gross_minor = 100 });
	cr_assert_eq(transactions_of(it.ada, "royalty"), 1);
	cr_assert_eq(transactions_of(it.bob, "royalty"), 0);
	cr_assert_eq(broken_laws(it.market), 0);
}

Test(royalties, go_by_the_agreement_in_force_when_the_month_ended)
{
	struct scene it = scene();
	const char *in_time;

	sql_run("update core.market set test_now = '2026-01-15 10:00+00' where market_id = %d",
	    it.market);
	in_time = given_royalty(it.market, 20000, "2026-01-31 22:59:59+00");
	given_royalty(it.market, 500000, "2026-01-31 23:00:00+00"); /* February in Rome */
	sql_run("update core.market set test_now = null where market_id = %d", it.market);
	cr_assert(sql_true("select royalty_minor = 200 and share_agreement_id = '%s' "
			   "from (%s) made",
	    in_time,
	    report_call(it.market,
		(struct sales){ .idea_id = it.idea, .period = "2026-01", .gross_minor = 10000 })));
	cr_assert_eq(broken_laws(it.market), 0);
}

Test(royalties, answer_the_same_report_to_the_same_key)
{
	struct scene it = scene();
	struct sales sales = { .idea_id = it.idea, .gross_minor = 10000, .key = "key" };
	const char *report = given_report(it.market, sales);

	cr_assert(sql_true("select replayed and sales_report_id = '%s' from (%s) again", report,
	    report_call(it.market, sales)));
	sales.gross_minor = 10001;
	sql_refused("key_reused", "%s", report_call(it.market, sales));
	cr_assert_eq(balance_of(it.ada), 60);
}

Test(royalties, refuse_what_no_report_may_say)
{
	struct scene it = scene();

	sql_refused("returns_exceed_gross", "%s",
	    report_call(it.market,
		(struct sales){ .idea_id = it.idea, .gross_minor = 100, .returns_minor = 101 }));
	sql_refused("period_not_over", "%s",
	    report_call(it.market, (struct sales){ .idea_id = it.idea, .period = "2026-03" }));
	sql_refused("idea_unknown", "%s",
	    report_call(it.market, (struct sales){ .idea_id = sql_id(), .gross_minor = 1 }));
	sql_refused("idea_unknown", "%s",
	    report_call(sql_market(), (struct sales){ .idea_id = it.idea, .gross_minor = 1 }));
	sql_refused("agreement_missing", "%s",
	    report_call(it.market, (struct sales){ .idea_id = it.idea, .period = "2018-12" }));
	sql_refused("returns_exceed_gross",
	    "insert into cocreation.sales_report values (%d, '%s', '%s', '2026-02-01', 1, 2, "
	    "'EUR', '%s', 0, null, " SQL_NOW ", " SQL_NOW ")",
	    it.market, sql_id(), it.idea, sql_id());
	cr_assert_eq(
	    sql_count("select from cocreation.sales_report where market_id = %d", it.market), 0);
}

Test(royalties, wait_for_the_month_to_end_on_the_market_s_wall_clock)
{
	struct scene it = scene();
	struct sales march = { .idea_id = it.idea, .period = "2026-03", .gross_minor = 10000 };

	march.now = "2026-03-31 21:59:59.999999+00"; /* summer time in Rome */
	sql_refused("period_not_over", "%s", report_call(it.market, march));
	sql_may_retry("ends_at", "2026-03-31T22:00:00Z", 1);
	march.now = "2026-03-31 22:00:00+00";
	given_report(it.market, march);
	cr_assert_eq(balance_of(it.ada), 60);
}

Test(royalties, refuse_a_second_report_of_the_month)
{
	struct scene it = scene();
	const char *first =
	    given_report(it.market, (struct sales){ .idea_id = it.idea, .gross_minor = 10000 });
	const char *second;

	sql_refused("sales_report_exists", "%s",
	    report_call(it.market, (struct sales){ .idea_id = it.idea, .gross_minor = 20000 }));
	second = given_report(it.market,
	    (struct sales){ .idea_id = it.idea, .gross_minor = 20000, .restates = first });
	sql_refused("sales_report_exists", "%s",
	    report_call(it.market, (struct sales){ .idea_id = it.idea, .gross_minor = 30000 }));
	sql_refused("sales_report_exists",
	    "insert into cocreation.sales_report values (%d, '%s', '%s', '2026-02-01', 1, 0, "
	    "'EUR', '%s', 0, null, " SQL_NOW ", " SQL_NOW ")",
	    it.market, sql_id(), it.idea, sql_id());
	sql_refused("sales_report_restated_already",
	    "insert into cocreation.sales_report values (%d, '%s', '%s', '2026-02-01', 1, 0, "
	    "'EUR', '%s', 0, '%s', " SQL_NOW ", " SQL_NOW ")",
	    it.market, sql_id(), it.idea, sql_id(), first);
	cr_assert_neq(second, NULL);
	cr_assert_eq(balance_of(it.ada), 120);
}

Test(royalties, name_the_report_that_is_in_force)
{
	struct scene it = scene();
	const char *first =
	    given_report(it.market, (struct sales){ .idea_id = it.idea, .gross_minor = 10000 });
	const char *second = given_report(it.market,
	    (struct sales){ .idea_id = it.idea, .gross_minor = 20000, .restates = first });
	PGresult *result = PQexec(sql_connection(),
	    report_call(it.market, (struct sales){ .idea_id = it.idea, .gross_minor = 3 }));

	cr_assert_str_eq(
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), "sales_report_exists");
	cr_assert(strstr(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL), second));
	PQclear(result);
}

Test(royalties, are_reversed_and_posted_anew_when_sales_are_restated)
{
	struct scene it = scene();
	struct sales sales = { .idea_id = it.idea, .gross_minor = 1000000, .returns_minor = 50000 };

	sales.restates = given_report(it.market, sales);
	sales.gross_minor = 1100000; /* up: 105.00 */
	const char *second = given_report(it.market, sales);

	cr_assert_eq(balance_of(it.ada), 6300);
	cr_assert_eq(balance_of(it.bob), 4200);
	cr_assert(sql_true("select restated_by = '%s' from api.get_sales_report(%d, null, '%s')",
	    second, it.market, sales.restates));
	cr_assert(
	    sql_true("select restates = '%s' and restated_by is null and royalty_minor = 10500 "
		     "from api.get_sales_report(%d, null, '%s')",
		sales.restates, it.market, second));
	sales.restates = second;
	sales.gross_minor = 150000; /* down: 10.00 */
	sales.restates = given_report(it.market, sales);
	cr_assert_eq(balance_of(it.ada), 600);
	cr_assert_eq(balance_of(it.bob), 400);
	sales.gross_minor = 50000; /* to nothing */
	sales.restates = given_report(it.market, sales);
	cr_assert_eq(balance_of(it.ada), 0);
	cr_assert_eq(balance_of(it.bob), 0);
	cr_assert_eq(transactions_of(it.ada, "royalty"), 3);
	cr_assert_eq(transactions_of(it.ada, "reversal"), 3);
	sales.gross_minor = 60000; /* and up again */
	given_report(it.market, sales);
	cr_assert_eq(balance_of(it.ada), 60);
	cr_assert_eq(sql_count("select from events.event where market_id = %d "
			       "and kind = 'sales_report.restated' and partner_id = '%s'",
			 it.market, it.bob),
	    4);
	cr_assert_eq(broken_laws(it.market), 0);
}

Test(royalties, are_restated_by_the_latest_report_alone)
{
	struct scene it = scene();
	struct sales sales = { .idea_id = it.idea, .gross_minor = 10000 };
	const char *first = given_report(it.market, sales), *other;

	sales.restates = first;
	given_report(it.market, sales);
	sql_refused("sales_report_restated_already", "%s", report_call(it.market, sales));
	sales.restates = sql_id();
	sql_refused("sales_report_unknown", "%s", report_call(it.market, sales));
	other = given_idea(it.market, it.ada);
	sales = (struct sales){ .idea_id = other, .gross_minor = 1, .restates = first };
	sql_refused("sales_report_of_another", "%s", report_call(it.market, sales));
	sales = (struct sales){ .idea_id = it.idea, .period = "2026-01", .restates = first };
	sql_refused("sales_report_of_another", "%s", report_call(it.market, sales));
	cr_assert_eq(balance_of(it.ada), 60);
}

Test(royalties, of_a_closed_idea_are_restated)
{
	struct scene it = scene();
	struct sales sales = { .idea_id = it.idea, .gross_minor = 10000 };
	const char *first = given_report(it.market, sales);

	sql_run("%s", withdraw_call(it.market, it.ada, it.idea, "key"));
	sales.now = "2026-05-02 10:00+00";
	sales.period = "2026-04";
	sql_refused("idea_closed", "%s", report_call(it.market, sales));
	sales = (struct sales){ .idea_id = it.idea, .gross_minor = 20000, .restates = first };
	given_report(it.market, sales);
	cr_assert_eq(balance_of(it.ada), 120);
}

Test(royalties, give_what_is_owed_and_give_it_back_when_restated)
{
	struct scene it = scene();
	struct sales sales = { .idea_id = it.idea, .gross_minor = 1000000, .returns_minor = 50000 };

	sql_run("select ledger.owe(%d, '%s', '%s', 'dues', '%s', 10000, " SQL_NOW ")", it.market,
	    it.ada, sql_id(), sql_id());
	sales.restates = given_report(it.market, sales);
	cr_assert_eq(balance_of(it.ada), 5700 - 1425);
	cr_assert_eq(balance_of(it.bob), 3800);
	sales.gross_minor = 550000; /* 50.00: 30.00 for Ada */
	given_report(it.market, sales);
	cr_assert_eq(balance_of(it.ada), 3000 - 750);
	cr_assert_eq(sql_int("select owed_minor from ledger.wallet where owner_id = '%s'", it.ada),
	    10000 - 750);
	cr_assert_eq(broken_laws(it.market), 0);
}

Test(royalties, show_reports_to_authors_and_operators)
{
	struct scene it = scene();
	const char *eve = sql_partner(it.market, "driver"), *ids[3];
	const char *solo = given_idea(it.market, it.bob);
	int elsewhere = sql_market();

	ids[0] = given_report(it.market, (struct sales){ .idea_id = it.idea, .gross_minor = 1 });
	ids[1] = given_report(it.market, (struct sales){ .idea_id = solo, .gross_minor = 1 });
	ids[2] = given_report(
	    it.market, (struct sales){ .idea_id = it.idea, .period = "2026-01", .gross_minor = 1 });
	sql_as("socius_gate");
	cr_assert_str_eq(sql_text("select array_agg(sales_report_id) from "
				  "api.list_sales_reports(%d, null, null, 2, null)",
			     it.market),
	    sql_text("select array['%s', '%s']", ids[2], ids[1]));
	cr_assert_str_eq(sql_text("select array_agg(sales_report_id) from "
				  "api.list_sales_reports(%d, null, null, 2, '%s')",
			     it.market, ids[1]),
	    sql_text("select array['%s']", ids[0]));
	cr_assert_str_eq(sql_text("select array_agg(sales_report_id) from "
				  "api.list_sales_reports(%d, '%s', null, 50, null)",
			     it.market, it.ada),
	    sql_text("select array['%s', '%s']", ids[2], ids[0]));
	cr_assert_str_eq(sql_text("select sales_report_id from "
				  "api.list_sales_reports(%d, '%s', '%s', 50, null)",
			     it.market, it.bob, solo),
	    ids[1]);
	cr_assert_eq(sql_count("select from api.list_sales_reports(%d, '%s', null, 50, null)",
			 it.market, eve),
	    0);
	cr_assert_eq(
	    sql_count("select from api.list_sales_reports(%d, null, null, 50, null)", elsewhere),
	    0);
	cr_assert_eq(sql_int("select array_length(parts, 1) from api.get_sales_report(%d, '%s', "
			     "'%s')",
			 it.market, it.bob, ids[0]),
	    2);
	sql_refused("sales_report_unknown", "select api.get_sales_report(%d, '%s', '%s')",
	    it.market, it.ada, ids[1]);
	sql_refused("sales_report_unknown", "select api.get_sales_report(%d, '%s', '%s')",
	    it.market, eve, ids[0]);
	sql_refused("sales_report_unknown", "select api.get_sales_report(%d, null, '%s')",
	    elsewhere, ids[0]);
}

/* The second wall: what a function that forgot its WHERE would see. */
Test(royalties, stand_behind_the_wall_of_their_authors)
{
	struct scene it = scene();
	const char *eve = sql_partner(it.market, "driver");
	static const char *const walls[] = { "wall_partner", "wall_member" };
	int elsewhere = sql_market();

	given_report(it.market, (struct sales){ .idea_id = it.idea, .gross_minor = 10000 });
	for (size_t i = 0; i < 2; i++) {
		sql_as(walls[i]);
		sql_run("select core.enter(%d, '%s')", it.market, eve);
		cr_assert_eq(sql_count("select from cocreation.sales_report"), 0);
		cr_assert_eq(sql_count("select from cocreation.sales_report_part"), 0);
		sql_run("select core.enter(%d, '%s')", it.market, it.bob);
		cr_assert_eq(sql_count("select from cocreation.sales_report"), 1);
		cr_assert_eq(sql_count("select from cocreation.sales_report_part"), 2);
		sql_run("select core.enter(%d, '%s')", elsewhere, it.bob);
		cr_assert_eq(sql_count("select from cocreation.sales_report"), 0);
		sql_as(NULL);
	}
}

Test(royalties, keep_what_was_reported)
{
	struct scene it = scene();
	static const char *const tables[] = { "sales_report", "sales_report_part" };

	given_report(it.market, (struct sales){ .idea_id = it.idea, .gross_minor = 10000 });
	for (size_t i = 0; i < 2; i++) {
		sql_fails("SO002", "update cocreation.%s set market_id = 0 where market_id = %d",
		    tables[i], it.market);
		sql_fails("SO002", "truncate cocreation.%s", tables[i]);
	}
	sql_run("delete from cocreation.sales_report_part where market_id = %d", it.market);
	given_report(
	    it.market, (struct sales){ .idea_id = it.idea, .period = "2026-01", .gross_minor = 1 });
	sql_run("update core.market set test_now = null, is_test = false where market_id = %d",
	    it.market);
	for (size_t i = 0; i < 2; i++)
		sql_fails("SO002", "delete from cocreation.%s where market_id = %d", tables[i],
		    it.market);
}
