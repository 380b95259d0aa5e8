/* offices: second factors, roles of operators, auditors and admins, and the audit log. */
#include <criterion/criterion.h>

#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(offices, .init = sql_begin, .fini = sql_end);

#define CONFIRM_TOTP \
	"api.confirm_totp(p_account_id => '%s', p_role => 'customer', p_code => null, " \
	"p_totp_step => %s, p_recovery_macs => (select string_agg(sha256(n::text::bytea), '' " \
	"order by n) from generate_series(0, 9) n), p_chance => null, p_audit_id => '%s', " \
	"p_peer => '" GIVEN_PEER "', p_request_id => 'r', p_now => " SQL_NOW ")"
#define ENROL_TOTP(password) \
	"api.enrol_totp(p_account_id => '%s', p_role => 'customer', p_password => " password \
	", p_totp_id => '%s', p_audit_id => '%s', p_peer => '" GIVEN_PEER \
	"', p_request_id => 'r', p_now => " SQL_NOW ")"
#define BEGIN_TOTP ENROL_TOTP(GIVEN_HASH)
#define SECOND(step, recovery) \
	"p_totp => '123456', p_totp_step => " step ", p_recovery_mac => " recovery

static void
enrol(const char *account)
{
	sql_run("select * from " BEGIN_TOTP, account, sql_id(), sql_id());
	sql_run("select * from " CONFIRM_TOTP, account, "100", sql_id());
}

static const char *
grant(int market, const char *email, const char *role)
{
	return sql_text("select access.grant_role(%d, lower('%s'), '%s', '%s', " SQL_NOW ")",
	    market, email, role, sql_id());
}

/* --- the second factor --- */

Test(offices, enrol_an_authenticator_by_its_first_code)
{
	const char *account = given_account(given_email());

	sql_refused("totp_not_begun", "select api.ask_totp('%s', " SQL_NOW ")", account);
	sql_refused("totp_not_begun", "select * from " CONFIRM_TOTP, sql_id(), "100", sql_id());
	sql_run("select * from " BEGIN_TOTP, account, sql_id(), sql_id());
	cr_assert_not_null(sql_text("select (api.ask_totp('%s', " SQL_NOW ")).totp_id", account));
	sql_refused("totp_wrong", "select * from " CONFIRM_TOTP, account, "null", sql_id());
	sql_run("select * from " CONFIRM_TOTP, account, "100", sql_id());
	sql_refused("totp_enrolled", "select * from " BEGIN_TOTP, account, sql_id(), sql_id());
	sql_refused(
	    "password_wrong", "select * from " ENROL_TOTP("null"), account, sql_id(), sql_id());
	sql_refused("password_wrong", "select * from " BEGIN_TOTP, sql_id(), sql_id(), sql_id());
	cr_assert_eq(
	    sql_count("select from access.recovery_code where account_id = '%s'", account), 10);
	for (int i = 0; i < 5; i++)
		sql_refused("totp_not_begun", "select api.ask_totp('%s', " SQL_NOW ")", account);
}

Test(offices, delay_guesses_at_the_first_code)
{
	const char *account = given_account(given_email());

	sql_run("select * from " BEGIN_TOTP, account, sql_id(), sql_id());
	for (int i = 0; i < 6; i++)
		sql_run("select api.ask_totp('%s', " SQL_NOW ")", account);
	sql_refused("sign_in_delayed", "select api.ask_totp('%s', " SQL_NOW ")", account);
}

Test(offices, take_each_code_once)
{
	const char *email = given_email();
	struct given_sign_in sign_in = {
		.email = email, .password = GIVEN_HASH, .market_code = given_code(sql_market())
	};

	enrol(given_account(email));
	sql_refused("totp_needed", "select * from %s", given_call(&sign_in));
	sign_in.second = SECOND("100", "null");
	sql_refused("totp_wrong", "select * from %s", given_call(&sign_in));
	sign_in.second = SECOND("101", "null");
	(void)given_session(&sign_in);
	sql_refused("totp_wrong", "select * from %s", given_call(&sign_in));
	sign_in.second = SECOND("null", "sha256('5')");
	(void)given_session(&sign_in);
	sql_refused("totp_wrong", "select * from %s", given_call(&sign_in));
	sign_in.second = SECOND("null", "sha256('6')");
	(void)given_session(&sign_in);
}

/* --- showing a code once more --- */

#define WITNESSED \
	"p_audit_id => '%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', p_now => " SQL_NOW
#define STEP_UP \
	"api.step_up(p_account_id => '%s', p_role => 'customer', p_session_id => '%s', " \
	"%s, " WITNESSED " + interval '1 hour')"
#define NEW_CODES \
	"api.create_recovery_codes(p_account_id => '%s', p_role => 'customer', %s, " \
	"p_recovery_macs => (select string_agg(sha256((n + 20)::text::bytea), '' order by n) " \
	"from generate_series(0, 9) n), p_chance => null, " WITNESSED ")"
#define REMOVE_TOTP "api.remove_totp(p_account_id => '%s', p_role => 'customer', " WITNESSED ")"

static const char *
given_signed_in(const char *email, const char *second)
{
	struct given_sign_in sign_in = { .email = email,
		.password = GIVEN_HASH,
		.market_code = given_code(sql_market()),
		.refresh = second == NULL ? NULL : email,
		.second = second };

	return given_session(&sign_in);
}

Test(offices, remember_in_the_session_when_a_code_was_shown)
{
	const char *email = given_email(), *account = given_account(email), *session;
	const char *plain = given_signed_in(email, NULL);

	cr_assert(
	    sql_true("select totp_at is null from access.session where session_id = '%s'", plain));
	sql_refused("totp_not_enrolled", "select * from " STEP_UP, account, plain,
	    SECOND("102", "null"), sql_id());
	enrol(account);
	session = given_signed_in(email, SECOND("101", "null"));
	cr_assert(sql_true(
	    "select totp_at = " SQL_NOW " from access.session where session_id = '%s'", session));
	cr_assert_not_null(sql_text("select (api.ask_second('%s', " SQL_NOW ")).totp_id", account));
	sql_refused("totp_wrong", "select * from " STEP_UP, account, session, SECOND("101", "null"),
	    sql_id());
	cr_assert(sql_true("select (\"row\").fresh_until = " SQL_NOW
			   " + interval '65 minutes' from " STEP_UP,
	    account, session, SECOND("102", "null"), sql_id()));
	sql_refused("totp_wrong", "select * from " STEP_UP, account, session, SECOND("102", "null"),
	    sql_id());
	cr_assert(sql_true("select (\"row\").totp_at = " SQL_NOW " + interval '1 hour' from %s",
	    given_refresh(email, "y", NULL, "2 hours")));
	cr_assert_eq(sql_count("select from access.audit_record where act = 'session.step_up' and "
			       "subject_id = '%s' and outcome = 'done'",
			 session),
	    1);
}

Test(offices, step_up_the_own_session_only)
{
	const char *email = given_email(), *account = given_account(email);
	const char *other_email = given_email(), *other = given_account(other_email), *session;

	enrol(account);
	enrol(other);
	session = given_signed_in(email, SECOND("101", "null"));
	sql_refused("session_unknown", "select * from " STEP_UP, other, session,
	    SECOND("102", "null"), sql_id());
	sql_run("update access.session set ended_at = " SQL_NOW ", ended_by = 'account' where "
		"session_id = '%s'",
	    session);
	sql_refused("session_unknown", "select * from " STEP_UP, account, session,
	    SECOND("102", "null"), sql_id());
}

Test(offices, delay_guesses_at_a_code)
{
	const char *account = given_account(given_email());

	sql_refused("totp_not_enrolled", "select api.ask_second('%s', " SQL_NOW ")", account);
	enrol(account);
	for (int i = 0; i < 6; i++)
		sql_run("select api.ask_second('%s', " SQL_NOW ")", account);
	sql_refused("sign_in_delayed", "select api.ask_second('%s', " SQL_NOW ")", account);
}

Test(offices, put_new_recovery_codes_in_the_place_of_the_old)
{
	const char *account = given_account(given_email());

	sql_refused("totp_not_enrolled", "select * from " NEW_CODES, account, SECOND("101", "null"),
	    sql_id());
	enrol(account);
	sql_refused(
	    "totp_wrong", "select * from " NEW_CODES, account, SECOND("100", "null"), sql_id());
	sql_run("select * from " NEW_CODES, account, SECOND("null", "sha256('3')"), sql_id());
	cr_assert_eq(sql_count("select from access.recovery_code where account_id = '%s' and "
			       "used_at is null and code_mac in (select sha256((n + 20)::text::"
			       "bytea) from generate_series(0, 9) n)",
			 account),
	    10);
}

Test(offices, let_an_authenticator_be_taken_off)
{
	const char *email = given_email(), *account = given_account(email);

	sql_refused("totp_not_enrolled", "select * from " REMOVE_TOTP, account, sql_id());
	enrol(account);
	sql_run("select * from " REMOVE_TOTP, account, sql_id());
	cr_assert_eq(
	    sql_count("select from access.recovery_code where account_id = '%s'", account), 0);
	(void)given_signed_in(email, NULL);
}

Test(offices, keep_their_authenticator)
{
	int market = sql_market();
	const char *email = given_email(), *account = given_account(email);

	enrol(account);
	(void)grant(market, email, "auditor");
	sql_refused("totp_required", "select * from " REMOVE_TOTP, account, sql_id());
	sql_run("select access.withdraw_role(%d, '%s', 'auditor', '%s', " SQL_NOW ")", market,
	    email, sql_id());
	sql_run("select * from " REMOVE_TOTP, account, sql_id());
}

/* --- roles --- */

Test(offices, need_a_grant_and_an_authenticator)
{
	int market = sql_market();
	const char *email = given_email(), *account = given_account(email);
	struct given_sign_in sign_in = { .email = email,
		.password = GIVEN_HASH,
		.role = "operator",
		.market_code = given_code(market) };

	sql_refused("role_not_held", "select * from %s", given_call(&sign_in));
	cr_assert_str_eq(grant(market, email, "operator"), account);
	sql_refused("totp_enrolment_needed", "select * from %s", given_call(&sign_in));
	enrol(account);
	sql_refused("totp_needed", "select * from %s", given_call(&sign_in));
	sign_in.second = SECOND("101", "null");
	cr_assert_str_eq(
	    sql_text("select (\"row\").role || coalesce((\"row\").partner_id::text, '') "
		     "from %s",
		given_call(&sign_in)),
	    "operator");
	sign_in.role = "auditor";
	sql_refused("role_not_held", "select * from %s", given_call(&sign_in));
	sign_in.role = "operator";
	sign_in.market_code = given_code(sql_market());
	sql_refused("role_not_held", "select * from %s", given_call(&sign_in));
}

Test(offices, of_admins_are_the_platforms)
{
	const char *email = given_email();
	struct given_sign_in sign_in = { .email = email,
		.password = GIVEN_HASH,
		.role = "admin",
		.second = SECOND("101", "null") };

	enrol(given_account(email));
	sql_refused("role_not_held", "select * from %s", given_call(&sign_in));
	(void)grant(0, email, "admin");
	cr_assert_eq(sql_int("select (\"row\").market_id from %s", given_call(&sign_in)), 0);
	sql_refused("grant_fits_market",
	    "select access.grant_role(0, lower('%s'), 'operator', '%s', " SQL_NOW ")", email,
	    sql_id());
	cr_assert_null(grant(0, "nobody@example.com", "admin"));
}

Test(offices, end_with_their_grant)
{
	int market = sql_market();
	const char *email = given_email(), *session;
	struct given_sign_in sign_in = { .email = email,
		.password = GIVEN_HASH,
		.role = "operator",
		.refresh = "office",
		.second = SECOND("101", "null"),
		.market_code = given_code(market) };

	enrol(given_account(email));
	(void)grant(market, email, "operator");
	session = given_session(&sign_in);
	cr_assert_not_null(
	    sql_text("select access.withdraw_role(%d, lower('%s'), 'operator', '%s', " SQL_NOW ")",
		market, email, sql_id()));
	cr_assert(sql_true(
	    "select ended_by = 'grant' from access.session where session_id = '%s'", session));
	sql_refused("refresh_wrong", "select * from %s", given_refresh("office", "x", NULL, "1 s"));
	sql_refused("role_not_held", "select * from %s", given_call(&sign_in));
	cr_assert_null(
	    sql_text("select access.withdraw_role(%d, lower('%s'), 'operator', '%s', " SQL_NOW ")",
		market, email, sql_id()));
}

Test(offices, are_closed_until_a_lost_authenticator_is_enrolled_anew)
{
	int market = sql_market();
	const char *email = given_email(), *account = given_account(email), *session;
	struct given_sign_in sign_in = { .email = email,
		.password = GIVEN_HASH,
		.role = "operator",
		.second = SECOND("101", "null"),
		.market_code = given_code(market) };

	enrol(account);
	(void)grant(market, email, "operator");
	session = given_session(&sign_in);
	cr_assert_str_eq(
	    sql_text("select access.reset_totp(lower('%s'), '%s', " SQL_NOW ")", email, sql_id()),
	    account);
	cr_assert(sql_true(
	    "select ended_by = 'operator' from access.session where session_id = '%s'", session));
	sql_refused("totp_enrolment_needed", "select * from %s", given_call(&sign_in));
	enrol(account);
	(void)given_session(&sign_in);
	cr_assert_null(sql_text(
	    "select access.reset_totp('nobody@example.com', '%s', " SQL_NOW ")", sql_id()));
}

/* --- the audit log --- */

Test(offices, leave_records_that_auditors_of_their_market_read)
{
	int market = sql_market(), other = sql_market();
	const char *email = given_email();
	struct given_sign_in sign_in = {
		.email = email, .password = GIVEN_HASH, .market_code = given_code(market)
	};
	const char *account = given_account(email), *session = given_session(&sign_in);

	(void)grant(market, email, "operator");
	cr_assert_str_eq(sql_text("select string_agg(act || ' ' || outcome, ', ' order by "
				  "record_id) from api.list_audit_records(%d, " SQL_NOW
				  " + interval '1 day', 10, null, null, null, null, null, null, "
				  "null, null, null)",
			     market),
	    "session.start done, role.grant done");
	cr_assert_str_eq(sql_text("select subject_id from api.list_audit_records(%d, " SQL_NOW
				  " + interval '1 day', 1, null, null, '%s', "
				  "'session.start', null, null, null, null, null)",
			     market, account),
	    session);
	cr_assert_eq(sql_count("select from api.list_audit_records(%d, " SQL_NOW
			       ", 10, null, null, null, null, null, null, null, null, null)",
			 other),
	    0);
}

Test(offices, never_change_what_was_recorded)
{
	const char *account = given_account(given_email());

	sql_fails("SO002", "update access.audit_record set outcome = 'x' where account_id = '%s'",
	    account);
	sql_fails("SO002", "delete from access.audit_record where account_id = '%s'", account);
	sql_fails("SO002", "truncate access.audit_record");
}
