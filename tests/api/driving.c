/* A driver's trips: split, cash, replay, quote, statement, payout, and the auditor's view. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(driving, .init = story_begin, .fini = story_end);

static struct story_reply *
report(const char *token, const char *partner_id, const char *trip_id, const char *payment,
    int fare, int tip)
{
	return story_call("POST", "/v1/trips", token, NULL,
	    "{\"trip_id\":\"%s\",\"partner_id\":\"%s\",\"started_at\":\"2026-03-02T08:00:00Z\","
	    "\"ended_at\":\"2026-03-02T08:20:00Z\",\"distance_m\":5200,\"fare_minor\":%d,"
	    "\"tip_minor\":%d,\"tolls_minor\":50,\"taxes_and_fees_minor\":80,\"currency\":\"EUR\","
	    "\"payment\":\"%s\",\"status\":\"completed\"}",
	    trip_id, partner_id, fare, tip, payment);
}

static int64_t
balance(const struct story_partner *partner)
{
	return story_int(story_get(partner->token, "/v1/partners/%s/balance", partner->partner_id),
	    "balance_minor");
}

Test(driving, splits_the_fare_and_passes_tip_and_tolls_through)
{
	struct story_partner ada = story_partner("driver");

	story_agreement();
	struct story_reply *trip =
	    report(story.service, ada.partner_id, story_key(), "card", 1003, 200);

	cr_assert_eq(trip->status, 201, "%s", trip->text);
	/* 80 % of 10.03 is 8.024: largest remainder gives the cent to the platform's .006 */
	cr_assert_eq(balance(&ada), 802 + 200 + 50);
}

Test(driving, keeps_the_platforms_part_of_a_cash_trip_as_a_receivable)
{
	struct story_partner ada = story_partner("driver");

	story_agreement();
	cr_assert_eq(
	    report(story.service, ada.partner_id, story_key(), "cash", 1000, 0)->status, 201);
	cr_assert_eq(balance(&ada), -(200 + 80));
}

Test(driving, posts_a_trip_once)
{
	struct story_partner ada = story_partner("driver");
	const char *trip_id = story_key();

	story_agreement();
	cr_assert_eq(report(story.service, ada.partner_id, trip_id, "card", 1000, 0)->status, 201);
	struct story_reply *again = report(story.service, ada.partner_id, trip_id, "card", 1000, 0);

	cr_assert_str_eq(story_reply_header(again, "Idempotent-Replayed"), "true");
	story_refused(
	    report(story.service, ada.partner_id, trip_id, "card", 1001, 0), "key_reused");
	cr_assert_eq(balance(&ada), 850);
}

Test(driving, refuses_what_does_not_fit)
{
	struct story_partner ada = story_partner("driver");

	story_refused(report(story.service, ada.partner_id, story_key(), "card", 1000, 0),
	    "agreement_missing");
	story_agreement();
	story_refused(
	    report(story.service, story_key(), story_key(), "card", 1000, 0), "partner_unknown");
	story_refused(
	    report(ada.token, ada.partner_id, story_key(), "card", 1000, 0), "scope_missing");
	story_refused(
	    report(story.service, ada.partner_id, story_key(), "gold", 1000, 0), "invalid_fields");
	story_refused(
	    report(story.service, ada.partner_id, story_key(), "card", -1, 0), "invalid_fields");
	cr_assert_eq(balance(&ada), 0);
}

Test(driving, quotes_without_posting)
{
	struct story_partner ada = story_partner("driver");

	story_agreement();
	struct story_reply *quote = story_call("POST", "/v1/earnings/quote", ada.token, NULL,
	    "{\"fare_minor\":1003,\"tip_minor\":200,\"tolls_minor\":50,"
	    "\"taxes_and_fees_minor\":80,\"currency\":\"EUR\",\"payment\":\"card\"}");

	cr_assert_eq(quote->status, 200, "%s", quote->text);
	cr_assert_eq(story_int(quote, "partner_share_minor"), 802);
	cr_assert_eq(story_int(quote, "wallet_minor"), 1052);
	cr_assert_eq(balance(&ada), 0);
}

Test(driving, is_paid_out_to_the_cent)
{
	struct story_partner ada = story_partner("driver"), bob = story_partner("driver");

	story_agreement();
	for (int i = 0; i < 5; i++)
		cr_assert_eq(
		    report(story.service, ada.partner_id, story_key(), "card", 1003, 0)->status,
		    201);
	cr_assert_eq(
	    report(story.service, bob.partner_id, story_key(), "cash", 1000, 0)->status, 201);
	struct story_reply *run = story_post(story.operator_token, "/v1/payout_runs", "{}");

	story_await(story.operator_token, "payout_run.finished");
	run =
	    story_get(story.operator_token, "/v1/payout_runs/%s", story_text(run, "payout_run_id"));
	cr_assert_eq(story_int(run, "payouts_count"), 1);
	cr_assert_eq(story_int(run, "total_minor"), 5 * 852);
	cr_assert_eq(balance(&ada), 0);
	cr_assert_eq(balance(&bob), -280);
	struct story_reply *payouts = story_get(ada.token, "/v1/payouts");

	cr_assert_eq(json_array_size(story_at(payouts, "data")), 1);
	cr_assert_eq(story_int(payouts, "data.0.amount_minor"), 5 * 852);
	cr_assert_eq(json_array_size(story_at(story_get(bob.token, "/v1/payouts"), "data")), 0);
}

Test(driving, closes_statements_to_the_cent)
{
	struct story_partner ada = story_partner("driver");

	story_agreement();
	cr_assert_eq(
	    report(story.service, ada.partner_id, story_key(), "card", 1003, 200)->status, 201);
	struct story_reply *list =
	    story_get(ada.token, "/v1/partners/%s/statements", ada.partner_id);

	cr_assert_eq(json_array_size(story_at(list, "data")), 1, "%s", list->text);
	cr_assert_str_eq(story_text(list, "data.0.week"), "2026-03-02");
	cr_assert_eq(story_int(list, "data.0.opening_minor"), 0);
	cr_assert_eq(story_int(list, "data.0.closing_minor"), 1052);
	struct story_reply *csv =
	    story_get(ada.token, "/v1/partners/%s/statements/2026-03-02/csv", ada.partner_id);

	cr_assert_eq(csv->status, 200);
	cr_assert(strstr(story_reply_header(csv, "Content-Type"), "text/csv"));
	cr_assert_str_eq(story_reply_header(csv, "X-Row-Count"), "1");
}

Test(driving, shows_the_auditor_balanced_books)
{
	struct story_partner ada = story_partner("driver");

	story_agreement();
	cr_assert_eq(
	    report(story.service, ada.partner_id, story_key(), "card", 1003, 200)->status, 201);
	struct story_reply *list = story_get(story.auditor, "/v1/ledger/transactions");
	json_t *entry;
	size_t i;
	int64_t sum = 0;

	cr_assert_eq(list->status, 200, "%s", list->text);
	json_array_foreach (story_at(list, "data.0.entries"), i, entry)
		sum += json_integer_value(json_object_get(entry, "amount_minor"));
	cr_assert_eq(sum, 0);
	cr_assert_geq(i, 3);
	story_refused(story_get(ada.token, "/v1/ledger/transactions"), "scope_missing");
	struct story_reply *accounts = story_get(story.auditor, "/v1/ledger/accounts");

	sum = 0;
	json_array_foreach (story_at(accounts, "data"), i, entry)
		sum += json_integer_value(json_object_get(entry, "balance_minor"));
	cr_assert_eq(sum, 0, "%s", accounts->text);
	story_refused(story_call("POST", "/v1/payout_runs", story.auditor, story_key(), "{}"),
	    "scope_missing");
}
