/* sign_in_laws: each law of signing in sees what breaks it; letters go out and are forgotten. */
#include <criterion/criterion.h>

#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(sign_in_laws, .init = sql_begin, .fini = sql_end);

static const char *
given(int market)
{
	struct given_sign_in sign_in = {
		.email = given_email(), .password = GIVEN_HASH, .market_code = given_code(market)
	};

	(void)given_account(sign_in.email);
	return given_session(&sign_in);
}

Test(sign_in_laws, see_a_family_with_no_token_or_two)
{
	const char *session = given(sql_market());

	sql_breaks_law("session_has_one_refresh_token",
	    "update access.refresh_token set used_at = issued_at where session_id = '%s'", session);
	sql_breaks_law("session_has_one_refresh_token",
	    "insert into access.refresh_token values (sha256('%s'), '%s', " SQL_NOW ")", session,
	    session);
}

Test(sign_in_laws, see_a_session_without_its_record)
{
	int market = sql_market();
	const char *session = given(market);

	sql_breaks_law("session_is_audited",
	    "delete from access.audit_record where market_id = %d and subject_id = '%s'", market,
	    session);
}

Test(sign_in_laws, see_an_office_without_second_factor)
{
	const char *session = given(sql_market());

	sql_breaks_law("office_has_second_factor",
	    "update access.session set role = 'operator' where session_id = '%s'", session);
}

Test(sign_in_laws, see_a_password_that_was_kept)
{
	(void)given(sql_market());
	sql_breaks_law("used_code_is_not_kept",
	    "update access.challenge set password_hash = " GIVEN_HASH " where used_at is not null");
}

/* --- letters --- */

#define TAKE "jobs.take_mail(" SQL_NOW " + interval '%s')"
#define FINISH "select jobs.finish_mail('%s', %s, " SQL_NOW " + interval '%s')"

Test(sign_in_laws, forget_the_code_of_a_letter_that_was_sent)
{
	const char *mail;

	sql_run("update access.mail set state = 'sent', params = '{}'");
	(void)given_account(given_email());
	sql_as("socius_runner");
	mail = sql_text("select mail_id from " TAKE " where kind = 'sign_up' and locale = 'it' and "
			"code = '12345678'",
	    "0");
	sql_run(FINISH, mail, "null", "0");
	cr_assert_eq(sql_count("select from " TAKE, "1 day"), 0);
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from access.mail where mail_id = '%s' and state = 'sent' and "
		      "params = '{}'",
		mail),
	    1);
	sql_refused("mail_forgets_what_it_said",
	    "update access.mail set params = '{\"code\": \"1\"}' where mail_id = '%s'", mail);
}

Test(sign_in_laws, try_a_letter_again_until_its_code_is_of_no_use)
{
	const char *mail;

	sql_run("update access.mail set state = 'sent', params = '{}'");
	(void)given_account(given_email());
	mail = sql_text("select mail_id from " TAKE, "0");
	sql_run(FINISH, mail, "'no folder'", "0");
	cr_assert_eq(sql_count("select from " TAKE, "0.9 s"), 0);
	cr_assert_eq(sql_count("select from " TAKE, "1 s"), 1);
	sql_run(FINISH, mail, "'no folder'", "16 minutes");
	cr_assert_eq(sql_count("select from " TAKE, "1 day"), 0);
	cr_assert_str_eq(
	    sql_text("select state || params::text from access.mail where mail_id = '%s'", mail),
	    "failed{}");
}

Test(sign_in_laws, throw_away_what_is_over)
{
	int market = sql_market();

	const char *session = given(market);

	sql_run("insert into access.refresh_token values (sha256('%s'), '%s', " SQL_NOW ", " SQL_NOW
		")",
	    session, session);
	sql_run("update access.session set ended_at = " SQL_NOW ", ended_by = 'account' where "
		"session_id = '%s'",
	    session);
	sql_run("select api.weigh_sign_in('x@example.com', null, '" GIVEN_PEER "', " SQL_NOW ")");
	sql_run("update access.mail set state = 'sent', params = '{}'");
	sql_run("select jobs.purge(0, '%s', " SQL_NOW " + interval '31 days')", sql_id());
	cr_assert_eq(sql_count("select from access.challenge where made_at <= " SQL_NOW
			       " union all select from access.throttle where full_at <= " SQL_NOW
			       " union all select from access.mail where made_at <= " SQL_NOW),
	    0);
	cr_assert_eq(
	    sql_count("select from access.refresh_token where session_id = '%s'", session), 1);
}
