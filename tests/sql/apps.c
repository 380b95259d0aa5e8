/* apps: apps of others ask, accounts consent, codes become sessions, as SQL sees it. */
#include <criterion/criterion.h>

#include "sql/oauth_given.h"
#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(apps, .init = sql_begin, .fini = sql_end);

#define REQUEST \
	"api.get_authorization_request(p_response_type => %s, p_client_id => '%s', " \
	"p_redirect_uri => '%s', p_scope => %s, p_code_challenge => %s, " \
	"p_code_challenge_method => %s, p_words => e'me.read\tsee you\nslots.read\tsee slots', " \
	"p_issuer => 'https://i')"

static int market;
static const char *account, *client;

/* A code of the account for the client; and what it is redeemed with. */
static struct given_redeem
given(const char *scope)
{
	static char code[64];

	market = sql_market();
	account = given_account(given_email());
	client = given_client("me.read slots.read");
	(void)snprintf(code, sizeof(code), "%s", sql_id());
	sql_run("select * from %s", given_consent(market, account, client, scope, code));
	return (struct given_redeem){ .code = code, .client = client };
}

static const char *
refused_by(const struct given_redeem *with)
{
	return sql_text(
	    "select refused || ' ' || (detail ->> 'error') from %s", given_redeem(with));
}

/* --- asking --- */

Test(apps, are_registered_once_for_each_key)
{
	const char *id = given_client("me.read");

	sql_refused("key_reused",
	    "select * from api.create_client(p_actor_id => (select made_by from access.client "
	    "where client_id = '%s'), p_actor_role => 'admin', p_key => '%s', p_digest "
	    "=> " SQL_OTHER_DIGEST ", p_client_id => '%s', p_name => 'Other', p_redirect_uris => "
	    "'https://e.example/', p_scope => 'me.read', " GIVEN_WITNESS ")",
	    id, id, sql_id(), sql_id());
	cr_assert_eq(sql_count("select from api.list_clients(10, null) where client_id = '%s' and "
			       "scope = 'me.read' and ended_at is null",
			 id),
	    1);
	cr_assert_eq(sql_count("select from access.audit_record where act = 'client.create' and "
			       "subject_id = '%s'",
			 id),
	    1);
}

Test(apps, hear_where_nobody_may_be_sent)
{
	const char *id = given_client("me.read");

	sql_refused("client_unknown", "select " REQUEST, "'code'", sql_id(), GIVEN_REDIRECT, "null",
	    "null", "null");
	for (size_t i = 0; i < 4; i++) {
		static const char *const wrong[] = { GIVEN_REDIRECT "2", GIVEN_REDIRECT "/",
			"COM.example.shifts:/callback", "http://127.0.0.1.example/back" };

		sql_refused("redirect_uri_wrong", "select " REQUEST, "'code'", id, wrong[i], "null",
		    "null", "null");
	}
	/* RFC 8252 section 7.3 */
	sql_run(
	    "select " REQUEST, "'code'", id, "http://127.0.0.1:51004/back", "null", "null", "null");
}

Test(apps, hear_what_is_wrong_by_its_name)
{
	static const char *const rows[][5] = {
		{ "'code'", "null", "'" GIVEN_CHALLENGE "'", "'S256'", NULL },
		{ "'code'", "'slots.read'", "'" GIVEN_CHALLENGE "'", "'S256'", NULL },
		{ "'token'", "null", "'" GIVEN_CHALLENGE "'", "'S256'",
		    "unsupported_response_type" },
		{ "null", "null", "'" GIVEN_CHALLENGE "'", "'S256'", "unsupported_response_type" },
		{ "'code'", "null", "'" GIVEN_CHALLENGE "'", "'plain'", "invalid_request" },
		{ "'code'", "null", "'" GIVEN_CHALLENGE "'", "null", "invalid_request" },
		{ "'code'", "null", "null", "'S256'", "invalid_request" },
		{ "'code'", "null", "'short'", "'S256'", "invalid_request" },
		{ "'code'", "'me.read account'", "'" GIVEN_CHALLENGE "'", "'S256'",
		    "invalid_scope" },
	};
	const char *id = given_client("me.read slots.read");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *error = sql_text("select (" REQUEST ").error", rows[i][0], id,
		    GIVEN_REDIRECT, rows[i][1], rows[i][2], rows[i][3]);

		if (rows[i][4] == NULL)
			cr_expect_null(error, "%zu: %s", i, error);
		else
			cr_expect_str_eq(error, rows[i][4], "%zu", i);
	}
	cr_assert_str_eq(sql_text("select (unnest((" REQUEST ").permissions)).says", "'code'", id,
			     GIVEN_REDIRECT, "'slots.read'", "null", "null"),
	    "see slots");
}

Test(apps, get_no_more_than_they_may_ask_for)
{
	market = sql_market();
	account = given_account(given_email());
	client = given_client("me.read");
	sql_refused("scope_wrong", "select %s",
	    given_consent(market, account, client, "'me.read slots.read'", "c"));
	sql_refused("code_challenge_shape", "%s",
	    sql_text("select 'select ' || replace($r$%s$r$, '" GIVEN_CHALLENGE "', 'short')",
		given_consent(market, account, client, "null", "c")));
}

/* --- codes --- */

Test(apps, get_a_session_that_the_account_sees)
{
	struct given_redeem redeem = given("'slots.read'");

	redeem.refresh = "first";
	cr_assert_str_eq(sql_text("select (\"row\").scope || ' ' || (\"row\").role from %s",
			     given_redeem(&redeem)),
	    "slots.read customer");
	cr_assert_eq(sql_count("select from api.list_sessions('%s', null, " SQL_NOW ", 10, null) "
			       "where (device_name).cell = 'Shifts' and client_id = '%s'",
			 account, client),
	    1);
	cr_assert_eq(sql_count("select from access.audit_record where market_id = %d and "
			       "account_id = '%s' and act in ('client.consent', 'session.start')",
			 market, account),
	    2);
}

Test(apps, get_nothing_for_what_does_not_fit)
{
	struct given_redeem redeem = given("null"), wrong;

	wrong = redeem;
	wrong.challenge = "F9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
	cr_expect_str_eq(refused_by(&wrong), "grant_wrong invalid_grant");
	wrong = redeem;
	wrong.client = given_client("me.read slots.read");
	cr_expect_str_eq(refused_by(&wrong), "grant_wrong invalid_grant");
	wrong = redeem;
	wrong.redirect = "http://127.0.0.1/back";
	cr_expect_str_eq(refused_by(&wrong), "grant_wrong invalid_grant");
	wrong = redeem;
	wrong.code = "never given out";
	cr_expect_str_eq(refused_by(&wrong), "grant_wrong invalid_grant");
	wrong = redeem;
	wrong.after = "60 s";
	cr_expect_str_eq(refused_by(&wrong), "grant_wrong invalid_grant");
	wrong = redeem;
	wrong.scope = "'me.read bookings.write'";
	sql_refused("scope_wrong", "select * from %s", given_redeem(&wrong));
	redeem.after = "59 s";
	cr_assert_null(refused_by(&redeem));
	cr_assert_eq(
	    sql_count("select from access.audit_record where act = 'session.start' and "
		      "outcome = 'grant_wrong' and account_id = '%s' and subject_id = '%s'",
		account, client),
	    4);
}

Test(apps, lose_the_session_of_a_code_that_comes_twice)
{
	struct given_redeem redeem = given("null");

	cr_assert_null(refused_by(&redeem));
	cr_assert_str_eq(refused_by(&redeem), "grant_wrong invalid_grant");
	cr_assert_eq(sql_count("select from access.session where account_id = '%s' and ended_by = "
			       "'reuse'",
			 account),
	    1);
	cr_assert_eq(sql_count("select from access.audit_record where act = 'session.end' and "
			       "outcome = 'reuse' and account_id = '%s'",
			 account),
	    1);
	cr_assert_eq(
	    sql_count("select from api.list_ended_sessions(" SQL_NOW " - interval '1 s') e "
		      "join access.session s using (session_id) where s.client_id = '%s'",
		client),
	    1);
}

Test(apps, get_nothing_for_a_code_that_is_older_than_the_password)
{
	struct given_redeem redeem = given("null");

	sql_run("update access.credential set changed_at = " SQL_NOW " + interval '1 s' where "
		"account_id = '%s'",
	    account);
	redeem.after = "2 s";
	cr_assert_str_eq(refused_by(&redeem), "grant_wrong invalid_grant");
}

/* --- refreshing, ending --- */

static const char *
refresh_as(const char *id, const char *scope)
{
	return sql_text("select replace(replace($r$%s$r$, 'p_client_id => null', 'p_client_id => "
			"''%s'''), 'p_scope => null', 'p_scope => %s')",
	    given_refresh("first", "second", NULL, "1 hour"), id, scope);
}

Test(apps, refresh_their_own_tokens_only)
{
	struct given_redeem redeem = given("null");

	redeem.refresh = "first";
	cr_assert_null(refused_by(&redeem));
	sql_refused(
	    "refresh_wrong", "select * from %s", given_refresh("first", "second", NULL, "1 hour"));
	sql_refused("refresh_wrong", "select * from %s",
	    refresh_as(given_client("me.read slots.read"), "null"));
	sql_refused("scope_wrong", "select * from %s", refresh_as(client, "''bookings.read''"));
	cr_assert_str_eq(sql_text("select (\"row\").scope from %s", refresh_as(client, "null")),
	    "me.read slots.read");
	/* no device secret, so no grace */
	cr_assert_str_eq(
	    sql_text("select refused from %s", refresh_as(client, "null")), "refresh_wrong");
}

Test(apps, are_removed_with_all_their_sessions)
{
	struct given_redeem redeem = given("null");

	cr_assert_null(refused_by(&redeem));
	sql_refused("client_unknown",
	    "select api.end_client('%s', 'admin', '%s', " GIVEN_WITNESS ")", sql_id(), sql_id(),
	    sql_id());
	for (int i = 0; i < 2; i++)
		sql_run("select api.end_client('%s', 'admin', '%s', " GIVEN_WITNESS ")", sql_id(),
		    client, sql_id());
	cr_assert_eq(sql_count("select from access.session where client_id = '%s' and ended_by = "
			       "'operator'",
			 client),
	    1);
	cr_assert_eq(sql_count("select from access.audit_record where act = 'client.end' and "
			       "subject_id = '%s'",
			 client),
	    1);
	sql_refused("client_unknown", "select %s",
	    given_consent(market, account, client, "null", "another"));
	sql_refused("session_of_client_has_no_office",
	    "update access.session set role = 'auditor' where client_id = '%s'", client);
	sql_refused("session_of_client_has_scope",
	    "update access.session set scope = null where client_id = '%s'", client);
}

Test(apps, bound_their_codes_by_constraints)
{
	struct given_redeem redeem = given("null");

	sql_refused("code_lives_a_minute",
	    "update access.authorization_code set expires_at = expires_at + interval '1 s' where "
	    "client_id = '%s'",
	    client);
	sql_refused("used_code_made_session",
	    "update access.authorization_code set used_at = made_at where client_id = '%s'",
	    client);
	cr_assert_null(refused_by(&redeem));
	sql_run("select jobs.purge(0, '%s', " SQL_NOW " + interval '31 days')", sql_id());
	cr_assert_eq(
	    sql_count("select from access.authorization_code where client_id = '%s'", client), 0);
}

/* --- what a token is worth --- */

#define INTROSPECT \
	"api.introspect_token(p_market_id => %d, p_token => null, p_token_type_hint => null, " \
	"p_token_hash => sha256('%s'), p_issuer => 'https://i', p_sub => %s, p_session_id => " \
	"(select session_id from access.session where client_id = '%s'), p_token_market => %d, " \
	"p_token_scope => 'me.read', p_token_role => 'customer', p_partner_id => null, p_exp => " \
	"1, p_now => " SQL_NOW ")"

Test(apps, are_told_apart_by_what_their_tokens_are_worth)
{
	struct given_redeem redeem = given("null");
	const char *sub;

	redeem.refresh = "first";
	cr_assert_null(refused_by(&redeem));
	sub = sql_text("select quote_literal('%s')", account);
	cr_expect(
	    sql_true("select (t).active and (t).client_id = '%s' from (select " INTROSPECT " t) x",
		client, market, "no", sub, client, market));
	cr_expect(sql_true("select (t).active and (t).sub = '%s' from (select " INTROSPECT " t) x",
	    account, market, "first", "null", client, market));
	cr_expect_not(
	    sql_true("select (" INTROSPECT ").active", market, "another", "null", client, market));
	cr_expect_not(sql_true(
	    "select (" INTROSPECT ").active", sql_market(), "first", "null", client, market));
	cr_expect_not(
	    sql_true("select (" INTROSPECT ").active", sql_market(), "no", sub, client, market));
	sql_run("update access.session set ended_at = " SQL_NOW ", ended_by = 'account' where "
		"client_id = '%s'",
	    client);
	cr_expect_not(
	    sql_true("select (" INTROSPECT ").active", market, "no", sub, client, market));
	cr_expect_not(
	    sql_true("select (" INTROSPECT ").active", market, "first", "null", client, market));
}
