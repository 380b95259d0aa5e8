/* providers: which issuers are set up, and how their keys come and stay. */
#include <criterion/criterion.h>

#include "sql/providers_given.h"
#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(providers, .init = sql_begin, .fini = sql_end);

#define PUT \
	"select api.put_identity_provider('%s', 'admin', '%s', '%s', 'Example', '%s', 'ours', " \
	"true, " \
	"%d, '%s', '" GIVEN_PEER "', 'r', " SQL_NOW ")"

Test(providers, are_set_up_changed_and_removed_by_admins)
{
	int market = sql_market();
	const char *code = given_code(market), *id = given_provider(market, GIVEN_ISSUER, true);

	sql_run(PUT, sql_id(), id, code, "https://other.example.com", 0, sql_id());
	cr_assert(
	    sql_true("select (r).issuer = 'https://other.example.com' and (r).version = 2 and "
		     "(r).keys_fetched_at is null "
		     "from (select api.get_identity_provider('%s') r) x",
		id));
	cr_assert_eq(sql_count("select from api.list_identity_providers('%s', 10, null)", code), 1);
	sql_run("select api.delete_identity_provider('%s', 'admin', '%s', '%s', null, 'r', " SQL_NOW
		")",
	    sql_id(), id, sql_id());
	cr_assert_eq(sql_count("select from api.list_identity_providers('%s', 10, null)", code), 0);
	sql_refused("provider_unknown", "select api.get_identity_provider('%s')", id);
	sql_refused("provider_unknown",
	    "select api.delete_identity_provider('%s', 'admin', '%s', '%s', null, 'r', " SQL_NOW
	    ")",
	    sql_id(), id, sql_id());
	cr_assert_eq(sql_count("select from access.audit_record where market_id = %d and "
			       "subject_id = '%s' and act in ('provider.put', 'provider.delete')",
			 market, id),
	    3);
}

Test(providers, are_one_of_an_issuer_and_stay_in_their_market)
{
	int market = sql_market();
	const char *id = given_provider(market, GIVEN_ISSUER, true);

	sql_refused("provider_taken", PUT, sql_id(), sql_id(), given_code(market), GIVEN_ISSUER, 0,
	    sql_id());
	sql_refused("provider_taken", PUT, sql_id(), id, given_code(sql_market()), GIVEN_ISSUER, 0,
	    sql_id());
	sql_refused("market_unknown", PUT, sql_id(), id, "nowhere", GIVEN_ISSUER, 0, sql_id());
}

Test(providers, are_reached_over_https)
{
	static const char *const wrong[] = { "http://accounts.example.com", "accounts.example.com",
		"https://user@example.com", "https://example.com?x", "https://example.com#x",
		"https://Example.com", "https://", "ftp://example.com", "http://127.0.0.1:80",
		"https://example.com/ x", "https://example.com:x" };
	const char *code = given_code(sql_market());

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		sql_refused("issuer_shape", PUT, sql_id(), sql_id(), code, wrong[i], 0, sql_id());
	sql_refused("issuer_shape", PUT, sql_id(), sql_id(), code,
	    "http://127.0.0.1.example.com:80", 1, sql_id());
	sql_run(PUT, sql_id(), sql_id(), code, "http://127.0.0.1:80", 1, sql_id());
	sql_run(PUT, sql_id(), sql_id(), code, "https://login.example.com:8443/tenant/v2.0/", 0,
	    sql_id());
}

Test(providers, give_out_nonces_and_not_without_end)
{
	sql_run("delete from access.throttle");
	for (int i = 0; i < 120; i++)
		(void)given_nonce();
	sql_refused("sign_in_delayed",
	    "select api.create_nonce(sha256('one more'), null, '" GIVEN_PEER "', " SQL_NOW ")");
}

/* --- keys --- */

#define KEYS "'[{\"kid\": \"%s\", \"alg\": \"ES256\", \"pem\": \"-----BEGIN PUBLIC KEY-----\"}]'"

static void
keep(const char *kid)
{
	sql_as("socius_runner");
	sql_run("select jobs.keep_issuer_keys('" GIVEN_ISSUER "', " KEYS ", " SQL_NOW ")", kid);
	sql_as(NULL);
}

static const char *
taken(const char *after)
{
	const char *issuer;

	sql_as("socius_runner");
	issuer = sql_text("select jobs.take_issuer(" SQL_NOW " + interval '%s')", after);
	sql_as(NULL);
	return issuer;
}

static const char *
kids(void)
{
	return sql_text(
	    "select string_agg(kid, ' ') from access.issuer_key where issuer = '" GIVEN_ISSUER "'");
}

Test(providers, have_their_keys_fetched_at_once_and_every_hour)
{
	(void)given_provider(sql_market(), GIVEN_ISSUER, true);
	cr_expect_str_eq(taken("0"), GIVEN_ISSUER);
	cr_expect_null(taken("59 s"), "somebody is at it");
	cr_expect_str_eq(taken("60 s"), GIVEN_ISSUER, "who was at it is no more");
	keep("old");
	cr_expect_null(taken("59 min"));
	cr_expect_str_eq(taken("60 min"), GIVEN_ISSUER);
	keep("new");
	cr_expect_str_eq(kids(), "new");
}

Test(providers, keep_the_last_good_keys)
{
	const char *id = given_provider(sql_market(), GIVEN_ISSUER, true);

	(void)taken("0");
	keep("good");
	for (int i = 0; i < 3; i++)
		sql_run("select jobs.fail_issuer('" GIVEN_ISSUER "', 'away', " SQL_NOW ")");
	cr_expect_str_eq(kids(), "good");
	cr_expect_null(taken("39 s"));
	cr_expect_str_eq(taken("40 s"), GIVEN_ISSUER);
	cr_expect(sql_true("select (r).keys_error = 'away' and (r).keys_fetched_at = " SQL_NOW
			   " from (select api.get_identity_provider('%s') r) x",
	    id));
}

/* Whoever sends made-up kids makes us ask the issuer every 10 s, no more. */
Test(providers, have_their_keys_fetched_soon_when_one_is_missed)
{
	struct given_token token = { .provider_id =
					 given_provider(sql_market(), GIVEN_ISSUER, true) };

	cr_expect_str_eq(taken("0"), GIVEN_ISSUER);
	keep("old");
	for (int i = 0; i < 2; i++)
		sql_refused("provider_key_unknown", "select * from %s", given_external(&token));
	sql_run("select * from %s", given_external(&token));
	cr_expect_null(taken("9 s"));
	cr_expect_str_eq(taken("10 s"), GIVEN_ISSUER);
	sql_refused("provider_key_unknown", "select * from %s", given_link(sql_id(), &token));
}

Test(providers, have_no_keys_fetched_when_nobody_needs_them)
{
	int market = sql_market();

	(void)given_provider(market, GIVEN_ISSUER, true);
	sql_run("delete from access.identity_provider where of_market = %d", market);
	cr_expect_null(taken("0"));
}

Test(providers, are_cleared_away_with_their_market_and_nonces_after_a_day)
{
	int market = sql_market();
	const char *nonce = given_nonce();

	(void)given_provider(market, GIVEN_ISSUER, true);
	sql_run("update access.identity_provider set of_market = 2147483647 where of_market = %d",
	    market);
	sql_run("select jobs.purge(0, '%s', " SQL_NOW " + interval '31 days')", sql_id());
	cr_expect_eq(
	    sql_count("select from access.identity_provider where of_market = 2147483647"), 0);
	cr_expect_eq(
	    sql_count("select from access.nonce where nonce_hash = sha256('%s')", nonce), 0);
}
