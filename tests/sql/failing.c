/* failing: what operators see of the runner's work that fails, and how it is tried again. */
#include <criterion/criterion.h>

#include "sql/jobs_given.h"
#include "support/sql.h"

TestSuite(failing, .init = sql_begin, .fini = sql_end);

/* What the list says of it: what, state and error; NULL: nothing. */
static const char *
listed(const char *id)
{
	const char *said;

	sql_as("socius_runner");
	said = sql_text("select max(concat_ws(', ', what, state, error)) from jobs.list_failing() "
			"where id = '%s'",
	    id);
	sql_as(NULL);
	return said;
}

static bool
try_again(const char *id)
{
	bool found;

	sql_as("socius_runner");
	found = sql_true("select jobs.try_again('%s', " SQL_NOW ")", id);
	sql_as(NULL);
	return found;
}

Test(failing, jobs_are_seen_and_tried_again)
{
	int market = sql_market();
	const char *job;

	jobs_quiet();
	job = jobs_queue(market, "x", "2026-03-02 09:00+00");
	cr_expect_null(listed(job));
	cr_expect_not(try_again(job));
	jobs_fail(market, job, "2026-03-02 10:00+00");
	cr_expect_str_eq(listed(job), "job x, retrying, it broke");
	cr_expect_null(jobs_take("2026-03-02 10:00+00"));
	cr_expect(try_again(job));
	cr_expect_str_eq(jobs_take("2026-03-02 10:00+00"), job);
	for (int i = 1; i < 10; i++)
		jobs_fail(market, job, "2026-03-02 10:00+00");
	cr_expect_str_eq(listed(job), "job x, failed, it broke");
	cr_expect_not(try_again(job), "that is for an operator of the market");
}

Test(failing, exports_are_seen_and_tried_again)
{
	const char *id = sql_id(), *account = sql_id();

	sql_run("insert into identity.account (account_id, name, created_at) values ('%s', "
		"'Ada', " SQL_NOW "); insert into identity.data_export (export_id, account_id, "
		"state, attempts, last_error, "
		"asked_at, finished_at, expires_at) values ('%s', '%s', 'failed', 10, 'it "
		"broke', " SQL_NOW ", " SQL_NOW ", " SQL_NOW " + interval '7 days')",
	    account, id, account);
	cr_expect_str_eq(listed(id), "export, failed, it broke");
	cr_expect(try_again(id));
	cr_expect(sql_true("select state = 'queued' and attempts = 0 and finished_at is null "
			   "from identity.data_export where export_id = '%s'",
	    id));
}

Test(failing, erasures_letters_issuers_and_test_markets_are_seen)
{
	int market = sql_market();
	const char *person = sql_id(), *letter = sql_id();

	sql_run(
	    "insert into identity.erasure (person_id, asked_at, attempts, last_error, retry_at) "
	    "values ('%s', " SQL_NOW ", 3, 'it broke', '2027-01-01 00:00+00')",
	    person);
	sql_run(
	    "insert into access.mail (mail_id, kind, address, locale, state, attempts, made_at) "
	    "values ('%s', 'reset', 'ada@example.com', 'it', 'failed', 2, " SQL_NOW ")",
	    letter);
	sql_run("insert into access.issuer (issuer, due_at, failures, error) values "
		"('https://down.example', " SQL_NOW ", 4, 'no answer')");
	sql_run("insert into testing.market (market_id, made_at, expires_at, last_error) values "
		"(%d, " SQL_NOW ", " SQL_NOW ", 'clings')",
	    market);
	cr_expect_str_eq(listed(person), "erasure, retrying, it broke");
	cr_expect_str_eq(listed(letter), "letter reset, failed");
	cr_expect_str_eq(listed("https://down.example"), "issuer, retrying, no answer");
	cr_expect_str_eq(listed(sql_text("select '%d'", market)), "test market, retrying, clings");
	cr_expect(try_again(person));
	cr_expect(sql_true(
	    "select retry_at = " SQL_NOW " from identity.erasure where person_id = '%s'", person));
	cr_expect_not(try_again(letter), "whoever wanted it asks for another");
}
