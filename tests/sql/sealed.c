/* sealed: person data as the databases see it, and the keys in theirs. */
#include <criterion/criterion.h>

#include "sql/onboarding_given.h"
#include "sql/scheduling_given.h"
#include "sql/sign_in_given.h"
#include "support/sql.h"

#define ONE "'\\x00000000000070008000000000000001'"
#define TWO "'\\x0000000000007000800000000000000100000000000070008000000000000002'"
#define WRAPPED(byte) "decode(repeat('" byte "', 64), 'hex')"

static PGconn *keys;

static void
given(void)
{
	sql_begin();
	keys = PQconnectdb(sql_text("select '%s dbname=' || current_database() || '_keys'",
	    getenv("SOCIUS_TEST_CONNINFO")));
	cr_assert_eq(PQstatus(keys), CONNECTION_OK, "%s", PQerrorMessage(keys));
	PQclear(PQexec(keys, "begin"));
}

static void
ended(void)
{
	PQfinish(keys);
	sql_end();
}

TestSuite(sealed, .init = given, .fini = ended);

/* The rows of a statement on the keys, one after the other, or the SQLSTATE. */
static const char *
said(const char *sql)
{
	static char text[512];
	PGresult *result = PQexec(keys, sql);

	text[0] = '\0';
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		for (int i = 0; i < PQntuples(result); i++)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			    i > 0 ? " " : "", PQgetvalue(result, i, 0));
	else if (PQresultStatus(result) != PGRES_COMMAND_OK)
		(void)snprintf(
		    text, sizeof(text), "%s", PQresultErrorField(result, PG_DIAG_SQLSTATE));
	PQclear(result);
	return text;
}

Test(sealed, by_keys_of_which_the_first_wins)
{
	cr_assert_str_eq(
	    said("set role socius_gate; select left(wrapped::text, 4) from keys.make_keys(" ONE
		 ", " WRAPPED("01") ")"),
	    "\\x01");
	cr_assert_str_eq(said("select left(wrapped::text, 4) from keys.make_keys(" TWO
			      ", " WRAPPED("02") " || " WRAPPED("03") ")"),
	    "\\x01 \\x03");
	cr_assert_str_eq(
	    said("select left(wrapped::text, 4) from keys.find_keys(" TWO ")"), "\\x01 \\x03");
}

Test(sealed, by_keys_that_are_never_made_again)
{
	(void)said("set role socius_runner; select keys.make_keys(" ONE ", " WRAPPED("01") ")");
	(void)said("select keys.destroy_key('00000000-0000-7000-8000-000000000001')");
	(void)said("select keys.destroy_key('00000000-0000-7000-8000-000000000001')");
	(void)said("select keys.destroy_key('00000000-0000-7000-8000-000000000002')");
	cr_assert_str_eq(said("select wrapped is null from keys.make_keys(" TWO
			      ", " WRAPPED("02") " || " WRAPPED("03") ")"),
	    "t t");
}

/* The gate takes back what it has just made, and nothing that stands or that was destroyed. */
Test(sealed, by_keys_that_are_taken_back_for_a_minute)
{
	(void)said("set role socius_gate; select keys.make_keys(" TWO
		   ", " WRAPPED("01") " || " WRAPPED("02") ")");
	(void)said("reset role; update keys.person_key set made_at = now() - interval '1 minute' "
		   "where person_id = '00000000-0000-7000-8000-000000000001'");
	(void)said("set role socius_gate; select keys.forget_keys(" TWO ")");
	cr_assert_str_eq(
	    said("select left(wrapped::text, 4) from keys.find_keys(" TWO ")"), "\\x01 ");
	(void)said("set role socius_runner; select keys.destroy_key("
		   "'00000000-0000-7000-8000-000000000002')");
	(void)said("set role socius_gate; select keys.forget_keys(" TWO ")");
	cr_assert_str_eq(said("set role socius_runner; select keys.list_destroyed()"),
	    "00000000-0000-7000-8000-000000000002");
}

Test(sealed, by_keys_that_have_their_shape)
{
	cr_assert_str_eq(said("savepoint a; insert into keys.person_key values "
			      "(gen_random_uuid(), 'short', now())"),
	    "23514");
	cr_assert_str_eq(said("rollback to a; insert into keys.person_key values "
			      "(gen_random_uuid(), null, now())"),
	    "23514");
}

/* The gate neither destroys a key nor reads the table. */
Test(sealed, by_keys_behind_a_wall)
{
	cr_assert_str_eq(said("savepoint a; set role socius_gate; select keys.destroy_key("
			      "'00000000-0000-7000-8000-000000000001')"),
	    "42501");
	cr_assert_str_eq(
	    said("rollback to a; set role socius_gate; select wrapped from keys.person_key"),
	    "42501");
	cr_assert_str_eq(
	    said("rollback to a; set role socius_law; select keys.find_keys(" ONE ")"), "42501");
}

Test(sealed, by_law_but_for_people_of_test_cities)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");
	const char *account = given_account(given_email());

	(void)given_session(
	    &(struct given_sign_in){ .email = sql_text("select email from "
						       "access.credential where account_id = '%s'",
					 account),
		.password = GIVEN_HASH,
		.market_code = given_code(market) });
	sql_run("%s",
	    bank_call(market, partner, "IT60X0542811101000000123456", NULL, "2026-03-02 10:00+00"));
	sql_run(
	    "update core.market set test_now = null, is_test = false where market_id = %d", market);
	sql_run("update identity.account set name = 'sealed1:' || repeat('A', 60); "
		"update identity.partner set name = 'sealed1:' || repeat('A', 60); "
		"update access.credential set email = 'sealed1:' || repeat('A', 60), "
		"email_key = account_id::text; "
		"update access.device set name = 'sealed1:' || repeat('A', 60); "
		"update onboarding.bank_account set iban = 'sealed1:' || repeat('A', 60), "
		"holder_name = 'sealed1:' || repeat('A', 60), "
		"last_four = 'sealed1:' || repeat('A', 60)");
	sql_breaks_law("persons_are_sealed",
	    "update identity.account set name = 'Ada' where account_id = '%s'", account);
	sql_breaks_law("persons_are_sealed",
	    "update identity.partner set name = 'Ada' where partner_id = '%s'", partner);
	sql_breaks_law("persons_are_sealed",
	    "update access.credential set email = 'a@b.c' where account_id = '%s'", account);
	sql_breaks_law("persons_are_sealed",
	    "update access.credential set email_key = 'a@b.c' where account_id = '%s'", account);
	sql_breaks_law("persons_are_sealed",
	    "update access.device set name = 'phone' where account_id = '%s'", account);
	sql_breaks_law("persons_are_sealed",
	    "update onboarding.bank_account set iban = 'IT60X0542811101000000123456' "
	    "where partner_id = '%s'",
	    partner);
	sql_refused("bank_account_country", "update onboarding.bank_account set country = 'x'");
}

/* --- leaving --- */

#define LEAVE \
	"api.%s(p_account_id => '%s', p_role => 'partner', p_password => " GIVEN_HASH \
	", p_totp => null, p_totp_step => null, p_audit_id => '%s', p_peer => '" GIVEN_PEER \
	"', p_request_id => 'r', p_now => " SQL_NOW ")"

/* Bookings and debts stand in the way of both; money in the way of being erased alone. */
Test(sealed, or_left_when_nothing_stands_in_the_way)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");
	const char *account = given_account(given_email()), *booking;

	sql_run("update identity.partner set account_id = '%s' where partner_id = '%s'", account,
	    partner);
	booking = given_booking(market, partner,
	    given_slot(
		market, (struct slot_plan){ .starts_local = "2026-03-03 10:00", .minutes = 120 }));
	sql_run("update ledger.wallet set owed_minor = 7, balance_minor = 9 where owner_id = '%s'",
	    partner);
	cr_assert_str_eq(sql_text("select (detail -> 'obstacles')::text from " LEAVE,
			     "erase_account", account, sql_id()),
	    sql_text("select format('[{\"kind\": \"bookings\", \"count\": 1, \"market_id\": %%s}, "
		     "{\"kind\": \"debts\", \"market_id\": %%s, \"amount_minor\": 7}, {\"kind\": "
		     "\"balance\", \"market_id\": %%s, \"amount_minor\": 9}]', %d, %d, %d)",
		market, market, market));
	sql_run("update ledger.wallet set owed_minor = 0 where owner_id = '%s'", partner);
	sql_refused("account_in_use", "select * from " LEAVE, "close_account", account, sql_id());
	sql_run(
	    "update scheduling.booking set state = 'forfeited' where booking_id = '%s'", booking);
	sql_refused("account_in_use", "select * from " LEAVE, "erase_account", account, sql_id());
	sql_run("select * from " LEAVE, "close_account", account, sql_id());
	cr_assert_eq(sql_count("select from identity.erasure where account_id = '%s'", account), 0);
	cr_assert_eq(sql_count("select from identity.partner where partner_id = '%s' and state = "
			       "'closed'",
			 partner),
	    1);
	sql_refused("password_wrong", "select * from " LEAVE, "erase_account", account, sql_id());
}

/* Who holds an office gives it back first; of whom is erased no hint of the address is left. */
Test(sealed, or_held_by_an_office)
{
	int market = sql_market();
	const char *account = given_account(given_email());

	sql_run(
	    "insert into access.role_grant (market_id, account_id, role, granted_at, granted_by, "
	    "hint) values (%d, '%s', 'operator', " SQL_NOW ", 'x', 'a...@b.c')",
	    market, account);
	sql_run("insert into access.invitation (market_id, invitation_id, role, email_key, hint, "
		"code_hash, made_at, made_by, expires_at, account_id, ended_at) values (%d, "
		"'%s', 'operator', 'k', 'a...@b.c', sha256('c'), " SQL_NOW ", '%s', " SQL_NOW
		" + interval '7 days', '%s', " SQL_NOW ")",
	    market, sql_id(), sql_id(), account);
	cr_assert_str_eq(sql_text("select (detail -> 'obstacles')::text from " LEAVE,
			     "close_account", account, sql_id()),
	    "[{\"kind\": \"offices\"}]");
	sql_run("update access.role_grant set withdrawn_at = " SQL_NOW " where account_id = '%s'",
	    account);
	sql_run("select * from " LEAVE, "erase_account", account, sql_id());
	cr_assert_eq(sql_count("select from access.invitation i join access.role_grant g "
			       "using (account_id) where i.account_id = '%s' and i.hint = '' "
			       "and i.email_key = '' and g.hint is null",
			 account),
	    1);
}

/* Letters go first; then the runner is told whose keys to destroy, each until it says so. */
Test(sealed, no_more_when_the_key_is_destroyed)
{
	const char *account = given_account(given_email());

	sql_run("update access.mail set state = 'sent', params = '{}'");
	sql_run("update identity.erasure set done_at = asked_at where done_at is null");
	sql_run("select * from " LEAVE, "erase_account", account, sql_id());
	sql_run(
	    "insert into access.mail (mail_id, kind, address, person_id, locale, made_at) values "
	    "('%s', 'changed', 'a', '%s', 'en', " SQL_NOW ")",
	    sql_id(), account);
	sql_as("socius_runner");
	cr_assert_null(sql_text("select jobs.take_erasure(" SQL_NOW ")"));
	cr_assert_str_eq(
	    sql_text("select jobs.take_erasure(" SQL_NOW " + interval '15 minutes')"), account);
	sql_run("select jobs.finish_erasure('%s', " SQL_NOW ")", account);
	cr_assert_null(sql_text("select jobs.take_erasure(" SQL_NOW " + interval '15 minutes')"));
	sql_as(NULL);
}
