/* sessions: signing in, guesses, refresh tokens, signing out, as SQL sees it. */
#include <criterion/criterion.h>

#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(sessions, .init = sql_begin, .fini = sql_end);

static struct given_sign_in
given(int market)
{
	const char *email = given_email();

	(void)given_account(email);
	return (struct given_sign_in){
		.email = email, .password = GIVEN_HASH, .market_code = given_code(market)
	};
}

static const char *
weigh(const char *email, const char *device, const char *peer, const char *after)
{
	return sql_text("select $t$api.weigh_sign_in(lower('%s'), %s, '%s', " SQL_NOW
			" + interval '%s')$t$",
	    email, device, peer, after);
}

static const char *
account_of(const char *email)
{
	return sql_text(
	    "select account_id from access.credential where email_key = lower('%s')", email);
}

/* --- who --- */

Test(sessions, are_a_customers_until_the_account_is_a_partner)
{
	int market = sql_market();
	struct given_sign_in sign_in = given(market);
	const char *partner = sql_partner(market, "courier");

	cr_assert_str_eq(
	    sql_text("select (\"row\").role from %s", given_call(&sign_in)), "customer");
	sql_run("update identity.partner set account_id = '%s' where market_id = %d and "
		"partner_id = '%s'",
	    account_of(sign_in.email), market, partner);
	cr_assert_str_eq(
	    sql_text("select (\"row\").role || (\"row\").partner_id from %s", given_call(&sign_in)),
	    sql_text("select 'partner%s'", partner));
}

Test(sessions, refuse_what_does_not_fit_and_keep_a_record_of_it)
{
	struct given_sign_in sign_in = given(sql_market());

	sign_in.password = NULL;
	cr_assert_str_eq(sql_text("select refused from %s", given_call(&sign_in)), "sign_in_wrong");
	sign_in.password = GIVEN_OTHER_HASH;
	sql_refused("sign_in_wrong", "select * from %s", given_call(&sign_in));
	cr_assert_eq(sql_count("select from access.audit_record where act = 'session.start' and "
			       "outcome = 'sign_in_wrong' and account_id = '%s' and peer = "
			       "'" GIVEN_PEER "'",
			 account_of(sign_in.email)),
	    1);
}

Test(sessions, are_for_the_market_that_is_named_or_the_last_one)
{
	struct given_sign_in sign_in = given(sql_market());
	const char *code = sign_in.market_code;

	sign_in.market_code = NULL;
	sql_refused("market_needed", "select * from %s", given_call(&sign_in));
	sign_in.market_code = "nowhere";
	sql_refused("market_unknown", "select * from %s", given_call(&sign_in));
	sign_in.market_code = code;
	(void)given_session(&sign_in);
	sign_in.market_code = NULL;
	cr_assert_str_eq(sql_text("select m.code from core.market m where market_id = (select "
				  "(\"row\").market_id from %s)",
			     given_call(&sign_in)),
	    code);
}

/* --- guesses --- */

/* One guess a second, each from another network and, where `devices` says so, with a device secret
 * of that SQL. */
static int64_t
evaluated_of_ten_thousand(const char *email, const char *networks, const char *device)
{
	sql_run("create or replace function pg_temp.guess(p_email text, p_i int) returns int "
		"language plpgsql as $$ begin perform api.weigh_sign_in(lower(p_email), %s, "
		"%s, " SQL_NOW
		" + p_i * interval '1 s'); return 1; exception when sqlstate 'SO001' then return "
		"0; end $$",
	    device, networks);
	return sql_int(
	    "select sum(pg_temp.guess('%s', i)) from generate_series(1, 10000) i", email);
}

/* Tests that run side by side take networks of their own. */
#define MANY_NETWORKS(from) "'198." #from ".' || p_i % 250 || '.9'"
#define MANY_NETWORKS_OF_IPV6 "'2001:db8:' || to_hex(p_i) || '::9'"

Test(sessions, evaluate_at_most_thirty_of_ten_thousand_guesses)
{
	for (int known = 0; known < 2; known++) {
		const char *email = given_email();
		int64_t evaluated;

		if (known)
			(void)given_account(email);
		evaluated = evaluated_of_ten_thousand(email, MANY_NETWORKS(51), "null");
		cr_expect_leq(evaluated, 30);
		cr_expect_geq(evaluated, 20);
	}
}

Test(sessions, evaluate_no_more_for_secrets_of_devices_that_nobody_knows)
{
	const char *email = given_email();

	(void)given_account(email);
	cr_expect_leq(
	    evaluated_of_ten_thousand(email, MANY_NETWORKS_OF_IPV6, "'made up ' || p_i"), 30);
}

Test(sessions, evaluate_as_few_from_a_stolen_device_and_leave_the_others_alone)
{
	struct given_sign_in sign_in = given(sql_market());
	const char *stolen = given_session(&sign_in), *own = given_session(&sign_in);

	sql_run("update access.device d set secret_hash = sha256(convert_to(case s.session_id when "
		"'%s' then 'stolen' else 'own' end, 'UTF8')) from access.session s where "
		"s.device_id = d.device_id and s.session_id in ('%s', '%s')",
	    stolen, stolen, own);
	cr_expect_leq(evaluated_of_ten_thousand(sign_in.email, MANY_NETWORKS(52), "'stolen'"), 30);
	sql_refused("sign_in_delayed", "select %s",
	    weigh(sign_in.email, "'stolen'", "203.0.113.1", "10000 s"));
	sql_run("select %s", weigh(sign_in.email, "'own'", "203.0.113.1", "10000 s"));
	sql_run("select %s", weigh(sign_in.email, "null", "203.0.113.1", "10000 s"));
}

/* Without a hash the gate evaluates one of nobody's: it costs the same. */
Test(sessions, give_closed_accounts_nobodys_hash)
{
	const char *email = given_email();

	(void)given_account(email);
	cr_assert_not_null(
	    sql_text("select (%s).password_hash", weigh(email, "null", GIVEN_PEER, "0")));
	sql_run(
	    "update access.credential set state = 'closed' where email_key = lower('%s')", email);
	cr_assert_null(
	    sql_text("select (%s).password_hash", weigh(email, "null", GIVEN_PEER, "0")));
}

/* Who signs in with another provider alone. */
Test(sessions, give_accounts_without_a_password_nobodys_hash)
{
	const char *email = given_email(), *account = given_account(email);

	sql_run(
	    "update access.credential set password_hash = null where account_id = '%s'", account);
	cr_assert_null(
	    sql_text("select (%s).password_hash", weigh(email, "null", GIVEN_PEER, "0")));
}

Test(sessions, let_the_owner_in_from_a_known_device_meanwhile)
{
	struct given_sign_in sign_in = given(sql_market());
	const char *secret, *session = given_session(&sign_in);

	/* the hash of the device is of its secret */
	sql_run("update access.device set secret_hash = sha256('its secret') where device_id = "
		"(select device_id from access.session where session_id = '%s')",
	    session);
	secret = "'its secret'";
	for (int i = 0; i < 6; i++)
		sql_run("select %s", weigh(sign_in.email, "null", "198.51.100.1", "0"));
	sql_refused(
	    "sign_in_delayed", "select %s", weigh(sign_in.email, "null", "198.51.100.1", "0"));
	sql_refused(
	    "sign_in_delayed", "select %s", weigh(sign_in.email, "'another'", "198.51.100.1", "0"));
	cr_assert_not_null(sql_text(
	    "select (%s).password_hash", weigh(sign_in.email, secret, "198.51.100.1", "0")));
	sign_in.device_secret = "its secret";
	cr_assert(sql_true("select (\"row\").device_secret is null from %s", given_call(&sign_in)));
	cr_assert_eq(sql_count("select from access.device where account_id = '%s'",
			 account_of(sign_in.email)),
	    1);
	/* the guesser gains nothing by it */
	sql_refused(
	    "sign_in_delayed", "select %s", weigh(sign_in.email, "null", "198.51.100.1", "0"));
}

Test(sessions, say_how_long_to_wait_and_mean_it)
{
	const char *email = given_email();

	for (int i = 0; i < 6; i++)
		sql_run("select %s", weigh(email, "null", GIVEN_PEER, "0"));
	sql_refused("sign_in_delayed", "select %s", weigh(email, "null", GIVEN_PEER, "0.5 s"));
	sql_run("select %s", weigh(email, "null", GIVEN_PEER, "1 s"));
	sql_refused("sign_in_delayed", "select %s", weigh(email, "null", GIVEN_PEER, "2.9 s"));
	sql_run("select %s", weigh(email, "null", GIVEN_PEER, "3 s"));
}

Test(sessions, count_guesses_of_a_network)
{
	for (int i = 0; i < 120; i++)
		sql_run("select %s", weigh(given_email(), "null", "203.0.113.9", "0"));
	sql_refused(
	    "sign_in_delayed", "select %s", weigh(given_email(), "null", "203.0.113.200", "0"));
	sql_run("select %s", weigh(given_email(), "null", "203.0.114.9", "0"));
	sql_run("select %s", weigh(given_email(), "null", "2001:db8::1", "0"));
	cr_assert_str_eq(
	    sql_text("select access.network_of('2001:db8:0:1ff::1')"), "2001:db8:0:100::/56");
}

Test(sessions, give_unknown_addresses_nobodys_hash)
{
	cr_assert_null(
	    sql_text("select (%s).password_hash", weigh(given_email(), "null", GIVEN_PEER, "0")));
}

/* --- refresh --- */

Test(sessions, rotate_their_refresh_token)
{
	struct given_sign_in sign_in = given(sql_market());

	sign_in.refresh = "first";
	(void)given_session(&sign_in);
	cr_assert_null(
	    sql_text("select refused from %s", given_refresh("first", "second", NULL, "1 hour")));
	cr_assert_null(
	    sql_text("select refused from %s", given_refresh("second", "third", NULL, "2 hours")));
	sql_refused("refresh_wrong", "select * from %s",
	    given_refresh("never given out", "x", NULL, "1 hour"));
}

Test(sessions, give_a_lost_reply_again_within_a_minute_to_the_same_device)
{
	struct given_sign_in sign_in = given(sql_market());
	const char *session;

	sign_in.refresh = "first";
	session = given_session(&sign_in);
	sql_run("update access.device set secret_hash = sha256('its secret') where device_id = "
		"(select device_id from access.session where session_id = '%s')",
	    session);
	sql_run("select * from %s", given_refresh("first", "second", "its secret", "1 hour"));
	cr_assert_null(sql_text("select refused from %s",
	    given_refresh("first", "second", "its secret", "1 hour 60 s")));
	cr_assert_eq(
	    sql_count("select from access.refresh_token where session_id = '%s'", session), 2);
	sql_refused("refresh_wrong", "select * from %s",
	    given_refresh("first", "second", "its secret", "1 hour 61 s"));
	sql_refused("refresh_wrong", "select * from %s",
	    given_refresh("first", "second", "another", "1 hour 1 s"));
}

Test(sessions, die_when_a_refresh_token_comes_twice_and_the_account_hears_of_it)
{
	int market = sql_market();
	struct given_sign_in sign_in = given(market);
	const char *session;

	sign_in.refresh = "first";
	session = given_session(&sign_in);
	sql_run("select * from %s", given_refresh("first", "second", NULL, "1 hour"));
	cr_assert_str_eq(sql_text("select refused from %s",
			     given_refresh("first", "second", NULL, "1 hour 10 s")),
	    "refresh_wrong");
	cr_assert_str_eq(sql_text("select refused from %s",
			     given_refresh("second", "third", NULL, "1 hour 20 s")),
	    "refresh_wrong");
	cr_assert_str_eq(sql_text("select state || ' ' || ended_by from api.list_sessions('%s', "
				  "null, " SQL_NOW ", 10, null)",
			     account_of(sign_in.email)),
	    "ended reuse");
	cr_assert_eq(sql_count("select from events.event where market_id = %d and kind = "
			       "'session.reused' and subject_id = '%s'",
			 market, session),
	    1);
	cr_assert_eq(sql_count("select from access.mail where kind = 'reuse' and address = "
			       "'%s'",
			 sign_in.email),
	    1);
	cr_assert_eq(sql_count("select from access.audit_record where market_id = %d and outcome = "
			       "'reuse'",
			 market),
	    1);
	cr_assert_eq(sql_count("select from api.list_ended_sessions(" SQL_NOW ") where session_id "
			       "= '%s'",
			 session),
	    1);
}

Test(sessions, end_by_themselves)
{
	struct given_sign_in sign_in = given(sql_market());

	sign_in.refresh = "first";
	(void)given_session(&sign_in);
	sql_refused(
	    "refresh_wrong", "select * from %s", given_refresh("first", "x", NULL, "30 days"));
	for (int i = 0; i < 4; i++)
		cr_assert_null(sql_text("select refused from %s",
		    given_refresh(i == 0 ? "first" : sql_text("select 'n%d'", i),
			sql_text("select 'n%d'", i + 1), NULL,
			sql_text("select '%d days'", (i + 1) * 22))));
	sql_refused("refresh_wrong", "select * from %s", given_refresh("n4", "x", NULL, "90 days"));
	sql_refused("session_lives_90_days",
	    "update access.session set expires_at = expires_at + interval '1 s' where account_id "
	    "= '%s'",
	    account_of(sign_in.email));
}

Test(sessions, go_no_further_than_their_market)
{
	struct given_sign_in sign_in = given(sql_market());

	sign_in.refresh = "first";
	(void)given_session(&sign_in);
	sql_run("delete from access.audit_record r using core.market m where m.market_id = "
		"r.market_id and m.code = '%s'; delete from core.market where code = '%s'",
	    sign_in.market_code, sign_in.market_code);
	sql_refused("refresh_wrong", "select * from %s", given_refresh("first", "x", NULL, "1 s"));
	cr_assert_eq(sql_count("select from laws.session_is_audited l join access.session s using "
			       "(session_id) where s.account_id = '%s'",
			 account_of(sign_in.email)),
	    0);
	sign_in.market_code = NULL;
	sql_refused("market_needed", "select * from %s", given_call(&sign_in));
}

/* --- the end --- */

#define END \
	"api.end_session(p_account_id => '%s', p_role => 'customer', p_session_id => '%s', " \
	"p_audit_id => '%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', p_now => " SQL_NOW \
	")"

Test(sessions, end_when_their_account_says_so)
{
	struct given_sign_in sign_in = given(sql_market()), other = given(sql_market());
	const char *session;

	sign_in.refresh = "first";
	session = given_session(&sign_in);
	sql_refused("session_unknown", "select " END, account_of(other.email), session, sql_id());
	sql_run("select " END, account_of(sign_in.email), session, sql_id());
	sql_run("select " END, account_of(sign_in.email), session, sql_id());
	sql_refused("refresh_wrong", "select * from %s", given_refresh("first", "x", NULL, "1 s"));
	cr_assert_eq(
	    sql_count("select from access.audit_record where act = 'session.end' and subject_id "
		      "= '%s'",
		session),
	    1);
	sql_refused("session_end_has_reason",
	    "update access.session set ended_by = null where session_id = '%s'", session);
}

Test(sessions, end_with_any_token_of_theirs)
{
	struct given_sign_in sign_in = given(sql_market());
	const char *session;

	sign_in.refresh = "first";
	session = given_session(&sign_in);
	for (int i = 0; i < 2; i++)
		sql_run("select api.revoke_token(p_token => null, p_token_type_hint => null, "
			"p_client_id => null, p_session_id => null, p_token_hash => sha256('%s'), "
			"p_audit_id => '%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', "
			"p_now => " SQL_NOW ")",
		    i == 0 ? "never given out" : "first", sql_id());
	cr_assert(sql_true(
	    "select ended_by = 'account' from access.session where session_id = '%s'", session));
}
