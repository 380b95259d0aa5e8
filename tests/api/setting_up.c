/* An operator sets a market up: markets, programmes, partners, the test clock. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(setting_up, .init = story_begin, .fini = story_end);

static struct story_reply *
make_market(const char *code, const char *currency, const char *time_zone, const char *key)
{
	return story_call("POST", "/v1/markets", story.platform, key,
	    "{\"code\":\"%s\",\"name\":\"Town\",\"currency\":\"%s\",\"time_zone\":\"%s\"}", code,
	    currency, time_zone);
}

static struct story_reply *
make_partner(const char *key, const char *members)
{
	return story_call(
	    "POST", "/v1/partners", story.operator_token, key, "{\"name\":\"Ada\",%s}", members);
}

Test(setting_up, makes_a_market_once_per_key)
{
	const char *code = story_print("m%.12s", story_key() + 24), *key = story_key();
	struct story_reply *first = make_market(code, "JPY", "Asia/Tokyo", key);
	struct story_reply *again = make_market(code, "JPY", "Asia/Tokyo", key);
	struct story_reply *shown = story_get(story.platform, "/v1/markets/%s", code);

	cr_assert_eq(first->status, 201, "%s", first->text);
	cr_assert_eq(story_int(first, "currency_exponent"), 0);
	cr_assert_eq(again->status, 201);
	cr_assert_str_eq(story_reply_header(again, "Idempotent-Replayed"), "true");
	cr_assert_eq(story_int(again, "market_id"), story_int(first, "market_id"));
	cr_assert_eq(story_int(shown, "market_id"), story_int(first, "market_id"));
	cr_assert_str_eq(story_reply_header(shown, "ETag"), "\"1\"");
	story_refused(make_market(code, "EUR", "Asia/Tokyo", key), "key_reused");
}

Test(setting_up, refuses_markets_that_cannot_be)
{
	const char *code = story_print("m%.12s", story_key() + 24);
	struct story_reply *reply;

	story_refused(
	    make_market(story.market, "EUR", "Europe/Rome", story_key()), "market_code_taken");
	story_refused(make_market("Upper", "EUR", "Europe/Rome", story_key()), "market_code_shape");
	story_refused(make_market(code, "QQQ", "Europe/Rome", story_key()), "currency_unknown");
	reply = make_market(code, "BGN", "Europe/Sofia", story_key());
	story_refused(reply, "currency_unusable");
	cr_assert_str_eq(story_text(reply, "detail"),
	    "BGN ended in Bulgaria on 2026-01-01; EUR took its place.");
	story_refused(make_market(code, "EUR", "Mars/Olympus", story_key()), "time_zone_unknown");
	story_refused(make_market(code, "EUR", "Europe/Rome", NULL), "key_required");
	story_refused(story_get(story.platform, "/v1/markets/%s", code), "market_unknown");
	story_refused(
	    story_call("POST", "/v1/markets", story.auditor, story_key(), "{}"), "scope_missing");
}

Test(setting_up, lists_every_market_over_pages)
{
	const char *path = "/v1/markets?limit=1";
	bool found = false;

	make_market(story_print("m%.12s", story_key() + 24), "EUR", "Europe/Rome", story_key());
	for (;;) {
		struct story_reply *page = story_get(story.platform, "%s", path);

		found = found || strcmp(story_text(page, "data.0.code"), story.market) == 0;
		if (json_is_false(story_at(page, "has_more")))
			break;
		path =
		    story_print("/v1/markets?limit=1&cursor=%s", story_text(page, "next_cursor"));
	}
	cr_assert(found);
}

Test(setting_up, makes_programmes_and_enrols_under_them)
{
	struct story_reply *programme = story_post(story.operator_token, "/v1/programmes",
	    "{\"name\":\"Rides\",\"kind\":\"driver\",\"archetype\":\"director\"}");
	const char *id = story_text(programme, "programme_id");
	struct story_reply *ada = make_partner(story_key(),
	    story_print("\"enrolments\":[{\"kind\":\"driver\",\"programme_id\":\"%s\"}]", id));
	struct story_reply *enrolments;

	cr_assert_eq(ada->status, 201, "%s", ada->text);
	enrolments =
	    story_get(story.auditor, "/v1/partners/%s/enrolments", story_text(ada, "partner_id"));
	cr_assert_str_eq(story_text(enrolments, "data.0.programme_id"), id);
	cr_assert_str_eq(story_text(enrolments, "data.0.state"), "active");
	cr_assert_str_eq(
	    story_text(story_get(story.auditor, "/v1/programmes?kind=driver"), "data.0.archetype"),
	    "director");
	cr_assert_eq(json_array_size(
			 story_at(story_get(story.auditor, "/v1/programmes?kind=courier"), "data")),
	    0);
	story_refused(make_partner(story_key(), story_print("\"enrolments\":[{\"kind\":\"courier\","
							    "\"programme_id\":\"%s\"}]",
						    id)),
	    "programme_kind_differs");
	story_refused(make_partner(story_key(), story_print("\"enrolments\":[{\"kind\":\"courier\","
							    "\"programme_id\":\"%s\"}]",
						    story_key())),
	    "programme_unknown");
	story_refused(make_partner(story_key(), "\"enrolments\":[{\"kind\":\"courier\"},"
						"{\"kind\":\"courier\"}]"),
	    "enrolment_exists");
}

Test(setting_up, takes_an_importers_own_id_as_identity)
{
	const char *members = story_print(
	    "\"partner_id\":\"%s\",\"enrolments\":[{\"kind\":\"driver\"}]", story_key());
	struct story_reply *first = make_partner(story_key(), members);
	struct story_reply *again = make_partner(story_key(), members);

	cr_assert_eq(first->status, 201, "%s", first->text);
	cr_assert_str_eq(story_reply_header(again, "Idempotent-Replayed"), "true");
	cr_assert_str_eq(story_text(again, "account_id"), story_text(first, "account_id"));
	story_refused(
	    make_partner(story_key(),
		story_print("\"partner_id\":\"%s\",\"enrolments\":[{\"kind\":\"courier\"}]",
		    story_text(first, "partner_id"))),
	    "key_reused");
}

/* Somebody's account, an id that nobody has, and ids of persons of another market. */
Test(setting_up, attaches_nobody_and_takes_no_id_of_another)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");
	const char *const accounts[] = { ada.account_id, story_key() };
	const char *const taken[] = { ada.partner_id, ada.account_id, bob.partner_id,
		"ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000" };

	story.market_id = (int)story_int(
	    make_market(story_print("m%.12s", story_key() + 24), "EUR", "Europe/Rome", story_key()),
	    "market_id");
	story.operator_token = story_token("operator", story_key(), NULL);
	for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
		story_refused(
		    make_partner(story_key(),
			story_print("\"account_id\":\"%s\",\"enrolments\":[{\"kind\":\"driver\"}]",
			    accounts[i])),
		    "account_foreign");
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		story_refused(
		    make_partner(story_key(),
			story_print("\"partner_id\":\"%s\",\"enrolments\":[{\"kind\":\"driver\"}]",
			    taken[i])),
		    "person_id_taken");
	cr_assert_eq(
	    json_array_size(story_at(story_get(story.operator_token, "/v1/partners"), "data")), 0);
}

Test(setting_up, shows_partners_to_themselves_and_to_the_market)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("driver");

	cr_assert_str_eq(story_text(story_get(ada.token, "/v1/partners/%s", ada.partner_id),
			     "enrolments.0.kind"),
	    "courier");
	cr_assert_eq(json_array_size(story_at(story_get(ada.token, "/v1/partners"), "data")), 1);
	cr_assert_eq(
	    json_array_size(story_at(story_get(story.auditor, "/v1/partners"), "data")), 2);
	cr_assert_str_eq(
	    story_text(story_get(story.auditor, "/v1/partners?kind=driver"), "data.0.partner_id"),
	    bob.partner_id);
	story_refused(story_get(ada.token, "/v1/partners/%s", bob.partner_id), "partner_unknown");
	story_refused(
	    story_get(ada.token, "/v1/partners/%s/enrolments", bob.partner_id), "partner_unknown");
	story_refused(
	    story_get(story.operator_token, "/v1/partners/%s", story_key()), "partner_unknown");
}

Test(setting_up, moves_the_clock_of_a_test_market_forward_only)
{
	struct story_reply *real, *far;

	story_clock("2026-03-03T10:00:00Z");
	cr_assert_str_eq(
	    story_text(story_get(story.auditor, "/v1/test/clock"), "now"), "2026-03-03T10:00:00Z");
	cr_assert_str_eq(
	    story_text(story_post(story.operator_token, "/v1/programmes",
			   "{\"name\":\"P\",\"kind\":\"driver\",\"archetype\":\"host\"}"),
		"created_at"),
	    "2026-03-03T10:00:00Z");
	real = story_call("POST", "/v1/test/clock", story.operator_token, NULL,
	    "{\"now\":\"2026-03-03T09:59:59Z\"}");
	story_refused(real, "clock_backwards");
	cr_assert_str_eq(story_text(real, "now"), "2026-03-03T10:00:00Z");
	far = story_call("POST", "/v1/test/clock", story.operator_token, NULL,
	    "{\"now\":\"2027-03-03T10:00:01Z\"}");
	story_refused(far, "clock_too_far");
	cr_assert_str_eq(story_text(far, "latest"), "2027-03-03T10:00:00Z");
	story_refused(story_call("POST", "/v1/test/clock", story.auditor, NULL,
			  "{\"now\":\"2026-03-04T10:00:00Z\"}"),
	    "scope_missing");
	real =
	    make_market(story_print("m%.12s", story_key() + 24), "EUR", "Europe/Rome", story_key());
	story.market_id = (int)story_int(real, "market_id");
	story_refused(
	    story_call("POST", "/v1/test/clock", story_token("operator", story_key(), NULL), NULL,
		"{\"now\":\"2036-03-04T10:00:00Z\"}"),
	    "clock_not_test");
}
