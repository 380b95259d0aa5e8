/* A partner's exchange: declared at first, observed when it has worked, shown with its reasons. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(exchange, .init = story_begin, .fini = story_end);

static const char *
programme(const char *kind, const char *archetype)
{
	return story_text(
	    story_post(story.operator_token, "/v1/programmes",
		"{\"name\":\"City\",\"kind\":\"%s\",\"archetype\":\"%s\"}", kind, archetype),
	    "programme_id");
}

/* A partner under a programme of this archetype. */
static struct story_partner
enrolled(const char *kind, const char *archetype)
{
	struct story_partner partner = { .account_id = story_key() };
	struct story_reply *made = story_post(story.operator_token, "/v1/partners",
	    "{\"name\":\"Ada\",\"enrolments\":[{\"kind\":\"%s\",\"programme_id\":\"%s\"}]}", kind,
	    programme(kind, archetype));

	partner.partner_id = story_text(made, "partner_id");
	partner.account_id = story_text(made, "account_id");
	partner.token = story_token("partner", partner.account_id, partner.partner_id);
	return partner;
}

static struct story_reply *
archetype_of(const struct story_partner *partner)
{
	return story_get(partner->token, "/v1/partners/%s/archetype", partner->partner_id);
}

/* Books so many slots, one on each day from March 3 on. */
static void
book_days(const struct story_partner *partner, int days)
{
	const char *station = story_station(), *slot;

	for (int day = 3; day < 3 + days; day++) {
		slot = story_slot(station, story_print("2026-03-%02dT08:00", day),
		    story_print("2026-03-%02dT12:00", day), 1);
		cr_assert_eq(story_call("POST", story_print("/v1/slots/%s/bookings", slot),
				 partner->token, story_key(), NULL)
				 ->status,
		    201);
	}
}

Test(exchange, is_what_the_programme_declares_at_first)
{
	static const char *const archetypes[] = { "host", "companion", "advisor", "director" };

	for (size_t i = 0; i < sizeof(archetypes) / sizeof(archetypes[0]); i++) {
		struct story_partner ada = enrolled("courier", archetypes[i]);
		struct story_reply *reply = archetype_of(&ada);

		cr_assert_eq(reply->status, 200, "%s", reply->text);
		cr_expect_str_eq(story_text(reply, "exchange.archetype"), archetypes[i]);
		cr_expect_str_eq(story_text(reply, "exchange.basis"), "declared");
		cr_expect_eq(story_int(reply, "exchange.rule_version"), 1);
		cr_expect_eq(story_int(reply, "events"), 0);
		reply = story_get(ada.token, "/v1/partners/%s", ada.partner_id);
		cr_expect_str_eq(story_text(reply, "exchange.archetype"), archetypes[i]);
		reply = story_get(ada.token, "/v1/me");
		cr_expect_str_eq(story_text(reply, "partner.exchange.archetype"), archetypes[i]);
	}
}

Test(exchange, is_observed_from_the_fifth_slot_on, .timeout = 120)
{
	struct story_partner ada = enrolled("courier", "advisor");
	struct story_reply *reply;

	book_days(&ada, 5);
	story_clock("2026-03-02T11:00:00Z"); /* the job comes by the market's clock */
	story_await(ada.token, "exchange.changed");
	reply = archetype_of(&ada);
	cr_expect_str_eq(story_text(reply, "exchange.archetype"), "host", "%s", reply->text);
	cr_expect_str_eq(story_text(reply, "exchange.basis"), "observed");
	cr_expect_str_eq(story_text(reply, "exchange.sentence"),
	    "You choose your work; we use your data only to run it.");
	cr_expect_eq(story_int(reply, "participation_percent"), 100);
	cr_expect_eq(story_int(reply, "shared_points"), 5);
	cr_expect_str_eq(story_text(reply, "contributions.0.what"), "slot_self_booked");
	cr_expect_eq(story_int(reply, "contributions.0.points"), 5);
	cr_expect_str_eq(story_text(reply, "enrolments.0.kind"), "courier");
	cr_expect_str_eq(story_text(reply, "enrolments.0.exchange.archetype"), "host");
	cr_expect_str_eq(story_text(reply, "window_until"), "2026-03-02");
	reply = story_get(story.auditor, "/v1/partners");
	cr_expect_str_eq(story_text(reply, "data.0.exchange.archetype"), "host");
}

Test(exchange, is_no_strangers_affair)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");

	story_refused(
	    story_get(bob.token, "/v1/partners/%s/archetype", ada.partner_id), "partner_unknown");
	story_refused(story_get(story.operator_token, "/v1/partners/%s/archetype", story_key()),
	    "partner_unknown");
	story_refused(
	    story_get(story.service, "/v1/partners/%s/archetype", ada.partner_id), "scope_missing");
	cr_expect_eq(
	    story_get(story.operator_token, "/v1/partners/%s/archetype", ada.partner_id)->status,
	    200);
	cr_expect_eq(
	    story_get(story.auditor, "/v1/partners/%s/archetype", ada.partner_id)->status, 200);
}
