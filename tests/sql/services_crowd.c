/* services: many callers at once. What they meet must be committed, so these tests do not roll back
 * but sweep up behind themselves. */
#include <criterion/criterion.h>

#include "sql/services_given.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"

enum { CROWD = 64 };

static int market;
static PGconn *callers[CROWD];

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	given_price_agreement(market);
}

static void
sweep(void)
{
	static const char *const tables[] = { "services.redemption", "services.rental",
		"services.asset", "services.listing", "services.vendor", "onboarding.enrolment",
		"ledger.transaction", "ledger.deduction", "ledger.wallet", "ledger.share_agreement",
		"identity.partner", "events.event", "core.request_key", "core.market" };

	for (int i = 0; i < CROWD; i++)
		PQfinish(callers[i]);
	sql_run("begin; set local session_replication_role = replica");
	sql_run("delete from identity.person r using identity.partner p "
		"where p.market_id = %d and r.person_id in (p.account_id, p.partner_id)",
	    market);
	sql_run("delete from identity.account where account_id in "
		"(select account_id from identity.partner where market_id = %d)",
	    market);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		sql_run("delete from %s where market_id = %d", tables[i], market);
	sql_run("commit");
	sql_end();
}

TestSuite(services_crowd, .init = begin, .fini = sweep);

struct answers {
	int done, replayed, refused;
	char slug[64]; /* of the last refusal */
};

static const char *
refusal_of(const PGresult *result)
{
	int refused = PQfnumber(result, "refused");

	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_SQLSTATE), "SO001", "%s",
		    PQresultErrorMessage(result));
		return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	}
	return refused >= 0 && !PQgetisnull(result, 0, refused) ? PQgetvalue(result, 0, refused)
								: NULL;
}

static void
count_answer(struct answers *answers, const PGresult *result)
{
	const char *slug = refusal_of(result);

	if (slug != NULL) {
		answers->refused++;
		snprintf(answers->slug, sizeof(answers->slug), "%s", slug);
	} else if (PQgetvalue(result, 0, PQfnumber(result, "replayed"))[0] == 't') {
		answers->replayed++;
	} else {
		answers->done++;
	}
}

/* All call at the same time: each gets its statement before any is answered. */
static struct answers
stampede(const char *const statements[CROWD])
{
	struct answers answers = { 0 };
	PGresult *result;

	sql_run("commit");
	for (int i = 0; i < CROWD; i++) {
		callers[i] = sql_connect();
		cr_assert_eq(PQsendQuery(callers[i], "set role socius_gate"), 1);
		while (PQgetResult(callers[i]) != NULL)
			continue;
	}
	for (int i = 0; i < CROWD; i++)
		cr_assert_eq(PQsendQuery(callers[i], statements[i]), 1);
	for (int i = 0; i < CROWD; i++)
		while ((result = PQgetResult(callers[i])) != NULL) {
			count_answer(&answers, result);
			PQclear(result);
		}
	return answers;
}

/* One call of the batch, as the gate sends it: the inner function is not the gate's to call. */
static const char *
batch_of_one(const char *partner, const char *listing, const char *key)
{
	return sql_text(
	    "select format('select * from api.redeem_listing_batch(%d, array[%%1$L]::uuid[], "
	    "array[%%1$L]::uuid[], array[%%2$L]::timestamptz[], array[md5(%%3$L)]::uuid[], "
	    "array[sha256(%%4$L)], array[%%5$L]::uuid[], array[%%6$L]::uuid[], "
	    "array[%%7$L]::uuid[], array[%%4$L]::uuid[])', '%s', '" NOW "', '%s %s', '%s', "
	    "gen_random_uuid(), gen_random_uuid(), gen_random_uuid())",
	    market, partner, partner, key, listing);
}

static void
assert_laws_hold(void)
{
	static const char *const laws[] = { "redemptions_within_stock", "redeemed_once_per_partner",
		"redemptions_reimbursed_once", "rentals_never_overlap", "assets_match_rentals",
		"rentals_charged_once", "rentals_owed_by_their_partners", "wallets_add_up" };

	for (size_t i = 0; i < sizeof(laws) / sizeof(laws[0]); i++)
		cr_expect_eq(sql_count("select from laws.%s where market_id = %d", laws[i], market),
		    0, "%s", laws[i]);
}

Test(services_crowd, redeem_no_more_than_the_stock)
{
	const char *listing = given_listing(market, (struct offer){ .stock = "10" });
	const char *statements[CROWD];
	struct answers answers;

	for (int i = 0; i < CROWD; i++)
		statements[i] = batch_of_one(sql_partner(market, "courier"), listing, "k");
	answers = stampede(statements);
	cr_assert_eq(answers.done, 10);
	cr_assert_eq(answers.refused, CROWD - 10);
	cr_assert_str_eq(answers.slug, "sold_out");
	cr_assert_eq(
	    sql_int("select sum(balance_minor) from ledger.wallet where market_id = %d", market),
	    10 * 800);
	assert_laws_hold();
}

Test(services_crowd, redeem_once_per_partner)
{
	const char *listing = given_listing(market, (struct offer){ .stock = "1000" });
	const char *partner = sql_partner(market, "courier"), *statements[CROWD];
	struct answers answers;

	/* half of them with one key, the others each with its own */
	for (int i = 0; i < CROWD; i++)
		statements[i] = batch_of_one(partner, listing, i % 2 == 0 ? "key" : sql_id());
	answers = stampede(statements);
	cr_assert_eq(answers.done, 1);
	cr_assert(answers.replayed == CROWD / 2 - 1 || answers.replayed == 0);
	cr_assert_str_eq(answers.slug, "redeemed_already");
	assert_laws_hold();
}

Test(services_crowd, rent_one_asset_to_one_of_many)
{
	const char *listing = given_listing(market, (struct offer){ .kind = "rental" });
	const char *van = given_asset(market, listing), *statements[CROWD];
	struct answers answers;

	for (int i = 0; i < CROWD; i++)
		statements[i] =
		    rent_call(market, (struct hire){ .partner_id = sql_partner(market, "courier"),
					  .listing_id = listing,
					  .asset_id = van });
	answers = stampede(statements);
	cr_assert_eq(answers.done, 1);
	cr_assert_eq(answers.refused, CROWD - 1);
	cr_assert_str_eq(answers.slug, "rental_overlaps");
	assert_laws_hold();
}

Test(services_crowd, rent_every_asset_to_someone)
{
	const char *listing = given_listing(market, (struct offer){ .kind = "rental" });
	const char *statements[CROWD];
	struct answers answers;

	for (int i = 0; i < 7; i++)
		given_asset(market, listing);
	for (int i = 0; i < CROWD; i++)
		statements[i] =
		    rent_call(market, (struct hire){ .partner_id = sql_partner(market, "courier"),
					  .listing_id = listing });
	answers = stampede(statements);
	cr_assert_eq(answers.done, 7);
	cr_assert_str_eq(answers.slug, "no_asset_free");
	cr_assert_eq(
	    sql_count("select from services.asset where market_id = %d and is_out", market), 7);
	assert_laws_hold();
}

Test(services_crowd, charge_a_return_once)
{
	const char *listing = given_listing(market, (struct offer){ .kind = "rental" });
	const char *partner = sql_partner(market, "courier"), *rental, *statements[CROWD];
	struct answers answers;

	given_asset(market, listing);
	rental =
	    given_rental(market, (struct hire){ .partner_id = partner, .listing_id = listing });
	for (int i = 0; i < CROWD; i++)
		statements[i] = end_call("return_rental", market, partner, rental,
		    i % 2 == 0 ? "key" : sql_id(), "2026-03-05 10:00+00");
	answers = stampede(statements);
	cr_assert_eq(answers.done, 1);
	cr_assert_str_eq(answers.slug, "rental_not_active");
	cr_assert_eq(
	    sql_int("select owed_minor from ledger.wallet where owner_id = '%s'", partner), 10500);
	assert_laws_hold();
}
