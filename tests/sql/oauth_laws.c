/* oauth_laws: each law of apps of others and of services sees what breaks it. */
#include <criterion/criterion.h>

#include "sql/oauth_given.h"
#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(oauth_laws, .init = sql_begin, .fini = sql_end);

static const char *
given_app(void)
{
	const char *client = given_client("me.read slots.read"), *code = sql_id();
	struct given_redeem redeem = { .code = code, .client = client };

	sql_run("select * from %s",
	    given_consent(sql_market(), given_account(given_email()), client, "null", code));
	sql_run("select * from %s", given_redeem(&redeem));
	return client;
}

Test(oauth_laws, see_an_app_that_holds_more_than_it_was_given)
{
	const char *client = given_app();

	sql_breaks_law("app_holds_what_was_consented",
	    "update access.session set scope = 'me.read trips.read' where client_id = '%s'",
	    client);
	sql_breaks_law("app_holds_what_was_consented",
	    "update access.client set scope = 'me.read account' where client_id = '%s'; update "
	    "access.session set scope = 'me.read account' where client_id = '%s'",
	    client, client);
	sql_breaks_law("app_holds_what_was_consented",
	    "update access.client set ended_at = " SQL_NOW " where client_id = '%s'", client);
	sql_breaks_law("app_holds_what_was_consented",
	    "alter table access.audit_record disable trigger user; delete from "
	    "access.audit_record where act = 'client.consent' and subject_id = '%s'",
	    client);
}

Test(oauth_laws, see_a_code_that_made_another_session)
{
	const char *client = given_app();

	sql_breaks_law("code_made_its_session",
	    "update access.authorization_code set scope = 'me.read' where client_id = '%s'",
	    client);
	sql_breaks_law("code_made_its_session",
	    "update access.authorization_code set used_at = expires_at where client_id = '%s'",
	    client);
}

Test(oauth_laws, see_a_secret_that_outlives_its_key)
{
	int market = sql_market();
	const char *key = given_service_key(market, "one");

	sql_breaks_law("ended_key_opens_nothing",
	    "update access.service_key set ended_at = " SQL_NOW " where service_key_id = '%s'",
	    key);
	sql_breaks_law("ended_key_opens_nothing",
	    "update access.service_secret set ends_at = ends_at + interval '1 s' where "
	    "service_key_id = '%s'",
	    key);
	sql_breaks_law("ended_key_opens_nothing",
	    "update access.service_secret set used_at = ends_at + interval '11 minutes' where "
	    "service_key_id = '%s'",
	    key);
}

Test(oauth_laws, see_two_secrets_that_last)
{
	int market = sql_market();
	const char *key = given_service_key(market, "one");

	sql_breaks_law("service_has_one_lasting_secret",
	    "insert into access.service_secret (market_id, secret_hash, secret_id, service_key_id, "
	    "prefix, made_at, ends_at) select market_id, sha256('two'), '%s', service_key_id, "
	    "prefix, made_at, ends_at from access.service_secret where service_key_id = '%s'",
	    sql_id(), key);
}
