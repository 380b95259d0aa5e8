/* sign_in_given: see sign_in_given.h. */
#include "sql/sign_in_given.h"

#include "support/sql.h"

const char *
given_email(void)
{
	return sql_text("select 'Ada.%s@Example.com'", sql_id());
}

const char *
given_account(const char *email)
{
	const char *confirmation = sql_id(), *account = sql_id();

	sql_run("select api.create_account(p_email => '%s', p_email_key => lower('%s'), "
		"p_password => " GIVEN_HASH ", p_name => 'Ada', p_locale => 'it', "
		"p_confirmation_id => '%s', p_new_account_id => '%s', p_code => '12345678', "
		"p_code_mac => sha256('12345678'), p_chance => null, "
		"p_mail_id => '%s', p_peer => '" GIVEN_PEER "', p_now => " SQL_NOW ")",
	    email, email, confirmation, account, sql_id());
	sql_run("select * from api.confirm_account(p_confirmation_id => '%s', p_code => null, "
		"p_code_mac => sha256('12345678'), p_audit_id => '%s', "
		"p_peer => '" GIVEN_PEER "', p_request_id => 'r', p_now => " SQL_NOW ")",
	    confirmation, sql_id());
	return account;
}

static const char *
quoted(const char *text)
{
	return text == NULL ? "null" : sql_text("select quote_literal('%s')", text);
}

const char *
given_call(const struct given_sign_in *with)
{
	const char *id = sql_id();

	return sql_text("select $t$api.create_session(p_email => null, p_email_key => "
			"lower(%s), p_password => %s, "
			"p_device_name => 'phone', p_market_code => %s, p_role => %s, "
			"p_device_secret => %s, p_rehashed => null, %s, "
			"p_refresh_hash => sha256(%s), p_device_hash => sha256('%s'), "
			"p_session_id => '%s', p_device_id => '%s', p_refresh => null, "
			"p_device => null, p_audit_id => '%s', p_peer => '" GIVEN_PEER "', "
			"p_request_id => 'r', p_now => " SQL_NOW " + interval '%s')$t$",
	    quoted(with->email), with->password == NULL ? "null" : with->password,
	    quoted(with->market_code), quoted(with->role), quoted(with->device_secret),
	    with->second == NULL ? "p_totp => null, p_totp_step => null, p_recovery_mac => null"
				 : with->second,
	    quoted(with->refresh == NULL ? sql_id() : with->refresh), id, id, sql_id(), sql_id(),
	    with->after == NULL ? "0" : with->after);
}

const char *
given_session(const struct given_sign_in *with)
{
	return sql_text("select (\"row\").session_id from %s", given_call(with));
}

const char *
given_code(int market_id)
{
	return sql_text("select code from core.market where market_id = %d", market_id);
}

const char *
given_refresh(
    const char *token, const char *successor, const char *device_secret, const char *after)
{
	return sql_text(
	    "select $t$api.give_tokens(p_grant_type => 'refresh_token', " GIVEN_NO_GRANT ", "
	    "p_client_id => null, p_device_secret => %s, p_token_hash => sha256('%s'), "
	    "p_successor_hash => sha256('%s'), p_audit_id => '%s', p_peer => '" GIVEN_PEER "', "
	    "p_request_id => 'r', p_now => " SQL_NOW " + interval '%s')$t$",
	    quoted(device_secret), token, successor, sql_id(), after);
}
