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
	sql_as("socius_gate");
	cr_assert_str_eq(
	    sql_text(
		"select state || ', ' || failure from api.get_payout_run(%d, '%s')", market, run),
	    "failed, it broke");
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from events.event where market_id = %d and kind = "
		      "'payout_run.failed' and subject_id = '%s' and from_state = 'running' "
		      "and to_state = 'failed' and reason = 'it broke'",
		market, run),
	    1);
	payday_laws_hold();
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
			       "and from_state = 'failed' and to_state = 'running'",
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

/* Before its first step, and again after it was resumed. */
Test(payouts_resume, may_fail_again)
{
	int market = payday_market();
	const char *run = payday_run(market, 1);

	for (int i = 0; i < 2; i++) {
		fail_for_good(market, run);
		cr_assert(sql_true("select state = 'failed' and started_at is null "
				   "from payouts.payout_run where payout_run_id = '%s'",
		    run));
		sql_as("socius_gate");
		cr_assert_str_eq(sql_text("select state from (%s) c",
				     resume_call(market, run, sql_id(), SQL_DIGEST)),
		    "queued");
		sql_as(NULL);
		cr_assert_eq(
		    sql_count("select from laws.event_chain_holds where market_id = %d", market),
		    0);
		payday_laws_hold();
	}
	cr_assert_null(payday_step(market, run));
	payday_laws_hold();
}

Test(payouts_resume, is_what_a_second_run_is_told_to_do)
{
	int market = payday_market();
	const char *run = payday_run(market, 1);
	PGresult *result;

	fail_for_good(market, run);
	sql_run("savepoint before_second");
	result = PQexec(sql_connection(),
	    sql_text("select $call$ select api.create_payout_run(%d, '" OPERATOR
		     "', 'operator', " SQL_NOW ", '%s', '%s', 'k', " SQL_DIGEST ", null) $call$",
		market, sql_id(), sql_id()));
	sql_run("rollback to before_second");
	cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), "payout_run_open");
	cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
	    sql_text("select jsonb_build_object('state', 'failed', 'failure', 'it broke', "
		     "'payout_run_id', '%s')::text",
		run));
	PQclear(result);
}

Test(payouts_resume, is_for_runs_that_say_why_they_failed)
{
	int market = payday_market();
	const char *run = payday_run(market, 1);

	sql_refused("payout_run_failure",
	    "update payouts.payout_run set state = 'failed' where payout_run_id = '%s'", run);
	sql_refused("payout_run_failure",
	    "update payouts.payout_run set failure = 'x' where payout_run_id = '%s'", run);
	sql_refused("payout_run_times",
	    "update payouts.payout_run set state = 'failed', "
	    "failure = 'x', finished_at = " SQL_NOW " where payout_run_id = '%s'",
	    run);
	sql_refused("payout_run_step",
	    "update payouts.payout_run set step_wallets = 0 where payout_run_id = '%s'", run);
	sql_refused("left_out_error",
	    "insert into payouts.left_out (market_id, payout_run_id, partner_id, reason, "
	    "balance_minor, currency) values (%d, '%s', '%s', 'payout_failed', 1, 'EUR')",
	    market, run, sql_id());
}

/* --- wallets that cannot be paid --- */

/* Steps of the run until its end; no more than that many. */
static void
run_to_the_end(int market, const char *run, int steps_max)
{
	for (int i = 0; payday_step(market, run) != NULL; i++)
		cr_assert_lt(i, steps_max);
}

/* The wallet's next payout is there already, under another run: so it cannot be made again. */
static void
poison(int market, const char *owners)
{
	sql_run(
	    "insert into payouts.payout (market_id, payout_run_id, partner_id, payout_id, state, "
	    "amount_minor, currency, first_entry_no, last_entry_no, created_at) "
	    "select market_id, gen_random_uuid(), owner_id, gen_random_uuid(), 'in_run', 1, 'EUR', "
	    "1, 1, " SQL_NOW " from ledger.wallet where market_id = %d and owner_id in (%s)",
	    market, owners);
}

Test(payouts_resume, is_not_needed_where_one_wallet_cannot_be_paid)
{
	int market = payday_market();
	const char *run;

	payday_crowd(market, 3000);
	poison(market, sql_text("select format('select owner_id from ledger.wallet where market_id "
				"= %%s order by owner_id offset 1500 limit 2', %d)",
			   market));
	run = payday_run(market, 1);
	run_to_the_end(market, run, 40);
	sql_as("socius_gate");
	cr_assert(sql_true("select state = 'finished' and payouts_count = 2998 "
			   "and left_out_count = 2 and left_out_minor = 1000 and failure is null "
			   "from api.get_payout_run(%d, '%s')",
	    market, run));
	cr_assert_eq(sql_count("select from api.list_left_out_of_run(%d, '%s', 9, null) where "
			       "reason = 'payout_failed' and error like '%%payout_settles_once%%' "
			       "and balance_minor = 500",
			 market, run),
	    2);
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from ledger.wallet where market_id = %d and dirty", market), 2);
	cr_assert_eq(
	    sql_count("select from laws.left_out_adds_up where market_id = %d", market), 0);
	cr_assert_eq(sql_count("select from laws.payout_runs_add_up where market_id = %d "
			       "and payout_run_id = '%s'",
			 market, run),
	    0);
}

/* That is no wallet's fault: the step raises, and the runner counts it. */
Test(payouts_resume, is_needed_where_a_hundred_wallets_cannot_be_paid)
{
	int market = payday_market();
	const char *run, *step;

	payday_crowd(market, 101);
	poison(market, sql_text("select format('select owner_id from ledger.wallet where market_id "
				"= %%s', %d)",
			   market));
	run = payday_run(market, 1);
	while (sql_true("select left_out_count < 100 from payouts.payout_run "
			"where payout_run_id = '%s'",
	    run))
		cr_assert_not_null(payday_step(market, run));
	step = sql_text(
	    "select $call$ select jobs.run_payouts(%d, '%s', " SQL_NOW ") $call$", market, run);
	sql_as("socius_runner");
	sql_fails("P0001", "%s", step);
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
