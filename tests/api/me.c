/* What an app asks first: who am I here, and what is there to do. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(me, .init = story_begin, .fini = story_end);

Test(me, tells_a_partner_who_it_is)
{
	struct story_partner ada = story_partner("courier");
	struct story_reply *me = story_get(ada.token, "/v1/me");

	cr_assert_eq(me->status, 200, "%s", me->text);
	cr_expect_str_eq(story_text(me, "account_id"), ada.account_id);
	cr_expect_str_eq(story_text(me, "role"), "partner");
	cr_expect_str_eq(story_text(me, "market.code"), story.market);
	cr_expect_str_eq(story_text(me, "market.currency"), "EUR");
	cr_expect_str_eq(story_text(me, "partner.partner_id"), ada.partner_id);
	cr_expect_str_eq(story_text(me, "partner.enrolments.0.kind"), "courier");
	cr_expect_str_eq(story_text(me, "partner.exchange.archetype"), "host");
	cr_expect_str_eq(story_text(me, "exchange.archetype"), "host");
}

Test(me, tells_a_customer_to_apply)
{
	const char *customer = story_token("customer", story_key(), NULL);
	struct story_reply *me = story_get(customer, "/v1/me"),
			   *home = story_get(customer, "/v1/me/home");

	cr_assert_eq(me->status, 200, "%s", me->text);
	cr_expect_str_eq(story_text(me, "role"), "customer");
	cr_expect(json_is_null(story_at(me, "partner")));
	cr_expect(json_is_null(story_at(me, "exchange")));
	cr_assert_eq(home->status, 200, "%s", home->text);
	cr_expect_str_eq(story_text(home, "next_actions.0.action"), "apply");
	cr_expect_eq(json_array_size(story_at(home, "next_actions")), 1);
	cr_expect(json_is_null(story_at(home, "balance")));
}

Test(me, is_for_partners_and_customers)
{
	story_refused(story_get(story.operator_token, "/v1/me"), "scope_missing");
	story_refused(story_get(story.service, "/v1/me/home"), "scope_missing");
}

Test(me, leads_from_an_offer_to_the_money)
{
	struct story_partner ada = story_partner("courier");
	const char *slot = story_slot(story_station(), "2026-03-02T17:00", "2026-03-02T21:00", 4);
	struct story_reply *home = story_get(ada.token, "/v1/me/home");
	const char *booking;

	cr_assert_eq(home->status, 200, "%s", home->text);
	cr_expect_str_eq(story_text(home, "next_actions.0.action"), "book_slot");
	cr_expect_str_eq(story_text(home, "next_actions.0.subject_id"), slot);
	cr_expect_str_eq(story_text(home, "next_actions.0.until"), "2026-03-02T16:00:00Z");
	cr_expect_str_eq(story_text(home, "offers.0.slot_id"), slot);
	booking = story_text(story_call("POST", story_print("/v1/slots/%s/bookings", slot),
				 ada.token, story_key(), NULL),
	    "booking_id");
	home = story_get(ada.token, "/v1/me/home");
	cr_expect_str_eq(story_text(home, "next_booking.booking_id"), booking);
	cr_expect_str_eq(story_text(home, "next_actions.0.action"), "check_in");
	cr_expect_str_eq(story_text(home, "next_actions.0.opens_at"), "2026-03-02T15:45:00Z");
	cr_expect_str_eq(story_text(home, "next_actions.0.until"), "2026-03-02T16:05:00Z");
	story_clock("2026-03-02T15:50:00Z");
	story_post(ada.token, story_print("/v1/bookings/%s/check_in", booking), "{}");
	story_clock("2026-03-02T20:00:00Z");
	home = story_get(ada.token, "/v1/me/home");
	cr_expect_str_eq(story_text(home, "next_actions.0.action"), "complete_booking");
	story_post(ada.token, story_print("/v1/bookings/%s/complete", booking), "{}");
	home = story_get(ada.token, "/v1/me/home");
	cr_expect_eq(story_int(home, "balance.balance_minor"), 7200);
	cr_expect_eq(json_array_size(story_at(home, "next_actions")), 0);
}
