/* A courier books, forfeits, checks in, completes and is paid; and everything that is refused. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(booking, .init = story_begin, .fini = story_end);

static struct story_reply *
book(const struct story_partner *partner, const char *slot_id, const char *key)
{
	return story_call(
	    "POST", story_print("/v1/slots/%s/bookings", slot_id), partner->token, key, NULL);
}

static struct story_reply *
act(const struct story_partner *partner, const struct story_reply *booking, const char *act_name)
{
	return story_call("POST",
	    story_print("/v1/bookings/%s/%s", story_text(booking, "booking_id"), act_name),
	    partner->token, story_key(), NULL);
}

Test(booking, pays_four_hours_at_18_with_72)
{
	struct story_partner ada = story_partner("courier");
	const char *slot = story_slot(story_station(), "2026-03-02T17:00", "2026-03-02T21:00", 4);
	struct story_reply *booking = book(&ada, slot, story_key());

	cr_assert_eq(booking->status, 201, "%s", booking->text);
	cr_assert_str_eq(story_text(booking, "state"), "confirmed");
	cr_assert_str_eq(story_text(booking, "starts_at"), "2026-03-02T16:00:00Z");
	cr_assert_str_eq(story_text(booking, "free_forfeit_until"), "2026-03-02T15:15:00Z");
	cr_assert_eq(story_int(story_get(ada.token, "/v1/slots/%s", slot), "free"), 3);

	story_clock("2026-03-02T15:50:00Z");
	cr_assert_str_eq(story_text(act(&ada, booking, "check_in"), "state"), "checked_in");
	story_clock("2026-03-02T20:00:00Z");
	struct story_reply *completed = act(&ada, booking, "complete");

	cr_assert_str_eq(story_text(completed, "state"), "completed");
	cr_assert_eq(story_int(completed, "pay_minor"), 7200);
	cr_assert_str_eq(story_text(completed, "currency"), "EUR");
	struct story_reply *balance =
	    story_get(ada.token, "/v1/partners/%s/balance", ada.partner_id);

	cr_assert_eq(story_int(balance, "balance_minor"), 7200);
}

Test(booking, replays_a_key_and_refuses_it_for_another_slot)
{
	struct story_partner ada = story_partner("courier");
	const char *station = story_station(), *key = story_key();
	const char *slot = story_slot(station, "2026-03-03T08:00", "2026-03-03T12:00", 1);
	const char *other = story_slot(station, "2026-03-04T08:00", "2026-03-04T12:00", 1);
	struct story_reply *first = book(&ada, slot, key), *again = book(&ada, slot, key);

	cr_assert_eq(first->status, 201);
	cr_assert_null(story_reply_header(first, "Idempotent-Replayed"));
	cr_assert_eq(again->status, 201);
	cr_assert_str_eq(story_reply_header(again, "Idempotent-Replayed"), "true");
	cr_assert_str_eq(story_text(again, "booking_id"), story_text(first, "booking_id"));
	struct story_reply *quoted = book(&ada, slot, story_print("\"%s\"", key));

	cr_assert_str_eq(story_text(quoted, "booking_id"), story_text(first, "booking_id"));
	story_refused(book(&ada, other, key), "key_reused");
	cr_assert_eq(story_int(story_get(ada.token, "/v1/slots/%s", slot), "free"), 0);
}

Test(booking, needs_a_key)
{
	struct story_partner ada = story_partner("courier");
	const char *slot = story_slot(story_station(), "2026-03-03T08:00", "2026-03-03T12:00", 1);

	story_refused(book(&ada, slot, NULL), "key_required");
	cr_assert_eq(story_int(story_get(ada.token, "/v1/slots/%s", slot), "free"), 1);
}

Test(booking, refuses_a_full_slot_and_an_unknown_one)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");
	const char *slot = story_slot(story_station(), "2026-03-03T08:00", "2026-03-03T12:00", 1);

	cr_assert_eq(book(&ada, slot, story_key())->status, 201);
	story_refused(book(&bob, slot, story_key()), "slot_full");
	story_refused(book(&bob, story_key(), story_key()), "slot_unknown");
	story_refused(book(&bob, "nonsense", story_key()), "invalid_fields");
}

Test(booking, refuses_overlap_and_the_thirteenth_hour)
{
	struct story_partner ada = story_partner("courier");
	const char *station = story_station();
	const char *morning = story_slot(station, "2026-03-03T06:00", "2026-03-03T12:00", 9);
	const char *noon = story_slot(station, "2026-03-03T11:59", "2026-03-03T13:00", 9);
	const char *evening = story_slot(station, "2026-03-03T12:00", "2026-03-03T18:00", 9);
	const char *night = story_slot(station, "2026-03-03T20:00", "2026-03-03T20:30", 9);

	cr_assert_eq(book(&ada, morning, story_key())->status, 201);
	story_refused(book(&ada, noon, story_key()), "slots_overlap");
	cr_assert_eq(book(&ada, evening, story_key())->status, 201);
	story_refused(book(&ada, night, story_key()), "day_limit_reached");
}

Test(booking, gives_the_seat_back_when_forfeited)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");
	const char *slot = story_slot(story_station(), "2026-03-02T17:00", "2026-03-02T21:00", 1);
	struct story_reply *booking = book(&ada, slot, story_key());

	cr_assert_str_eq(story_text(act(&ada, booking, "forfeit"), "state"), "forfeited");
	booking = book(&bob, slot, story_key());
	cr_assert_eq(booking->status, 201);
	story_clock("2026-03-02T15:30:00Z");
	cr_assert_str_eq(story_text(act(&bob, booking, "forfeit"), "state"), "late_forfeited");
	story_refused(act(&bob, booking, "check_in"), "booking_not_confirmed");
}

Test(booking, checks_in_within_its_window_only)
{
	struct story_partner ada = story_partner("courier");
	const char *slot = story_slot(story_station(), "2026-03-02T17:00", "2026-03-02T21:00", 1);
	struct story_reply *booking = book(&ada, slot, story_key()), *early;

	story_clock("2026-03-02T15:44:59Z");
	early = act(&ada, booking, "check_in");
	story_refused(early, "check_in_too_early");
	cr_assert_str_eq(story_text(early, "retry_at"), "2026-03-02T15:45:00Z");
	cr_assert_eq(story_int(early, "retry_after"), 1);
	cr_assert_str_eq(story_reply_header(early, "Retry-After"), "1");
	story_refused(act(&ada, booking, "complete"), "booking_not_checked_in");
	story_clock("2026-03-02T16:05:01Z");
	story_refused(act(&ada, booking, "check_in"), "check_in_too_late");
}

Test(booking, hides_what_belongs_to_others)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");
	const char *slot = story_slot(story_station(), "2026-03-02T17:00", "2026-03-02T21:00", 2);
	struct story_reply *booking = book(&ada, slot, story_key());
	const char *id = story_text(booking, "booking_id");
	struct story_reply *foreign = story_get(bob.token, "/v1/bookings/%s", id);
	struct story_reply *unknown = story_get(bob.token, "/v1/bookings/%s", story_key());

	story_refused(foreign, "booking_unknown");
	story_refused(unknown, "booking_unknown");
	story_refused(act(&bob, booking, "forfeit"), "booking_unknown");
	cr_assert_eq(json_array_size(story_at(story_get(bob.token, "/v1/bookings"), "data")), 0);
	cr_assert_eq(json_array_size(story_at(story_get(ada.token, "/v1/bookings"), "data")), 1);
	cr_assert_str_eq(
	    story_text(story_get(story.operator_token, "/v1/bookings/%s", id), "partner_id"),
	    ada.partner_id);
}

Test(booking, lists_open_slots_page_by_page)
{
	struct story_partner ada = story_partner("courier");
	const char *station = story_station(), *cursor = NULL;
	int seen = 0;

	for (int day = 3; day <= 9; day++)
		(void)story_slot(station, story_print("2026-03-%02dT08:00", day),
		    story_print("2026-03-%02dT12:00", day), 1); /* its id does not matter */
	for (int page = 0; page < 4; page++) {
		struct story_reply *reply = story_get(ada.token,
		    "/v1/slots?station_id=%s&from=2026-03-03T00:00:00Z&to=2026-03-20T00:00:00Z"
		    "&free=true&limit=2%s%s",
		    station, cursor == NULL ? "" : "&cursor=", cursor == NULL ? "" : cursor);

		cr_assert_eq(reply->status, 200, "%s", reply->text);
		seen += (int)json_array_size(story_at(reply, "data"));
		cr_assert_eq(json_is_true(story_at(reply, "has_more")), page < 3);
		if (page < 3)
			cursor = story_text(reply, "next_cursor");
	}
	cr_assert_eq(seen, 7);
	story_refused(story_get(ada.token, "/v1/slots?station_id=%s&cursor=%sx", station, cursor),
	    "bad_cursor");
	story_refused(story_get(ada.token, "/v1/bookings?cursor=%s", cursor), "bad_cursor");
}

Test(booking, handles_both_nights_of_the_clock_change)
{
	const char *station = story_station();
	struct story_reply *gap = story_call("POST", "/v1/slots", story.operator_token, story_key(),
	    "{\"station_id\":\"%s\",\"starts_local\":\"2026-03-29T02:30\","
	    "\"ends_local\":\"2026-03-29T06:00\",\"capacity\":1,\"rate_minor\":1800}",
	    station);
	struct story_reply *twice =
	    story_call("POST", "/v1/slots", story.operator_token, story_key(),
		"{\"station_id\":\"%s\",\"starts_local\":\"2026-10-25T02:30\","
		"\"ends_local\":\"2026-10-25T06:00\",\"capacity\":1,\"rate_minor\":1800}",
		station);

	story_refused(gap, "local_time_missing");
	story_refused(twice, "local_time_twice");
	cr_assert_str_eq(story_text(twice, "choices.0"), "2026-10-25T00:30:00Z");
	cr_assert_str_eq(story_text(twice, "choices.1"), "2026-10-25T01:30:00Z");
	struct story_reply *spring = story_get(story.operator_token, "/v1/slots/%s",
	    story_slot(station, "2026-03-28T20:00", "2026-03-29T04:00", 1));
	struct story_reply *autumn = story_get(story.operator_token, "/v1/slots/%s",
	    story_slot(station, "2026-10-24T22:00", "2026-10-25T06:00", 1));

	cr_assert_str_eq(story_text(spring, "starts_at"), "2026-03-28T19:00:00Z");
	cr_assert_str_eq(story_text(spring, "ends_at"), "2026-03-29T02:00:00Z");
	cr_assert_str_eq(story_text(autumn, "ends_at"), "2026-10-25T05:00:00Z");
	cr_assert_eq(story_int(autumn, "pay_minor"), 9 * 1800);
}
