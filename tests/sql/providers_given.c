/* providers_given: see providers_given.h. */
#include "sql/providers_given.h"

#include "sql/sign_in_given.h"
#include "support/sql.h"

const char *
given_provider(int market_id, const char *issuer, bool signs_up)
{
	const char *id = sql_id();

	sql_run("select api.put_identity_provider(p_actor_id => '%s', p_actor_role => 'admin', "
		"p_provider_id => '%s', p_market_code => '%s', p_name => 'Example', "
		"p_issuer => '%s', p_client_ids => ' ours  also-ours ', p_signs_up => %s, "
		"p_providers_on_loopback => 0, p_audit_id => '%s', p_peer => '" GIVEN_PEER "', "
		"p_request_id => 'r', p_now => " SQL_NOW ")",
	    sql_id(), id, given_code(market_id), issuer, signs_up ? "true" : "false", sql_id());
	return id;
}

const char *
given_nonce(void)
{
	const char *nonce = sql_id();

	sql_run(
	    "select api.create_nonce(sha256('%s'), null, '" GIVEN_PEER "', " SQL_NOW ")", nonce);
	return nonce;
}

static const char *
quoted(const char *text)
{
	return text == NULL ? "null" : sql_text("select quote_literal('%s')", text);
}

/* Arguments that both have. */
static const char *
verified(const struct given_token *with)
{
	const char *audit_id = sql_id();

	/* those that follow it are of further audit records */
	for (int i = 0; i < 4; i++)
		(void)sql_id();
	return sql_text("select $t$p_provider_id => '%s', p_id_token => null, p_nonce => null, "
			"p_key_unknown => %s, p_identity_hash => sha256(%s), "
			"p_nonce_hash => sha256(%s), p_identity_id => '%s', p_audit_id => '%s', "
			"p_peer => '" GIVEN_PEER "', p_request_id => 'r', p_now => " SQL_NOW
			" + interval '%s'$t$",
	    with->provider_id, with->person == NULL ? "true" : "false", quoted(with->person),
	    quoted(with->nonce), sql_id(), audit_id, with->after == NULL ? "0" : with->after);
}

const char *
given_external(const struct given_token *with)
{
	const char *id = sql_id();

	return sql_text("select $c$api.create_external_session(%s, %s, p_device_name => 'phone', "
			"p_role => %s, p_device_secret => %s, p_locale => 'it', p_email => %s, "
			"p_email_key => lower(%s), p_email_verified => %s, p_name => 'Ada', "
			"p_refresh_hash => sha256('%s'), "
			"p_device_hash => sha256('%s'), p_session_id => '%s', p_device_id => '%s', "
			"p_new_account_id => '%s', p_refresh => null, p_device => null, "
			"p_known_id => (select e.account_id from access.external_identity e "
			"where e.identity_hash = sha256(%s)))$c$",
	    verified(with),
	    with->second == NULL ? "p_totp => null, p_totp_step => null, p_recovery_mac => null"
				 : with->second,
	    quoted(with->role), quoted(with->device_secret), quoted(with->email),
	    quoted(with->email), with->email_verified ? "true" : "false", id, id, sql_id(),
	    sql_id(), sql_id(), quoted(with->person));
}

const char *
given_link(const char *account_id, const struct given_token *with)
{
	return sql_text("select $c$api.create_external_identity(%s, p_account_id => '%s', "
			"p_account_role => 'customer', p_mail_id => '%s')$c$",
	    verified(with), account_id, sql_id());
}
