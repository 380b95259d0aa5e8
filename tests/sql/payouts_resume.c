/* payouts_resume: a run whose job was given up goes on where it stood. */
#include <criterion/criterion.h>

#include "sql/payday.h"
#include "support/sql.h"

TestSuite(payouts_resume, .init = sql_begin, .fini = sql_end);

#define OPERATOR "00000000-0000-7000-8000-00000000000a"

static const char *
resume_call(int market, const char *run, const char *key, const char *digest)
{
	return sql_text("select $call$ select replayed, (\"row\").state from "
			"api.resume_payout_run(%d, '" OPERATOR "', 'operator', " SQL_NOW
			", '%s', '%s', %s, "
			"'%s') $call$",
	    market, sql_id(), key, digest, run);
}

/* Ten failures, after which the runner gives the job up. */
static void
fail_for_good(int market, const char *run)
{
	sql_as("socius_runner");
	for (int i = 0; i < 10; i++)
		sql_run("select core.fail_job(%d, '%s', 'it broke', " SQL_NOW ")", market, run);
	sql_as(NULL);
	cr_assert(sql_true("select state = 'failed' from core.job where job_id = '%s'", run));
}

Test(payouts_resume, pays_what_is_left)
{
	int market = payday_market();
	const char *run, *call;

	payday_crowd(market, 2001);
	run = payday_run(market, 1);
	cr_assert_not_null(payday_step(market, run));
	fail_for_good(market, run);
	call = resume_call(market, run, "k", SQL_DIGEST);
	sql_as("socius_gate");
	cr_assert_str_eq(
	    sql_text("select concat_ws(' ', replayed, state) from (%s) c", call), "f running");
	cr_assert_str_eq(
	    sql_text("select concat_ws(' ', replayed, state) from (%s) c", call), "t running");
	sql_refused("key_reused", "%s", resume_call(market, run, "k", SQL_OTHER_DIGEST));
	sql_refused("payout_run_not_failed", "%s", resume_call(market, run, "l", SQL_DIGEST));
	sql_as(NULL);
	cr_assert(sql_true("select state = 'queued' and attempts = 0 and retry_at is null "
			   "and last_error is null from core.job where job_id = '%s'",
	    run));
	cr_assert_null(payday_step(market, run));
	cr_assert(sql_true("select state = 'finished' and payouts_count = 2001 "
			   "from payouts.payout_run where payout_run_id = '%s'",
	    run));
	cr_assert_eq(sql_count("select from events.event where market_id = %d "
			       "and kind = 'payout_run.resumed' and subject_id = '%s' "
			       "and from_state is null and to_state is null",
			 market, run),
	    1);
	cr_assert_eq(
	    sql_count("select from laws.event_chain_holds where market_id = %d", market), 0);
	cr_assert_eq(
	    sql_count("select from laws.payouts_have_events where market_id = %d", market), 0);
}

Test(payouts_resume, refuses_what_has_not_failed)
{
	int market = payday_market(), elsewhere = sql_market();
	const char *run = payday_run(market, 1);

	sql_as("socius_gate");
	sql_refused("payout_run_not_failed", "%s", resume_call(market, run, "a", SQL_DIGEST));
	sql_refused("payout_run_unknown", "%s", resume_call(market, sql_id(), "b", SQL_DIGEST));
	sql_refused("payout_run_unknown", "%s", resume_call(elsewhere, run, "c", SQL_DIGEST));
	sql_as(NULL);
	cr_assert_null(payday_step(market, run));
	sql_run("update core.job set state = 'done' where job_id = '%s'", run);
	sql_as("socius_gate");
	sql_refused("payout_run_not_failed", "%s", resume_call(market, run, "d", SQL_DIGEST));
}

/* What an operator's wall may do to a job is no more than that. */
Test(payouts_resume, touches_nothing_else_of_a_job)
{
	int market = payday_market();

	payday_run(market, 1);
	sql_as("wall_operator");
	sql_run("select core.enter(%d, null)", market);
	sql_fails("42501", "update core.job set kind = 'x'");
	sql_fails("42501", "update core.job set subject_id = null");
}
