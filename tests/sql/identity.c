/* identity: markets, partners and the test clock, as SQL sees them. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(identity, .init = sql_begin, .fini = sql_end);

/* --- markets --- */

/* A call of api.create_market: key, digest, code, currency, time zone, and who and which event. */
#define CREATE_MARKET \
	"api.create_market(p_key => '%s', p_digest => %s, p_code => '%s', p_currency => '%s', " \
	"p_time_zone => '%s', p_actor_id => '%s', p_event_id => '%s', p_actor_role => " \
	"'operator', " \
	"p_now => " SQL_NOW ", p_name => 'Town', p_is_test => null)"

Test(identity, make_a_market_under_the_smallest_free_number)
{
	int64_t free_number =
	    sql_int("select min(n) from generate_series(1, "
		    "(select count(*) + 1 from core.market)) n "
		    "where not exists (select from core.market where market_id = n)");

	cr_assert_eq(sql_int("select (\"row\").market_id from " CREATE_MARKET, "k", SQL_DIGEST,
			 "town", "EUR", "Europe/Rome", sql_operator(), sql_id()),
	    free_number);
	cr_assert_eq(sql_int("select count(*) from events.event where market_id = %d "
			     "and kind = 'market.created'",
			 (int)free_number),
	    1);
	cr_assert_gt(sql_int("select (\"row\").market_id from " CREATE_MARKET, "l", SQL_DIGEST,
			 "town2", "EUR", "Europe/Rome", sql_operator(), sql_id()),
	    free_number);
}

Test(identity, give_a_market_the_digits_of_its_currency)
{
	static const struct {
		const char *currency;
		int digits;
	} known[] = { { "EUR", 2 }, { "JPY", 0 }, { "KWD", 3 }, { "XCG", 2 } };

	static const char *const codes[] = { "one", "two", "three", "four" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		cr_expect_eq(sql_int("select (\"row\").currency_exponent from " CREATE_MARKET,
				 known[i].currency, SQL_DIGEST, codes[i], known[i].currency,
				 "Asia/Tokyo", sql_operator(), sql_id()),
		    known[i].digits);
}

Test(identity, answer_the_same_market_to_the_same_key)
{
	const char *actor = sql_operator();
	int64_t first = sql_int("select (\"row\").market_id from " CREATE_MARKET, "k", SQL_DIGEST,
	    "town", "EUR", "Europe/Rome", actor, sql_id());

	cr_assert(sql_true("select replayed and (\"row\").market_id = %d from " CREATE_MARKET,
	    (int)first, "k", SQL_DIGEST, "town", "EUR", "Europe/Rome", actor, sql_id()));
	sql_refused("key_reused", "select * from " CREATE_MARKET, "k", SQL_OTHER_DIGEST, "village",
	    "EUR", "Europe/Rome", actor, sql_id());
}

Test(identity, refuse_markets_that_cannot_be)
{
	static const struct {
		const char *slug, *code, *currency, *time_zone;
	} refused[] = {
		{ "market_code_shape", "Town", "EUR", "Europe/Rome" },
		{ "currency_unknown", "town", "QQQ", "Europe/Rome" },
		{ "currency_unusable", "town", "ANG", "America/Curacao" },
		{ "currency_unusable", "town", "BGN", "Europe/Sofia" },
		{ "currency_unusable", "town", "CLF", "America/Santiago" },
		{ "currency_unusable", "town", "XAU", "Europe/Rome" },
		{ "currency_unusable", "town", "XTS", "Europe/Rome" },
		{ "currency_unusable", "town",
		    "XX"
		    "X",
		    "Europe/Rome" },
		{ "currency_unknown", "town", "HRK", "Europe/Zagreb" },
		{ "time_zone_unknown", "town", "EUR", "Mars/Olympus" },
		{ "time_zone_unknown", "town", "EUR", "posix/Europe/Rome" },
		{ "time_zone_unknown", "town", "EUR", "CET-1" },
		{ "market_code_taken", "taken", "EUR", "Europe/Rome" },
	};

	sql_run("select * from " CREATE_MARKET, "k", SQL_DIGEST, "taken", "EUR", "Europe/Rome",
	    sql_operator(), sql_id());
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		sql_refused(refused[i].slug, "select * from " CREATE_MARKET, "l", SQL_DIGEST,
		    refused[i].code, refused[i].currency, refused[i].time_zone, sql_operator(),
		    sql_id());
}

Test(identity, know_currencies_and_time_zones_by_their_tables_alone)
{
	int market = sql_market();

	sql_refused("currency_unknown",
	    "update core.market set currency = 'QQQ' where market_id = %d", market);
	sql_refused("time_zone_unknown",
	    "update core.market set time_zone = 'europe/rome' where market_id = %d", market);
	sql_refused("currency_code_check", "insert into core.currency values ('eur', 2)");
	sql_refused("currency_exponent_check", "insert into core.currency values ('ZZZ', 5)");
	sql_refused("market_currency_exponent_check",
	    "update core.market set currency_exponent = 5 where market_id = %d", market);
}

/* ISO 4217's list one: codes in use, without those that no market can have. */
Test(identity, know_the_currencies_of_today)
{
	int market = sql_market();

	cr_expect_eq(sql_count("select from core.currency where unusable_because is null"), 155);
	cr_expect_eq(sql_count("select from core.currency where unusable_because is not null"), 25);
	/* who has one that ended keeps it */
	sql_run("update core.market set currency = 'BGN' where market_id = %d", market);
	cr_expect_str_eq(sql_text("select (api.get_market('t%d')).currency", market), "BGN");
}

Test(identity, show_a_market_by_its_code)
{
	int market = sql_market();

	cr_assert_eq(sql_int("select (api.get_market('t%d')).market_id", market), market);
	sql_refused("market_unknown", "select api.get_market('nowhere')");
}

Test(identity, list_each_market_once_over_pages)
{
	const char *code = "";
	int seen = 0;

	sql_run("set transaction isolation level repeatable read"); /* others come and go */
	sql_market();
	sql_market();
	for (;;) {
		if (sql_count("select * from api.list_markets(1, '%s')", code) == 0)
			break;
		code = sql_text("select code from api.list_markets(1, '%s')", code);
		seen++;
	}
	cr_assert_geq(seen, 2);
	cr_assert_eq(seen, sql_int("select count(*) from core.market"));
}

/* --- the test clock --- */

#define MOVE_CLOCK \
	"api.move_test_clock(p_market_id => %d, p_actor_id => '%s', p_actor_role => 'operator', " \
	"p_event_id => '%s', p_real_now => " SQL_NOW ", p_now => " SQL_NOW " + interval '%s')"

Test(identity, hold_the_clock_of_a_test_market)
{
	int market = sql_market();

	cr_assert_not(sql_true("select (api.get_test_clock(%d, " SQL_NOW ")).held", market));
	sql_run("select " MOVE_CLOCK, market, sql_operator(), sql_id(), "1 day");
	cr_assert(
	    sql_true("select (c.\"row\").held and (c.\"row\").now = " SQL_NOW " + interval '1 day' "
		     "from (select api.get_test_clock(%d, " SQL_NOW ") as \"row\") c",
		market));
	cr_assert(sql_true(
	    "select core.clock(%d, " SQL_NOW ") = " SQL_NOW " + interval '1 day'", market));
	sql_run("select " MOVE_CLOCK, market, sql_operator(), sql_id(), "1 day");
}

Test(identity, refuse_a_clock_that_goes_backwards)
{
	int market = sql_market();

	sql_run("select " MOVE_CLOCK, market, sql_operator(), sql_id(), "1 day");
	sql_refused(
	    "clock_backwards", "select " MOVE_CLOCK, market, sql_operator(), sql_id(), "23 h");
}

/* It is refused, and what is allowed is said. */
static void
too_far(int market, const char *by, const char *allowed)
{
	const char *call = sql_text(
	    "select $call$ select " MOVE_CLOCK " $call$", market, sql_operator(), sql_id(), by);
	PGresult *result;

	sql_refused("clock_too_far", "%s", call);
	sql_run("savepoint before_move");
	result = PQexec(sql_connection(), call);
	cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL), allowed);
	PQclear(result);
	sql_run("rollback to before_move");
}

#define ALLOWED(earliest, latest) \
	"{\"latest\": \"" latest ":00Z\", \"earliest\": \"" earliest ":00Z\"}"

Test(identity, move_a_clock_by_a_year_at_most)
{
	int market = sql_market();

	too_far(market, "1 year 1 s", ALLOWED("1970-01-01T00:00", "2027-03-02T10:00"));
	too_far(market, "-60 years", ALLOWED("1970-01-01T00:00", "2027-03-02T10:00"));
	sql_run("select " MOVE_CLOCK, market, sql_operator(), sql_id(), "1 year");
	too_far(market, "2 years 1 s", ALLOWED("2027-03-02T10:00", "2028-03-02T10:00"));
	sql_run(
	    "update core.market set test_now = '2199-06-01 00:00+00' where market_id = %d", market);
	too_far(market, "173 years 10 months", ALLOWED("2199-06-01T00:00", "2200-01-01T00:00"));
	sql_refused("market_clock_range",
	    "update core.market set test_now = '2200-01-01 00:00:01+00' where market_id = %d",
	    market);
	sql_refused("market_clock_range",
	    "update core.market set test_now = '1969-12-31 23:59:59+00' where market_id = %d",
	    market);
}

Test(identity, refuse_to_move_a_real_clock)
{
	int market = sql_market();

	sql_run("update core.market set is_test = false where market_id = %d", market);
	sql_refused(
	    "clock_not_test", "select " MOVE_CLOCK, market, sql_operator(), sql_id(), "1 day");
	sql_refused("clock_not_test", "select " MOVE_CLOCK, -1, sql_operator(), sql_id(), "1 day");
	sql_refused("market_check",
	    "update core.market set test_now = " SQL_NOW " where market_id = %d", market);
}

/* --- partners --- */

/* A call of api.create_partner: market, actor, key, digest, the two ids of the client's (SQL), the
 * new ids, the event's, enrolments. */
#define CREATE_PARTNER \
	"api.create_partner(p_market_id => %d, p_actor_id => '%s', p_key => '%s', " \
	"p_digest => %s, p_partner_id => %s, p_account_id => %s, p_new_partner_id => '%s', " \
	"p_new_account_id => '%s', p_event_id => '%s', p_enrolments => '%s', " \
	"p_actor_role => 'operator', p_now => " SQL_NOW ", p_name => 'Ada')"
#define AS_COURIER "[{\"kind\": \"courier\"}]"

static const char *
quoted(const char *id)
{
	return sql_text("select quote_literal('%s')", id);
}

Test(identity, make_a_partner_with_account_wallet_and_enrolments)
{
	int market = sql_market();
	const char *partner = sql_id(), *account = sql_id();

	sql_run("select * from " CREATE_PARTNER, market, sql_operator(), "k", SQL_DIGEST, "null",
	    "null", partner, account, sql_id(),
	    "[{\"kind\": \"driver\"}, {\"kind\": \"courier\"}]");
	cr_assert_eq(sql_count("select from ledger.wallet where market_id = %d and owner_id = '%s' "
			       "and owner_kind = 'partner' and currency = 'EUR' "
			       "and floor_minor = -50000 and balance_minor = 0",
			 market, partner),
	    1);
	cr_assert_eq(
	    sql_count(
		"select from identity.account where account_id = '%s' and name = 'Ada'", account),
	    1);
	cr_assert_str_eq(sql_text("select array_agg(e.kind || ' ' || e.state)::text "
				  "from identity.partner_shown s, unnest(s.enrolments) e "
				  "where s.market_id = %d and s.partner_id = '%s'",
			     market, partner),
	    "{\"courier active\",\"driver active\"}");
	cr_assert_eq(
	    sql_int("select count(distinct event_id) from events.event where market_id = %d "
		    "and partner_id = '%s'",
		market, partner),
	    3);
}

Test(identity, answer_the_same_partner_to_the_same_key)
{
	int market = sql_market();
	const char *actor = sql_operator(), *first = sql_id();

	sql_run("select * from " CREATE_PARTNER, market, actor, "k", SQL_DIGEST, "null", "null",
	    first, sql_id(), sql_id(), AS_COURIER);
	cr_assert(sql_true("select replayed and (\"row\").partner_id = '%s' from " CREATE_PARTNER,
	    first, market, actor, "k", SQL_DIGEST, "null", "null", sql_id(), sql_id(), sql_id(),
	    AS_COURIER));
	sql_refused("key_reused", "select * from " CREATE_PARTNER, market, actor, "k",
	    SQL_OTHER_DIGEST, "null", "null", sql_id(), sql_id(), sql_id(), AS_COURIER);
	cr_assert_eq(
	    sql_int("select count(*) from identity.partner where market_id = %d", market), 1);
}

Test(identity, take_the_clients_id_as_an_identity)
{
	int market = sql_market();
	const char *actor = sql_operator(), *own = quoted(sql_id());

	cr_assert_not(sql_true("select replayed from " CREATE_PARTNER, market, actor, "k",
	    SQL_DIGEST, own, "null", sql_id(), sql_id(), sql_id(), AS_COURIER));
	cr_assert(sql_true("select replayed and (\"row\").partner_id = %s from " CREATE_PARTNER,
	    own, market, actor, "l", SQL_DIGEST, own, "null", sql_id(), sql_id(), sql_id(),
	    AS_COURIER));
	sql_refused("key_reused", "select * from " CREATE_PARTNER, market, actor, "m",
	    SQL_OTHER_DIGEST, own, "null", sql_id(), sql_id(), sql_id(), AS_COURIER);
}

Test(identity, let_an_account_be_one_partner_in_each_market)
{
	int market = sql_market(), other = sql_market();
	const char *account = sql_id();
	static const char make[] =
	    "select identity.make_partner(%d, '%s', '%s', 'Ada', '" AS_COURIER "', " SQL_DIGEST
	    ", '%s', '%s', 'customer', " SQL_NOW ")";

	sql_run("select * from " CREATE_PARTNER, market, sql_operator(), "k", SQL_DIGEST, "null",
	    "null", sql_id(), account, sql_id(), AS_COURIER);
	sql_run(make, other, sql_id(), account, sql_id(), account);
	sql_refused("partner_exists", make, market, sql_id(), account, sql_id(), account);
}

Test(identity, refuse_enrolments_that_cannot_be)
{
	int market = sql_market();

	sql_refused("enrolment_exists", "select * from " CREATE_PARTNER, market, sql_operator(),
	    "k", SQL_DIGEST, "null", "null", sql_id(), sql_id(), sql_id(),
	    "[{\"kind\": \"courier\"}, {\"kind\": \"courier\"}]");
	sql_refused("programme_unknown", "select * from " CREATE_PARTNER, market, sql_operator(),
	    "k", SQL_DIGEST, "null", "null", sql_id(), sql_id(), sql_id(),
	    "[{\"kind\": \"courier\", \"programme_id\": "
	    "\"00000000-0000-7000-8000-000000000001\"}]");
}

Test(identity, show_a_partner_to_itself_and_to_operators)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *ada = sql_partner(market, "courier"), *bob = sql_partner(market, "driver");

	cr_assert_str_eq(
	    sql_text("select (api.get_partner(%d, '%s', '%s')).partner_id", market, ada, ada), ada);
	cr_assert_str_eq(
	    sql_text("select (api.get_partner(%d, null, '%s')).partner_id", market, bob), bob);
	sql_refused("partner_unknown", "select api.get_partner(%d, '%s', '%s')", market, ada, bob);
	sql_refused("partner_unknown", "select api.get_partner(%d, null, '%s')", elsewhere, ada);
}

Test(identity, list_partners_by_id_over_pages)
{
	int market = sql_market();
	const char *first = sql_partner(market, "courier"), *second = sql_partner(market, "driver");

	cr_assert_str_eq(
	    sql_text("select partner_id from api.list_partners(%d, null, 1, null, null)", market),
	    first);
	cr_assert_str_eq(
	    sql_text(
		"select partner_id from api.list_partners(%d, null, 1, '%s', null)", market, first),
	    second);
	cr_assert_str_eq(sql_text("select partner_id from api.list_partners(%d, null, 9, null, "
				  "'driver')",
			     market),
	    second);
	cr_assert_eq(
	    sql_count("select * from api.list_partners(%d, '%s', 9, null, null)", market, first),
	    1);
}

Test(identity, hold_partners_and_accounts_to_their_shapes)
{
	int market = sql_market();

	sql_partner(market, "courier");
	sql_refused("partner_state_check", "update identity.partner set state = 'lost'");
	sql_refused("partner_name_check", "update identity.partner set name = ''");
	sql_refused("partner_digest_check", "update identity.partner set digest = 'x'");
	sql_refused("account_name_check",
	    "insert into identity.account values ('%s', '', " SQL_NOW ")", sql_id());
}

/* --- laws --- */

Test(identity, see_a_partner_without_a_wallet)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");

	sql_breaks_law("partner_has_wallet",
	    "delete from ledger.wallet where market_id = %d "
	    "and owner_id = '%s'",
	    market, partner);
}

Test(identity, see_a_wallet_without_its_owner)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");

	sql_breaks_law("wallet_has_owner",
	    "update ledger.wallet set owner_id = '%s' where market_id = %d and owner_id = '%s'",
	    sql_id(), market, partner);
	sql_breaks_law("wallet_has_owner",
	    "update ledger.wallet set currency = 'USD' where market_id = %d", market);
	sql_breaks_law("wallet_has_owner",
	    "update ledger.wallet set market_id = -1 where market_id = %d", market);
}

Test(identity, see_a_partner_without_an_account)
{
	int market = sql_market();

	sql_partner(market, "courier");
	sql_run(
	    "set local session_replication_role = replica"); /* the registry would not have it */
	sql_breaks_law("partner_has_account",
	    "update identity.partner set account_id = '%s' where market_id = %d", sql_id(), market);
}
