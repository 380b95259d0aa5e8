/* Rentals: a van makes its courier active, costs by the day, and is paid out of what it earns. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(hires, .init = story_begin, .fini = story_end);

static struct story_reply *
act(const char *token, const char *rental_id, const char *verb)
{
	return story_call(
	    "POST", story_print("/v1/rentals/%s/%s", rental_id, verb), token, story_key(), NULL);
}

static struct story_reply *
rent(const char *token, const char *listing_id, const char *more)
{
	return story_call("POST", "/v1/rentals", token, story_key(),
	    "{\"listing_id\":\"%s\",\"ends_at\":\"2026-03-12T10:00:00Z\"%s}", listing_id, more);
}

/* Vans of a vendor, at 35.00 instead of 50.00 a day, of which the vendor gets 90 %. */
struct fleet {
	const char *vendor_id, *listing_id, *asset_id;
};

static struct fleet
fleet(void)
{
	struct fleet made;

	(void)story_post(story.operator_token, "/v1/share_agreements",
	    "{\"name\":\"Prices\",\"base\":\"price\","
	    "\"effective_from\":\"2019-01-01T00:00:00Z\",\"parties\":["
	    "{\"party\":\"vendor\",\"share_ppm\":900000},"
	    "{\"party\":\"platform\",\"share_ppm\":100000}]}");
	made.vendor_id =
	    story_text(story_post(story.operator_token, "/v1/vendors", "{\"name\":\"Noleggio\"}"),
		"vendor_id");
	made.listing_id =
	    story_text(story_post(story.operator_token, "/v1/listings",
			   "{\"kind\":\"rental\",\"vendor_id\":\"%s\",\"title\":\"Cargo van\","
			   "\"list_price_minor\":5000,\"partner_price_minor\":3500,"
			   "\"asset_kind\":\"vehicle\",\"enrolment_kind\":\"courier\"}",
			   made.vendor_id),
		"listing_id");
	made.asset_id = story_text(
	    story_post(story.operator_token, story_print("/v1/listings/%s/assets", made.listing_id),
		"{\"name\":\"GA 123 BC\"}"),
	    "asset_id");
	return made;
}

/* A courier under a programme that asks for a vehicle. */
static struct story_partner
applicant(void)
{
	const char *programme =
	    story_text(story_post(story.operator_token, "/v1/programmes",
			   "{\"name\":\"Vans\",\"kind\":\"courier\",\"archetype\":\"host\","
			   "\"requirements\":[{\"requirement\":\"vehicle\"}]}"),
		"programme_id");
	struct story_reply *made = story_post(story.operator_token, "/v1/partners",
	    "{\"name\":\"Ada\",\"enrolments\":[{\"kind\":\"courier\",\"programme_id\":\"%s\"}]}",
	    programme);
	struct story_partner partner = { story_text(made, "partner_id"),
		story_text(made, "account_id"), NULL };

	cr_assert_str_eq(story_text(made, "enrolments.0.state"), "applied", "%s", made->text);
	partner.token = story_token("partner", partner.account_id, partner.partner_id);
	return partner;
}

static struct story_reply *
book(const char *token, const char *slot_id)
{
	return story_call(
	    "POST", story_print("/v1/slots/%s/bookings", slot_id), token, story_key(), NULL);
}

static void
work(const char *token, const char *booking_id, const char *start, const char *end)
{
	story_clock(start);
	cr_assert_eq(story_call("POST", story_print("/v1/bookings/%s/check_in", booking_id), token,
			 story_key(), NULL)
			 ->status,
	    200);
	story_clock(end);
	cr_assert_eq(story_call("POST", story_print("/v1/bookings/%s/complete", booking_id), token,
			 story_key(), NULL)
			 ->status,
	    200);
}

static int64_t
owed(const struct story_partner *partner)
{
	return story_int(story_get(partner->token, "/v1/partners/%s/balance", partner->partner_id),
	    "owed_minor");
}

/* The story of the van: refused, rented, active, booked, returned, charged, withheld. */
Test(hires, make_a_courier_active_and_are_paid_out_of_its_earnings)
{
	struct fleet vans = fleet();
	struct story_partner ada = applicant();
	const char *station = story_station();
	const char *first = story_slot(station, "2026-03-02T14:00", "2026-03-02T18:00", 5);
	const char *second = story_slot(station, "2026-03-06T08:00", "2026-03-06T12:00", 5);
	const char *third = story_slot(station, "2026-03-07T08:00", "2026-03-07T12:00", 5);
	struct story_reply *rental, *booked, *later, *returned, *debts;

	story_refused(book(ada.token, first), "requirements_due");
	rental = rent(ada.token, vans.listing_id, "");
	cr_assert_eq(rental->status, 201, "%s", rental->text);
	cr_assert_str_eq(story_text(rental, "state"), "active");
	cr_assert_str_eq(story_text(rental, "asset_name"), "GA 123 BC");
	booked = book(ada.token, first);
	cr_assert_eq(booked->status, 201, "%s", booked->text);
	later = book(ada.token, second);
	cr_assert_eq(later->status, 201, "%s", later->text);
	work(ada.token, story_text(booked, "booking_id"), "2026-03-02T12:55:00Z",
	    "2026-03-02T17:00:00Z");
	story_clock("2026-03-05T10:00:00Z");
	returned = act(ada.token, story_text(rental, "rental_id"), "return");
	cr_assert_eq(returned->status, 200, "%s", returned->text);
	cr_assert_eq(story_int(returned, "days_so_far"), 3);
	cr_assert_eq(story_int(returned, "charge_minor"), 10500);
	cr_assert_eq(
	    story_int(story_get(story.auditor, "/v1/vendors/%s", vans.vendor_id), "balance_minor"),
	    9450);
	cr_assert_eq(owed(&ada), 10500);

	/* without the van the requirement is due again */
	story_refused(book(ada.token, third), "requirements_due");
	cr_assert_eq(rent(ada.token, vans.listing_id, "")->status, 201);
	work(ada.token, story_text(later, "booking_id"), "2026-03-06T06:55:00Z",
	    "2026-03-06T11:00:00Z");

	/* 72.00 withholds 18.00 */
	debts = story_get(ada.token, "/v1/partners/%s/deductions", ada.partner_id);
	cr_assert_str_eq(story_text(debts, "data.0.kind"), "rental");
	cr_assert_str_eq(story_text(debts, "data.0.cause_id"), story_text(rental, "rental_id"));
	cr_assert_eq(story_int(debts, "data.0.withheld_minor"), 1800);
	cr_assert_eq(story_int(debts, "data.0.left_minor"), 8700);
	cr_assert_eq(story_int(story_get(ada.token, "/v1/partners/%s/balance", ada.partner_id),
			 "balance_minor"),
	    2 * 7200 - 1800);
	struct story_reply *lines =
	    story_get(ada.token, "/v1/partners/%s/statements/2026-03-02/lines", ada.partner_id);
	bool listed = false;
	json_t *line;
	size_t i;

	json_array_foreach (story_at(lines, "data"), i, line)
		listed |=
		    strcmp(json_string_value(json_object_get(line, "kind")), "deduction") == 0;
	cr_assert(listed, "%s", lines->text);
}

/* The van never comes back: an operator closes the rental, and the partner sees why. */
Test(hires, are_closed_by_an_operator_when_the_van_is_lost)
{
	static const char lost[] = "{\"outcome\":\"lost\",\"reason\":\"Stolen, says the police.\"}";
	struct fleet vans = fleet();
	struct story_partner ada = applicant(), bob = story_partner("courier");
	const char *station = story_station();
	const char *later = story_slot(station, "2026-03-20T08:00", "2026-03-20T12:00", 5);
	const char *rental = story_text(rent(ada.token, vans.listing_id, ""), "rental_id"), *path;
	struct story_reply *closed, *early;

	path = story_print("/v1/rentals/%s/close", rental);
	early = story_call("POST", path, story.operator_token, story_key(), lost);
	story_refused(early, "rental_not_overdue");
	story_clock(story_text(early, "retry_at"));
	story_clock("2026-03-15T10:00:00Z");
	cr_assert_str_eq(
	    story_text(story_get(ada.token, "/v1/rentals/%s", rental), "state"), "overdue");
	story_refused(story_call("POST", path, ada.token, story_key(), lost), "scope_missing");
	closed = story_call("POST", path, story.operator_token, story_key(), lost);
	cr_assert_eq(closed->status, 200, "%s", closed->text);
	cr_assert_str_eq(story_text(closed, "state"), "lost");
	cr_assert_str_eq(story_text(story_get(ada.token, "/v1/rentals/%s", rental), "reason"),
	    "Stolen, says the police.");
	cr_assert_eq(owed(&ada), story_int(closed, "charge_minor"));
	story_refused(book(ada.token, later), "requirements_due");
	story_refused(
	    story_call("POST", "/v1/rentals", bob.token, story_key(),
		"{\"listing_id\":\"%s\",\"ends_at\":\"2026-03-16T10:00:00Z\"}", vans.listing_id),
	    "no_asset_free");
	cr_assert_not_null(
	    story_text(story_get(story.operator_token, "/v1/listings/%s/assets", vans.listing_id),
		"data.0.lost_at"));
	story_await(ada.token, "rental.lost");
}

Test(hires, leave_tips_and_tolls_untouched)
{
	struct fleet vans = fleet();
	struct story_partner bob = story_partner("courier");
	struct story_reply *made;

	made = story_call("POST", story_print("/v1/partners/%s/enrolments", bob.partner_id),
	    story.operator_token, story_key(), "{\"kind\":\"driver\"}");
	cr_assert_eq(made->status, 201, "%s", made->text);
	story_agreement();
	made = rent(bob.token, vans.listing_id, "");
	cr_assert_eq(act(bob.token, story_text(made, "rental_id"), "return")->status, 200);
	made = story_call("POST", "/v1/trips", story.service, NULL,
	    "{\"trip_id\":\"%s\",\"partner_id\":\"%s\",\"started_at\":\"2026-03-02T08:00:00Z\","
	    "\"ended_at\":\"2026-03-02T08:20:00Z\",\"distance_m\":5200,\"fare_minor\":1000,"
	    "\"tip_minor\":500,\"tolls_minor\":300,\"taxes_and_fees_minor\":80,"
	    "\"currency\":\"EUR\",\"payment\":\"card\",\"status\":\"completed\"}",
	    story_key(), bob.partner_id);
	cr_assert_eq(made->status, 201, "%s", made->text);
	/* a quarter of 8.00, not of 16.00 */
	cr_assert_eq(owed(&bob), 3500 - 200);
}

Test(hires, overlap_nobody)
{
	struct fleet vans = fleet();
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");
	const char *this_van = story_print(",\"asset_id\":\"%s\"", vans.asset_id);
	const char *rental = story_text(rent(ada.token, vans.listing_id, this_van), "rental_id");
	struct story_reply *seen;

	story_refused(rent(bob.token, vans.listing_id, this_van), "rental_overlaps");
	story_refused(rent(bob.token, vans.listing_id, ""), "no_asset_free");
	seen = story_get(bob.token, "/v1/listings/%s", vans.listing_id);
	cr_assert_eq(story_int(seen, "assets_free"), 0);
	cr_assert_str_eq(story_text(seen, "reasons.0"), "no_asset_free");
	story_clock("2026-03-02T11:00:00Z");
	cr_assert_eq(act(ada.token, rental, "return")->status, 200);
	cr_assert_eq(rent(bob.token, vans.listing_id, this_van)->status, 201);
}

Test(hires, are_reserved_cancelled_and_started)
{
	struct fleet vans = fleet();
	struct story_partner ada = story_partner("courier");
	const char *tomorrow = ",\"starts_at\":\"2026-03-03T10:00:00Z\"", *rental;

	rental = story_text(rent(ada.token, vans.listing_id, tomorrow), "rental_id");
	cr_assert_str_eq(
	    story_text(story_get(ada.token, "/v1/rentals/%s", rental), "state"), "reserved");
	story_refused(act(ada.token, rental, "return"), "rental_not_started");
	cr_assert_str_eq(story_text(act(ada.token, rental, "cancel"), "state"), "cancelled");
	story_refused(act(ada.token, rental, "cancel"), "rental_not_reserved");
	rental = story_text(rent(ada.token, vans.listing_id, tomorrow), "rental_id");
	story_clock("2026-03-03T10:00:00Z");
	story_refused(act(ada.token, rental, "cancel"), "rental_not_reserved");
	/* whether the runner has come by or not */
	cr_assert_str_eq(story_text(act(ada.token, rental, "return"), "state"), "returned");
	cr_assert_eq(owed(&ada), 3500);
}

Test(hires, are_their_partners_own)
{
	struct fleet vans = fleet();
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");
	const char *rental = story_text(rent(ada.token, vans.listing_id, ""), "rental_id");

	story_refused(story_get(bob.token, "/v1/rentals/%s", rental), "rental_unknown");
	story_refused(act(bob.token, rental, "return"), "rental_unknown");
	story_refused(act(bob.token, rental, "cancel"), "rental_unknown");
	cr_assert_eq(json_array_size(story_at(story_get(bob.token, "/v1/rentals"), "data")), 0);
	cr_assert_str_eq(
	    story_text(story_get(story.operator_token, "/v1/rentals"), "data.0.rental_id"), rental);
	story_refused(act(story.operator_token, rental, "return"), "scope_missing");
	cr_assert_str_eq(
	    story_text(
		story_get(story.auditor, "/v1/listings/%s/assets", vans.listing_id), "data.0.name"),
	    "GA 123 BC");
	story_refused(
	    story_get(ada.token, "/v1/listings/%s/assets", vans.listing_id), "scope_missing");
	story_begin(); /* another market */
	story_refused(story_get(story.operator_token, "/v1/rentals/%s", rental), "rental_unknown");
	story_refused(rent(story_partner("courier").token, vans.listing_id, ""), "listing_unknown");
}

Test(hires, are_refused_before_anything_is_taken)
{
	struct story_partner ada = story_partner("courier"), eve = story_partner("driver");
	struct fleet vans = fleet();

	story_refused(rent(eve.token, vans.listing_id, ""), "not_enrolled");
	story_refused(rent(ada.token, vans.listing_id, ",\"starts_at\":\"2026-03-01T10:00:00Z\""),
	    "rental_times_wrong");
	story_refused(rent(ada.token, vans.listing_id, ",\"starts_at\":\"2026-03-13T10:00:00Z\""),
	    "rental_times_wrong");
	story_refused(
	    rent(ada.token, vans.listing_id, story_print(",\"asset_id\":\"%s\"", story_key())),
	    "asset_unknown");
	cr_assert_eq(
	    story_int(story_get(ada.token, "/v1/listings/%s", vans.listing_id), "assets_free"), 1);
}
