/* Discounts: what a partner saves, the code, why not, and what strangers see. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(discounts, .init = story_begin, .fini = story_end);

static const char *
vendor(void)
{
	return story_text(
	    story_post(story.operator_token, "/v1/vendors", "{\"name\":\"Bar Milano\"}"),
	    "vendor_id");
}

/* 12.00 instead of 20.00. */
static const char *
discount(const char *vendor_id, int stock)
{
	return story_text(
	    story_post(story.operator_token, "/v1/listings",
		"{\"kind\":\"discount\",\"vendor_id\":\"%s\",\"title\":\"Lunch\","
		"\"list_price_minor\":2000,\"partner_price_minor\":1200,\"stock\":%d}",
		vendor_id, stock),
	    "listing_id");
}

static struct story_reply *
redeem(const char *token, const char *listing_id, const char *key)
{
	return story_call(
	    "POST", story_print("/v1/listings/%s/redemptions", listing_id), token, key, NULL);
}

Test(discounts, show_what_is_saved_and_give_a_code)
{
	struct story_partner ada = story_partner("courier");
	const char *seller = vendor(), *lunch = discount(seller, 2), *key = story_key();
	struct story_reply *list = story_get(ada.token, "/v1/listings?kind=discount");
	struct story_reply *made, *again;

	cr_assert_eq(story_int(list, "data.0.list_price_minor"), 2000, "%s", list->text);
	cr_assert_eq(story_int(list, "data.0.partner_price_minor"), 1200);
	cr_assert_eq(story_int(list, "data.0.saving_minor"), 800);
	cr_assert_eq(story_int(list, "data.0.stock_left"), 2);
	cr_assert(json_is_true(story_at(list, "data.0.available")));
	cr_assert(json_is_null(story_at(list, "data.0.assets_free")));
	made = redeem(ada.token, lunch, key);
	cr_assert_eq(made->status, 201, "%s", made->text);
	cr_assert_eq(strlen(story_text(made, "code")), 14);
	again = redeem(ada.token, lunch, key);
	cr_assert_eq(again->status, 201, "%s", again->text);
	cr_assert_str_eq(story_reply_header(again, "Idempotent-Replayed"), "true");
	cr_assert_str_eq(story_text(again, "code"), story_text(made, "code"));
	cr_assert_eq(
	    story_int(story_get(story.operator_token, "/v1/vendors/%s", seller), "balance_minor"),
	    800);
}

Test(discounts, are_taken_once_and_sell_out)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("driver");
	const char *lunch = discount(vendor(), 1);
	struct story_reply *seen;

	cr_assert_eq(redeem(ada.token, lunch, story_key())->status, 201);
	story_refused(redeem(ada.token, lunch, story_key()), "redeemed_already");
	story_refused(redeem(bob.token, lunch, story_key()), "sold_out");
	seen = story_get(ada.token, "/v1/listings/%s", lunch);
	cr_assert(json_is_false(story_at(seen, "available")));
	cr_assert_str_eq(story_text(seen, "reasons.0"), "redeemed_already");
	cr_assert_str_eq(story_text(seen, "reasons.1"), "sold_out");
	seen = story_get(bob.token, "/v1/listings/%s", lunch);
	cr_assert_str_eq(story_text(seen, "reasons.0"), "sold_out");
}

Test(discounts, are_their_partners_to_see)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");
	struct story_reply *made = redeem(ada.token, discount(vendor(), 5), story_key());
	const char *redemption = story_text(made, "redemption_id");

	story_refused(story_get(bob.token, "/v1/redemptions/%s", redemption), "redemption_unknown");
	cr_assert_eq(json_array_size(story_at(story_get(bob.token, "/v1/redemptions"), "data")), 0);
	cr_assert_str_eq(story_text(story_get(ada.token, "/v1/redemptions"), "data.0.code"),
	    story_text(made, "code"));
	cr_assert_eq(
	    story_get(story.operator_token, "/v1/redemptions/%s", redemption)->status, 200);
	cr_assert_eq(
	    json_array_size(story_at(story_get(story.auditor, "/v1/redemptions?limit=1"), "data")),
	    1);
}

Test(discounts, are_for_partners_and_made_by_operators)
{
	struct story_partner ada = story_partner("courier");
	const char *seller = vendor(), *lunch = discount(seller, 5);

	story_refused(redeem(story.operator_token, lunch, story_key()), "scope_missing");
	story_refused(redeem(ada.token, lunch, NULL), "key_required");
	story_refused(redeem(ada.token, story_key(), story_key()), "listing_unknown");
	story_refused(
	    story_call("POST", "/v1/vendors", ada.token, story_key(), "{\"name\":\"Mine\"}"),
	    "scope_missing");
	story_refused(story_get(ada.token, "/v1/vendors/%s", seller), "scope_missing");
	story_refused(story_get(story.auditor, "/v1/vendors/%s", story_key()), "vendor_unknown");
	cr_assert_str_eq(
	    story_text(story_get(story.auditor, "/v1/vendors"), "data.0.vendor_id"), seller);
	story_refused(story_call("POST", "/v1/listings", story.operator_token, story_key(),
			  "{\"kind\":\"discount\",\"vendor_id\":\"%s\",\"title\":\"Lunch\","
			  "\"list_price_minor\":1000,\"partner_price_minor\":1001,\"stock\":1}",
			  seller),
	    "listing_price_wrong");
	story_refused(story_call("POST", "/v1/listings", story.operator_token, story_key(),
			  "{\"kind\":\"discount\",\"vendor_id\":\"%s\",\"title\":\"Lunch\","
			  "\"list_price_minor\":1000,\"partner_price_minor\":900}",
			  seller),
	    "listing_kind_differs");
}

Test(discounts, of_another_market_are_not_there)
{
	struct story_partner ada = story_partner("courier");
	const char *lunch = discount(vendor(), 5), *old = ada.token;
	struct story here = story;

	story_begin(); /* a second market */
	struct story_partner eve = story_partner("courier");

	story_refused(story_get(eve.token, "/v1/listings/%s", lunch), "listing_unknown");
	story_refused(redeem(eve.token, lunch, story_key()), "listing_unknown");
	cr_assert_neq(here.market_id, story.market_id);
	cr_assert_eq(story_get(old, "/v1/listings/%s", lunch)->status, 200);
}
