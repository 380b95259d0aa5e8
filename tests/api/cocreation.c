/* An idea finds its supporters, among partners and customers; and everything that is refused. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(cocreation, .init = story_begin, .fini = story_end);

static struct story_reply *
submit(const struct story_partner *partner)
{
	return story_post(partner->token, "/v1/ideas",
	    "{\"title\":\"A bag that folds flat\",\"summary\":\"It folds to the size of a "
	    "book.\"}");
}

/* PUT or DELETE. */
static struct story_reply *
support(const char *method, const char *token, const char *idea_id)
{
	return story_call(method, story_print("/v1/ideas/%s/support", idea_id), token, NULL, NULL);
}

static const char *
customer(void)
{
	return story_token("customer", story_key(), NULL);
}

Test(cocreation, lifts_an_idea_to_its_second_stage_at_a_hundred)
{
	struct story_partner ada = story_partner("co_creator"), bob = story_partner("courier");
	struct story_reply *idea = submit(&ada);
	const char *idea_id = story_text(idea, "idea_id"), *eve = customer();

	cr_assert_eq(idea->status, 201, "%s", idea->text);
	cr_assert_str_eq(story_text(idea, "state"), "gathering");
	cr_assert_str_eq(story_text(idea, "gathering_until"), "2026-05-01T10:00:00Z");
	cr_assert_eq(story_int(idea, "supporters_needed"), 100);
	cr_assert_eq(support("PUT", bob.token, idea_id)->status, 200);
	idea = support("PUT", eve, idea_id);
	cr_assert_eq(story_int(idea, "supporters_count"), 2);
	cr_assert(json_is_true(story_at(idea, "supported")));
	for (int i = 0; i < 97; i++)
		cr_assert_eq(support("PUT", customer(), idea_id)->status, 200);
	idea = story_get(story.auditor, "/v1/ideas/%s", idea_id);
	cr_assert_eq(story_int(idea, "stage"), 1);
	cr_assert_eq(story_int(idea, "supporters_count"), 99);
	cr_assert(json_is_false(story_at(idea, "supported")));
	story_clock("2026-05-01T09:59:59Z");
	idea = support("PUT", customer(), idea_id);
	cr_assert_eq(story_int(idea, "stage"), 2);
	cr_assert_eq(story_int(idea, "supporters_needed"), 1000);
	cr_assert_str_eq(story_text(idea, "gathering_until"), "2027-05-01T09:59:59Z");
	idea = support("DELETE", eve, idea_id);
	cr_assert_eq(story_int(idea, "stage"), 2);
	cr_assert_eq(story_int(idea, "supporters_count"), 99);
	story_await(ada.token, "idea.stage_reached");
}

Test(cocreation, counts_an_account_once)
{
	struct story_partner ada = story_partner("co_creator");
	const char *idea_id = story_text(submit(&ada), "idea_id"), *eve = customer();

	cr_assert_eq(story_int(support("DELETE", eve, idea_id), "supporters_count"), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(story_int(support("PUT", eve, idea_id), "supporters_count"), 1);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(story_int(support("DELETE", eve, idea_id), "supporters_count"), 0);
	cr_assert_eq(story_int(support("PUT", eve, idea_id), "supporters_count"), 1);
}

/* A customer who became a partner is the same account. */
Test(cocreation, counts_a_partner_and_its_customer_as_one)
{
	struct story_partner ada = story_partner("co_creator"), bob = story_partner("courier");
	const char *idea_id = story_text(submit(&ada), "idea_id");

	cr_assert_eq(story_int(support("PUT", bob.token, idea_id), "supporters_count"), 1);
	cr_assert_eq(
	    story_int(support("PUT", story_token("customer", bob.account_id, NULL), idea_id),
		"supporters_count"),
	    1);
	story_refused(
	    support("PUT", story_token("customer", ada.account_id, NULL), idea_id), "own_idea");
}

Test(cocreation, expires_an_idea_whose_time_is_over)
{
	struct story_partner ada = story_partner("co_creator");
	const char *idea_id = story_text(submit(&ada), "idea_id"), *eve = customer();
	struct story_reply *refused;

	cr_assert_eq(support("PUT", eve, idea_id)->status, 200);
	story_clock("2026-05-01T10:00:00Z");
	refused = support("PUT", customer(), idea_id);
	story_refused(refused, "idea_not_gathering");
	cr_assert_str_eq(story_text(refused, "gathering_until"), "2026-05-01T10:00:00Z");
	/* again, for want of a reply */
	cr_assert_eq(story_int(support("PUT", eve, idea_id), "supporters_count"), 1);
	story_await(ada.token, "idea.expired");
	cr_assert_str_eq(
	    story_text(story_get(ada.token, "/v1/ideas/%s", idea_id), "state"), "expired");
	story_refused(story_call("POST", story_print("/v1/ideas/%s/withdraw", idea_id), ada.token,
			  story_key(), NULL),
	    "idea_not_gathering");
}

Test(cocreation, lets_the_submitter_withdraw)
{
	struct story_partner ada = story_partner("co_creator"), bob = story_partner("courier");
	const char *idea_id = story_text(submit(&ada), "idea_id"), *key = story_key();
	const char *path = story_print("/v1/ideas/%s/withdraw", idea_id);

	story_refused(story_call("POST", path, bob.token, story_key(), NULL), "idea_of_another");
	story_refused(story_call("POST", path, ada.token, NULL, NULL), "key_required");
	for (int i = 0; i < 2; i++)
		cr_assert_str_eq(
		    story_text(story_call("POST", path, ada.token, key, NULL), "state"),
		    "withdrawn");
	story_refused(support("PUT", bob.token, idea_id), "idea_not_gathering");
}

Test(cocreation, shows_ideas_to_all_of_the_market)
{
	struct story_partner ada = story_partner("co_creator");
	const char *first = story_text(submit(&ada), "idea_id");
	const char *second = story_text(submit(&ada), "idea_id"), *eve = customer();
	struct story_reply *list, *rest;

	cr_assert_eq(support("PUT", eve, first)->status, 200);
	list = story_get(eve, "/v1/ideas?limit=1&state=gathering");
	cr_assert_str_eq(story_text(list, "data.0.idea_id"), second);
	cr_assert(json_is_false(story_at(list, "data.0.supported")));
	rest = story_get(
	    eve, "/v1/ideas?limit=1&state=gathering&cursor=%s", story_text(list, "next_cursor"));
	cr_assert_str_eq(story_text(rest, "data.0.idea_id"), first);
	cr_assert(json_is_true(story_at(rest, "data.0.supported")));
	cr_assert(json_is_false(story_at(rest, "has_more")));
	cr_assert_eq(json_array_size(story_at(
			 story_get(story.operator_token, "/v1/ideas?state=expired"), "data")),
	    0);
	cr_assert_eq(json_array_size(story_at(story_get(story.auditor, "/v1/ideas"), "data")), 2);
}

Test(cocreation, refuses_what_does_not_fit)
{
	struct story_partner ada = story_partner("co_creator"), bob = story_partner("driver");
	struct story_reply *refused = story_call("POST", "/v1/ideas", ada.token, story_key(),
	    "{\"title\":\"A bag\",\"summary\":\"It folds.\",\"authors\":["
	    "{\"partner_id\":\"%s\",\"share_ppm\":600000},"
	    "{\"partner_id\":\"%s\",\"share_ppm\":300000}]}",
	    ada.partner_id, bob.partner_id);

	story_refused(refused, "authors_wrong");
	cr_assert_eq(story_int(refused, "shares_ppm"), 900000);
	story_refused(story_call("POST", "/v1/ideas", ada.token, story_key(),
			  "{\"title\":\"A bag\",\"summary\":\"It folds.\",\"authors\":["
			  "{\"partner_id\":\"%s\",\"share_ppm\":1000000}]}",
			  story_key()),
	    "partner_unknown");
	story_refused(story_call("POST", "/v1/ideas", ada.token, story_key(),
			  "{\"title\":\"A bag\",\"summary\":\"It folds.\",\"authors\":[]}"),
	    "invalid_fields");
	story_refused(story_call("POST", "/v1/ideas", ada.token, story_key(),
			  "{\"title\":\"A bag\",\"summary\":\"It folds.\",\"authors\":["
			  "{\"partner_id\":\"%s\",\"share_ppm\":0}]}",
			  ada.partner_id),
	    "invalid_fields");
	story_refused(story_call("POST", "/v1/ideas", customer(), story_key(),
			  "{\"title\":\"A bag\",\"summary\":\"It folds.\"}"),
	    "scope_missing");
	story_refused(support("PUT", story.operator_token, story_key()), "scope_missing");
	story_refused(support("PUT", customer(), story_key()), "idea_unknown");
	story_refused(support("DELETE", customer(), story_key()), "idea_unknown");
	story_refused(story_get(customer(), "/v1/ideas/%s", story_key()), "idea_unknown");
}

Test(cocreation, hides_ideas_from_another_market)
{
	struct story_partner ada = story_partner("co_creator");
	char idea_id[STORY_ID_BYTES];

	memcpy(idea_id, story_text(submit(&ada), "idea_id"), sizeof(idea_id));
	story_end();
	story_begin();
	struct story_partner eve = story_partner("courier");

	story_refused(story_get(eve.token, "/v1/ideas/%s", idea_id), "idea_unknown");
	story_refused(support("PUT", eve.token, idea_id), "idea_unknown");
	cr_assert_eq(json_array_size(story_at(story_get(eve.token, "/v1/ideas"), "data")), 0);
}
