/* jobs_given: see jobs_given.h. */
#include "sql/jobs_given.h"

#include "support/sql.h"

const char *
jobs_queue(int market, const char *kind, const char *due_at)
{
	const char *job_id = sql_id();

	sql_run("insert into core.job (market_id, job_id, kind, due_at, created_at) "
		"values (%d, '%s', '%s', '%s', " SQL_NOW ")",
	    market, job_id, kind, due_at);
	return job_id;
}

void
jobs_quiet(void)
{
	sql_run("select pg_advisory_xact_lock(" ONE_BY_ONE ")");
	sql_run("update core.job set state = 'done'");
}

const char *
jobs_take_from(bool of_tests, const char *now)
{
	const char *job_id;

	sql_as("socius_runner");
	job_id = sql_text("select max(job_id::text) from core.take_job('%s', %s)", now,
	    of_tests ? "true" : "false");
	sql_as(NULL);
	return job_id;
}

const char *
jobs_take(const char *now)
{
	return jobs_take_from(true, now);
}

void
jobs_finish(int market, const char *job_id, const char *again_at, const char *now)
{
	sql_as("socius_runner");
	sql_run("select core.finish_step(%d, '%s', nullif('%s', '')::timestamptz, '%s', 10)",
	    market, job_id, again_at, now);
	sql_as(NULL);
}

void
jobs_fail(int market, const char *job_id, const char *now)
{
	sql_as("socius_runner");
	sql_run("select core.fail_job(%d, '%s', 'it broke', '%s', 10)", market, job_id, now);
	sql_as(NULL);
}
