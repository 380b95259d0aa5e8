/* external_sessions: people whom another provider vouches for, and what that is not enough for. */
#include <criterion/criterion.h>

#include "sql/providers_given.h"
#include "sql/sign_in_given.h"
#include "support/sql.h"

static int market;
static struct given_token token;

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	token = (struct given_token){ .provider_id = given_provider(market, GIVEN_ISSUER, true),
		.person = "ada",
		.nonce = given_nonce(),
		.email = "Ada@Example.com",
		.email_verified = true };
}

TestSuite(external_sessions, .init = begin, .fini = sql_end);

/* Signs in, and gives whose account it is. */
static const char *
sign_in(void)
{
	return sql_text("select (\"row\").account_id from %s", given_external(&token));
}

static void
refuse(const char *slug)
{
	sql_refused(slug, "select * from %s", given_external(&token));
}

Test(external_sessions, make_an_account_without_a_password_and_find_it_again)
{
	const char *account = sign_in();

	cr_assert(sql_true("select password_hash is null and email = 'Ada@Example.com' and "
			   "email_key = 'ada@example.com' and locale = 'it' "
			   "from access.credential where account_id = '%s'",
	    account));
	token.nonce = given_nonce();
	token.email = "elsewhere@example.com";
	cr_assert_str_eq(sign_in(), account);
	cr_assert_eq(
	    sql_int(
		"select count(*) from access.session where account_id = '%s' and of_market = %d "
		"and role = 'customer'",
		account, market),
	    2);
	cr_assert_eq(sql_int("select count(*) from access.audit_record where account_id = '%s' and "
			     "(market_id, act) in ((0, 'account.create'), (0, 'identity.link'), "
			     "(%d, 'session.start'))",
			 account, market),
	    4);
}

/* Who has the address at a provider has not the account here: it must be linked from inside. */
Test(external_sessions, never_open_an_account_by_its_address)
{
	const char *account = given_account("ada@example.com");

	refuse("link_needed");
	token.email = "ADA@example.COM";
	refuse("link_needed");
	token.email_verified = false;
	refuse("email_needed");
	sql_run("select * from %s", given_link(account, &token));
	token.nonce = given_nonce();
	cr_assert_str_eq(sign_in(), account);
}

Test(external_sessions, make_no_account_without_an_address_or_where_none_is_wanted)
{
	token.email = NULL;
	token.email_verified = false;
	refuse("email_needed");
	token.provider_id = given_provider(market, "https://closed.example.com", false);
	refuse("person_unknown");
	token.email = "ada@example.com";
	token.email_verified = true;
	refuse("person_unknown");
	token.provider_id = sql_id();
	refuse("provider_unknown");
}

Test(external_sessions, take_a_nonce_once_and_for_ten_minutes)
{
	const char *used = token.nonce;

	(void)sign_in();
	refuse("nonce_wrong");
	token.nonce = "made up";
	refuse("nonce_wrong");
	token.nonce = given_nonce();
	token.after = "10 minutes";
	refuse("nonce_wrong");
	token.after = "9 minutes";
	(void)sign_in();
	cr_assert(sql_true("select used_at = " SQL_NOW
			   " from access.nonce where nonce_hash = sha256('%s')",
	    used));
}

Test(external_sessions, keep_the_nonce_of_who_is_refused)
{
	token.email_verified = false;
	refuse("email_needed");
	token.email_verified = true;
	(void)sign_in();
}

Test(external_sessions, end_with_the_account)
{
	const char *account = sign_in();

	sql_run("update access.credential set state = 'closed' where account_id = '%s'", account);
	token.nonce = given_nonce();
	refuse("person_unknown");
}

/* Offices need the authenticator, whoever vouches. */
Test(external_sessions, open_no_office_without_the_second_factor)
{
	const char *account = sign_in();

	token.nonce = given_nonce();
	token.role = "operator";
	refuse("role_not_held");
	sql_run("insert into access.role_grant values (%d, '%s', 'operator', " SQL_NOW ", 'x')",
	    market, account);
	refuse("totp_enrolment_needed");
	sql_run("update access.credential set totp_id = '%s', totp_confirmed_at = " SQL_NOW
		" where account_id = '%s'",
	    sql_id(), account);
	refuse("totp_needed");
	token.second = "p_totp => '123456', p_totp_step => null, p_recovery_mac => null";
	refuse("totp_wrong");
	token.second = "p_totp => '123456', p_totp_step => 7, p_recovery_mac => null";
	cr_assert_str_eq(
	    sql_text("select (\"row\").role from %s", given_external(&token)), "operator");
	token.nonce = given_nonce();
	refuse("totp_wrong");
}

Test(external_sessions, delay_who_guesses_the_second_factor)
{
	const char *account = sign_in();

	sql_run("update access.credential set totp_id = '%s', totp_confirmed_at = " SQL_NOW
		" where account_id = '%s'",
	    sql_id(), account);
	token.nonce = given_nonce();
	token.second = "p_totp => '123456', p_totp_step => null, p_recovery_mac => null";
	for (int i = 0; i < 6; i++)
		sql_run("select * from %s", given_external(&token));
	refuse("sign_in_delayed");
}

Test(external_sessions, know_the_device)
{
	const char *secret =
	    sql_text("select (\"row\").session_id from %s", given_external(&token));

	sql_run("update access.device set secret_hash = sha256('%s')", secret);
	token.nonce = given_nonce();
	token.device_secret = secret;
	cr_assert(
	    sql_true("select (\"row\").device_secret is null from %s", given_external(&token)));
	cr_assert_eq(
	    sql_count("select from access.device where secret_hash = sha256('%s')", secret), 1);
}

#define ASK \
	"(select api.ask_external_session('%s', '%s', '%s', '" GIVEN_PEER "', " SQL_NOW \
	") as \"row\") x"

/* What a token says of itself before it was verified chooses an authenticator, nothing more. */
Test(external_sessions, ask_for_what_a_token_is_held_against)
{
	static const char *const garbage[] = { "", "a", "a.b.c", "..", "a.e30.c", "a.W10.c",
		"a.eyJzdWIiOjd9.c", "a.//8.c", "a.IiI.c" };
	const char *account = sign_in(), *ada = "h.eyJzdWIiOiJhZGEifQ.s" /* {"sub":"ada"} */;

	sql_run("update access.external_identity set identity_hash = "
		"access.identity_hash('" GIVEN_ISSUER "', 'ada') where account_id = '%s'",
	    account);
	sql_run("update access.device set secret_hash = sha256('secret') where account_id = '%s'",
	    account);
	cr_assert(
	    sql_true("select (\"row\").account_id = '%s' and (\"row\").device_id is null from " ASK,
		account, token.provider_id, ada, "another"));
	cr_assert(sql_true(
	    "select (\"row\").device_id is not null from " ASK, token.provider_id, ada, "secret"));
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
		cr_assert(sql_true(
		    "select (\"row\").account_id is null and "
		    "(\"row\").provider ->> 'issuer' = '" GIVEN_ISSUER "' and "
		    "(\"row\").provider -> 'client_ids' = '[\"ours\", \"also-ours\"]' from " ASK,
		    token.provider_id, garbage[i], "secret"));
	sql_refused("provider_unknown", "select * from " ASK, sql_id(), ada, "secret");
	sql_refused("provider_unknown",
	    "select api.ask_external_identity('%s', '" GIVEN_PEER "', " SQL_NOW ")", sql_id());
	cr_assert(sql_true(
	    "select (r).account_id is null and (r).provider ->> 'issuer' = '" GIVEN_ISSUER
	    "' from (select api.ask_external_identity('%s', '" GIVEN_PEER "', " SQL_NOW ") r) x",
	    token.provider_id));
}

/* Two requests of one new person at once: the second begins anew, with what it sealed for nobody.
 */
Test(external_sessions, begin_anew_when_another_request_was_first)
{
	const char *late;

	token.nonce = given_nonce();
	late = given_external(&token);
	(void)sign_in();
	sql_run("update access.nonce set used_at = null");
	sql_refused("nonce_wrong", "select * from %s",
	    sql_text("select regexp_replace($c$%s$c$, 'p_known_id => .*\\)\\)', "
		     "'p_known_id => null)')",
		late));
}

/* --- accounts without a password --- */

Test(external_sessions, leave_passwords_to_who_asks_for_one)
{
	const char *account = sign_in(), *reset = sql_id();

	cr_assert(sql_true("select (\"row\").password_hash is null from "
			   "(select api.weigh_sign_in('ada@example.com', null, '" GIVEN_PEER
			   "', " SQL_NOW ") as \"row\") x"));
	sql_refused("sign_in_wrong", "select * from %s",
	    given_call(&(struct given_sign_in){ .email = "ada@example.com" }));
	sql_refused("password_wrong",
	    "select * from api.change_password('%s', 'customer', null, null, " GIVEN_HASH
	    ", '%s', '%s', '" GIVEN_PEER "', 'r', " SQL_NOW ")",
	    account, sql_id(), sql_id());
	sql_run("select api.start_password_reset('x', 'ada@example.com', '%s', '%s', '1', "
		"sha256('1'), null, "
		"'%s', '" GIVEN_PEER "', " SQL_NOW ")",
	    reset, sql_id(), sql_id());
	sql_run("select * from api.confirm_password_reset('%s', null, sha256('1'), " GIVEN_HASH
		", '%s', '%s', '" GIVEN_PEER "', 'r', " SQL_NOW ")",
	    reset, sql_id(), sql_id());
	cr_assert_str_eq(sql_text("select (\"row\").account_id from %s",
			     given_call(&(struct given_sign_in){ .email = "ada@example.com",
				 .password = GIVEN_HASH,
				 .market_code = given_code(market) })),
	    account);
}

/* --- links --- */

Test(external_sessions, are_linked_and_unlinked)
{
	const char *account = given_account(given_email()), *other = given_account(given_email()),
		   *id;

	id = sql_text("select (\"row\").identity_id from %s", given_link(account, &token));
	cr_assert_str_eq(
	    sql_text("select (\"row\").identity_id from %s", given_link(account, &token)), id,
	    "a retry");
	cr_assert_eq(sql_count("select from access.mail where kind = 'linked'"), 1);
	token.nonce = given_nonce();
	sql_refused("identity_taken", "select * from %s", given_link(other, &token));
	cr_assert_eq(
	    sql_count("select from api.list_external_identities('%s', 10, null)", account), 1);
	sql_refused("identity_unknown",
	    "select api.delete_external_identity('%s', 'customer', '%s', '%s', null, 'r', " SQL_NOW
	    ")",
	    other, id, sql_id());
	sql_run(
	    "select api.delete_external_identity('%s', 'customer', '%s', '%s', null, 'r', " SQL_NOW
	    ")",
	    account, id, sql_id());
	cr_assert_eq(
	    sql_count("select from api.list_external_identities('%s', 10, null)", account), 0);
	cr_assert_eq(sql_count("select from access.audit_record where act = 'identity.unlink' and "
			       "account_id = '%s' and subject_id = '%s'",
			 account, id),
	    1);
}

Test(external_sessions, are_linked_by_a_nonce_that_waits_and_by_who_is_there)
{
	const char *account = given_account(given_email());

	token.nonce = "made up";
	sql_refused("nonce_wrong", "select * from %s", given_link(account, &token));
	token.nonce = given_nonce();
	sql_refused("account_unknown", "select * from %s", given_link(sql_id(), &token));
	sql_run("select * from %s", given_link(account, &token));
	token.person = "eve";
	sql_refused("nonce_wrong", "select * from %s", given_link(account, &token));
	token.provider_id = sql_id();
	sql_refused("provider_unknown", "select * from %s", given_link(account, &token));
}

Test(external_sessions, leave_a_way_in)
{
	const char *account = sign_in(), *id;

	id = sql_text(
	    "select identity_id from access.external_identity where account_id = '%s'", account);
	sql_refused("last_way_in",
	    "select api.delete_external_identity('%s', 'customer', '%s', '%s', null, 'r', " SQL_NOW
	    ")",
	    account, id, sql_id());
	token.person = "ada elsewhere";
	token.nonce = given_nonce();
	sql_run("select * from %s", given_link(account, &token));
	sql_run(
	    "select api.delete_external_identity('%s', 'customer', '%s', '%s', null, 'r', " SQL_NOW
	    ")",
	    account, id, sql_id());
}

/* --- laws --- */

Test(external_sessions, see_an_account_that_nobody_can_sign_in_to)
{
	const char *account = sign_in();

	sql_breaks_law("account_has_way_in",
	    "delete from access.external_identity where account_id = '%s'", account);
}

Test(external_sessions, see_a_link_that_nobody_has_made)
{
	const char *account = sign_in();

	sql_breaks_law("identity_is_audited",
	    "update access.external_identity set identity_id = '%s' where account_id = '%s'",
	    sql_id(), account);
}
