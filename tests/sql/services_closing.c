/* services: a rental whose partner does not bring the asset back is closed by an operator. */
#include <criterion/criterion.h>

#include "sql/services_given.h"
#include "support/sql.h"

/* The van is to be back on 12 March, 10:00. */
#define LATE "2026-03-20 10:00:00+00"
#define CAUGHT "2026-03-14 09:00:00+00"

static int market;
static const char *partner, *rival, *listing, *van, *rental;

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	partner = sql_partner(market, "courier");
	rival = sql_partner(market, "courier");
	given_price_agreement(market);
	listing = given_listing(market, (struct offer){ .kind = "rental" });
	van = given_asset(market, listing);
	rental =
	    given_rental(market, (struct hire){ .partner_id = partner, .listing_id = listing });
}

TestSuite(closing, .init = begin, .fini = sql_end);

/* until: SQL. */
static const char *
close_keyed(const char *key, const char *outcome, const char *until, const char *now)
{
	return sql_text(
	    "select format($f$select replayed, (\"row\").* from api.close_rental(%d, '%s', "
	    "'operator', '%s', '%s', sha256('%s%s'), '%s', '%s', '%s', '%s', "
	    "'It never came back.', %s)$f$)",
	    market, rental, now, key, outcome, rental, sql_id(), sql_id(), rental, outcome, until);
}

static const char *
closing(const char *outcome, const char *until, const char *now)
{
	return close_keyed(sql_id(), outcome, until, now);
}

static void
no_law_is_broken(void)
{
	static const char *const laws[] = { "rentals_never_overlap", "assets_match_rentals",
		"lost_assets_stay_lost", "rentals_charged_once", "rentals_owed_by_their_partners",
		"rentals_tell_each_transition", "services_are_whole", "wallets_add_up" };

	for (size_t i = 0; i < sizeof(laws) / sizeof(laws[0]); i++)
		cr_expect_eq(sql_count("select from laws.%s where market_id = %d", laws[i], market),
		    0, "%s", laws[i]);
}

static int64_t
owed(void)
{
	return sql_int("select owed_minor from ledger.wallet where owner_id = '%s'", partner);
}

Test(closing, takes_a_lost_van_out_of_the_fleet)
{
	struct hire hire = { .partner_id = rival, .listing_id = listing, .now = LATE };

	cr_assert_str_eq(
	    sql_text("select concat_ws(' ', state, returned_at, days_so_far, charge_minor, "
		     "reason) from (%s) m",
		closing("lost", "null", LATE)),
	    "lost " LATE " 18 63000 It never came back.");
	cr_assert_str_eq(
	    sql_text("select concat_ws(' ', is_out, busy, lost_at) from services.asset "
		     "where asset_id = '%s'",
		van),
	    "f {} " LATE);
	hire.ends_at = "2026-03-21 10:00+00";
	sql_refused("no_asset_free", "%s", rent_call(market, hire));
	hire.asset_id = van;
	sql_refused("asset_unknown", "%s", rent_call(market, hire));
	cr_assert_str_eq(
	    sql_text("select concat_ws(' ', kind, from_state, to_state, actor_role, reason) "
		     "from events.event where subject_id = '%s' order by occurred_at desc limit 1",
		rental),
	    "rental.lost active lost operator It never came back.");
	no_law_is_broken();
}

Test(closing, frees_a_van_that_is_back_all_the_same)
{
	struct hire hire = { .partner_id = rival,
		.listing_id = listing,
		.asset_id = van,
		.now = LATE,
		.ends_at = "2026-03-21 10:00+00" };

	sql_run("%s", closing("returned", "null", LATE));
	cr_assert_str_eq(rental_state(rental), "returned");
	given_rental(market, hire);
	no_law_is_broken();
}

Test(closing, charges_until_when_the_operator_says)
{
	/* twelve started days; the vendor's 90 % at once */
	sql_run("%s", closing("returned", "'" CAUGHT "'", LATE));
	cr_assert_eq(owed(), 12 * 3500);
	cr_assert_eq(
	    sql_int("select -sum(wallet_minor) from ledger.transaction t where t.market_id = %d "
		    "and t.kind = 'rental'",
		market),
	    -12 * 3150);
	no_law_is_broken();
}

Test(closing, charges_no_time_that_is_not_overdue)
{
	sql_refused("rental_times_wrong", "%s", closing("lost", "'2026-03-12 09:59:59+00'", LATE));
	sql_refused("rental_times_wrong", "%s", closing("lost", "'2026-03-20 10:00:01+00'", LATE));
	sql_run("%s", closing("lost", "'2026-03-12 10:00+00'", LATE));
	cr_assert_eq(owed(), 10 * 3500);
}

Test(closing, waits_until_the_rental_is_overdue)
{
	sql_refused("rental_not_overdue", "%s", closing("lost", "null", "2026-03-12 09:58+00"));
	sql_may_retry("ends_at", "2026-03-12T10:00:00Z", 120);
	sql_run("%s", closing("lost", "null", "2026-03-12 10:00+00"));
}

/* Each late day adds to what was agreed within the limit of a posting, which may be less by now. */
Test(closing, charges_late_days_beyond_the_limit_of_a_posting)
{
	sql_run("update core.market set posting_max_minor = 100 where market_id = %d", market);
	sql_run("%s", closing("returned", "null", LATE));
	cr_assert_eq(owed(), 18 * 3500);
	no_law_is_broken();
}

Test(closing, is_done_once)
{
	const char *key = sql_id();

	sql_run("%s", close_keyed(key, "lost", "null", LATE));
	cr_assert_eq(sql_count("select from (%s) m where replayed",
			 close_keyed(key, "lost", "null", "2026-03-25 10:00+00")),
	    1);
	sql_refused("key_reused", "%s", close_keyed(key, "returned", "null", LATE));
	sql_refused("rental_not_active", "%s", closing("lost", "null", LATE));
	sql_refused("rental_not_active", "%s",
	    end_call("return_rental", market, partner, rental, sql_id(), LATE));
	cr_assert_eq(owed(), 18 * 3500);
	rental = sql_id();
	sql_refused("rental_unknown", "%s", closing("lost", "null", LATE));
}

/* Who waits for the van is told now; what was reserved in another van stays. */
Test(closing, cancels_who_has_reserved_the_lost_van)
{
	const char *other = given_asset(market, listing);
	struct hire hire = { .partner_id = rival,
		.listing_id = listing,
		.asset_id = van,
		.starts_at = "2026-03-22 10:00+00",
		.ends_at = "2026-03-24 10:00+00" };
	const char *waits = given_rental(market, hire), *stays;

	hire.asset_id = other;
	stays = given_rental(market, hire);
	sql_run("%s", closing("lost", "null", LATE));
	cr_assert_str_eq(rental_state(waits), "cancelled");
	cr_assert_str_eq(rental_state(stays), "reserved");
	cr_assert_str_eq(sql_text("select reason from events.event where subject_id = '%s' "
				  "and to_state = 'cancelled'",
			     waits),
	    "asset_lost");
	no_law_is_broken();
}

Test(closing, keeps_what_waits_for_a_van_that_is_back)
{
	const char *waits = given_rental(market, (struct hire){ .partner_id = rival,
						     .listing_id = listing,
						     .starts_at = "2026-03-22 10:00+00",
						     .ends_at = "2026-03-24 10:00+00" });

	sql_run("%s", closing("returned", "null", LATE));
	cr_assert_str_eq(rental_state(waits), "reserved");
	sql_run("select jobs.start_rentals(%d, '%s', '2026-03-22 10:00+00')", market, sql_id());
	cr_assert_str_eq(rental_state(waits), "active");
	no_law_is_broken();
}

Test(closing, leaves_the_enrolment_without_its_vehicle)
{
	cr_assert(sql_true("select services.has_active_vehicle(%d, '%s')", market, partner));
	sql_run("%s", closing("lost", "null", LATE));
	cr_assert_not(sql_true("select services.has_active_vehicle(%d, '%s')", market, partner));
}

Test(closing, stands_behind_constraints)
{
	sql_refused("rental_marks_its_state",
	    "update services.rental set state = 'lost' where rental_id = '%s'", rental);
	sql_refused("rental_says_why",
	    "update services.rental set reason = '' where rental_id = '%s'", rental);
	sql_refused("asset_lost_is_not_out",
	    "update services.asset set lost_at = now() where asset_id = '%s'", van);
}
