/* jobs: how runners take work, one step a transaction, and what the periodic jobs do. */
#include <unistd.h>

#include <criterion/criterion.h>

#include "sql/jobs_given.h"
#include "sql/payday.h"
#include "support/sql.h"

TestSuite(jobs, .init = sql_begin, .fini = sql_end);

static const char *
state_of(const char *job_id)
{
	return sql_text("select state from core.job where job_id = '%s'", job_id);
}

Test(jobs, are_taken_when_they_are_due)
{
	int market = sql_market();
	const char *job;

	jobs_quiet();
	job = jobs_queue(market, "x", "2026-03-02 10:00+00");
	cr_expect_null(jobs_take("2026-03-02 09:59:59+00"));
	cr_expect_str_eq(jobs_take("2026-03-02 10:00+00"), job);
}

Test(jobs, are_due_by_the_clock_of_a_test_market)
{
	int market = sql_market(), real = sql_market();
	const char *job;

	jobs_quiet();
	sql_run(
	    "update core.market set test_now = '2026-04-01 10:00+00' where market_id = %d", market);
	job = jobs_queue(market, "x", "2026-04-01 10:00+00");
	jobs_queue(real, "x", "2026-04-01 10:00+00");
	cr_expect_str_eq(jobs_take("2026-03-02 10:00+00"), job);
	sql_run(
	    "update core.market set test_now = '2026-03-01 10:00+00' where market_id = %d", market);
	cr_expect_null(jobs_take("2026-03-02 10:00+00"));
}

/* A job of many steps comes back due at once, behind those that wait. */
Test(jobs, take_turns)
{
	int market = sql_market();
	const char *big, *small;

	jobs_quiet();
	big = jobs_queue(market, "x", "2026-03-02 09:00+00");
	small = jobs_queue(market, "x", "2026-03-02 09:30+00");
	cr_expect_str_eq(jobs_take("2026-03-02 10:00+00"), big);
	jobs_finish(market, big, "2026-03-02 10:00+00", "2026-03-02 10:00+00");
	cr_expect_str_eq(jobs_take("2026-03-02 10:00:01+00"), small);
	jobs_finish(market, small, "", "2026-03-02 10:00:01+00");
	cr_expect_str_eq(jobs_take("2026-03-02 10:00:02+00"), big);
}

Test(jobs, end_when_they_want_no_more)
{
	int market = sql_market();
	const char *job = jobs_queue(market, "x", "2026-03-02 10:00+00");

	jobs_quiet();
	sql_run("update core.job set state = 'queued' where job_id = '%s'", job);
	jobs_finish(market, job, "", "2026-03-02 10:00+00");
	cr_expect_str_eq(state_of(job), "done");
	cr_expect(sql_true("select finished_at = '2026-03-02 10:00+00' from core.job "
			   "where job_id = '%s'",
	    job));
	cr_expect_null(jobs_take("2030-01-01 10:00+00"));
}

Test(jobs, back_off_when_they_fail)
{
	int market = sql_market();
	const char *job;

	jobs_quiet();
	job = jobs_queue(market, "x", "2026-03-02 10:00+00");
	for (int i = 1; i <= 3; i++) {
		jobs_fail(market, job, "2026-03-02 10:00+00");
		cr_expect(sql_true("select attempts = %d and last_error = 'it broke' and "
				   "retry_at = '2026-03-02 10:00+00'::timestamptz "
				   "+ make_interval(secs => 2 ^ %d) from core.job "
				   "where job_id = '%s'",
		    i, i, job));
	}
	cr_expect_null(jobs_take("2026-03-02 10:00:07+00"));
	cr_expect_str_eq(jobs_take("2026-03-02 10:00:08+00"), job);
	jobs_finish(market, job, "2026-03-02 10:01+00", "2026-03-02 10:00:08+00");
	cr_expect(sql_true("select attempts = 0 and last_error is null and retry_at is null "
			   "from core.job where job_id = '%s'",
	    job));
}

Test(jobs, are_failed_after_ten_failures)
{
	int market = sql_market();
	const char *job;

	jobs_quiet();
	job = jobs_queue(market, "x", "2026-03-02 10:00+00");
	for (int i = 0; i < 9; i++)
		jobs_fail(market, job, "2026-03-02 10:00+00");
	cr_expect_str_eq(state_of(job), "queued");
	jobs_fail(market, job, "2026-03-02 10:00+00");
	cr_expect_str_eq(state_of(job), "failed");
	cr_expect_null(jobs_take("2030-01-01 10:00+00"));
}

/* A test market's clock may stand still; what failed there is tried again all the same. */
Test(jobs, are_tried_again_while_a_test_clock_stands_still)
{
	int market = sql_market();
	const char *job;

	jobs_quiet();
	sql_run("update core.market set test_now = " SQL_NOW " where market_id = %d", market);
	job = jobs_queue(market, "x", "2026-03-02 10:00+00");
	jobs_fail(market, job, "2026-11-22 10:00+00");
	cr_expect_null(jobs_take("2026-11-22 10:00:01+00"));
	cr_expect_str_eq(jobs_take("2026-11-22 10:00:02+00"), job);
}

/* --- periodic jobs --- */

static void
ensure(int every_s)
{
	sql_as("socius_runner");
	sql_run("select core.ensure_jobs('tick', %d, " SQL_NOW ")", every_s);
	sql_as(NULL);
}

Test(jobs, are_there_once_in_every_market)
{
	int market = sql_market(), other = sql_market();

	ensure(60);
	ensure(90);
	cr_expect_eq(sql_count("select from core.job where market_id in (%d, %d) and kind = 'tick' "
			       "and every_s = 90 and due_at = " SQL_NOW,
			 market, other),
	    2);
	cr_expect_eq(
	    sql_count("select from core.job where market_id in (%d, %d)", market, other), 2);
}

Test(jobs, come_again_after_their_period)
{
	int market = sql_market();
	const char *job;

	jobs_quiet();
	ensure(60);
	sql_run("delete from core.job where market_id <> %d", market);
	job = jobs_take("2026-03-02 10:00+00");
	cr_assert_not_null(job);
	jobs_finish(market, job, "", "2026-03-02 10:00:05+00");
	cr_expect_null(jobs_take("2026-03-02 10:01:04+00"));
	cr_expect_str_eq(jobs_take("2026-03-02 10:01:05+00"), job);
}

/* A market is made by the real clock, and held at another instant only then. */
Test(jobs, come_back_when_the_clock_of_a_test_market_is_set_back)
{
	int market = sql_market();
	const char *job;

	jobs_quiet();
	ensure(60);
	sql_run("delete from core.job where market_id <> %d", market);
	sql_run(
	    "update core.market set test_now = '2025-01-01 10:00+00' where market_id = %d", market);
	cr_expect_null(jobs_take("2026-03-02 10:00+00"));
	ensure(60);
	sql_run("delete from core.job where market_id <> %d", market);
	job = jobs_take("2026-03-02 10:00+00");
	cr_assert_not_null(job);
	jobs_finish(market, job, "", "2026-03-02 10:00+00");
	ensure(60); /* what waits for its period goes on waiting */
	cr_expect(sql_true(
	    "select due_at = '2025-01-01 10:01+00' from core.job where job_id = '%s'", job));
}

Test(jobs, stay_away_as_long_as_their_step_asked)
{
	int market = sql_market();
	const char *job = (jobs_quiet(), jobs_queue(market, "x", "2026-03-02 10:00+00"));

	cr_assert_str_eq(jobs_take("2026-03-02 10:00+00"), job);
	sql_run("update core.job set retry_at = '2026-03-02 10:00:02+00' where job_id = '%s'", job);
	jobs_finish(market, job, "2026-03-02 10:00+00", "2026-03-02 10:00+00");
	cr_expect_null(jobs_take("2026-03-02 10:00:01+00"));
	cr_expect_str_eq(jobs_take("2026-03-02 10:00:02+00"), job);
	jobs_finish(market, job, "2026-03-02 10:00+00", "2026-03-02 10:00:02+00");
	cr_expect_str_eq(jobs_take("2026-03-02 10:00:02+00"), job);
}

Test(jobs, that_are_periodic_never_give_up)
{
	int market = sql_market();
	const char *job;

	jobs_quiet();
	ensure(60);
	sql_run("delete from core.job where market_id <> %d", market);
	job = jobs_take("2026-03-02 10:00+00");
	for (int i = 0; i < 20; i++)
		jobs_fail(market, job, "2026-03-02 10:00+00");
	cr_expect_str_eq(state_of(job), "queued");
	cr_expect_null(jobs_take("2026-03-02 10:59:59+00"));
	cr_expect_str_eq(jobs_take("2026-03-02 11:00+00"), job);
}

/* --- two runners --- */

static void
run_on(PGconn *connection, const char *statement)
{
	PGresult *result = PQexec(connection, statement);
	ExecStatusType status = PQresultStatus(result);

	cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s",
	    PQresultErrorMessage(result));
	PQclear(result);
}

/* What this runner, in an open transaction, is given of our market's jobs. */
static bool
takes_ours(PGconn *connection, int market)
{
	PGresult *result =
	    PQexec(connection, "select market_id from core.take_job(" SQL_NOW ", true)");
	bool ours;

	cr_assert_eq(PQresultStatus(result), PGRES_TUPLES_OK, "%s", PQresultErrorMessage(result));
	ours = PQntuples(result) == 1 && strtol(PQgetvalue(result, 0, 0), NULL, 10) == market;
	PQclear(result);
	return ours;
}

/* A market with one job due before all others, for other connections to see. */
static int
committed_market(void)
{
	int market;

	sql_run("select pg_advisory_lock(" ONE_BY_ONE ")"); /* until the connection ends */
	sql_run("delete from core.job");
	market = sql_market();
	jobs_queue(market, "x", "1999-01-01 10:00+00");
	sql_run("commit");
	return market;
}

static void
forget(int market)
{
	sql_run("delete from core.job where market_id = %d; "
		"delete from core.market where market_id = %d",
	    market, market);
}

Test(jobs, are_never_with_two_runners_at_once)
{
	int market = committed_market();
	PGconn *first = sql_connect(), *second = sql_connect();

	run_on(first, "begin");
	run_on(second, "begin");
	cr_expect(takes_ours(first, market));
	cr_expect_not(takes_ours(second, market));
	run_on(first, "rollback");
	cr_expect(takes_ours(second, market));
	PQfinish(first);
	PQfinish(second);
	forget(market);
}

/* The runner's connection breaks in the middle of a step, as kill -9 breaks it. */
Test(jobs, lose_nothing_when_a_runner_dies_in_a_step, .timeout = 60)
{
	int market = committed_market();
	PGconn *first = sql_connect(), *second = sql_connect();
	char statement[160];

	run_on(first, "begin");
	cr_assert(takes_ours(first, market));
	(void)snprintf(statement, sizeof(statement),
	    "update core.market set name = 'half a step' where market_id = %d", market);
	run_on(first, statement);
	sql_run("select pg_terminate_backend(%d, 10000)", PQbackendPID(first));
	run_on(second, "begin");
	cr_expect(takes_ours(second, market));
	run_on(second, "rollback");
	cr_expect_str_eq(
	    sql_text("select name from core.market where market_id = %d", market), "Test");
	cr_expect_eq(sql_int("select attempts from core.job where market_id = %d", market), 0);
	PQfinish(first);
	PQfinish(second);
	forget(market);
}

/* --- the runner's way through a payout run --- */

Test(jobs, pay_out_step_by_step)
{
	int market = payday_market(), steps = 0;
	const char *run, *again_at;

	jobs_quiet();
	payday_crowd(market, 2001);
	run = payday_run(market, 1);
	while (jobs_take("2026-03-02 10:00+00") != NULL) {
		again_at = payday_step(market, run);
		jobs_finish(market, run, again_at != NULL ? again_at : "", "2026-03-02 10:00+00");
		steps++;
	}
	cr_expect_eq(steps, 2);
	cr_expect_str_eq(state_of(run), "done");
	cr_expect_eq(sql_count("select from payouts.payout where market_id = %d", market), 2001);
}

Test(jobs, are_all_that_the_runner_may_touch)
{
	static const char *const tables[] = { "core.job", "core.market", "ledger.wallet",
		"payouts.payout_run", "payouts.payout", "payouts.line" };

	sql_as("socius_runner");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		sql_fails("42501", "select * from %s", tables[i]);
	sql_fails("42501", "select core.make_months('events.event', '2026-01-01', 1)");
	sql_fails("42501", "select core.drop_empty_months('events.event', '2026-01-01', "
			   "'2026-01-01', 1)");
	sql_as("socius_gate");
	sql_fails("42501", "select core.take_job(" SQL_NOW ", true)");
	sql_fails("42501", "select jobs.run_payouts(1, '%s', " SQL_NOW ")", sql_id());
}

/* --- months of the ledger and of events --- */

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
			       "and relname ~ '^(transaction|event)_204(1_1[12]|2_0[12])$' "
			       "and relrowsecurity and relforcerowsecurity "
			       "and relowner = 'socius_owner'::regrole"),
	    8);
	sql_fails("SO002", "truncate ledger.transaction_2042_01");
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
	cr_expect_not_null(sql_text("select to_regclass('ledger.transaction_2033_04')"));
	cr_expect_null(sql_text("select to_regclass('ledger.transaction_2033_05')"));
}

Test(months, stay_where_their_rows_stand_already, .timeout = 60)
{
	int market = sql_market();

	sql_run("insert into events.event (market_id, event_id, recorded_month, kind, subject, "
		"subject_id, actor_id, actor_role, occurred_at) values (%d, '%s', '2051-12-01', "
		"'thing.seen', 'thing', '%s', '%s', 'operator', " SQL_NOW ")",
	    market, sql_id(), sql_id(), sql_id());
	(void)make_months("2051-11-15 10:00+00");
	cr_expect_null(sql_text("select to_regclass('events.event_2051_12')"));
	cr_expect_not_null(sql_text("select to_regclass('events.event_2052_01')"));
	cr_expect_eq(sql_count("select from events.event_other where market_id = %d", market), 1);
}
