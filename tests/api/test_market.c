/* An app developer makes a city in one call, is everyone in it, and leaves it to the runner. */
#include <criterion/criterion.h>

#include "story.h"

/* Another city is begun too; what is made here needs nothing of it. */
TestSuite(test_market, .init = story_begin, .fini = story_end);

static struct story_reply *
make(void)
{
	struct story_reply *made = story_call("POST", "/v1/test/markets", NULL, NULL, NULL);

	cr_assert_eq(made->status, 201, "%s", made->text);
	return made;
}

/* A member of the entry of whoever has this name: "token", "partner_id". */
static const char *
of(const struct story_reply *made, const char *name, const char *member)
{
	size_t count = json_array_size(story_at(made, "tokens"));

	for (size_t i = 0; i < count; i++)
		if (strcmp(story_text(made, story_print("tokens.%zu.name", i)), name) == 0)
			return story_text(made, story_print("tokens.%zu.%s", i, member));
	cr_assert_fail("nobody is called %s", name);
	return NULL;
}

Test(test_market, is_there_in_one_call)
{
	struct story_reply *made = make(), *clock, *market;
	const char *operator_token = of(made, "operator", "token");

	clock = story_get(operator_token, "/v1/test/clock");
	cr_assert_str_eq(story_text(clock, "now"), "2026-03-04T13:00:00Z");
	cr_assert_str_eq(story_text(made, "now"), "2026-03-04T13:00:00Z");
	market = story_get(operator_token, "/v1/markets/%s", story_text(made, "code"));
	cr_assert_eq(story_int(market, "market_id"), story_int(made, "market_id"));
	cr_assert(json_is_true(story_at(market, "is_test")));
	/* another one is another one */
	cr_assert_neq(story_int(make(), "market_id"), story_int(made, "market_id"));
}

Test(test_market, has_a_token_for_everyone)
{
	struct story_reply *made = make();
	size_t count = json_array_size(story_at(made, "tokens"));

	cr_assert_geq(count, 9);
	for (size_t i = 0; i < count; i++) {
		const char *role = story_text(made, story_print("tokens.%zu.role", i));
		const char *token = story_text(made, story_print("tokens.%zu.token", i));
		json_t *partner_id = story_at(made, story_print("tokens.%zu.partner_id", i));
		struct story_reply *reply;

		if (strcmp(role, "partner") == 0) {
			reply = story_get(token, "/v1/partners/%s", json_string_value(partner_id));
			cr_assert_eq(reply->status, 200, "%s", reply->text);
			story_refused(
			    story_get(token, "/v1/partners/%s", story_key()), "partner_unknown");
			continue;
		}
		cr_assert(json_is_null(partner_id));
		if (strcmp(role, "service") == 0)
			cr_assert_eq(story_get(token, "/v1/trips")->status, 200);
		else if (strcmp(role, "customer") == 0)
			cr_assert_eq(story_get(token, "/v1/me")->status, 200);
		else
			cr_assert_eq(story_get(token, "/v1/ledger/transactions")->status, 200);
	}
	/* and none of them for another market */
	story_refused(story_get(of(made, "operator", "token"), "/v1/partners/%s",
			  story_partner("courier").partner_id),
	    "partner_unknown");
}

Test(test_market, has_a_courier_in_mid_week)
{
	struct story_reply *made = make(), *bookings, *balance, *booking;
	const char *token = of(made, "courier", "token");
	const char *partner_id = of(made, "courier", "partner_id");

	bookings = story_get(token, "/v1/bookings");
	cr_assert_eq(json_array_size(story_at(bookings, "data")), 4);
	cr_assert_str_eq(story_text(bookings, "data.0.state"), "completed");
	cr_assert_eq(story_int(bookings, "data.1.pay_minor"), 7200);
	balance = story_get(token, "/v1/partners/%s/balance", partner_id);
	cr_assert_eq(story_int(balance, "balance_minor"), 7200);
	booking = story_get(token, "/v1/bookings/%s", story_text(made, "booking_id"));
	cr_assert_str_eq(story_text(booking, "state"), "confirmed");
	cr_assert_str_eq(story_text(booking, "starts_at"), "2026-03-05T16:00:00Z");
	/* books tonight, and declines what was assigned */
	booking = story_call("POST",
	    story_print("/v1/slots/%s/bookings", story_text(made, "open_slot_id")), token,
	    story_key(), NULL);
	cr_assert_eq(booking->status, 201, "%s", booking->text);
	booking = story_call("POST",
	    story_print("/v1/bookings/%s/decline", story_text(made, "assigned_booking_id")), token,
	    story_key(), NULL);
	cr_assert_str_eq(story_text(booking, "state"), "declined");
}

Test(test_market, has_a_full_slot_and_one_to_come)
{
	struct story_reply *made = make(), *refusal;
	const char *token = of(made, "courier", "token");

	refusal = story_call("POST",
	    story_print("/v1/slots/%s/bookings", story_text(made, "full_slot_id")), token,
	    story_key(), NULL);
	story_refused(refusal, "slot_full");
	cr_assert_eq(story_call("POST",
			 story_print("/v1/slots/%s/bookings", story_text(refusal, "next_slot_id")),
			 token, story_key(), NULL)
			 ->status,
	    201);
	story_refused(
	    story_call("POST",
		story_print("/v1/slots/%s/bookings", story_text(made, "unreleased_slot_id")), token,
		story_key(), NULL),
	    "slot_not_released");
}

Test(test_market, has_a_driver_whose_statement_adds_up)
{
	struct story_reply *made = make(), *statement, *run;
	const char *token = of(made, "driver", "token");
	const char *partner_id = of(made, "driver", "partner_id");

	cr_assert_eq(json_array_size(story_at(story_get(token, "/v1/trips"), "data")), 8);
	statement = story_get(token, "/v1/partners/%s/statements/2026-03-02", partner_id);
	cr_assert_eq(statement->status, 200, "%s", statement->text);
	cr_assert_eq(story_int(statement, "closing_minor"),
	    story_int(story_get(token, "/v1/partners/%s/balance", partner_id), "balance_minor"));
	run = story_get(
	    of(made, "operator", "token"), "/v1/payout_runs/%s", story_text(made, "payout_run_id"));
	cr_assert_str_eq(story_text(run, "state"), "finished");
	cr_assert_gt(story_int(run, "payouts_count"), 1);
	cr_assert_eq(story_int(run, "left_out_count"), 1);
	cr_assert_str_eq(
	    story_text(story_get(of(made, "operator", "token"), "/v1/payout_runs/%s/left_out",
			   story_text(made, "payout_run_id")),
		"data.0.partner_id"),
	    of(made, "second_driver", "partner_id"));
}

Test(test_market, moves_on_by_its_own_clock)
{
	struct story_reply *made = make(), *moved, *booking;
	const char *courier = of(made, "courier", "token");

	moved = story_call("POST", "/v1/test/clock", of(made, "operator", "token"), story_key(),
	    "{\"now\":\"2026-03-05T15:50:00Z\"}");
	cr_assert_eq(moved->status, 200, "%s", moved->text);
	booking = story_call("POST",
	    story_print("/v1/bookings/%s/check_in", story_text(made, "booking_id")), courier,
	    story_key(), NULL);
	cr_assert_str_eq(story_text(booking, "state"), "checked_in");
}

Test(test_market, has_a_discount_and_a_van)
{
	struct story_reply *made = make(), *listing, *code;
	const char *token = of(made, "courier", "token");

	listing = story_get(token, "/v1/listings/%s", story_text(made, "rental_listing_id"));
	cr_assert_eq(listing->status, 200, "%s", listing->text);
	cr_assert_eq(story_int(listing, "partner_price_minor"), 3500);
	code = story_call("POST",
	    story_print("/v1/listings/%s/redemptions", story_text(made, "discount_listing_id")),
	    token, story_key(), NULL);
	cr_assert_eq(code->status, 201, "%s", code->text);
}

Test(test_market, ends_when_its_operator_says_so)
{
	struct story_reply *made = make(), *other = make();
	const char *path = story_print("/v1/test/markets/%s", story_text(made, "code"));
	const char *operator_token = of(made, "operator", "token");
	const char *courier = of(made, "courier", "token");
	struct story_reply *reply;
	int left = 10000;

	story_refused(story_call("DELETE", path, of(other, "operator", "token"), NULL, NULL),
	    "market_unknown");
	story_refused(story_call("DELETE", path, courier, NULL, NULL), "scope_missing");
	cr_assert_eq(story_call("DELETE", path, operator_token, NULL, NULL)->status, 204);
	/* its tokens are worth nothing, as soon as the workers have heard of it */
	do
		reply = story_get(courier, "/v1/me");
	while (reply->status == 200 && --left > 0);
	story_refused(reply, "unauthenticated");
	cr_assert_eq(story_get(of(other, "courier", "token"), "/v1/me")->status, 200);
}
