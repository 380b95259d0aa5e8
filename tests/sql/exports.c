/* exports: how the runner takes exports and erasures, and what becomes of those that fail. */
#include <criterion/criterion.h>

#include "support/sql.h"

static void
begin(void)
{
	sql_begin();
	sql_run("select pg_advisory_xact_lock(77005052); delete from identity.data_export; "
		"update identity.erasure set done_at = asked_at where done_at is null");
}

TestSuite(exports, .init = begin, .fini = sql_end);

/* Asked for so many seconds after SQL_NOW. */
static const char *
given_export(int asked_s)
{
	const char *id = sql_id(), *account = sql_id();

	sql_run("insert into identity.account (account_id, name, created_at) values ('%s', "
		"'Ada', " SQL_NOW ")",
	    account);
	sql_run("insert into identity.data_export (export_id, account_id, asked_at, expires_at) "
		"values ('%s', '%s', " SQL_NOW " + interval '%d s', " SQL_NOW
		" + interval '7 days')",
	    id, account, asked_s);
	return id;
}

static const char *
take(const char *after)
{
	const char *id;

	sql_as("socius_runner");
	id = sql_text("select max(export_id::text) from jobs.take_export(" SQL_NOW
		      " + interval '%s')",
	    after);
	sql_as(NULL);
	return id;
}

static void
fail(const char *id, const char *after)
{
	sql_as("socius_runner");
	sql_run("select jobs.fail_export('%s', 'it broke', false, " SQL_NOW " + interval '%s')", id,
	    after);
	sql_as(NULL);
}

Test(exports, are_taken_once_and_again_when_their_runner_died)
{
	const char *first = given_export(0), *second = given_export(1);

	cr_expect_str_eq(take("1 s"), first);
	cr_expect_str_eq(take("1 s"), second);
	cr_expect_null(take("59 s"));
	cr_expect_str_eq(take("61 s"), first);
}

Test(exports, that_fail_go_behind_those_that_were_not_tried_yet)
{
	const char *old = given_export(0), *new;

	cr_assert_str_eq(take("1 s"), old);
	fail(old, "1 s");
	cr_expect_null(take("2 s"));
	new = given_export(60);
	cr_expect_str_eq(take("1 min"), new);
	cr_expect_str_eq(take("1 min"), old);
}

static bool
has_failed(const char *id)
{
	return sql_true("select state = 'failed' and finished_at is not null and document is null "
			"and attempts = 10 from identity.data_export where export_id = '%s'",
	    id);
}

Test(exports, have_failed_after_ten_attempts_and_keep_nobody_waiting)
{
	const char *id = given_export(0), *account, *other;

	for (int i = 1; i <= 10; i++) {
		cr_assert_not(has_failed(id));
		cr_assert_str_eq(take(sql_text("select '%d h'", i)), id);
		fail(id, sql_text("select '%d h'", i));
	}
	cr_expect(has_failed(id));
	cr_expect_null(take("6 days"));
	other = given_export(0);
	cr_expect_str_eq(take("6 days"), other);
	account =
	    sql_text("select account_id from identity.data_export where export_id = '%s'", id);
	sql_as("socius_gate");
	cr_expect_str_eq(
	    sql_text("select state from api.get_data_export('%s', '%s', " SQL_NOW ")", account, id),
	    "failed");
	sql_as(NULL);
	cr_expect_null(take("7 days"));
	cr_expect_eq(sql_count("select from identity.data_export"), 0);
}

/* It takes the runner down each time, so that nobody says how it went. */
Test(exports, have_failed_though_nobody_could_say_so)
{
	const char *id = given_export(0);

	for (int i = 1; i <= 10; i++)
		cr_assert_str_eq(take(sql_text("select '%d h'", i)), id);
	cr_expect_null(take("11 h"));
	cr_expect(has_failed(id));
}

Test(exports, that_are_too_large_have_failed_at_once)
{
	const char *id = given_export(0);

	cr_assert_str_eq(take("1 s"), id);
	sql_as("socius_runner");
	sql_run("select jobs.fail_export('%s', 'too large', true, " SQL_NOW ")", id);
	sql_as(NULL);
	cr_expect(sql_true("select state = 'failed' and last_error = 'too large' "
			   "and finished_at is not null from identity.data_export "
			   "where export_id = '%s'",
	    id));
	cr_expect_null(take("2 h"));
}

Test(exports, are_given_up_and_erasures_are_not)
{
	const char *person = sql_id(), *other = sql_id();

	sql_run("insert into identity.erasure (person_id, asked_at) values ('%s', " SQL_NOW ")",
	    person);
	sql_as("socius_runner");
	for (int i = 0; i < 20; i++) {
		cr_assert_str_eq(
		    sql_text("select jobs.take_erasure(" SQL_NOW " + interval '%d h')", 2 * i),
		    person);
		cr_assert_null(
		    sql_text("select jobs.take_erasure(" SQL_NOW " + interval '%d h')", 2 * i));
		sql_run("select jobs.fail_erasure('%s', 'it broke', " SQL_NOW " + interval '%d h')",
		    person, 2 * i);
	}
	sql_as(NULL);
	sql_run("insert into identity.erasure (person_id, asked_at) values ('%s', " SQL_NOW
		" + interval '40 h')",
	    other);
	sql_as("socius_runner");
	cr_expect_str_eq(
	    sql_text("select jobs.take_erasure(" SQL_NOW " + interval '50 h')"), other);
	cr_expect_str_eq(
	    sql_text("select jobs.take_erasure(" SQL_NOW " + interval '50 h')"), person);
}
