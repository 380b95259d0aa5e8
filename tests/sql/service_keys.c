/* service_keys: keys of services, their secrets, and what ends them. */
#include <criterion/criterion.h>

#include "sql/oauth_given.h"
#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(service_keys, .init = sql_begin, .fini = sql_end);

static const char *
refused_after(int market, const char *secret, const char *after)
{
	return sql_text("select refused || ' ' || (detail ->> 'error') from %s",
	    given_exchange(market, secret, after));
}

static const char *
shown(int market, const char *column)
{
	return sql_text("select %s::text from api.list_service_keys(%d, " SQL_NOW ", 10, null)",
	    column, market);
}

Test(service_keys, give_tokens_of_their_market_and_scope)
{
	int market = sql_market();
	const char *key = given_service_key(market, "one");

	cr_assert_null(shown(market, "used_at"));
	cr_assert_str_eq(sql_text("select concat_ws(' ', (\"row\").role, (\"row\").scope, "
				  "(\"row\").market_id, (\"row\").account_id) from %s",
			     given_exchange(market, "one", "1 minute")),
	    sql_text("select 'service trips.write %d %s'", market, key));
	cr_assert_not_null(shown(market, "used_at"));
	cr_assert_str_eq(refused_after(market, "another", "0"), "secret_wrong invalid_client");
	cr_assert_str_eq(refused_after(sql_market(), "one", "0"), "secret_wrong invalid_client");
	cr_assert_str_eq(refused_after(market, "one", "30 days"), "secret_wrong invalid_client");
	cr_assert_eq(sql_count("select from access.audit_record where market_id = %d and act = "
			       "'service_key.use' and outcome = 'secret_wrong' and account_id = "
			       "'%s'",
			 market, key),
	    1);
}

Test(service_keys, end_within_a_year_and_not_before_they_begin)
{
	int market = sql_market();

	for (int i = 0; i < 2; i++)
		sql_refused(i == 0 ? "expiry_wrong" : "service_key_lives_a_year",
		    "select * from api.create_service_key(p_market_id => %d, p_actor_id => '%s', "
		    "p_actor_role => 'operator', p_key => 'k', p_digest => " SQL_DIGEST
		    ", p_service_key_id => '%s', p_name => 'x', p_scope => 'trips.read', "
		    "p_expires_at => " SQL_NOW " + interval '%s', p_secret => null, p_secret_id "
		    "=> '%s', p_secret_hash => sha256('x'), p_prefix => 'sk_', " GIVEN_WITNESS ")",
		    market, sql_id(), sql_id(), i == 0 ? "0" : "367 days", sql_id(), sql_id());
}

Test(service_keys, are_made_once_and_their_secret_shown_once)
{
	int market = sql_market();
	const char *key = given_service_key(market, "one");
	static const char again[] =
	    "select %s from api.create_service_key(p_market_id => %d, p_actor_id => (select "
	    "made_by from access.service_key where service_key_id = '%s'), p_actor_role => "
	    "'operator', p_key => '%s', p_digest => %s, p_service_key_id => '%s', p_name => 'x', "
	    "p_scope => 'trips.write', p_expires_at => " SQL_NOW ", p_secret => null, p_secret_id "
	    "=> '%s', p_secret_hash => sha256('two'), p_prefix => 'sk_', " GIVEN_WITNESS ")";

	cr_assert(sql_true(again, "replayed and (\"row\").secret is null", market, key, key,
	    SQL_DIGEST, sql_id(), sql_id(), sql_id()));
	sql_refused("key_reused", again, "1", market, key, key, SQL_OTHER_DIGEST, sql_id(),
	    sql_id(), sql_id());
	cr_assert_eq(
	    sql_count("select from api.list_service_keys(%d, " SQL_NOW ", 10, null)", market), 1);
}

Test(service_keys, change_over_from_one_secret_to_the_next)
{
	int market = sql_market();
	const char *key = given_service_key(market, "one");

	sql_run("select %s", given_rotation(market, key, "two", "3600"));
	cr_assert_str_eq(shown(market, "prefixes"), "{sk_1_,sk_2_}");
	cr_assert_null(refused_after(market, "one", "59 minutes"));
	cr_assert_null(refused_after(market, "two", "59 minutes"));
	cr_assert_str_eq(refused_after(market, "one", "1 hour"), "secret_wrong invalid_client");
	/* a third one: the first is cut short, with its tokens */
	sql_run("select %s", given_rotation(market, key, "three", "null"));
	cr_assert_str_eq(refused_after(market, "one", "1 s"), "secret_wrong invalid_client");
	cr_assert_null(refused_after(market, "two", "23 hours"));
	cr_assert_eq(sql_count("select from api.list_ended_sessions(" SQL_NOW " - interval '1 s') "
			       "e join access.service_secret s on s.secret_id = e.session_id where "
			       "s.market_id = %d and s.secret_hash = sha256('one')",
			 market),
	    1);
	/* without an overlap: at once */
	sql_run("select %s", given_rotation(market, key, "four", "0"));
	cr_assert_str_eq(refused_after(market, "three", "0"), "secret_wrong invalid_client");
	cr_assert_str_eq(shown(market, "prefixes"), "{sk_2_}");
	cr_assert_str_eq(shown(market, "version"), "4");
}

Test(service_keys, are_known_to_be_at_work)
{
	int market = sql_market();
	const char *key = given_service_key(market, "one");

	for (int i = 0; i < 2; i++)
		sql_run("select api.note_service_use(%d, (select secret_id from "
			"access.service_secret where service_key_id = '%s'), " SQL_NOW
			" + interval '%s')",
		    market, key, i == 0 ? "2 minutes" : "1 minute");
	cr_assert_str_eq(shown(market, "(used_at - " SQL_NOW ")"),
	    sql_text("select (interval '2 minutes')::text"));
}

Test(service_keys, are_their_markets_own)
{
	int market = sql_market();
	const char *key = given_service_key(market, "one");
	int other = sql_market();

	sql_refused("service_key_unknown", "select %s", given_rotation(other, key, "two", "0"));
	sql_refused("service_key_unknown",
	    "select api.end_service_key(%d, '%s', 'operator', '%s', " GIVEN_WITNESS ")", other,
	    sql_id(), key, sql_id());
	cr_assert_eq(
	    sql_count("select from api.list_service_keys(%d, " SQL_NOW ", 10, null)", other), 0);
}

Test(service_keys, end_with_all_that_they_opened)
{
	int market = sql_market();
	const char *key = given_service_key(market, "one");

	sql_run("select %s", given_rotation(market, key, "two", "3600"));
	for (int i = 0; i < 2; i++)
		sql_run("select api.end_service_key(%d, '%s', 'operator', '%s', " GIVEN_WITNESS ")",
		    market, sql_id(), key, sql_id());
	cr_assert_str_eq(refused_after(market, "one", "1 s"), "secret_wrong invalid_client");
	cr_assert_str_eq(refused_after(market, "two", "1 s"), "secret_wrong invalid_client");
	cr_assert_str_eq(shown(market, "state"), "ended");
	sql_refused("service_key_ended", "select %s", given_rotation(market, key, "three", "0"));
	cr_assert_eq(sql_count("select from api.list_ended_sessions(" SQL_NOW " - interval '1 s') "
			       "e join access.service_secret s on s.secret_id = e.session_id where "
			       "s.market_id = %d",
			 market),
	    2);
	cr_assert_eq(sql_count("select from access.audit_record where market_id = %d and act like "
			       "'service_key.%%' and outcome = 'done'",
			 market),
	    3);
}
