/* An operator books for a courier, who declines; cancels, with a reason the courier reads; and who
 * meets a full slot is shown the next. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(assigned, .init = story_begin, .fini = story_end);

static struct story_reply *
assign(const char *token, const char *slot_id, const char *partner_id, const char *key)
{
	return story_call("POST", "/v1/bookings", token, key,
	    "{\"slot_id\":\"%s\",\"partner_id\":\"%s\"}", slot_id, partner_id);
}

static struct story_reply *
book(const char *token, const char *slot_id)
{
	return story_call(
	    "POST", story_print("/v1/slots/%s/bookings", slot_id), token, story_key(), NULL);
}

static struct story_reply *
decline(const char *token, const struct story_reply *booking)
{
	return story_call("POST",
	    story_print("/v1/bookings/%s/decline", story_text(booking, "booking_id")), token,
	    story_key(), NULL);
}

static struct story_reply *
cancel(const char *token, const struct story_reply *booking)
{
	return story_call("POST",
	    story_print("/v1/bookings/%s/cancel", story_text(booking, "booking_id")), token,
	    story_key(), "{\"reason\":\"The station is closed that day.\"}");
}

static int64_t
free_seats(const char *slot_id)
{
	return story_int(story_get(story.operator_token, "/v1/slots/%s", slot_id), "free");
}

Test(assigned, is_declined_at_no_cost_until_the_start)
{
	struct story_partner ada = story_partner("courier");
	const char *slot = story_slot(story_station(), "2026-03-02T17:00", "2026-03-02T21:00", 1);
	const char *key = story_key();
	struct story_reply *booking = assign(story.operator_token, slot, ada.partner_id, key);

	cr_assert_eq(booking->status, 201, "%s", booking->text);
	cr_assert_str_eq(story_text(booking, "origin"), "assigned");
	cr_assert_str_eq(story_reply_header(assign(story.operator_token, slot, ada.partner_id, key),
			     "Idempotent-Replayed"),
	    "true");
	cr_assert_eq(free_seats(slot), 0);
	story_await(ada.token, "booking.confirmed");
	story_clock("2026-03-02T15:59:59Z");
	cr_assert_str_eq(story_text(decline(ada.token, booking), "state"), "declined");
	cr_assert_eq(free_seats(slot), 1);
	cr_assert_eq(
	    json_array_size(story_at(story_get(ada.token, "/v1/bookings?state=declined"), "data")),
	    1);
	story_refused(decline(ada.token, booking), "booking_not_confirmed");
	booking = assign(story.operator_token, slot, ada.partner_id, story_key());
	story_clock("2026-03-02T16:00:00Z");
	story_refused(decline(ada.token, booking), "slot_started");
}

Test(assigned, is_for_operators_and_their_market)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");
	struct story_partner eve = story_partner("driver");
	const char *station = story_station();
	const char *slot = story_slot(station, "2026-03-02T17:00", "2026-03-02T21:00", 1);
	struct story_reply *own;

	story_refused(assign(ada.token, slot, bob.partner_id, story_key()), "scope_missing");
	story_refused(assign(story.auditor, slot, bob.partner_id, story_key()), "scope_missing");
	story_refused(
	    assign(story.operator_token, slot, story_key(), story_key()), "partner_unknown");
	story_refused(
	    assign(story.operator_token, story_key(), bob.partner_id, story_key()), "slot_unknown");
	story_refused(
	    assign(story.operator_token, slot, eve.partner_id, story_key()), "not_enrolled");
	own = book(ada.token, slot);
	story_refused(decline(ada.token, own), "booking_not_assigned");
	story_refused(decline(bob.token, own), "booking_unknown");
	story_refused(decline(story.operator_token, own), "scope_missing");
	story_refused(cancel(ada.token, own), "scope_missing");
}

Test(assigned, shows_why_an_operator_cancelled)
{
	struct story_partner ada = story_partner("courier");
	const char *slot = story_slot(story_station(), "2026-03-02T17:00", "2026-03-02T21:00", 1);
	struct story_reply *booking = book(ada.token, slot);
	const char *id = story_text(booking, "booking_id");

	cr_assert(json_is_null(story_at(booking, "reason")));
	cr_assert_str_eq(
	    story_text(cancel(story.operator_token, booking), "state"), "cancelled_by_operator");
	cr_assert_str_eq(story_text(story_get(ada.token, "/v1/bookings/%s", id), "reason"),
	    "The station is closed that day.");
	cr_assert_eq(free_seats(slot), 1);
	story_refused(cancel(story.operator_token, booking), "booking_not_confirmed");
}

Test(assigned, leaves_others_the_next_free_slot)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");
	const char *station = story_station();
	const char *slot = story_slot(station, "2026-03-02T17:00", "2026-03-02T21:00", 1);
	struct story_reply *refusal;
	const char *next;

	cr_assert_eq(assign(story.operator_token, slot, ada.partner_id, story_key())->status, 201);
	refusal = story_call(
	    "POST", story_print("/v1/slots/%s/bookings", slot), bob.token, story_key(), NULL);
	story_refused(refusal, "slot_full");
	cr_assert_null(story_at(refusal, "next_slot_id"));
	next = story_slot(station, "2026-03-03T17:00", "2026-03-03T21:00", 1);
	refusal = story_call(
	    "POST", story_print("/v1/slots/%s/bookings", slot), bob.token, story_key(), NULL);
	cr_assert_str_eq(story_text(refusal, "next_slot_id"), next);
	cr_assert_eq(book(bob.token, next)->status, 201);
}
