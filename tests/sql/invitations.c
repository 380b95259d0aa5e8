/* invitations: a code, an office, and who is sent away. */
#include <criterion/criterion.h>

#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(invitations, .init = sql_begin, .fini = sql_end);

#define WITNESSED \
	"p_audit_id => '%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', p_now => " SQL_NOW
#define ACCEPT \
	"api.accept_invitation(p_account_id => '%s', p_role => 'customer', p_code => null, " \
	"p_code_hash => sha256('%s'), " WITNESSED " + interval '%s')"
#define WITHDRAW \
	"api.withdraw_role_grant(p_actor_id => '%s', p_actor_role => 'admin', p_market_code => " \
	"%s, " \
	"p_account_id => '%s', p_role => '%s', " WITNESSED ")"

static const char *
quoted_code(int market)
{
	return market == 0 ? "null" : sql_text("select quote_literal('%s')", given_code(market));
}

/* An invitation of this address by this admin; its code is its own id. */
static const char *
invite(const char *admin, const char *email, const char *role, int market)
{
	const char *id = sql_id();

	sql_run("select api.create_invitation(p_actor_id => '%s', p_actor_role => 'admin', "
		"p_email => 'x', p_email_key => lower('%s'), p_role => '%s', "
		"p_market_code => %s, p_locale => null, p_invitation_id => '%s', "
		"p_hint => 'a...@example.com', p_chance => null, p_code => '1', "
		"p_code_hash => sha256('%s'), p_mail_id => '%s', " WITNESSED ")",
	    admin, email, role, quoted_code(market), id, id, sql_id(), sql_id());
	return id;
}

static const char *
given_office(int market, const char *role)
{
	const char *email = given_email(), *account = given_account(email);

	sql_run("select * from " ACCEPT, account, invite(sql_id(), email, role, market), sql_id(),
	    "1 s");
	return account;
}

Test(invitations, work_for_a_week_and_once)
{
	int market = sql_market();
	const char *email = given_email(), *account = given_account(email);
	const char *code = invite(sql_id(), email, "operator", market);

	sql_refused("code_wrong", "select * from " ACCEPT, account, code, sql_id(), "7 days");
	sql_refused("code_wrong", "select * from " ACCEPT, given_account(given_email()), code,
	    sql_id(), "0");
	sql_run("select * from " ACCEPT, account, code, sql_id(), "167 hours");
	sql_refused("code_wrong", "select * from " ACCEPT, account, code, sql_id(), "0");
	cr_assert(sql_true("select access.holds(%d, '%s', 'operator')", market, account));
}

Test(invitations, give_way_to_the_next_one)
{
	int market = sql_market();
	const char *email = given_email(), *account = given_account(email);
	const char *first = invite(sql_id(), email, "operator", market);
	const char *second = invite(sql_id(), email, "operator", market);

	sql_refused("code_wrong", "select * from " ACCEPT, account, first, sql_id(), "0");
	sql_run("select * from " ACCEPT, account, second, sql_id(), "0");
}

Test(invitations, end_with_the_office_of_who_has_written_them)
{
	int market = sql_market();
	const char *admin = given_office(0, "admin"), *email = given_email();
	const char *account = given_account(email), *code;

	(void)given_office(0, "admin");
	code = invite(admin, email, "operator", market);
	sql_run("select * from " WITHDRAW, sql_id(), "null", admin, "admin", sql_id());
	sql_refused("code_wrong", "select * from " ACCEPT, account, code, sql_id(), "0");
}

Test(invitations, leave_the_last_admin)
{
	const char *first, *second;

	sql_run("update access.role_grant set withdrawn_at = granted_at where role = 'admin'");
	first = given_office(0, "admin");
	sql_refused(
	    "last_admin", "select * from " WITHDRAW, first, "null", first, "admin", sql_id());
	second = given_office(0, "admin");
	sql_run("select * from " WITHDRAW, second, "null", first, "admin", sql_id());
	sql_refused(
	    "last_admin", "select * from " WITHDRAW, first, "null", second, "admin", sql_id());
	sql_refused("role_grant_unknown", "select * from " WITHDRAW, first, "null", sql_id(),
	    "admin", sql_id());
}

/* --- the laws --- */

Test(invitations, that_left_no_record_are_seen)
{
	int market = sql_market();
	const char *account = given_office(market, "operator");

	sql_breaks_law("office_is_audited",
	    "update access.role_grant set granted_at = granted_at + interval '1 s' where "
	    "account_id = '%s'",
	    account);
	sql_breaks_law("office_is_audited",
	    "update access.role_grant set withdrawn_at = granted_at where account_id = '%s'",
	    account);
	sql_breaks_law("invitation_lets_in_once",
	    "delete from access.role_grant where account_id = '%s'", account);
}

Test(invitations, that_outlive_their_role_are_seen)
{
	int market = sql_market();
	const char *email = given_email(), *account = given_account(email), *session;
	struct given_sign_in sign_in = {
		.email = email, .password = GIVEN_HASH, .market_code = given_code(market)
	};

	session = given_session(&sign_in);
	sql_run("select * from " ACCEPT, account, invite(sql_id(), email, "auditor", market),
	    sql_id(), "0");
	sql_run(
	    "select * from " WITHDRAW, sql_id(), quoted_code(market), account, "auditor", sql_id());
	sql_breaks_law("office_ends_with_its_sessions",
	    "update access.session set role = 'auditor' where session_id = '%s'", session);
}

Test(invitations, or_not_payout_runs_say_who_started_them)
{
	int market = sql_market();

	sql_run(
	    "update core.market set is_test = false, test_now = null where market_id = %d", market);
	sql_breaks_law("payout_run_is_audited",
	    "insert into payouts.payout_run (market_id, payout_run_id, created_at, currency, "
	    "state, "
	    "minimum_minor, created_by) "
	    "values (%d, '%s', (select began_at from access.audit_began), 'EUR', 'queued', 1, "
	    "'%s')",
	    market, sql_id(), sql_id());
}
