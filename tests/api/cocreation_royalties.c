/* Co-creators are paid their part of net sales; a month is restated; strangers see nothing of it.
 */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(cocreation_royalties, .init = story_begin, .fini = story_end);

/* Ada's and Bob's idea at 60 and 40 %, and 1 % of net sales. */
struct scene {
	struct story_partner ada, bob;
	const char *idea_id;
};

static struct scene
scene(void)
{
	struct scene it = { story_partner("co_creator"), story_partner("co_creator"), NULL };

	(void)story_post(story.operator_token, "/v1/share_agreements",
	    "{\"name\":\"Royalty\",\"base\":\"net_sales\","
	    "\"effective_from\":\"2019-01-01T00:00:00Z\",\"parties\":["
	    "{\"party\":\"partner\",\"share_ppm\":10000},"
	    "{\"party\":\"platform\",\"share_ppm\":990000}]}"); /* a later assertion reads it */
	it.idea_id = story_text(
	    story_post(it.ada.token, "/v1/ideas",
		"{\"title\":\"A bag that folds flat\",\"summary\":\"It folds to a book.\","
		"\"authors\":[{\"partner_id\":\"%s\",\"share_ppm\":600000},"
		"{\"partner_id\":\"%s\",\"share_ppm\":400000}]}",
		it.ada.partner_id, it.bob.partner_id),
	    "idea_id");
	return it;
}

/* `restates` is the member with its comma in front, or nothing. */
static struct story_reply *
report(const char *token, const char *idea_id, const char *period, int gross, const char *restates)
{
	return story_call("POST", "/v1/sales_reports", token, story_key(),
	    "{\"idea_id\":\"%s\",\"period\":\"%s\",\"gross_minor\":%d,\"returns_minor\":50000%s}",
	    idea_id, period, gross, restates);
}

static const char *
restating(const struct story_reply *first)
{
	return story_print(",\"restates\":\"%s\"", story_text(first, "sales_report_id"));
}

static int64_t
balance(const struct story_partner *partner)
{
	return story_int(story_get(partner->token, "/v1/partners/%s/balance", partner->partner_id),
	    "balance_minor");
}

Test(cocreation_royalties, pay_one_percent_of_net_sales_to_two_authors)
{
	struct scene it = scene();
	struct story_reply *made = report(story.service, it.idea_id, "2026-02", 1000000, ""), *list;

	cr_assert_eq(made->status, 201, "%s", made->text);
	cr_assert_eq(story_int(made, "net_minor"), 950000);
	cr_assert_eq(story_int(made, "royalty_minor"), 9500);
	cr_assert_str_eq(story_text(made, "currency"), "EUR");
	cr_assert_str_eq(story_text(made, "occurred_at"), "2026-02-28T22:59:59Z");
	cr_assert_str_eq(story_text(made, "parts.0.partner_id"), it.ada.partner_id);
	cr_assert_eq(story_int(made, "parts.0.amount_minor"), 5700);
	cr_assert_eq(story_int(made, "parts.1.amount_minor"), 3800);
	cr_assert_eq(balance(&it.ada), 5700);
	cr_assert_eq(balance(&it.bob), 3800);
	list = story_get(it.bob.token, "/v1/partners/%s/earnings", it.bob.partner_id);
	cr_assert_str_eq(story_text(list, "data.0.kind"), "royalty");
	cr_assert_str_eq(story_text(list, "data.0.cause_id"), story_text(made, "sales_report_id"));
	cr_assert_eq(story_int(list, "data.0.wallet_minor"), 3800);
	story_await(it.bob.token, "sales_report.posted");
}

Test(cocreation_royalties, are_reversed_and_posted_anew_when_a_month_is_restated)
{
	struct scene it = scene();
	struct story_reply *first =
	    report(story.operator_token, it.idea_id, "2026-02", 1000000, "");
	struct story_reply *second, *lines;

	story_refused(report(story.operator_token, it.idea_id, "2026-02", 1000000, ""),
	    "sales_report_exists");
	second = report(story.operator_token, it.idea_id, "2026-02", 550000, restating(first));
	cr_assert_eq(second->status, 201, "%s", second->text);
	cr_assert_str_eq(story_text(second, "restates"), story_text(first, "sales_report_id"));
	cr_assert_eq(balance(&it.ada), 3000);
	cr_assert_eq(balance(&it.bob), 2000);
	story_refused(report(story.operator_token, it.idea_id, "2026-02", 550000, restating(first)),
	    "sales_report_restated_already");
	lines = story_get(
	    it.ada.token, "/v1/partners/%s/statements/2026-02-23/lines", it.ada.partner_id);
	cr_assert_eq(json_array_size(story_at(lines, "data")), 3, "%s", lines->text);
	cr_assert_str_eq(story_text(lines, "data.0.kind"), "royalty");
	cr_assert_eq(story_int(lines, "data.0.amount_minor"), 5700);
	cr_assert_str_eq(story_text(lines, "data.1.kind"), "reversal");
	cr_assert_eq(story_int(lines, "data.1.amount_minor"), -5700);
	cr_assert_str_eq(story_text(lines, "data.2.kind"), "royalty");
	cr_assert_eq(story_int(lines, "data.2.amount_minor"), 3000);
	cr_assert_eq(story_int(story_get(it.ada.token, "/v1/partners/%s/statements/2026-02-23",
				   it.ada.partner_id),
			 "closing_minor"),
	    3000);
	first =
	    story_get(it.bob.token, "/v1/sales_reports/%s", story_text(first, "sales_report_id"));
	cr_assert_str_eq(story_text(first, "restated_by"), story_text(second, "sales_report_id"));
	story_await(it.ada.token, "sales_report.restated");
}

Test(cocreation_royalties, are_shown_to_authors_and_those_who_check)
{
	struct scene it = scene();
	struct story_partner eve = story_partner("driver");
	struct story_reply *made = report(story.service, it.idea_id, "2026-02", 1000000, ""), *list;
	const char *path = story_print("/v1/sales_reports/%s", story_text(made, "sales_report_id"));
	const char *readers[] = { it.ada.token, it.bob.token, story.operator_token, story.auditor,
		story.service };

	cr_assert_eq(report(story.service, it.idea_id, "2026-01", 50000, "")->status, 201);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		cr_assert_eq(story_int(story_get(readers[i], "%s", path), "royalty_minor"), 9500);
		list = story_get(readers[i], "/v1/sales_reports?idea_id=%s&limit=1", it.idea_id);
		cr_assert_str_eq(story_text(list, "data.0.period"), "2026-01");
		list = story_get(readers[i], "/v1/sales_reports?idea_id=%s&limit=1&cursor=%s",
		    it.idea_id, story_text(list, "next_cursor"));
		cr_assert_str_eq(story_text(list, "data.0.period"), "2026-02");
	}
	story_refused(story_get(eve.token, "%s", path), "sales_report_unknown");
	cr_assert_eq(
	    json_array_size(story_at(story_get(eve.token, "/v1/sales_reports"), "data")), 0);
	story_refused(
	    story_get(story_token("customer", story_key(), NULL), "%s", path), "scope_missing");
}

Test(cocreation_royalties, hide_reports_from_another_market)
{
	struct scene it = scene();
	char report_id[STORY_ID_BYTES], idea_id[STORY_ID_BYTES];

	memcpy(report_id,
	    story_text(
		report(story.service, it.idea_id, "2026-02", 1000000, ""), "sales_report_id"),
	    sizeof(report_id));
	memcpy(idea_id, it.idea_id, sizeof(idea_id));
	story_end();
	story_begin();
	story_refused(story_get(story.operator_token, "/v1/sales_reports/%s", report_id),
	    "sales_report_unknown");
	story_refused(report(story.service, idea_id, "2026-01", 1000000, ""), "idea_unknown");
	cr_assert_eq(
	    json_array_size(story_at(story_get(story.operator_token, "/v1/sales_reports"), "data")),
	    0);
}

Test(cocreation_royalties, refuse_what_does_not_fit)
{
	struct scene it = scene();
	const char *other = story_text(story_post(it.ada.token, "/v1/ideas",
					   "{\"title\":\"A cap\",\"summary\":\"It folds too.\"}"),
	    "idea_id");
	struct story_reply *first = report(story.service, it.idea_id, "2026-02", 1000000, "");
	struct story_reply *refused = report(story.service, it.idea_id, "2026-02", 2000000, "");

	story_refused(refused, "sales_report_exists");
	cr_assert_str_eq(
	    story_text(refused, "sales_report_id"), story_text(first, "sales_report_id"));
	refused = report(story.service, it.idea_id, "2026-03", 1000000, "");
	story_refused(refused, "period_not_over");
	cr_assert_str_eq(story_text(refused, "ends_at"), "2026-03-31T22:00:00Z");
	story_refused(
	    report(story.service, it.idea_id, "2026-01", 49999, ""), "returns_exceed_gross");
	story_refused(
	    report(story.service, it.idea_id, "2018-12", 1000000, ""), "agreement_missing");
	story_refused(report(story.service, other, "2026-02", 1000000, restating(first)),
	    "sales_report_of_another");
	story_refused(report(story.service, other, "2026-02", 1000000,
			  story_print(",\"restates\":\"%s\"", story_key())),
	    "sales_report_unknown");
	story_refused(report(story.service, it.idea_id, "2026-13", 1000000, ""), "invalid_fields");
	story_refused(report(story.service, it.idea_id, "2026-01", -1, ""), "invalid_fields");
	story_refused(report(it.ada.token, it.idea_id, "2026-01", 1000000, ""), "scope_missing");
	story_refused(report(story.auditor, it.idea_id, "2026-01", 1000000, ""), "scope_missing");
	cr_assert_eq(story_call("POST", story_print("/v1/ideas/%s/withdraw", other), it.ada.token,
			 story_key(), NULL)
			 ->status,
	    200);
	/* it was withdrawn in March: that month may still be reported when it is over */
	story_clock("2026-05-04T10:00:00Z");
	story_refused(report(story.service, other, "2026-04", 1000000, ""), "idea_closed");
	cr_assert_eq(balance(&it.ada), 5700);
}
