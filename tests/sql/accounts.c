/* accounts: signing up, confirming, setting the password anew, as SQL sees it. */
#include <criterion/criterion.h>

#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(accounts, .init = sql_begin, .fini = sql_end);

#define CREATE \
	"api.create_account(p_email => '%s', p_email_key => lower('%s'), p_password => %s, " \
	"p_name => 'Eve', p_locale => null, p_confirmation_id => '%s', p_new_account_id => " \
	"'%s', p_code => '11112222', p_code_mac => sha256('%s'), " \
	"p_chance => null, p_mail_id => '%s', p_peer => '" GIVEN_PEER "', p_now => " SQL_NOW ")"
#define WEIGH "api.weigh_sign_up(lower('%s'), '" GIVEN_PEER "', " SQL_NOW ")"
#define CONFIRM \
	"api.confirm_account(p_confirmation_id => '%s', p_code => null, p_code_mac => " \
	"sha256('%s'), p_audit_id => '%s', p_peer => '" GIVEN_PEER \
	"', p_request_id => 'r', p_now => " SQL_NOW " + interval '%s')"
#define RESET \
	"api.start_password_reset(p_email => '%s', p_email_key => lower('%s'), " \
	"p_confirmation_id => '%s', p_nobody_id => '%s', p_code => " \
	"'33334444', p_code_mac => sha256('code'), p_chance => null, p_mail_id => '%s', p_peer " \
	"=> '" GIVEN_PEER "', p_now => " SQL_NOW ")"
#define CONFIRM_RESET \
	"api.confirm_password_reset(p_confirmation_id => '%s', p_code => null, p_code_mac => " \
	"sha256('%s'), p_password => " GIVEN_OTHER_HASH ", p_mail_id => '%s', p_audit_id => " \
	"'%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', p_now => " SQL_NOW ")"
#define CHANGE \
	"api.change_password(p_account_id => '%s', p_role => 'customer', p_session_id => '%s', " \
	"p_old_password => %s, p_password => " GIVEN_OTHER_HASH ", p_mail_id => '%s', " \
	"p_audit_id => '%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', p_now => " SQL_NOW \
	")"

static const char *
asked(const char *email, const char *account, const char *code)
{
	const char *id = sql_id();

	sql_run("select " CREATE, email, email, GIVEN_HASH, id, account, code, sql_id());
	return id;
}

Test(accounts, are_nothing_before_the_code_comes_back)
{
	const char *email = given_email(), *account = sql_id();
	const char *id = asked(email, account, "code");

	cr_assert_eq(
	    sql_count("select from access.credential where email_key = lower('%s')", email), 0);
	sql_run("select * from " CONFIRM, id, "code", sql_id(), "14 minutes");
	cr_assert_eq(sql_count("select from access.credential c join identity.account a using "
			       "(account_id) where account_id = '%s' and a.name = 'Eve' and "
			       "c.email like 'Ada%%' and "
			       "c.password_hash = " GIVEN_HASH,
			 account),
	    1);
	cr_assert_eq(sql_count("select from access.audit_record where act = 'account.create' and "
			       "account_id = '%s'",
			 account),
	    1);
}

Test(accounts, answer_the_same_code_again_with_the_same_account)
{
	const char *account = sql_id(), *id = asked(given_email(), account, "code");

	sql_run("select * from " CONFIRM, id, "code", sql_id(), "0");
	cr_assert_str_eq(
	    sql_text("select (\"row\").account_id from " CONFIRM, id, "code", sql_id(), "1 minute"),
	    account);
}

Test(accounts, refuse_codes_that_are_wrong_late_or_tried_too_often)
{
	const char *id = asked(given_email(), sql_id(), "code");

	sql_refused("code_wrong", "select * from " CONFIRM, id, "code", sql_id(), "15 minutes");
	sql_refused("code_wrong", "select * from " CONFIRM, sql_id(), "code", sql_id(), "0");
	for (int i = 0; i < 5; i++)
		cr_assert_str_eq(
		    sql_text("select refused from " CONFIRM, id, "wrong", sql_id(), "0"),
		    "code_wrong");
	sql_refused("code_wrong", "select * from " CONFIRM, id, "code", sql_id(), "0");
}

/* Whoever asked first in the name of another gains nothing: the code fits its own request only. */
Test(accounts, have_the_password_of_the_request_whose_code_came_back)
{
	const char *email = given_email(), *mine = sql_id(), *account = sql_id();
	const char *of_stranger = asked(email, sql_id(), "code of the stranger");

	sql_run(
	    "select " CREATE, email, email, GIVEN_OTHER_HASH, mine, account, "my code", sql_id());
	sql_refused("code_wrong", "select * from " CONFIRM, of_stranger, "my code", sql_id(), "0");
	sql_run("select * from " CONFIRM, mine, "my code", sql_id(), "0");
	cr_assert_str_eq(
	    sql_text(
		"select password_hash from access.credential where account_id = '%s'", account),
	    "$argon2id$of_another");
	sql_refused("code_wrong", "select * from " CONFIRM, of_stranger, "code of the stranger",
	    sql_id(), "0");
}

Test(accounts, answer_known_and_unknown_addresses_alike)
{
	const char *email = given_email(), *id;

	(void)given_account(email);
	id = asked(email, sql_id(), "code");
	cr_assert_str_eq(sql_text("select kind || params::text from access.mail m where address = "
				  "'%s' and kind = 'known'",
			     email),
	    "known{}");
	sql_refused("code_wrong", "select * from " CONFIRM, id, "code", sql_id(), "0");
	cr_assert_eq(sql_count("select from access.challenge where challenge_id = '%s' and "
			       "code_mac is null",
			 id),
	    1);
}

Test(accounts, send_five_codes_to_an_address_and_then_slowly)
{
	const char *email = given_email();

	for (int i = 0; i < 5; i++)
		sql_run("select " WEIGH, email);
	sql_refused("sign_in_delayed", "select " WEIGH, email);
	sql_refused("sign_in_delayed", "select " RESET, email, email, sql_id(), sql_id(), sql_id());
}

Test(accounts, take_new_passwords_of_a_network_slowly)
{
	for (int i = 0; i < 120; i++)
		sql_run("select api.weigh_password('203.0.113.%d', " SQL_NOW ")", i);
	sql_refused("sign_in_delayed", "select api.weigh_password('203.0.113.7', " SQL_NOW ")");
}

Test(accounts, are_one_for_addresses_that_differ_in_case)
{
	const char *email = given_email(), *account = given_account(email);

	sql_refused("email_taken",
	    "insert into access.credential select '%s', upper(email), lower(upper(email)), "
	    "password_hash, locale, state, null, null, null, created_at, changed_at "
	    "from access.credential where account_id = '%s'",
	    sql_id(), account);
	sql_refused("credential_password_hash_check",
	    "update access.credential set password_hash = 'plain' where account_id = '%s'",
	    account);
}

Test(accounts, set_a_forgotten_password_and_end_all_sessions)
{
	int market = sql_market();
	const char *email = given_email(), *account = given_account(email), *id = sql_id();
	const char *session = given_session(&(struct given_sign_in){
	    .email = email, .password = GIVEN_HASH, .market_code = given_code(market) });

	sql_run("select " RESET, email, email, id, sql_id(), sql_id());
	cr_assert_str_eq(sql_text("select params ->> 'code' from access.mail where kind = 'reset' "
				  "and address = '%s'",
			     email),
	    "33334444");
	sql_refused("code_wrong", "select * from " CONFIRM_RESET, id, "other", sql_id(), sql_id());
	sql_run("select * from " CONFIRM_RESET, id, "code", sql_id(), sql_id());
	cr_assert_eq(sql_count("select from access.session where session_id = '%s' and ended_by = "
			       "'password'",
			 session),
	    1);
	cr_assert_eq(sql_count("select from access.credential where account_id = '%s' and "
			       "password_hash = " GIVEN_OTHER_HASH,
			 account),
	    1);
	sql_refused("code_wrong", "select * from " CONFIRM_RESET, id, "code", sql_id(), sql_id());
}

Test(accounts, tell_nobody_that_an_address_is_unknown_but_the_address)
{
	const char *email = given_email(), *id = sql_id();

	sql_run("select " RESET, email, email, id, sql_id(), sql_id());
	cr_assert_eq(sql_count("select from access.mail where kind = 'nobody' and address = "
			       "'%s' and params = '{}'",
			 email),
	    1);
	sql_refused("code_wrong", "select * from " CONFIRM_RESET, id, "code", sql_id(), sql_id());
}

Test(accounts, change_the_password_with_the_old_one)
{
	int market = sql_market();
	const char *email = given_email(), *account = given_account(email);
	struct given_sign_in sign_in = {
		.email = email, .password = GIVEN_HASH, .market_code = given_code(market)
	};
	const char *other = given_session(&sign_in), *own = given_session(&sign_in);

	sql_refused(
	    "password_wrong", "select * from " CHANGE, account, own, "null", sql_id(), sql_id());
	sql_run("select * from " CHANGE, account, own, GIVEN_HASH, sql_id(), sql_id());
	cr_assert(sql_true(
	    "select ended_by = 'password' from access.session where session_id = '%s'", other));
	cr_assert(
	    sql_true("select ended_at is null from access.session where session_id = '%s'", own));
	sql_refused("account_unknown", "select api.ask_password('%s', " SQL_NOW ")", sql_id());
}

Test(accounts, delay_guesses_at_the_old_password)
{
	const char *account = given_account(given_email());

	for (int i = 0; i < 6; i++)
		sql_run("select api.ask_password('%s', " SQL_NOW ")", account);
	sql_refused("sign_in_delayed", "select api.ask_password('%s', " SQL_NOW ")", account);
}
