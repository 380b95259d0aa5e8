/*
 * runner: the runner killed, refused and asked to stop, while it works.
 *
 * Needs SOCIUS_CHAOS_CONNINFO, a migrated database of its own on this machine, as superuser (in
 * which jobs.run_payouts is replaced):
 *
 *	SOCIUS_TEST_DATABASE=chaos tests/support/scratch FOLDER
 *
 * and SOCIUS_TEST_RUNNER, the program (build/socius-run).
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

enum { WAIT_S_MAX = 60, KILLS = 50, STEPS = 400 };

static PGconn *pg;
static char conninfo[512];

static void
run(const char *sql)
{
	PGresult *result = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(result);

	cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql,
	    PQerrorMessage(pg));
	PQclear(result);
}

static int
number(const char *sql)
{
	PGresult *result = PQexec(pg, sql);
	int got;

	cr_assert_eq(PQresultStatus(result), PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(pg));
	got = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return got;
}

/* Until the SQL gives at least so much. */
static void
wait_for(const char *sql, int wanted)
{
	time_t started = time(NULL);

	while (number(sql) < wanted)
		cr_assert_lt(time(NULL) - started, WAIT_S_MAX, "%s: never %d", sql, wanted);
}

/* A job counts its own steps in chaos.step and ends after its market's chaos.plan.steps; it raises
 * while chaos.fault has a row. One test at a time: they share the jobs. */
static void
begin(void)
{
	const char *base = getenv("SOCIUS_CHAOS_CONNINFO");

	if (base == NULL || getenv("SOCIUS_TEST_RUNNER") == NULL) {
		(void)fputs("runner: SOCIUS_CHAOS_CONNINFO or SOCIUS_TEST_RUNNER is not set: "
			    "NOT tested\n",
		    stderr);
		cr_skip_test("not set");
	}
	pg = PQconnectdb(base);
	cr_assert_eq(PQstatus(pg), CONNECTION_OK, "%s", PQerrorMessage(pg));
	run("select pg_advisory_lock(1)");
	(void)snprintf(conninfo, sizeof(conninfo), "%s user=socius_runner", base);
	cr_assert_eq(setenv("SOCIUS_RUNNER_CONNINFO", conninfo, 1), 0);
	run("set client_min_messages = error; drop schema if exists chaos cascade; "
	    "create schema chaos; create table chaos.plan (market_id int, steps int, sleep_s "
	    "float8); "
	    "create table chaos.step (job_id uuid, n int); create table chaos.fault (n int); "
	    "delete from core.job; delete from core.market where market_id > 1000; "
	    "insert into core.market (market_id, code, name, currency, currency_exponent, "
	    "time_zone, created_at) values (1, 'chaos', 'Chaos', 'EUR', 2, 'UTC', now()) "
	    "on conflict do nothing; "
	    "create or replace function jobs.run_payouts(p_market_id int, p_job_id uuid, "
	    "p_now timestamptz) returns timestamptz language plpgsql security definer as $$ "
	    "declare v_n int; begin "
	    "insert into chaos.step select p_job_id, coalesce(max(s.n), 0) + 1 from chaos.step s "
	    "where s.job_id = p_job_id returning n into v_n; "
	    "perform pg_sleep(p.sleep_s) from chaos.plan p where p.market_id = p_market_id; "
	    "if exists (select from chaos.fault) then raise exception 'a fault'; end if; "
	    "return (select case when v_n < p.steps then core.clock(p_market_id, p_now) end "
	    "from chaos.plan p where p.market_id = p_market_id); end $$; "
	    "alter function jobs.run_payouts owner to postgres; "
	    "grant execute on function jobs.run_payouts to socius_runner");
}

static void
end(void)
{
	if (pg != NULL)
		run("delete from core.job");
	PQfinish(pg);
}

TestSuite(runner, .init = begin, .fini = end, .timeout = 300);

static void
give_jobs_to(int market, int count, int steps, double sleep_s)
{
	char sql[640];

	(void)snprintf(sql, sizeof(sql),
	    "delete from chaos.plan where market_id = %d; "
	    "insert into chaos.plan values (%d, %d, %f); "
	    "insert into core.job (market_id, job_id, kind, due_at, created_at) "
	    "select %d, gen_random_uuid(), 'run_payouts', core.clock(%d, now()), now() "
	    "from generate_series(1, %d)",
	    market, market, steps, sleep_s, market, market, count);
	run(sql);
}

static void
give_jobs(int count, int steps, double sleep_s)
{
	give_jobs_to(1, count, steps, sleep_s);
}

/* Test markets from 1001 on, each with a clock of its own at the end of what clocks can show. */
static void
give_test_markets(int count)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql),
	    "insert into core.market (market_id, code, name, currency, currency_exponent, "
	    "time_zone, is_test, test_now, created_at) select 1000 + i, 'test' || i, 'Test', "
	    "'EUR', "
	    "2, 'UTC', true, '2199-12-31 00:00+00', now() from generate_series(1, %d) i "
	    "on conflict do nothing",
	    count);
	run(sql);
}

static pid_t
start(void)
{
	const char *program = getenv("SOCIUS_TEST_RUNNER");
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		(void)execl(program, program, (char *)NULL); /* the exit code says that it failed */
		_exit(127);
	}
	return pid;
}

/* The exit code, or minus the signal. */
static int
ended(pid_t pid, int signal)
{
	int status;

	cr_assert_eq(kill(pid, signal), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define RUNNERS_AT_WORK \
	"select count(*) from pg_stat_activity where datname = current_database() " \
	"and usename = 'socius_runner' and query like '%run_payouts%'"
#define JOBS_DONE "select count(*) from core.job where kind = 'run_payouts' and state = 'done'"

/* Two runners side by side; each kill comes while at least one of them is in a step. */
Test(runner, does_each_step_once_through_fifty_kills)
{
	pid_t one, two;

	give_jobs(3, STEPS, 0.002);
	for (int i = 0; i < KILLS / 2; i++) {
		one = start();
		two = start();
		wait_for(RUNNERS_AT_WORK, 1);
		cr_assert_eq(ended(one, SIGKILL), -SIGKILL);
		cr_assert_eq(ended(two, SIGKILL), -SIGKILL);
	}
	cr_assert_lt(number(JOBS_DONE), 3, "the kills came while there was work");
	one = start();
	wait_for(JOBS_DONE, 3);
	cr_assert_eq(ended(one, SIGTERM), 0);
	cr_assert_eq(number("select count(*) from chaos.step"), 3 * STEPS);
	cr_assert_eq(number("select count(distinct (job_id, n)) from chaos.step"), 3 * STEPS);
}

Test(runner, survives_the_end_of_its_sessions)
{
	pid_t pid;

	/* long enough for all ends to meet it at work */
	give_jobs(1, STEPS, 0.02);
	pid = start();
	for (int i = 0; i < 5; i++) {
		wait_for(RUNNERS_AT_WORK, 1);
		run("select pg_terminate_backend(pid, 5000) from pg_stat_activity "
		    "where usename = 'socius_runner' and datname = current_database()");
	}
	wait_for(JOBS_DONE, 1);
	cr_assert_eq(ended(pid, SIGTERM), 0);
	cr_assert_eq(number("select count(*) from chaos.step"), STEPS);
}

Test(runner, finishes_the_step_at_hand_when_asked_to_stop)
{
	pid_t pid;

	give_jobs(1, 1, 0.5);
	pid = start();
	wait_for(RUNNERS_AT_WORK, 1);
	cr_assert_eq(number(JOBS_DONE), 0);
	cr_assert_eq(ended(pid, SIGTERM), 0);
	cr_assert_eq(number(JOBS_DONE), 1);
}

Test(runner, backs_off_from_a_job_that_fails_and_does_it_in_the_end)
{
	static const char failed[] = "select attempts from core.job where kind = 'run_payouts' "
				     "and last_error = 'a fault' and retry_at > due_at";
	pid_t pid;

	give_jobs(1, 1, 0);
	run("insert into chaos.fault values (1)");
	pid = start();
	wait_for("select count(*) from core.job where kind = 'run_payouts' and attempts = 1", 1);
	cr_assert_eq(number(failed), 1);
	cr_assert_eq(number("select count(*) from chaos.step"), 0, "its effect is undone");
	run("delete from chaos.fault; update core.job set retry_at = now() where attempts > 0");
	wait_for(JOBS_DONE, 1);
	cr_assert_eq(ended(pid, SIGTERM), 0);
	cr_assert_eq(number("select count(*) from chaos.step"), 1);
}

static double
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* How long the longest of a few jobs of this market takes from its row to its end. */
static double
longest_wait(int market)
{
	char done[160];
	double longest = 0, began, took;

	for (int i = 0; i < 5; i++) {
		run("delete from core.job where state = 'done'");
		(void)snprintf(done, sizeof(done),
		    "select count(*) from core.job where market_id = %d and kind = 'run_payouts' "
		    "and state = 'done'",
		    market);
		began = seconds_now();
		give_jobs_to(market, 1, 1, 0);
		wait_for(done, 1);
		took = seconds_now() - began;
		longest = took > longest ? took : longest;
	}
	return longest;
}

#define TEST_STEPS \
	"select count(*) from chaos.step s join core.job j using (job_id) where j.market_id > " \
	"1000"

/* Twenty test markets at the end of time, each with forty jobs, whose steps take 0.3 s and never
 * end, beside what the clock alone makes due: some 9,000 weeks to be closed in each. */
Test(runner, lets_no_real_market_wait_for_test_markets)
{
	double longest;
	pid_t pid;

	give_test_markets(20);
	for (int i = 1; i <= 20; i++)
		give_jobs_to(1000 + i, 40, 1000, 0.3);
	pid = start();
	wait_for(TEST_STEPS, 3);
	longest = longest_wait(1);
	cr_expect_geq(number(TEST_STEPS), 3, "the flood goes on");
	cr_assert_eq(ended(pid, SIGTERM), 0);
	cr_expect_lt(longest, 2, "%.2f s", longest);
	(void)fprintf(stderr, "a real market's job took at most %.2f s\n", longest);
}

/* One floods with steps that would take a minute each; the other has little to do. */
Test(runner, lets_no_test_market_wait_for_one_other_for_long)
{
	double longest;
	pid_t pid;

	give_test_markets(2);
	give_jobs_to(1001, 100, 1000, 60);
	pid = start();
	wait_for("select count(*) from core.job where market_id = 1001 and attempts > 0 "
		 "and last_error like '%statement timeout%'",
	    1);
	longest = longest_wait(1002);
	cr_assert_eq(ended(pid, SIGTERM), 0);
	cr_expect_lt(longest, 2, "%.2f s", longest);
	(void)fprintf(stderr, "a test market's job took at most %.2f s\n", longest);
}

/* A key-encryption key and the keys' database, without which no export is tried. */
static void
give_keys(void)
{
	char folder[256], path[288];
	FILE *file;

	(void)snprintf(folder, sizeof(folder), "%s/runner.XXXXXX",
	    getenv("SOCIUS_VAR") != NULL ? getenv("SOCIUS_VAR") : "/tmp");
	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/kek-0001.secret", folder);
	(void)umask(077); /* cannot fail */
	file = fopen(path, "w");
	cr_assert_not_null(file);
	cr_assert_eq(fprintf(file, "%064d", 7), 64);
	cr_assert_eq(fclose(file), 0);
	(void)snprintf(
	    conninfo, sizeof(conninfo), "%s dbname=chaos_keys", getenv("SOCIUS_CHAOS_CONNINFO"));
	cr_assert_eq(setenv("SOCIUS_KEYS_CONNINFO", conninfo, 1), 0);
	cr_assert_eq(setenv("SOCIUS_KEK_FOLDER", folder, 1), 0);
	cr_assert_eq(setenv("SOCIUS_VAR", folder, 1), 0);
}

/* A hundred exports, each of which takes half a second and fails. */
Test(runner, lets_no_letter_wait_for_exports)
{
	double longest = 0, began, took;
	pid_t pid;

	give_keys();
	run("create or replace function jobs.export_page(p_account_id uuid, p_after jsonb, "
	    "out table_name text, out rows jsonb, out next jsonb) "
	    "language plpgsql stable security definer as $$ begin perform pg_sleep(0.5); "
	    "raise exception 'too much'; end $$; delete from access.mail; "
	    "delete from identity.data_export; "
	    "insert into identity.account (account_id, name, created_at) values "
	    "('00000000-0000-7000-8000-00000000000a', 'Ada', now()) on conflict do nothing; "
	    "insert into identity.data_export (export_id, account_id, asked_at, expires_at) "
	    "select gen_random_uuid(), '00000000-0000-7000-8000-00000000000a', now(), "
	    "now() + interval '7 days' from generate_series(1, 100)");
	pid = start();
	wait_for("select count(*) from identity.data_export where last_error like '%too much%'", 2);
	for (int i = 1; i <= 5; i++) {
		began = seconds_now();
		run("insert into access.mail (mail_id, kind, address, locale, params, made_at) "
		    "values (gen_random_uuid(), 'sign_up', 'ada@example.com', 'en', "
		    "'{\"code\": \"12345678\"}', now())");
		wait_for("select count(*) from access.mail where state = 'sent'", i);
		took = seconds_now() - began;
		longest = took > longest ? took : longest;
	}
	cr_assert_gt(number("select count(*) from identity.data_export where state = 'queued' "
			    "and attempts = 0"),
	    0, "exports still wait");
	cr_assert_eq(ended(pid, SIGTERM), 0);
	cr_expect_lt(longest, 2, "%.2f s", longest);
	(void)fprintf(stderr, "a letter left after at most %.2f s\n", longest);
}

Test(runner, gives_each_market_its_periodic_jobs)
{
	pid_t pid = start();

	wait_for("select count(*) from core.job where market_id = 1 and every_s > 0 "
		 "and finished_at is not null",
	    2);
	cr_assert_eq(ended(pid, SIGTERM), 0);
	cr_assert_eq(number("select count(*) - count(distinct kind) from core.job "
			    "where every_s > 0 and market_id = 1"),
	    0, "one of each");
}
