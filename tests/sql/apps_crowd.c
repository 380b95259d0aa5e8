/* apps: one code in many hands, and an app that is removed while it is let in. What the callers
 * meet must be committed, so these tests do not roll back but sweep up behind themselves. */
#include <criterion/criterion.h>

#include "sql/oauth_given.h"
#include "sql/sign_in_given.h"
#include "support/sql.h"

enum { CROWD = 16 };

static int market;
static const char *account, *client;
static PGconn *callers[CROWD];

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	account = given_account(given_email());
	client = given_client("me.read");
}

static void
sweep(void)
{
	static const char *const rows[] = {
		"access.refresh_token using access.session s where "
		"s.session_id = refresh_token.session_id and s.account_id",
		"access.authorization_code where account_id", "access.session where account_id",
		"access.device where account_id", "access.challenge where account_id",
		"access.credential where account_id", "access.audit_record where account_id",
		"identity.account where account_id", "access.mail where person_id",
		"identity.person where person_id"
	};

	for (int i = 0; i < CROWD; i++)
		PQfinish(callers[i]);
	sql_run("begin; set local session_replication_role = replica");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		sql_run("delete from %s = '%s'", rows[i], account);
	sql_run("delete from access.audit_record where subject_id = '%s'; delete from "
		"core.request_key where resource_id = '%s'; delete from access.client where "
		"client_id = '%s'; delete from core.market where market_id = %d; commit",
	    client, client, client, market);
	sql_end();
}

TestSuite(apps_crowd, .init = begin, .fini = sweep);

/* All call at the same time; gives how many were not refused. */
static int
stampede(const char *const statements[CROWD])
{
	PGresult *result;
	int done = 0;

	sql_run("commit");
	for (int i = 0; i < CROWD; i++)
		callers[i] = sql_connect();
	for (int i = 0; i < CROWD; i++)
		cr_assert_eq(PQsendQuery(callers[i], statements[i]), 1);
	for (int i = 0; i < CROWD; i++)
		while ((result = PQgetResult(callers[i])) != NULL) {
			int refused = PQfnumber(result, "refused");

			cr_assert_eq(PQresultStatus(result), PGRES_TUPLES_OK, "%s",
			    PQresultErrorMessage(result));
			done += refused >= 0 && PQgetisnull(result, 0, refused);
			PQclear(result);
		}
	return done;
}

static const char *
given_code_and_call(const char *code)
{
	struct given_redeem redeem = { .code = code, .client = client };

	return sql_text("select $r$select * from %s$r$", given_redeem(&redeem));
}

Test(apps_crowd, let_one_of_many_use_a_code_and_nobody_keep_it)
{
	const char *statements[CROWD];

	sql_run("select * from %s", given_consent(market, account, client, "null", "one"));
	for (int i = 0; i < CROWD; i++)
		statements[i] = given_code_and_call("one");
	cr_assert_eq(stampede(statements), 1);
	cr_assert_eq(sql_count("select from access.session where account_id = '%s'", account), 1);
	cr_assert_eq(sql_count("select from access.session where account_id = '%s' and ended_by = "
			       "'reuse'",
			 account),
	    1);
}

Test(apps_crowd, leave_no_session_behind_when_the_app_is_removed)
{
	const char *statements[CROWD];
	int done;

	for (int i = 0; i < CROWD; i++) {
		const char *code = sql_id();

		sql_run("select * from %s", given_consent(market, account, client, "null", code));
		statements[i] = given_code_and_call(code);
	}
	statements[CROWD / 2] = sql_text("select $r$select api.end_client('%s', 'admin', '%s', "
					 "'%s', '" GIVEN_PEER "', 'r', " SQL_NOW ")$r$",
	    sql_id(), client, sql_id());
	done = stampede(statements);
	cr_assert_eq(
	    sql_count("select from access.session where account_id = '%s'", account), done);
	cr_assert_eq(sql_count("select from access.session where account_id = '%s' and ended_at is "
			       "null",
			 account),
	    0);
}
