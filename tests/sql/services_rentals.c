/* services: rentals are made, started, cancelled, returned and charged. */
#include <criterion/criterion.h>

#include "sql/services_given.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"

static int market;
static const char *partner, *rival, *listing, *van;

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
}

TestSuite(rentals, .init = begin, .fini = sql_end);

/* The partner's rental of the van from one moment to another; NULL: now, ten days. */
static const char *
rent(const char *starts_at, const char *ends_at)
{
	return given_rental(market, (struct hire){ .partner_id = partner,
					.listing_id = listing,
					.asset_id = van,
					.starts_at = starts_at,
					.ends_at = ends_at });
}

static void
refuse(const char *slug, struct hire hire)
{
	if (hire.partner_id == NULL)
		hire.partner_id = partner;
	if (hire.listing_id == NULL)
		hire.listing_id = listing;
	sql_refused(slug, "%s", rent_call(market, hire));
}

static const char *
bring_back(const char *rental, const char *now)
{
	return end_call("return_rental", market, partner, rental, sql_id(), now);
}

static void
start_due(const char *now)
{
	sql_run("select jobs.start_rentals(%d, '%s', '%s')", market, sql_id(), now);
}

static void
fleet_is(const char *busy, bool out)
{
	cr_assert_str_eq(
	    sql_text("select busy || ' ' || is_out from services.asset where asset_id = '%s'", van),
	    sql_text("select '%s' || ' ' || %s", busy, out ? "true" : "false"));
}

/* --- making --- */

Test(rentals, start_at_once)
{
	const char *rental = rent(NULL, NULL);

	cr_assert_str_eq(
	    sql_text("select concat_ws(' ', state, asset_name, asset_kind, starts_at, started_at, "
		     "daily_price_minor, days_so_far, currency) from "
		     "api.get_rental(%d, '%s', '" NOW "', '%s')",
		market, partner, rental),
	    "active GA 123 BC vehicle " NOW " " NOW " 3500 1 EUR");
	fleet_is("{[\"2026-03-02 10:00:00+00\",\"2026-03-12 10:00:00+00\")}", true);
	cr_assert_str_eq(sql_text("select kind || ' ' || to_state from events.event "
				  "where subject_id = '%s' and from_state is null",
			     rental),
	    "rental.started active");
	cr_assert(sql_true("select services.has_active_vehicle(%d, '%s')", market, partner));
}

Test(rentals, are_reserved_for_later_and_started_by_the_runner)
{
	const char *rental = rent("2026-03-04 08:00+00", "2026-03-06 08:00+00");

	cr_assert_str_eq(rental_state(rental), "reserved");
	cr_assert_not(sql_true("select services.has_active_vehicle(%d, '%s')", market, partner));
	start_due("2026-03-04 07:59:59+00");
	cr_assert_str_eq(rental_state(rental), "reserved");
	start_due("2026-03-04 08:00:30+00");
	cr_assert_str_eq(sql_text("select state || ' ' || started_at from services.rental "
				  "where rental_id = '%s'",
			     rental),
	    "active 2026-03-04 08:00:00+00");
	cr_assert_str_eq(sql_text("select string_agg(kind || ' ' || actor_role, ', ' order by "
				  "occurred_at) from events.event where subject_id = '%s'",
			     rental),
	    "rental.reserved partner, rental.started runner");
}

Test(rentals, overlap_nobody)
{
	rent("2026-03-04 08:00+00", "2026-03-06 08:00+00");
	refuse("rental_overlaps",
	    (struct hire){
		.partner_id = rival, .asset_id = van, .starts_at = "2026-03-05 00:00+00" });
	refuse(
	    "rental_overlaps", (struct hire){ .asset_id = van, .ends_at = "2026-03-12 08:00+00" });
	refuse("no_asset_free", (struct hire){ .starts_at = "2026-03-06 07:59:59+00" });
	/* one begins where another ends */
	rent("2026-03-06 08:00+00", "2026-03-07 08:00+00");
	rent(NULL, "2026-03-04 08:00+00");
}

Test(rentals, take_any_asset_that_is_free)
{
	const char *other = given_asset(market, listing);
	struct hire hire = { .partner_id = rival, .listing_id = listing };

	rent(NULL, NULL);
	cr_assert_str_eq(sql_text("select asset_id from (%s) m", rent_call(market, hire)), other);
	refuse("no_asset_free", hire);
}

/* Whoever writes: the calendar is a constraint of the table too. */
Test(rentals, overlap_nobody_whoever_writes)
{
	const char *rental = rent("2026-03-04 08:00+00", "2026-03-06 08:00+00");

	sql_refused("rental_overlaps",
	    "insert into services.rental select (json_populate_record(r, "
	    "'{\"rental_id\": \"%s\"}')).* from services.rental r where rental_id = '%s'",
	    sql_id(), rental);
	start_due("2026-03-04 08:00+00");
	sql_refused("rental_out",
	    "insert into services.rental select (json_populate_record(r, '{\"rental_id\": \"%s\", "
	    "\"starts_at\": \"2026-04-01 00:00+00\", \"ends_at\": \"2026-04-02 00:00+00\", "
	    "\"started_at\": \"2026-04-01 00:00+00\"}')).* from services.rental r "
	    "where rental_id = '%s'",
	    sql_id(), rental);
}

Test(rentals, last_at_most_90_days_from_now_on)
{
	refuse("rental_times_wrong", (struct hire){ .ends_at = "2026-03-02 10:00+00" });
	refuse("rental_times_wrong", (struct hire){ .starts_at = "2026-03-02 09:59:59+00" });
	refuse("rental_times_wrong", (struct hire){ .ends_at = "2026-05-31 10:00:01+00" });
	rent(NULL, "2026-05-31 10:00:00+00");
}

Test(rentals, are_refused_by_name)
{
	const char *discount = given_listing(market, (struct offer){ 0 });
	const char *drivers =
	    given_listing(market, (struct offer){ .kind = "rental", .enrolment_kind = "driver" });
	const char *later = given_listing(
	    market, (struct offer){ .kind = "rental", .from = "2026-03-03 00:00+00" });
	const char *past = given_listing(
	    market, (struct offer){ .kind = "rental", .until = "2026-03-02 10:00+00" });
	const char *other = given_listing(market, (struct offer){ .kind = "rental" });

	refuse("listing_unknown", (struct hire){ .listing_id = sql_id() });
	refuse("listing_kind_differs", (struct hire){ .listing_id = discount });
	refuse("not_enrolled", (struct hire){ .listing_id = drivers });
	refuse("not_yet_available", (struct hire){ .listing_id = later });
	refuse("no_longer_available", (struct hire){ .listing_id = past });
	refuse("asset_unknown", (struct hire){ .listing_id = other, .asset_id = van });
	refuse("no_asset_free", (struct hire){ .listing_id = other });
	refuse("partner_unknown", (struct hire){ .partner_id = sql_id() });
}

Test(rentals, are_for_applicants_too)
{
	const char *couriers =
	    given_listing(market, (struct offer){ .kind = "rental", .enrolment_kind = "courier" });

	given_asset(market, couriers);
	sql_run(
	    "update onboarding.enrolment set state = 'applied' where partner_id = '%s'", partner);
	given_rental(market, (struct hire){ .partner_id = partner, .listing_id = couriers });
	sql_run(
	    "update onboarding.enrolment set state = 'closed' where partner_id = '%s'", partner);
	refuse("not_enrolled", (struct hire){ .listing_id = couriers });
}

Test(rentals, need_an_agreement_on_prices_at_their_start)
{
	sql_run("update ledger.share_agreement set effective_from = '2026-03-05 00:00+00' "
		"where market_id = %d",
	    market);
	refuse("agreement_missing", (struct hire){ .ends_at = "2026-03-10 10:00+00" });
	rent("2026-03-05 00:00+00", "2026-03-06 00:00+00");
}

Test(rentals, are_made_once_for_one_key)
{
	struct hire hire = { .partner_id = partner, .listing_id = listing, .key = "k" };
	const char *rental = given_rental(market, hire);

	cr_assert_eq(sql_count("select from (%s) m where replayed and rental_id = '%s'",
			 rent_call(market, hire), rental),
	    1);
	hire.digest = SQL_OTHER_DIGEST;
	refuse("key_reused", hire);
}

/* --- returning --- */

Test(rentals, charge_three_started_days_with_105)
{
	const char *rental = rent(NULL, NULL);

	cr_assert_str_eq(sql_text("select concat_ws(' ', state, days_so_far, charge_minor, "
				  "returned_at) from (%s) m",
			     bring_back(rental, "2026-03-04 10:00:00.000001+00")),
	    "returned 3 10500 2026-03-04 10:00:00.000001+00");
	cr_assert_str_eq(sql_text("select concat_ws(' ', x.kind, x.accounts, x.amounts, "
				  "x.wallet_minor, w.owner_kind) from ledger.transaction x "
				  "join ledger.wallet w on w.owner_id = x.owner_id "
				  "where x.cause_id = '%s'",
			     rental),
	    "rental {1200,2000,4000} {10500,-9450,-1050} 9450 vendor");
	cr_assert_str_eq(sql_text("select concat_ws(' ', d.kind, d.owed_minor, w.owed_minor) from "
				  "ledger.deduction d join ledger.wallet w on "
				  "w.owner_id = d.owner_id where d.cause_id = '%s' "
				  "and d.owner_id = '%s'",
			     rental, partner),
	    "rental 10500 10500");
	fleet_is("{}", false);
}

Test(rentals, count_started_days_of_24_hours)
{
	static const struct {
		const char *from, *to;
		int days;
	} cases[] = {
		{ "2026-03-02 10:00:00+00", "2026-03-02 10:00:00+00", 1 },
		{ "2026-03-02 10:00:00+00", "2026-03-03 10:00:00+00", 1 },
		{ "2026-03-02 10:00:00+00", "2026-03-03 10:00:00.000001+00", 2 },
		{ "2026-03-02 10:00:00+00", "2026-03-05 10:00:00+00", 3 },
		/* Rome's clocks go forward: 12:00 to 12:00 are 23 hours, and back: 25 */
		{ "2026-03-28 12:00 Europe/Rome", "2026-03-29 12:00 Europe/Rome", 1 },
		{ "2026-03-28 12:00 Europe/Rome", "2026-03-29 13:00 Europe/Rome", 1 },
		{ "2026-03-28 12:00 Europe/Rome", "2026-03-29 13:00:01 Europe/Rome", 2 },
		{ "2026-10-24 12:00 Europe/Rome", "2026-10-25 12:00 Europe/Rome", 2 },
		{ "2026-10-24 12:00 Europe/Rome", "2026-10-25 11:00 Europe/Rome", 1 },
	};

	sql_run("set local timezone = 'Europe/Rome'");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(
		    sql_int("select services.started_days('%s', '%s')", cases[i].from, cases[i].to),
		    cases[i].days, "%s to %s", cases[i].from, cases[i].to);
}

Test(rentals, split_by_the_agreement_they_were_made_under)
{
	const char *rental = rent("2026-03-04 08:00+00", "2026-03-06 08:00+00");

	sql_run("insert into ledger.share_agreement values (%d, '%s', 'Worse', 'price', "
		"'2026-03-03 00:00+00', '{platform,vendor}', '{333333,666667}', " SQL_NOW ")",
	    market, sql_id());
	sql_run("%s", bring_back(rental, "2026-03-04 09:00+00"));
	cr_assert_eq(
	    sql_int("select vendor_minor from services.rental where rental_id = '%s'", rental),
	    3150);
	rental = rent("2026-03-10 08:00+00", "2026-03-11 08:00+00");
	sql_run("%s", bring_back(rental, "2026-03-10 09:00+00"));
	cr_assert_str_eq(sql_text("select concat_ws(' ', charge_minor, vendor_minor) "
				  "from services.rental where rental_id = '%s'",
			     rental),
	    "3500 2333"); /* 2333.3345: the platform's 1166.6655 gets the cent */
}

Test(rentals, cost_nothing_where_the_price_is_nothing)
{
	const char *free_of_charge =
	    given_listing(market, (struct offer){ .kind = "rental", .partner_minor = "0" });
	const char *rental;

	given_asset(market, free_of_charge);
	rental = given_rental(
	    market, (struct hire){ .partner_id = partner, .listing_id = free_of_charge });
	sql_run("%s", bring_back(rental, "2026-03-04 10:00+00"));
	cr_assert_eq(sql_count("select from ledger.transaction where cause_id = '%s'", rental), 0);
	cr_assert_eq(sql_count("select from ledger.deduction where cause_id = '%s'", rental), 0);
}

Test(rentals, are_overdue_and_cost_on)
{
	const char *rental = rent(NULL, "2026-03-03 10:00+00");

	cr_assert_str_eq(sql_text("select state || ' ' || days_so_far from "
				  "api.get_rental(%d, null, '2026-03-03 10:00+00', '%s')",
			     market, rental),
	    "active 1");
	cr_assert_str_eq(sql_text("select state || ' ' || days_so_far from "
				  "api.get_rental(%d, null, '2026-03-03 10:00:01+00', '%s')",
			     market, rental),
	    "overdue 2");
	refuse("no_asset_free", (struct hire){ .partner_id = rival, .now = "2026-03-03 11:00+00" });
	cr_assert_eq(
	    sql_int("select charge_minor from (%s) m", bring_back(rental, "2026-03-05 10:00+00")),
	    10500);
}

Test(rentals, wait_for_an_asset_that_comes_back_late)
{
	const char *late = rent(NULL, "2026-03-03 10:00+00"), *waits;

	waits = given_rental(market, (struct hire){ .partner_id = rival,
					 .listing_id = listing,
					 .starts_at = "2026-03-03 10:00+00",
					 .ends_at = "2026-03-05 10:00+00" });
	start_due("2026-03-03 10:00+00");
	cr_assert_str_eq(rental_state(waits), "reserved");
	sql_run("%s", bring_back(late, "2026-03-03 15:00+00"));
	start_due("2026-03-03 15:01+00");
	cr_assert_str_eq(sql_text("select state || ' ' || started_at from services.rental "
				  "where rental_id = '%s'",
			     waits),
	    "active 2026-03-03 15:00:00+00");
}

Test(rentals, are_cancelled_where_nothing_is_left_of_them)
{
	const char *waits;

	rent(NULL, "2026-03-03 10:00+00");
	waits = given_rental(market, (struct hire){ .partner_id = rival,
					 .listing_id = listing,
					 .starts_at = "2026-03-03 10:00+00",
					 .ends_at = "2026-03-05 10:00+00" });
	start_due("2026-03-05 10:00+00");
	cr_assert_str_eq(rental_state(waits), "cancelled");
	cr_assert_str_eq(sql_text("select reason from events.event where subject_id = '%s' "
				  "and kind = 'rental.cancelled' and actor_role = 'runner'",
			     waits),
	    "asset_not_back");
	fleet_is("{[\"2026-03-02 10:00:00+00\",\"2026-03-03 10:00:00+00\")}", true);
}

Test(rentals, are_returned_once)
{
	const char *rental = rent(NULL, NULL), *key = sql_id();

	sql_refused("rental_unknown", "%s",
	    end_call("return_rental", market, rival, rental, key, "2026-03-03 10:00+00"));
	sql_run(
	    "%s", end_call("return_rental", market, partner, rental, key, "2026-03-03 10:00+00"));
	cr_assert_eq(
	    sql_count("select from (%s) m where replayed and charge_minor = 3500",
		end_call("return_rental", market, partner, rental, key, "2026-03-05 10:00+00")),
	    1);
	sql_refused("rental_not_active", "%s", bring_back(rental, "2026-03-03 10:00+00"));
	sql_refused("key_reused", "%s",
	    end_call("return_rental", market, partner, sql_id(), key, "2026-03-03 10:00+00"));
	cr_assert_eq(
	    sql_int("select owed_minor from ledger.wallet where owner_id = '%s'", partner), 3500);
}

Test(rentals, are_returned_though_the_runner_was_late)
{
	const char *rental = rent("2026-03-04 08:00+00", "2026-03-06 08:00+00");

	sql_refused("rental_not_started", "%s", bring_back(rental, "2026-03-04 07:59+00"));
	sql_may_retry("starts_at", "2026-03-04T08:00:00Z", 60);
	sql_run("%s", bring_back(rental, "2026-03-05 08:00+00"));
	cr_assert_eq(
	    sql_int("select charge_minor from services.rental where rental_id = '%s'", rental),
	    3500);
	cr_assert_str_eq(sql_text("select string_agg(kind, ' ' order by occurred_at, kind desc) "
				  "from events.event where subject_id = '%s'",
			     rental),
	    "rental.reserved rental.started rental.returned");
}

/* --- cancelling --- */

Test(rentals, are_cancelled_before_they_start_at_no_cost)
{
	const char *rental = rent("2026-03-04 08:00+00", "2026-03-06 08:00+00"), *key = sql_id();

	sql_refused(
	    "rental_unknown", "%s", end_call("cancel_rental", market, rival, rental, key, NOW));
	sql_run("%s",
	    end_call("cancel_rental", market, partner, rental, key, "2026-03-04 07:59:59+00"));
	cr_assert_str_eq(rental_state(rental), "cancelled");
	cr_assert_eq(sql_count("select from (%s) m where replayed",
			 end_call("cancel_rental", market, partner, rental, key, NOW)),
	    1);
	sql_refused("rental_not_reserved", "%s",
	    end_call("cancel_rental", market, partner, rental, sql_id(), NOW));
	fleet_is("{}", false);
	cr_assert_eq(
	    sql_int("select owed_minor from ledger.wallet where owner_id = '%s'", partner), 0);
	rent("2026-03-04 08:00+00", "2026-03-06 08:00+00");
}

Test(rentals, are_not_cancelled_once_they_have_started)
{
	const char *rental = rent("2026-03-04 08:00+00", "2026-03-06 08:00+00");

	sql_refused("rental_not_reserved", "%s",
	    end_call("cancel_rental", market, partner, rental, sql_id(), "2026-03-04 08:00+00"));
	sql_refused("rental_not_reserved", "%s",
	    end_call("cancel_rental", market, partner, rent(NULL, "2026-03-03 10:00+00"), sql_id(),
		NOW));
}

/* --- reading --- */

Test(rentals, are_shown_to_their_partner_and_to_operators)
{
	const char *first = rent(NULL, "2026-03-03 10:00+00");
	const char *second = rent("2026-03-04 10:00+00", "2026-03-05 10:00+00");

	cr_assert_str_eq(sql_text("select string_agg(rental_id::text, ' ') from "
				  "api.list_rentals(%d, '%s', '" NOW "', 9, null, null)",
			     market, partner),
	    sql_text("select '%s %s'", second, first));
	cr_assert_str_eq(sql_text("select rental_id from api.list_rentals(%d, null, '" NOW "', 9, "
				  "'2026-03-04 10:00+00', '%s')",
			     market, second),
	    first);
	cr_assert_eq(sql_count("select from api.list_rentals(%d, '%s', '" NOW "', 9, null, null)",
			 market, rival),
	    0);
	sql_refused("rental_unknown", "select api.get_rental(%d, '%s', '" NOW "', '%s')", market,
	    rival, first);
	sql_refused("rental_unknown", "select api.get_rental(%d, null, '" NOW "', '%s')",
	    sql_market(), first);
}

/* --- what an enrolment needs --- */

Test(rentals, make_an_applicant_with_a_vehicle_active)
{
	const char *bike =
	    given_listing(market, (struct offer){ .kind = "rental", .asset_kind = "'bike'" });
	const char *programme = sql_id(), *rental;
	static const char *const state = "select state from onboarding.enrolment "
					 "where partner_id = '%s' and kind = 'driver'";

	given_asset(market, bike);
	sql_run("select api.create_programme(%d, '%s', 'operator', " SQL_NOW ", gen_random_uuid(), "
		"'%s', 'p', " SQL_DIGEST ", 'City', 'driver', 'host', '[{\"requirement\": "
		"\"vehicle\"}]')",
	    market, sql_operator(), programme);
	sql_run("select onboarding.enrol(%d, '%s', jsonb_build_array(jsonb_build_object('kind', "
		"'driver', 'programme_id', '%s')), gen_random_uuid(), '%s', 'operator', " SQL_NOW
		")",
	    market, partner, programme, sql_operator());
	cr_assert_str_eq(sql_text(state, partner), "applied");
	given_rental(market, (struct hire){ .partner_id = partner, .listing_id = bike });
	cr_assert_str_eq(sql_text(state, partner), "applied");
	rental = rent("2026-03-04 08:00+00", "2026-03-06 08:00+00");
	cr_assert_str_eq(sql_text(state, partner), "applied");
	start_due("2026-03-04 08:00+00");
	cr_assert_str_eq(sql_text(state, partner), "active");
	sql_run("%s", bring_back(rental, "2026-03-05 08:00+00"));
	cr_assert_str_eq(sql_text(state, partner), "applied");
}
