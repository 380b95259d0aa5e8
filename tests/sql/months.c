/* months: partitions of the ledger and of events follow the machine's clock, never a market's. */
#include <criterion/criterion.h>

#include "support/sql.h"

/* What takes the locks of partitions waits at most half a second for the tests beside this one, so
 * it is tried again. */
static const char *
patiently(const char *statement)
{
	PGresult *result;
	const char *sqlstate, *value;
	bool waited;

	do {
		sql_run("savepoint before_months");
		result = PQexec(sql_connection(), statement);
		sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		waited = sqlstate != NULL && strcmp(sqlstate, "55P03") == 0;
		cr_assert(waited || PQresultStatus(result) == PGRES_TUPLES_OK, "%s",
		    PQresultErrorMessage(result));
		value =
		    waited || PQgetisnull(result, 0, 0) ? NULL : strdup(PQgetvalue(result, 0, 0));
		PQclear(result);
		if (waited)
			sql_run("rollback to before_months");
	} while (waited);
	return value;
}

static const char *
make_months(const char *now)
{
	return patiently(sql_text(
	    "select format('select jobs.make_months(0, %%L, %%L)', '%s', '%s')", sql_id(), now));
}

static void
post_in(int market, const char *partner, const char *now)
{
	sql_run("select ledger.post(%d, '%s', '%s', 'adjustment', '%s', '{1000,2000}', "
		"'{500,-500}', '%s', '%s')",
	    market, partner, sql_id(), sql_id(), now, now);
}

/* Who takes the locks of two tables in turn may meet another who does. */
static void
alone(void)
{
	sql_begin();
	sql_run("select pg_advisory_xact_lock(77005052)");
}

TestSuite(months, .init = alone, .fini = sql_end);

static int64_t
months(void)
{
	return sql_count("select from pg_catalog.pg_inherits where inhparent in "
			 "('ledger.transaction'::regclass, 'events.event'::regclass)");
}

Test(months, are_made_as_they_come_near, .timeout = 60)
{
	sql_as("socius_runner");
	(void)make_months("2041-11-15 10:00+00");
	sql_as(NULL);
	cr_expect_eq(sql_count("select from pg_catalog.pg_class where relnamespace in "
			       "('ledger'::regnamespace, 'events'::regnamespace) and relkind = 'r' "
			       "and relname ~ '^(transaction|event)_2041_1[12]$' "
			       "and relrowsecurity and relforcerowsecurity "
			       "and relowner = 'socius_owner'::regrole"),
	    4);
	sql_fails("SO002", "truncate ledger.transaction_2041_12");
}

/* The month of a row is that of the machine's clock; nothing is made for a market's. */
Test(months, are_not_made_for_the_clock_of_a_market, .timeout = 60)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "driver");
	int64_t before;

	sql_run("select core.make_months(t, core.month_now(), 4) from unnest("
		"array['ledger.transaction', 'events.event']::regclass[]) t");
	before = months();
	for (int year = 2031; year < 2041; year++) {
		sql_run(
		    "update core.market set test_now = '%d-06-01 10:00+00' where market_id = %d",
		    year, market);
		sql_as("socius_runner");
		(void)patiently(sql_text("select format('select jobs.make_months(0, %%L, now())', "
					 "'%s')",
		    sql_id()));
		sql_as(NULL);
		post_in(market, ada, sql_text("select '%d-06-01 10:00+00'::timestamptz", year));
	}
	cr_expect_leq(months(), before);
	cr_expect_eq(sql_count("select from ledger.transaction where market_id = %d and "
			       "posted_month = core.month_now() and posted_at > '2031-01-01'",
			 market),
	    10);
	cr_expect_eq(
	    sql_count("select from ledger.transaction_other where market_id = %d", market), 0);
	cr_expect_eq(sql_count("select from events.event_other where market_id = %d", market), 0);
}

Test(months, go_when_they_are_empty_and_not_to_come, .timeout = 60)
{
	int market = sql_market();

	(void)patiently("select core.make_months('ledger.transaction', '2031-05-01', 24)");
	sql_run("insert into ledger.transaction (market_id, owner_id, posted_month, entry_no, "
		"transaction_id, kind, cause_id, accounts, amounts, wallet_minor, balance_minor, "
		"currency, occurred_at, posted_at, week) values (%d, '%s', '2031-06-01', 1, '%s', "
		"'adjustment', '%s', '{1000,2000}', '{500,-500}', 500, 500, 'EUR', " SQL_NOW
		", " SQL_NOW ", '2026-03-02')",
	    market, sql_id(), sql_id(), sql_id());
	sql_as("socius_runner");
	for (int step = 0; step < 100 && make_months("2033-01-15 10:00+00") != NULL; step++)
		continue;
	sql_as(NULL);
	cr_expect_not_null(sql_text("select to_regclass('ledger.transaction_2031_06')"));
	cr_expect_null(sql_text("select to_regclass('ledger.transaction_2031_05')"));
	cr_expect_null(sql_text("select to_regclass('ledger.transaction_2032_12')"));
	cr_expect_not_null(sql_text("select to_regclass('ledger.transaction_2033_01')"));
	cr_expect_not_null(sql_text("select to_regclass('ledger.transaction_2033_02')"));
	cr_expect_null(sql_text("select to_regclass('ledger.transaction_2033_03')"));
}

Test(months, stay_where_their_rows_stand_already, .timeout = 60)
{
	int market = sql_market();

	sql_run("insert into events.event (market_id, event_id, recorded_month, kind, subject, "
		"subject_id, actor_id, actor_role, occurred_at) values (%d, '%s', '2051-12-01', "
		"'thing.seen', 'thing', '%s', '%s', 'operator', " SQL_NOW ")",
	    market, sql_id(), sql_id(), sql_id());
	(void)make_months("2051-12-15 10:00+00");
	cr_expect_null(sql_text("select to_regclass('events.event_2051_12')"));
	cr_expect_not_null(sql_text("select to_regclass('events.event_2052_01')"));
	cr_expect_eq(sql_count("select from events.event_other where market_id = %d", market), 1);
}
