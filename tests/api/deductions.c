/* What a partner owes is its own to see; agreements for prices know vendors. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(deductions, .init = story_begin, .fini = story_end);

#define LATER "2026-04-01T00:00:00Z"

static struct story_reply *
agree(const char *base, const char *party, const char *from)
{
	return story_call("POST", "/v1/share_agreements", story.operator_token, story_key(),
	    "{\"name\":\"Terms\",\"base\":\"%s\",\"effective_from\":\"%s\","
	    "\"parties\":[{\"party\":\"%s\",\"share_ppm\":900000},"
	    "{\"party\":\"platform\",\"share_ppm\":100000}]}",
	    base, from, party);
}

Test(deductions, are_none_at_first)
{
	struct story_partner ada = story_partner("courier");
	struct story_reply *list =
	    story_get(ada.token, "/v1/partners/%s/deductions", ada.partner_id);

	cr_assert_eq(list->status, 200, "%s", list->text);
	cr_assert_eq(json_array_size(story_at(list, "data")), 0);
	cr_assert_eq(
	    story_get(story.operator_token, "/v1/partners/%s/deductions", ada.partner_id)->status,
	    200);
	cr_assert_eq(story_int(story_get(ada.token, "/v1/partners/%s/balance", ada.partner_id),
			 "owed_minor"),
	    0);
}

Test(deductions, are_no_strangers_to_see)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");

	story_refused(
	    story_get(bob.token, "/v1/partners/%s/deductions", ada.partner_id), "partner_unknown");
	story_refused(story_get(story.operator_token, "/v1/partners/%s/deductions", story_key()),
	    "partner_unknown");
	story_refused(
	    story_get(NULL, "/v1/partners/%s/deductions", ada.partner_id), "unauthenticated");
	story_refused(story_get(ada.token, "/v1/partners/%s/deductions?cursor=x", ada.partner_id),
	    "bad_cursor");
}

Test(deductions, follow_agreements_that_know_vendors)
{
	struct story_reply *price;

	story_refused(agree("price", "partner", LATER), "agreement_parts_wrong");
	story_refused(agree("net_sales", "vendor", LATER), "agreement_parts_wrong");
	story_refused(agree("price", "landlord", LATER), "invalid_fields");
	price = agree("price", "vendor", LATER);
	cr_assert_eq(price->status, 201, "%s", price->text);
	cr_assert_str_eq(story_text(price, "parties.0.party"), "vendor");
	cr_assert_eq(story_int(price, "parties.0.share_ppm"), 900000);
	story_refused(agree("price", "vendor", LATER), "agreement_overlaps");
	cr_assert_eq(agree("net_sales", "partner", LATER)->status, 201);
	cr_assert_eq(agree("price", "vendor", "2026-01-01T00:00:00Z")->status, 201);
	price = agree("price", "vendor", "2026-02-01T00:00:00Z");
	story_refused(price, "agreement_in_force");
	cr_assert_str_eq(story_text(price, "earliest"), STORY_NOW);
}
