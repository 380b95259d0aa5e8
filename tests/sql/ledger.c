/* ledger: agreements, postings, weeks, balances and the books, as SQL sees them. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(ledger, .init = sql_begin, .fini = sql_end);

#define OPERATOR "00000000-0000-7000-8000-00000000000a"

/* The call that makes an agreement for fares; `key` is the Idempotency-Key. */
static const char *
agreement(int market, const char *key, const char *digest, const char *from, int partner_ppm)
{
	return sql_text("select $call$ select * from api.create_share_agreement(%d, '" OPERATOR
			"', "
			"'operator', " SQL_NOW ", '%s', '%s', %s, '%s', 'Terms', 'fare', '%s', "
			"'[{\"party\": \"partner\", \"share_ppm\": %d}, "
			"{\"party\": \"platform\", \"share_ppm\": %d}]') $call$",
	    market, sql_id(), key, digest, sql_id(), from, partner_ppm, 1000000 - partner_ppm);
}

/* Posts to the partner's wallet as the platform's collector would; returns entry_no. */
static int64_t
post(
    int market, const char *partner, int64_t amount_minor, const char *occurred_at, const char *now)
{
	return sql_int("select ledger.post(%d, '%s', '%s', 'trip', '%s', '{1000,2000}', "
		       "array[%lld, %lld]::bigint[], '%s', '%s')",
	    market, partner, sql_id(), sql_id(), (long long)amount_minor, -(long long)amount_minor,
	    occurred_at, now);
}

static int64_t
post_now(int market, const char *partner, int64_t amount_minor)
{
	return post(market, partner, amount_minor, "2026-03-02 09:00+00", "2026-03-02 10:00+00");
}

Test(ledger, makes_an_agreement_once_per_key)
{
	int market = sql_market();
	const char *call = agreement(market, "k", SQL_DIGEST, "2026-01-01 00:00+00", 800000);
	const char *made, *again;

	sql_as("socius_gate");
	made = sql_text("select \"row\" from (%s) c", call);
	again = sql_text("select \"row\" from (%s) c where replayed", call);
	cr_assert_str_eq(made, again);
	cr_assert(
	    strstr(made, "(partner,800000)") && strstr(made, "(platform,200000)"), "%s", made);
	sql_refused("key_reused", "%s",
	    agreement(market, "k", SQL_OTHER_DIGEST, "2026-02-01 00:00+00", 700000));
	sql_as(NULL);
	cr_assert_eq(
	    sql_count("select from ledger.share_agreement where market_id = %d", market), 1);
	cr_assert_eq(sql_count("select from events.event where market_id = %d "
			       "and kind = 'share_agreement.created'",
			 market),
	    1);
}

Test(ledger, refuses_shares_that_are_no_whole)
{
	int market = sql_market();

	sql_as("socius_gate");
	for (int i = 0; i < 4; i++) {
		static const char *const parties[] = {
			"[{\"party\": \"partner\", \"share_ppm\": 800000}]",
			"[{\"party\": \"platform\", \"share_ppm\": 1000000}]",
			"[{\"party\": \"partner\", \"share_ppm\": 500000}, "
			"{\"party\": \"partner\", \"share_ppm\": 500000}]",
			"[{\"party\": \"partner\", \"share_ppm\": 1200000}, "
			"{\"party\": \"platform\", \"share_ppm\": -200000}]",
		};
		sql_refused("agreement_parts_wrong",
		    "select * from api.create_share_agreement(%d, '%s', 'operator', " SQL_NOW
		    ", '%s', 'k', " SQL_DIGEST ", '%s', 'Terms', 'fare', '2026-01-01', '%s')",
		    market, sql_operator(), sql_id(), sql_id(), parties[i]);
	}
}

Test(ledger, keeps_wrong_shares_out_of_the_table_too)
{
	sql_refused("agreement_parts_wrong",
	    "insert into ledger.share_agreement values (%d, '%s', 'x', 'fare', '2026-01-01', "
	    "'{partner,platform}', '{800000,199999}', " SQL_NOW ")",
	    sql_market(), sql_id());
	sql_refused("agreement_parts_wrong",
	    "insert into ledger.share_agreement values (%d, '%s', 'x', 'fare', '2026-01-01', "
	    "'{partner,landlord}', '{800000,200000}', " SQL_NOW ")",
	    sql_market(), sql_id());
}

Test(ledger, refuses_two_versions_from_one_instant)
{
	int market = sql_market();

	sql_as("socius_gate");
	sql_run("%s", agreement(market, "a", SQL_DIGEST, "2026-04-01 00:00+00", 800000));
	sql_refused("agreement_overlaps", "%s",
	    agreement(market, "b", SQL_DIGEST, "2026-04-01 01:00+01", 700000));
	sql_run("%s", agreement(market, "c", SQL_DIGEST, "2026-04-01 00:00:01+00", 700000));
}

Test(ledger, lists_agreements_and_shows_one)
{
	int market = sql_market(), other = sql_market();
	const char *agreement_id;

	sql_as("socius_gate");
	sql_run("%s", agreement(market, "a", SQL_DIGEST, "2026-02-01 00:00+00", 800000));
	sql_run("%s", agreement(market, "b", SQL_DIGEST, "2026-01-01 00:00+00", 700000));
	agreement_id =
	    sql_text("select share_agreement_id from api.list_share_agreements(%d, null, "
		     "1, null, null) where effective_from = '2026-01-01 00:00+00'",
		market);
	cr_assert_eq(
	    sql_count("select from api.list_share_agreements(%d, 'fare', 50, 'fare', "
		      "'2026-01-01 00:00+00') where effective_from = '2026-02-01 00:00+00'",
		market),
	    1);
	cr_assert_eq(
	    sql_count("select from api.list_share_agreements(%d, 'price', 50, null, null)", market),
	    0);
	cr_assert_eq(sql_int("select (parties[1]).share_ppm from api.get_share_agreement(%d, '%s')",
			 market, agreement_id),
	    700000);
	sql_refused("agreement_unknown", "select * from api.get_share_agreement(%d, '%s')", other,
	    agreement_id);
}

Test(ledger, counts_entries_and_carries_the_balance)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver"), *other = sql_partner(market, "driver");

	cr_assert_eq(post_now(market, partner, 1000), 1);
	cr_assert_eq(post_now(market, partner, -300), 2);
	cr_assert_eq(post_now(market, other, 50), 1);
	cr_assert_eq(post_now(market, partner, 5), 3);
	cr_assert_str_eq(sql_text("select array_agg(balance_minor order by entry_no) "
				  "from ledger.transaction where owner_id = '%s'",
			     partner),
	    "{1000,700,705}");
	cr_assert(sql_true("select balance_minor = 705 and entries = 3 and dirty "
			   "from ledger.wallet where market_id = %d and owner_id = '%s'",
	    market, partner));
}

Test(ledger, takes_only_what_balances)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver");

	sql_refused("transaction_balances",
	    "select ledger.post(%d, '%s', '%s', 'trip', '%s', '{1000,2000}', '{100,-99}', " SQL_NOW
	    ", " SQL_NOW ")",
	    market, partner, sql_id(), sql_id());
	sql_refused("transaction_balances",
	    "select ledger.post(%d, '%s', '%s', 'trip', '%s', '{2000}', '{0}', " SQL_NOW
	    ", " SQL_NOW ")",
	    market, partner, sql_id(), sql_id());
	sql_refused("transaction_balances",
	    "select ledger.post(%d, '%s', '%s', 'trip', '%s', '{1000,2000}', '{1,-2,1}', " SQL_NOW
	    ", " SQL_NOW ")",
	    market, partner, sql_id(), sql_id());
	sql_fails("P0001",
	    "select ledger.post(%d, '%s', '%s', 'trip', '%s', '{1000,2000}', '{1,-1}', " SQL_NOW
	    ", " SQL_NOW ")",
	    market, sql_id(), sql_id(), sql_id());
}

Test(ledger, settles_no_entry_that_is_not_there)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver");

	post_now(market, partner, 1000);
	sql_refused("settled_within_entries",
	    "update ledger.wallet set settled_entries = 2 where owner_id = '%s'", partner);
	sql_refused("settled_within_entries",
	    "update ledger.wallet set settled_entries = -1 where owner_id = '%s'", partner);
}

Test(ledger, changes_nothing_that_is_posted)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver");

	sql_run("update core.market set is_test = false where market_id = %d", market);
	post_now(market, partner, 1000);
	sql_fails(
	    "SO002", "update ledger.transaction set kind = 'x' where owner_id = '%s'", partner);
	sql_fails("SO002", "delete from ledger.transaction where owner_id = '%s'", partner);
	sql_fails("SO002", "truncate ledger.transaction");
	/* a role of the API may not even ask */
	sql_as("wall_operator");
	sql_fails(
	    "42501", "update ledger.transaction set kind = 'x' where owner_id = '%s'", partner);
	sql_fails("42501", "delete from ledger.transaction where owner_id = '%s'", partner);
}

Test(ledger, guards_every_partition)
{
	cr_assert_gt(
	    sql_count("select from pg_inherits where inhparent = 'ledger.transaction'::regclass"),
	    1);
	cr_assert_eq(
	    sql_int("select count(*) from pg_inherits i where inhparent = "
		    "'ledger.transaction'::regclass and 2 <> (select count(*) from pg_trigger t "
		    "join pg_proc p on p.oid = t.tgfoid where t.tgrelid = i.inhrelid "
		    "and p.proname = 'guard_transaction' and t.tgenabled <> 'D')"),
	    0, "a partition has not both triggers");
}

Test(ledger, lets_a_test_market_go)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver");

	post_now(market, partner, 1000);
	sql_fails(
	    "SO002", "update ledger.transaction set kind = 'x' where owner_id = '%s'", partner);
	sql_run("delete from ledger.transaction where owner_id = '%s'", partner);
}

Test(ledger, begins_the_week_on_monday_at_four)
{
	int market = sql_market_in("USD", "America/New_York");

	/* Monday 2026-03-02 04:00 in New York is 09:00 UTC; a week later clocks have moved */
	cr_assert_str_eq(
	    sql_text("select ledger.week_of(%d, '2026-03-02 08:59:59.999999+00')", market),
	    "2026-02-23");
	cr_assert_str_eq(
	    sql_text("select ledger.week_of(%d, '2026-03-02 09:00+00')", market), "2026-03-02");
	cr_assert_str_eq(
	    sql_text("select ledger.week_of(%d, '2026-03-09 07:59+00')", market), "2026-03-02");
	cr_assert_str_eq(
	    sql_text("select ledger.week_of(%d, '2026-03-09 08:00+00')", market), "2026-03-09");
	cr_assert(sql_true("select ledger.week_begins('America/New_York', '2026-03-09') = "
			   "'2026-03-09 08:00+00' and ledger.week_begins('America/New_York', "
			   "'2026-03-02') = '2026-03-02 09:00+00'"));
}

Test(ledger, posts_into_the_oldest_open_week_what_comes_after_closing)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver");

	post(market, partner, 1, "2026-02-24 12:00+00", "2026-02-24 12:00+00");
	sql_run("select ledger.close_week(%d, '2026-02-23', " SQL_NOW ")", market);
	sql_run("select ledger.close_week(%d, '2026-02-23', " SQL_NOW ")", market);
	post(market, partner, 2, "2026-02-24 12:00+00", "2026-03-02 10:00+00");
	post(market, partner, 3, "2026-01-05 12:00+00", "2026-03-02 10:00+00");
	post(market, partner, 4, "2026-03-10 12:00+00", "2026-03-10 12:00+00");
	cr_assert_str_eq(sql_text("select array_agg(week order by entry_no) "
				  "from ledger.transaction where owner_id = '%s'",
			     partner),
	    "{2026-02-23,2026-03-02,2026-03-02,2026-03-09}");
	sql_refused(
	    "week_is_monday", "select ledger.close_week(%d, '2026-02-24', " SQL_NOW ")", market);
}

/* A posting under way holds the week open; the closer gives up before it could be a deadlock. */
Test(ledger, closes_no_week_under_a_posting)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver");
	PGconn *closer = sql_connect();
	char closing[128];
	PGresult *result;

	snprintf(closing, sizeof(closing),
	    "select ledger.close_week(%d, '2026-02-23', " SQL_NOW ")", market);
	post_now(market, partner, 1);
	result = PQexec(closer, closing);
	cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_SQLSTATE), "55P03");
	PQclear(result);
	PQfinish(closer);
}

Test(ledger, shows_the_balance_and_since_when_it_is_unsettled)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver");

	post(market, partner, 1000, "2026-02-20 12:00+00", "2026-02-20 12:00+00");
	post(market, partner, 200, "2026-03-01 12:00+00", "2026-03-01 12:00+00");
	post_now(market, partner, 30);
	sql_run("update ledger.wallet set settled_entries = 1 where owner_id = '%s'", partner);
	sql_as("socius_gate");
	cr_assert(
	    sql_true("select balance_minor = 1230 and currency = 'EUR' and floor_minor = -50000 "
		     "and entries = 3 and unsettled_entries = 2 and unsettled_since = "
		     "'2026-03-01 12:00+00' and as_of = " SQL_NOW
		     " from api.get_balance(%d, '%s', " SQL_NOW ", '%s')",
		market, partner, partner));
	cr_assert(sql_true("select balance_minor = 1230 from api.get_balance(%d, null, " SQL_NOW
			   ", '%s')",
	    market, partner));
}

Test(ledger, shows_an_untouched_wallet)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");

	sql_as("socius_gate");
	cr_assert(sql_true("select balance_minor = 0 and unsettled_entries = 0 and unsettled_since "
			   "is null from api.get_balance(%d, '%s', " SQL_NOW ", '%s')",
	    market, partner, partner));
	cr_assert_eq(
	    sql_count("select from api.list_earnings(%d, '%s', '%s', null, null, 50, null, "
		      "null)",
		market, partner, partner),
	    0);
}

Test(ledger, hides_a_wallet_from_others)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *ada = sql_partner(market, "driver"), *bob = sql_partner(market, "driver");

	post_now(market, ada, 1000);
	sql_as("socius_gate");
	sql_refused("partner_unknown", "select * from api.get_balance(%d, '%s', " SQL_NOW ", '%s')",
	    market, bob, ada);
	sql_refused("partner_unknown", "select * from api.get_balance(%d, null, " SQL_NOW ", '%s')",
	    elsewhere, ada);
	sql_refused("partner_unknown",
	    "select * from api.list_earnings(%d, '%s', '%s', null, null, 50, null, null)", market,
	    bob, ada);
	sql_refused("partner_unknown",
	    "select * from api.list_earnings(%d, null, '%s', null, null, 50, null, null)",
	    elsewhere, ada);
}

/* The second wall: without the function's own condition a wrong context still sees nothing. */
Test(ledger, shows_no_row_through_the_wall)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *ada = sql_partner(market, "driver"), *bob = sql_partner(market, "driver");

	post_now(market, ada, 1000);
	sql_as("wall_member");
	sql_run("select core.enter(%d, '%s')", market, bob);
	cr_assert_eq(sql_count("select from ledger.transaction"), 0);
	cr_assert_eq(sql_count("select from ledger.wallet where owner_id = '%s'", ada), 0);
	sql_run("select core.enter(%d, null)", elsewhere);
	cr_assert_eq(sql_count("select from ledger.transaction"), 0);
	sql_run("select core.enter(%d, null)", market);
	cr_assert_eq(sql_count("select from ledger.transaction"), 1);
}

Test(ledger, lists_earnings_from_the_newest_page_by_page)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver"), *month;

	post(market, partner, 1, "2026-01-20 12:00+00", "2026-01-20 12:00+00");
	post(market, partner, 2, "2026-02-20 12:00+00", "2026-02-20 12:00+00");
	post(market, partner, 3, "2026-02-10 12:00+00", "2026-02-21 12:00+00");
	post(market, partner, 4, "2026-03-01 12:00+00", "2026-03-01 12:00+00");
	month = sql_text("select core.month_now()");
	sql_as("socius_gate");
	cr_assert_str_eq(sql_text("select array_agg(wallet_minor) from api.list_earnings(%d, '%s', "
				  "'%s', null, null, 3, null, null)",
			     market, partner, partner),
	    "{4,3,2}");
	cr_assert_str_eq(sql_text("select array_agg(wallet_minor) from api.list_earnings(%d, '%s', "
				  "'%s', null, null, 3, '%s', 2)",
			     market, partner, partner, month),
	    "{1}");
	cr_assert_str_eq(
	    sql_text("select array_agg(wallet_minor) from api.list_earnings(%d, null, "
		     "'%s', '2026-02-10 12:00+00', '2026-03-01 12:00+00', 50, null, null)",
		market, partner),
	    "{3,2}");
}

Test(ledger, lists_transactions_by_wallet_and_entry)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "driver"), *bob = sql_partner(market, "driver");
	const char *cause, *month = sql_text("select core.month_now()");

	post_now(market, bob, 7);
	post_now(market, ada, 1000);
	post_now(market, ada, 0);
	cause = sql_text("select cause_id from ledger.transaction where owner_id = '%s'", bob);
	sql_as("socius_gate");
	cr_assert_str_eq(
	    sql_text("select array_agg(wallet_minor) from api.list_ledger_transactions(%d, null, "
		     "null, null, null, 50, null, null, null)",
		market),
	    "{1000,0,7}");
	cr_assert_str_eq(
	    sql_text("select array_agg(wallet_minor) from api.list_ledger_transactions(%d, null, "
		     "null, null, null, 50, '%s', '%s', 1)",
		market, ada, month),
	    "{0,7}");
	cr_assert_str_eq(
	    sql_text(
		"select array_agg(entries::text order by entry_no) from "
		"api.list_ledger_transactions(%d, '%s', null, null, null, 50, null, null, null)",
		market, ada),
	    "{\"{\\\"(1000,collections,1000)\\\",\\\"(2000,wallet,-1000)\\\"}\",\"{}\"}");
	cr_assert_eq(
	    sql_int("select wallet_minor from api.list_ledger_transactions(%d, null, '%s', "
		    "null, null, 50, null, null, null)",
		market, cause),
	    7);
	cr_assert_eq(sql_count("select from api.list_ledger_transactions(%d, null, null, null, "
			       "'2026-03-02 09:00+00', 50, null, null, null)",
			 market),
	    0);
}

Test(ledger, sums_every_account)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *partner = sql_partner(market, "driver");

	post_now(market, partner, 1000);
	post_now(market, partner, -300);
	post_now(elsewhere, sql_partner(elsewhere, "driver"), 99);
	sql_as("socius_gate");
	cr_assert(
	    sql_true("select debit_minor = 300 and credit_minor = 1000 and balance_minor = -700 "
		     "and currency = 'EUR' and name = 'wallet' "
		     "from api.list_ledger_accounts(%d, 50, 1999)",
		market));
	cr_assert_eq(
	    sql_int(
		"select sum(balance_minor) from api.list_ledger_accounts(%d, 50, null)", market),
	    0);
	cr_assert_eq(sql_count("select from api.list_ledger_accounts(%d, 3, null)", market), 3);
}

/* Each law sees its violation. Constraint and guard must be out of the way to plant one. */
static void
plant(const char *law, const char *change)
{
	sql_breaks_law(law,
	    "alter table ledger.transaction drop constraint transaction_balances;"
	    "alter table ledger.share_agreement drop constraint agreement_parts_wrong;"
	    "drop trigger transaction_append_only on ledger.transaction; %s",
	    change);
}

Test(ledger, has_laws_that_see)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver");

	sql_run("%s", agreement(market, "a", SQL_DIGEST, "2026-01-01 00:00+00", 800000));
	sql_run("insert into ledger.account values (9, 'test', 'asset', 'test') "
		"on conflict do nothing");
	post_now(market, partner, 1000);
	post_now(market, partner, 1000);
	plant("transactions_balance", "update ledger.transaction set amounts = '{1000,-999}'");
	plant("transactions_balance", "update ledger.transaction set amounts = '{0,-0,0}'");
	plant("wallets_match_entries", "update ledger.transaction set accounts = '{1000,2100}'");
	plant("wallets_add_up", "update ledger.wallet set balance_minor = balance_minor + 1");
	plant("wallets_add_up", "update ledger.wallet set entries = entries + 1");
	plant("entries_follow_on", "update ledger.transaction set entry_no = 3 where entry_no = 2");
	plant("entries_follow_on",
	    "update ledger.transaction set balance_minor = 1 where entry_no = 1");
	plant("transactions_have_wallets", "update ledger.transaction set currency = 'USD'");
	plant("transactions_have_wallets", "delete from ledger.wallet");
	plant("between_wallets_is_empty",
	    "update ledger.transaction set accounts = '{2900,2000}' where entry_no = 1");
	plant("wallets_keep_their_floor",
	    "update ledger.transaction set balance_minor = -50001, wallet_minor = -1 "
	    "where entry_no = 2");
	plant("shares_sum_to_a_million",
	    "update ledger.share_agreement set shares_ppm = '{800000,200001}'");
	plant("shares_sum_to_a_million",
	    "update ledger.share_agreement set parties = '{partner,partner}'");
}
