/* oauth_given: see oauth_given.h. */
#include "sql/oauth_given.h"

#include "sql/sign_in_given.h"
#include "support/sql.h"

const char *
given_client(const char *scope)
{
	const char *client = sql_id();

	sql_run("select * from api.create_client(p_actor_id => '%s', p_actor_role => 'admin', "
		"p_key => '%s', p_digest => " SQL_DIGEST ", p_client_id => '%s', p_name => "
		"'Shifts', p_redirect_uris => '" GIVEN_REDIRECT " http://127.0.0.1/back', "
		"p_scope => '%s', " GIVEN_WITNESS ")",
	    sql_id(), client, client, scope, sql_id());
	return client;
}

const char *
given_consent(
    int market, const char *account, const char *client, const char *scope, const char *code)
{
	return sql_text("select $t$api.create_authorization(p_market_id => %d, p_account_id => "
			"'%s', p_role => 'customer', p_client_id => '%s', p_redirect_uri => "
			"'" GIVEN_REDIRECT "', p_scope => %s, p_code_challenge => "
			"'" GIVEN_CHALLENGE "', p_code_challenge_method => 'S256', p_code => null, "
			"p_code_hash => sha256('%s'), p_issuer => 'https://i', " GIVEN_WITNESS
			")$t$",
	    market, account, client, scope, code, sql_id());
}

static const char *
otherwise(const char *text, const char *other)
{
	return text == NULL ? other : text;
}

const char *
given_redeem(const struct given_redeem *with)
{
	return sql_text(
	    "select $t$api.give_tokens(p_grant_type => 'authorization_code', p_refresh_token => "
	    "null, p_code => null, p_redirect_uri => '%s', p_code_verifier => null, p_client_id => "
	    "%s, p_client_secret => null, p_scope => %s, p_code_challenge => '%s', "
	    "p_secret_market => null, p_session_id => '%s', p_device_id => '%s', "
	    "p_device_secret => null, p_token_hash => sha256('%s'), p_successor_hash => "
	    "sha256('%s'), p_audit_id => '%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', "
	    "p_now => " SQL_NOW " + interval '%s')$t$",
	    otherwise(with->redirect, GIVEN_REDIRECT),
	    with->client == NULL ? "null" : sql_text("select quote_literal('%s')", with->client),
	    otherwise(with->scope, "null"), otherwise(with->challenge, GIVEN_CHALLENGE), sql_id(),
	    sql_id(), with->code, otherwise(with->refresh, sql_id()), sql_id(),
	    otherwise(with->after, "0"));
}

const char *
given_service_key(int market, const char *secret)
{
	const char *key = sql_id();

	sql_run("select * from api.create_service_key(p_market_id => %d, p_actor_id => '%s', "
		"p_actor_role => 'operator', p_key => '%s', p_digest => " SQL_DIGEST
		", p_service_key_id => '%s', p_name => 'Ride app', p_scope => 'trips.write', "
		"p_expires_at => " SQL_NOW " + interval '30 days', p_secret => null, "
		"p_secret_id => '%s', p_secret_hash => sha256('%s'), p_prefix => "
		"'sk_1_', " GIVEN_WITNESS ")",
	    market, sql_id(), key, key, sql_id(), secret, sql_id());
	return key;
}

const char *
given_rotation(int market, const char *key, const char *secret, const char *overlap_s)
{
	return sql_text("select $t$api.rotate_service_key(p_market_id => %d, p_actor_id => '%s', "
			"p_actor_role => 'operator', p_key => '%s', p_digest => " SQL_DIGEST
			", p_service_key_id => '%s', p_overlap_s => %s, p_secret => null, "
			"p_secret_id => '%s', p_secret_hash => sha256('%s'), p_prefix => "
			"'sk_2_', " GIVEN_WITNESS ")$t$",
	    market, sql_id(), sql_id(), key, overlap_s, sql_id(), secret, sql_id());
}

const char *
given_exchange(int market, const char *secret, const char *after)
{
	return sql_text(
	    "select $t$api.give_tokens(p_grant_type => 'client_credentials', p_refresh_token => "
	    "null, p_code => null, p_redirect_uri => null, p_code_verifier => null, "
	    "p_client_id => null, p_client_secret => null, p_scope => null, p_code_challenge => "
	    "null, p_secret_market => %d, p_session_id => '%s', p_device_id => '%s', "
	    "p_device_secret => null, p_token_hash => sha256('%s'), p_successor_hash => null, "
	    "p_audit_id => '%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', "
	    "p_now => " SQL_NOW " + interval '%s')$t$",
	    market, sql_id(), sql_id(), secret, sql_id(), after);
}
