/* persons: an id is one person's, in all markets, and nobody is attached but by itself. */
#include <criterion/criterion.h>

#include "sql/sign_in_given.h"
#include "support/sql.h"

TestSuite(persons, .init = sql_begin, .fini = sql_end);

/* A call of api.create_partner: market, actor, role, digest, the two ids of the client's (SQL), the
 * new ids, the event's. */
#define CREATE_PARTNER \
	"api.create_partner(p_market_id => %d, p_actor_id => '%s', p_actor_role => '%s', " \
	"p_key => '%s', p_digest => %s, p_partner_id => %s, p_account_id => %s, " \
	"p_new_partner_id => '%s', p_new_account_id => '%s', p_event_id => '%s', " \
	"p_enrolments => '[{\"kind\": \"courier\"}]', p_now => " SQL_NOW ", p_name => 'Ada')"

static const char *
quoted(const char *id)
{
	return sql_text("select quote_literal('%s')", id);
}

static const char *
account_of(const char *partner)
{
	return sql_text("select account_id from identity.partner where partner_id = '%s'", partner);
}

/* An operator of this market makes a partner under an id of theirs. */
static void
refused_as(const char *slug, int market, const char *partner_id)
{
	sql_refused(slug, "select * from " CREATE_PARTNER, market, sql_operator(), "operator",
	    sql_id(), SQL_DIGEST, quoted(partner_id), "null", sql_id(), sql_id(), sql_id());
}

Test(persons, are_no_partner_of_another_market)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *victim = sql_partner(market, "courier");

	refused_as("person_id_taken", elsewhere, victim);
	refused_as("person_id_taken", elsewhere, account_of(victim));
	refused_as("person_id_taken", market, account_of(victim));
	cr_expect_eq(sql_count("select from identity.partner where market_id = %d", elsewhere), 0);
	cr_expect_eq(sql_count("select from identity.partner where partner_id = '%s'", victim), 1);
}

Test(persons, are_not_named_before_they_are_there)
{
	int market = sql_market();
	const char *waiting = sql_id(), *invited = sql_id(), *erased = sql_id();

	sql_run(
	    "insert into access.challenge (challenge_id, kind, email_key, email, new_account_id, "
	    "made_at, expires_at) values ('%s', 'sign_up', 'k', 'e', '%s', " SQL_NOW ", " SQL_NOW
	    ")",
	    sql_id(), waiting);
	sql_run("insert into access.mail (mail_id, kind, address, person_id, locale, made_at) "
		"values ('%s', 'invited', 'a', '%s', 'en', " SQL_NOW ")",
	    sql_id(), invited);
	sql_run("insert into identity.erasure (person_id, asked_at) values ('%s', " SQL_NOW ")",
	    erased);
	refused_as("person_id_taken", market, waiting);
	refused_as("person_id_taken", market, invited);
	refused_as("person_id_taken", market, erased);
	/* nobody, and who stands for a whole market behind the walls */
	refused_as("person_id_taken", market, "00000000-0000-0000-0000-000000000000");
	refused_as("person_id_taken", market, "ffffffff-ffff-ffff-ffff-ffffffffffff");
}

Test(persons, become_accounts_of_addresses)
{
	const char *account = given_account(given_email());

	cr_assert(sql_true("select kind = 'account' and market_id = 0 from identity.person "
			   "where person_id = '%s'",
	    account));
}

/* The key of an address that became nobody goes with the last row that it opens. */
Test(persons, go_with_the_last_row_of_an_address)
{
	const char *waiting = sql_id(), *account = given_account(given_email());

	sql_run(
	    "insert into access.challenge (challenge_id, kind, email_key, email, new_account_id, "
	    "made_at, expires_at) values ('%s', 'sign_up', 'k', 'e', '%s', " SQL_NOW ", " SQL_NOW
	    ")",
	    sql_id(), waiting);
	sql_run(
	    "insert into access.mail (mail_id, kind, address, person_id, locale, made_at) values "
	    "('%s', 'sign_up', 'a', '%s', 'en', " SQL_NOW
	    "), ('%s', 'sign_up', 'a', '%s', 'en', " SQL_NOW ")",
	    sql_id(), waiting, sql_id(), account);
	sql_run("delete from access.challenge where new_account_id = '%s'", waiting);
	cr_expect_eq(sql_count("select from identity.erasure where person_id = '%s'", waiting), 0);
	sql_run("delete from access.mail where person_id in ('%s', '%s')", waiting, account);
	cr_expect_eq(
	    sql_count(
		"select from identity.erasure where person_id = '%s' and done_at is null", waiting),
	    1);
	cr_expect_eq(sql_count("select from identity.erasure where person_id = '%s'", account), 0);
	sql_as("socius_runner");
	sql_run("select jobs.finish_erasure('%s', " SQL_NOW ")", waiting);
	sql_run("select jobs.finish_erasure('%s', " SQL_NOW ")", account);
	sql_as(NULL);
	cr_expect_eq(sql_count("select from identity.person where person_id = '%s'", waiting), 0);
	cr_expect_eq(sql_count("select from identity.person where person_id = '%s'", account), 1);
	refused_as("person_id_taken", sql_market(), waiting);
}

Test(persons, are_attached_by_themselves_alone)
{
	int market = sql_market();
	const char *victim = given_account(given_email());
	const char *digest = SQL_DIGEST;

	sql_refused("account_foreign", "select * from " CREATE_PARTNER, market, sql_operator(),
	    "operator", "k", digest, "null", quoted(victim), sql_id(), sql_id(), sql_id());
	sql_refused("account_foreign", "select * from " CREATE_PARTNER, market, sql_operator(),
	    "operator", "k", digest, "null", quoted(sql_id()), sql_id(), sql_id(), sql_id());
	sql_refused("account_foreign", "select * from " CREATE_PARTNER, market, sql_operator(),
	    "customer", "k", digest, "null", quoted(victim), sql_id(), sql_id(), sql_id());
	cr_assert_eq(sql_count("select from identity.partner where account_id = '%s'", victim), 0);
}

/* --- test markets --- */

static int
made_market(const char *seed)
{
	return (int)sql_int("select market_id from api.create_test_market(" SQL_NOW
			    ", '%s', '192.0.2.1', 1000, 1000)",
	    seed);
}

Test(persons, are_never_of_a_test_market_and_a_real_one)
{
	int market = sql_market(), made = made_market(sql_text("select gen_random_uuid()"));
	const char *real = sql_id(), *unreal;

	sql_run("insert into identity.account (account_id, name, created_at) values ('%s', "
		"'Ada', " SQL_NOW ")",
	    real);
	unreal = sql_text(
	    "select account_id from identity.account where test_market_id = %d limit 1", made);
	sql_refused("account_foreign",
	    "insert into identity.partner (market_id, partner_id, account_id, name, digest, "
	    "created_at) values (%d, '%s', '%s', 'Ada', " SQL_DIGEST ", " SQL_NOW ")",
	    made, sql_id(), real);
	sql_refused("account_foreign",
	    "insert into identity.partner (market_id, partner_id, account_id, name, digest, "
	    "created_at) values (%d, '%s', '%s', 'Ada', " SQL_DIGEST ", " SQL_NOW ")",
	    market, sql_id(), unreal);
	sql_refused("account_unknown",
	    "insert into identity.partner (market_id, partner_id, account_id, name, digest, "
	    "created_at) values (%d, '%s', '%s', 'Ada', " SQL_DIGEST ", " SQL_NOW ")",
	    market, sql_id(), sql_id());
}

/* --- what is asked by (market, partner), with ids that two markets share --- */

/* A partner of this market under an id that is somebody's already, as releases before made it. */
static const char *
twin(int market, const char *partner_id)
{
	const char *account = given_account(given_email());

	sql_run("set local session_replication_role = replica");
	sql_run("insert into identity.shared_id (market_id, partner_id) values (%d, '%s'); "
		"insert into identity.partner (market_id, partner_id, account_id, name, digest, "
		"created_at) values (%d, '%s', '%s', 'Twin', " SQL_DIGEST ", " SQL_NOW "); "
		"insert into ledger.wallet (market_id, owner_id, owner_kind, currency) values "
		"(%d, '%s', 'partner', 'EUR')",
	    market, partner_id, market, partner_id, account, market, partner_id);
	sql_run("set local session_replication_role = origin");
	return account;
}

/* What an export says, where no table has more than a page. */
#define EXPORTED \
	"(with recursive page as (select p.* from jobs.export_page('%s', null) p union all " \
	"select p.* from page b cross join lateral jobs.export_page('%s', b.next) p " \
	"where b.next is not null) select jsonb_object_agg(table_name, rows) from page) x (e)"

Test(persons, export_nothing_of_who_has_the_same_id)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *victim = sql_partner(market, "courier");
	const char *thief = twin(elsewhere, victim);

	cr_expect(sql_true("select (e -> 'identity.partner' -> 0 ->> 'name') = 'Twin' and "
			   "jsonb_array_length(e -> 'identity.partner') = 1 and "
			   "jsonb_array_length(e -> 'ledger.wallet') = 1 and "
			   "jsonb_array_length(e -> 'onboarding.enrolment') = 0 "
			   "from " EXPORTED,
	    thief, thief));
	cr_expect(sql_true("select (e -> 'identity.partner' -> 0 ->> 'name') = 'Partner' and "
			   "jsonb_array_length(e -> 'identity.partner') = 1 and "
			   "jsonb_array_length(e -> 'onboarding.enrolment') = 1 "
			   "from " EXPORTED,
	    account_of(victim), account_of(victim)));
}

#define ERASE \
	"api.erase_account(p_account_id => '%s', p_role => 'partner', p_password => " GIVEN_HASH \
	", p_totp => null, p_totp_step => null, p_audit_id => '%s', p_peer => '" GIVEN_PEER \
	"', p_request_id => 'r', p_now => " SQL_NOW ")"

Test(persons, erase_nobody_who_has_the_same_id)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *victim = sql_partner(market, "courier");
	const char *thief = twin(elsewhere, victim);

	sql_run("select * from " ERASE, thief, sql_id());
	cr_expect_eq(sql_count("select from identity.erasure where person_id = '%s'", victim), 0);
	cr_expect_eq(sql_count("select from identity.erasure where person_id = '%s'", thief), 1);
	/* without a key of their own the twin's cells are written over */
	cr_expect(sql_true("select name like 'sealed1:AAAA%%' and state = 'closed' "
			   "from identity.partner where market_id = %d and partner_id = '%s'",
	    elsewhere, victim));
	cr_expect(sql_true("select name = 'Partner' and state = 'active' "
			   "from identity.partner where market_id = %d and partner_id = '%s'",
	    market, victim));
}

Test(persons, stay_erased_in_their_own_market_alone)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *erased = sql_partner(market, "courier");

	(void)twin(elsewhere, erased);
	sql_run("select access.stay_erased(array['%s', '%s']::uuid[], '%s', " SQL_NOW ")", erased,
	    sql_id(), sql_id());
	cr_expect(sql_true("select name like 'sealed1:AAAA%%' and state = 'closed' "
			   "from identity.partner where market_id = %d and partner_id = '%s'",
	    market, erased));
	cr_expect(sql_true("select name = 'Twin' and state = 'active' "
			   "from identity.partner where market_id = %d and partner_id = '%s'",
	    elsewhere, erased));
}

/* --- persons who go with their test market --- */

/* And nobody takes their ids before these are gone. */
Test(persons, of_a_removed_test_market_leave_their_keys_to_the_runner)
{
	const char *account = sql_id();
	int market = sql_int("select market_id from api.create_test_market(" SQL_NOW
			     ", gen_random_uuid(), '192.0.2.1', 1000, 1000)");
	int persons;

	sql_run("delete from identity.removed_person");
	sql_run("select core.enter(%d, null); insert into identity.account (account_id, name, "
		"created_at) values ('%s', 'New', " SQL_NOW ")",
	    market, account);
	persons = sql_count("select from identity.person where market_id = %d", market);
	sql_run("select testing.remove_some(%d, 1000000)", market);
	cr_assert_eq(sql_count("select from identity.removed_person"), persons);
	cr_assert_eq(
	    sql_count("select from api.list_unknown_persons(uuid_send('%s'))", account), 0);
	sql_run("select core.enter(0, null)");
	sql_refused("person_id_taken",
	    "insert into identity.account (account_id, name, created_at) values ('%s', "
	    "'New', " SQL_NOW ")",
	    account);
	sql_run("delete from identity.removed_person where person_id <> '%s'; "
		"insert into identity.removed_person select gen_random_uuid() "
		"from generate_series(1, 599)",
	    account);
	sql_as("socius_runner");
	cr_assert_eq(sql_int("select length(jobs.list_removed_persons())"), 500 * 16);
	sql_run("select jobs.finish_removed_persons(jobs.list_removed_persons())");
	cr_assert_eq(sql_int("select length(jobs.list_removed_persons())"), 100 * 16);
	sql_run("select jobs.finish_removed_persons(jobs.list_removed_persons())");
	cr_assert_null(sql_text("select jobs.list_removed_persons()"));
	sql_as(NULL);
	sql_run("insert into identity.account (account_id, name, created_at) values ('%s', "
		"'New', " SQL_NOW ")",
	    account);
}

/* --- laws --- */

Test(persons, are_registered_by_law)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");

	sql_breaks_law("persons_are_registered",
	    "delete from identity.person where person_id = '%s'", partner);
	sql_breaks_law("persons_are_registered",
	    "update identity.person set market_id = -1 where person_id = '%s'", partner);
	sql_breaks_law("persons_are_registered",
	    "delete from identity.person where person_id = '%s'", account_of(partner));
	sql_breaks_law("persons_are_registered",
	    "insert into identity.person values ('%s', 'partner', %d)", sql_id(), market);
	sql_breaks_law("persons_are_registered",
	    "insert into identity.person values ('%s', 'account', 0)", sql_id());
	sql_refused("person_id_is_one",
	    "insert into identity.person values ('ffffffff-ffff-ffff-ffff-ffffffffffff', "
	    "'account', 0)");
	sql_refused(
	    "person_kind_check", "insert into identity.person values ('%s', 'robot', 0)", sql_id());
	sql_refused("partner_has_market", "insert into identity.person values ('%s', 'partner', 0)",
	    sql_id());
}
