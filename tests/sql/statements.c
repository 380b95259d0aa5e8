/* statements: weeks that open, add up and close. */
#include <criterion/criterion.h>

#include "sql/payday.h"
#include "support/sql.h"

TestSuite(statements, .init = sql_begin, .fini = sql_end);

/* The statement of a week as one text, for operators. */
static const char *
statement(int market, const char *partner, const char *week, const char *columns)
{
	return sql_text("select concat_ws(' ', %s) from api.list_statements(%d, null, '%s', 99, "
			"null) where week = '%s'",
	    columns, market, partner, week);
}

static void
close_weeks(int market, const char *now)
{
	sql_as("socius_runner");
	cr_assert_null(sql_text("select jobs.close_weeks(%d, '%s', '%s')", market, sql_id(), now));
	sql_as(NULL);
}

Test(statements, open_with_what_the_week_before_closed)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	payday_trip(market, ada, "card", 1000, "2026-02-24 09:00+00");
	payday_trip(market, ada, "card", 2000, "2026-03-02 09:00+00");
	payday_pay(market);
	cr_expect_str_eq(statement(market, ada, "2026-02-23",
			     "lines_count, opening_minor, share_minor, tips_minor, closing_minor"),
	    "1 0 800 100 900");
	cr_expect_str_eq(statement(market, ada, "2026-03-02",
			     "lines_count, opening_minor, share_minor, tips_minor, payouts_minor, "
			     "closing_minor"),
	    "2 900 1600 100 -2600 0");
	payday_laws_hold();
}

Test(statements, take_off_what_was_collected_in_cash)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	payday_trip(market, ada, "cash", 1000, "2026-03-02 09:00+00");
	cr_expect_str_eq(statement(market, ada, "2026-03-02",
			     "share_minor, tips_minor, cash_collected_minor, closing_minor"),
	    "800 100 -1100 -200");
	payday_laws_hold();
}

Test(statements, tell_slot_pay_from_other_lines)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "courier");

	sql_run("select ledger.post(%d, '%s', '%s', 'slot_pay', '%s', '{5000,2000}', "
		"'{7200,-7200}', " SQL_NOW ", " SQL_NOW ")",
	    market, ada, sql_id(), sql_id());
	sql_run("select ledger.post(%d, '%s', '%s', 'adjustment', '%s', '{2000,4000}', "
		"'{200,-200}', " SQL_NOW ", " SQL_NOW ")",
	    market, ada, sql_id(), sql_id());
	cr_expect_str_eq(statement(market, ada, "2026-03-02",
			     "share_minor, slot_pay_minor, other_minor, closing_minor"),
	    "0 7200 -200 7000");
	payday_laws_hold();
}

Test(statements, begin_on_monday_at_four_whatever_the_clocks_do)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	payday_trip(market, ada, "card", 1000, "2025-10-20 02:00+00");
	payday_trip(market, ada, "card", 1000, "2025-10-27 02:59:59+00");
	payday_trip(market, ada, "card", 1000, "2025-10-27 03:00+00");
	cr_expect_str_eq(statement(market, ada, "2025-10-20", "lines_count, opens_at, closes_at"),
	    "2 2025-10-20 02:00:00+00 2025-10-27 03:00:00+00");
	cr_expect_str_eq(statement(market, ada, "2025-10-27", "lines_count, opens_at, closes_at"),
	    "1 2025-10-27 03:00:00+00 2025-11-03 03:00:00+00");
	payday_laws_hold();
}

Test(statements, take_a_late_line_into_the_oldest_open_week)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	payday_trip(market, ada, "card", 1000, "2026-02-24 09:00+00");
	sql_run("select ledger.close_week(%d, '2026-02-23', " SQL_NOW ")", market);
	payday_trip(market, ada, "card", 2000, "2026-02-25 09:00+00");
	cr_expect_str_eq(
	    statement(market, ada, "2026-02-23", "state, closed_at, lines_count, closing_minor"),
	    "closed 2026-03-02 10:00:00+00 1 900");
	cr_expect_str_eq(statement(market, ada, "2026-03-02",
			     "state, lines_count, opening_minor, closing_minor"),
	    "open 1 900 2600");
	cr_expect(sql_true("select closed_at is null from api.list_statements(%d, null, '%s', 1, "
			   "null)",
	    market, ada));
	payday_laws_hold();
}

/* --- closing --- */

Test(statements, close_two_days_after_their_week)
{
	int market = payday_market();

	close_weeks(market, "2026-03-11 03:00+00"); /* Wednesday 04:00 in Rome */
	cr_expect_eq(sql_count("select from payouts.closed_week where market_id = %d", market), 0);
	close_weeks(market, "2026-03-11 03:00:01+00");
	cr_expect(sql_true("select week = '2026-03-02' and closed_at = '2026-03-11 03:00:01+00' "
			   "from payouts.closed_week where market_id = %d",
	    market));
	close_weeks(market, "2026-03-11 03:00:02+00");
	cr_expect_eq(sql_count("select from payouts.closed_week where market_id = %d", market), 1);
}

Test(statements, close_one_after_the_other_where_the_job_was_away)
{
	int market = payday_market();

	close_weeks(market, "2026-04-01 12:00+00");
	cr_expect_str_eq(sql_text("select string_agg(week::text, ' ' order by week) "
				  "from payouts.closed_week where market_id = %d",
			     market),
	    "2026-03-02 2026-03-09 2026-03-16 2026-03-23");
}

/* A clock may move by a year at a time, and the job may have been away for longer. */
Test(statements, close_at_most_a_year_of_weeks_a_step)
{
	int market = payday_market();

	sql_run(
	    "update core.market set test_now = '2028-03-10 12:00+00' where market_id = %d", market);
	for (int closed = 53; closed <= 106; closed += 53) {
		sql_as("socius_runner");
		cr_expect(
		    sql_true("select coalesce(jobs.close_weeks(%d, '%s', '2030-01-01 12:00+00') "
			     "= '2028-03-10 12:00+00', false) = %s",
			market, sql_id(), closed == 53 ? "true" : "false"));
		sql_as(NULL);
		cr_expect_eq(
		    sql_count("select from payouts.closed_week where market_id = %d", market),
		    closed == 53 ? 53 : 105);
	}
}

Test(statements, close_by_the_clock_of_a_test_market)
{
	int market = payday_market();

	sql_run(
	    "update core.market set test_now = '2026-03-12 12:00+00' where market_id = %d", market);
	close_weeks(market, "2030-01-01 12:00+00");
	cr_expect_eq(sql_count("select from payouts.closed_week where market_id = %d", market), 1);
}

/* What an import brings from years before the market was made stays in its own weeks, until the
 * market closes its first week. */
Test(statements, keep_the_weeks_of_an_import_open)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	close_weeks(market, "2026-03-03 12:00+00");
	payday_trip(market, ada, "card", 1000, "2019-01-30 09:00+00");
	payday_trip(market, ada, "card", 2000, "2019-03-02 09:00+00");
	payday_trip(market, ada, "card", 500, "2026-03-02 09:00+00");
	cr_expect_str_eq(
	    sql_text("select string_agg(format('%%s %%s %%s %%s', week, state, opening_minor, "
		     "closing_minor), ', ' order by week) "
		     "from api.list_statements(%d, null, '%s', 9, null)",
		market, ada),
	    "2019-01-28 open 0 900, 2019-02-25 open 900 2600, 2026-03-02 open 2600 3100");
	close_weeks(market, "2026-03-12 12:00+00");
	sql_run(
	    "update core.market set test_now = '2026-03-12 12:00+00' where market_id = %d", market);
	payday_trip(market, ada, "card", 1000, "2019-01-30 09:00+00");
	cr_expect_str_eq(
	    sql_text("select string_agg(format('%%s %%s %%s', week, state, closing_minor), ', ' "
		     "order by week) from api.list_statements(%d, null, '%s', 9, null)",
		market, ada),
	    "2019-01-28 closed 900, 2019-02-25 closed 2600, 2026-03-02 closed 3100, "
	    "2026-03-09 open 4000");
	payday_laws_hold();
}

/* --- reading --- */

Test(statements, list_the_newest_first_page_by_page)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	payday_trip(market, ada, "card", 1000, "2026-02-10 09:00+00");
	payday_trip(market, ada, "card", 1000, "2026-02-17 09:00+00");
	payday_trip(market, ada, "card", 1000, "2026-02-24 09:00+00");
	sql_as("socius_gate");
	cr_expect_str_eq(sql_text("select string_agg(week::text, ' ') "
				  "from api.list_statements(%d, '%s', '%s', 2, null)",
			     market, ada, ada),
	    "2026-02-23 2026-02-16");
	cr_expect_str_eq(sql_text("select string_agg(week::text, ' ') "
				  "from api.list_statements(%d, '%s', '%s', 2, '2026-02-16')",
			     market, ada, ada),
	    "2026-02-09");
}

Test(statements, show_one_week_with_its_lines)
{
	int market = payday_market();
	const char *ada = sql_partner(market, "driver");

	payday_trip(market, ada, "card", 1000, "2026-02-24 09:00+00");
	payday_trip(market, ada, "cash", 2000, "2026-02-25 09:00+00");
	payday_trip(market, ada, "card", 1000, "2026-03-02 09:00+00");
	sql_as("socius_gate");
	cr_expect(
	    sql_true("select min(s.opening_minor) + sum(l.amount_minor) = min(s.closing_minor) "
		     "and sum(l.share_minor) = min(s.share_minor) "
		     "and count(*) = min(s.lines_count) "
		     "from api.get_statement(%d, '%s', '%s', '2026-02-23') s, "
		     "api.list_statement_lines(%d, '%s', '%s', '2026-02-23', 9, null) l",
		market, ada, ada, market, ada, ada));
	cr_expect_eq(sql_int("select entry_no from api.list_statement_lines(%d, '%s', '%s', "
			     "'2026-02-23', 1, 1)",
			 market, ada, ada),
	    2);
	cr_expect_eq(sql_count("select from api.list_statement_lines(%d, '%s', '%s', "
			       "'2026-02-23', 9, 2)",
			 market, ada, ada),
	    0);
	cr_expect_eq(sql_count("select from api.export_statement(%d, '%s', '%s', '2026-02-23')",
			 market, ada, ada),
	    2);
}

/* The three ways to read one week. */
static const char *const readings[] = { "get_statement(%s, %s, '%s', '%s')",
	"list_statement_lines(%s, %s, '%s', '%s', 9, null)",
	"export_statement(%s, %s, '%s', '%s')" };

static void
expect_refusals(
    const char *slug, int market, const char *caller, const char *partner, const char *week)
{
	sql_as("socius_gate");
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++)
		sql_refused(slug, "select * from api.%s",
		    sql_text("select format($r$%s$r$, %d, $c$%s$c$, '%s', '%s')", readings[i],
			market, caller, partner, week));
	sql_as(NULL);
}

Test(statements, refuse_what_is_not_there)
{
	int market = payday_market(), elsewhere = payday_market();
	const char *ada = sql_partner(market, "driver"), *bob = sql_partner(market, "driver");
	const char *as_bob = sql_text("select quote_literal('%s')", bob);

	payday_trip(market, ada, "card", 1000, "2026-03-02 09:00+00");
	expect_refusals("week_wrong", market, "null", ada, "2026-03-03");
	expect_refusals("statement_unknown", market, "null", ada, "2026-03-09");
	expect_refusals("partner_unknown", market, "null", sql_id(), "2026-03-02");
	expect_refusals("partner_unknown", market, as_bob, ada, "2026-03-02");
	expect_refusals("partner_unknown", elsewhere, "null", ada, "2026-03-02");
	sql_as("socius_gate");
	sql_refused("partner_unknown", "select * from api.list_statements(%d, '%s', '%s', 9, null)",
	    market, bob, ada);
	sql_refused("partner_unknown", "select * from api.list_statements(%d, null, '%s', 9, null)",
	    elsewhere, ada);
	cr_expect_eq(
	    sql_count("select from api.list_statements(%d, '%s', '%s', 9, null)", market, bob, bob),
	    0);
}
