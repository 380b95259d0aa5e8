/* A customer applies, shows what is asked for, and becomes a courier; the bank account follows. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(onboarding, .init = story_begin, .fini = story_end);

#define ROME "IT60 X054 2811 1010 0000 0123 456"

static const char *
programme(const char *requirements)
{
	return story_text(story_post(story.operator_token, "/v1/programmes",
			      "{\"name\":\"City\",\"kind\":\"courier\",\"archetype\":\"host\","
			      "\"requirements\":[%s]}",
			      requirements),
	    "programme_id");
}

/* An account applies under a programme; its token is a partner's from then on. */
static struct story_partner
applicant(const char *programme_id)
{
	struct story_partner ada = { .account_id = story_key() };
	struct story_reply *made = story_post(story_token("customer", ada.account_id, NULL),
	    "/v1/partners",
	    "{\"name\":\"Ada\",\"enrolments\":[{\"kind\":\"courier\",\"programme_id\":\"%s\"}]}",
	    programme_id);

	cr_assert_str_eq(story_text(made, "account_id"), ada.account_id);
	ada.partner_id = story_text(made, "partner_id");
	ada.token = story_token("partner", ada.account_id, ada.partner_id);
	return ada;
}

static const char *
state_of(const struct story_partner *ada)
{
	return story_text(
	    story_get(ada->token, "/v1/partners/%s", ada->partner_id), "enrolments.0.state");
}

/* A call with a fresh key of what stands below a partner. */
static struct story_reply *
submit(const struct story_partner *ada, const char *kind, char digit, const char *more)
{
	return story_call("POST", story_print("/v1/partners/%s/documents", ada->partner_id),
	    ada->token, story_key(), "{\"kind\":\"%s\",\"sha256\":\"%.63s%c\"%s}", kind,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", digit, more);
}

static struct story_reply *
review(const char *document_id, const char *decision)
{
	return story_call("POST", story_print("/v1/documents/%s/reviews", document_id),
	    story.operator_token, story_key(), "{%s}", decision);
}

static struct story_reply *
book(const struct story_partner *ada, const char *slot)
{
	return story_call(
	    "POST", story_print("/v1/slots/%s/bookings", slot), ada->token, story_key(), NULL);
}

static struct story_reply *
put_bank_account(const struct story_partner *ada, const char *token, const char *iban)
{
	return story_call("PUT", story_print("/v1/partners/%s/bank_account", ada->partner_id),
	    token, NULL, "{\"iban\":\"%s\",\"holder_name\":\"Ada Rossi\"}", iban);
}

Test(onboarding, makes_a_customer_a_courier_once_nothing_is_due)
{
	const char *id = programme("{\"requirement\":\"vehicle\"},{\"requirement\":\"identity\"},"
				   "{\"requirement\":\"bank_account\"}");
	const char *slot = story_slot(story_station(), "2026-03-03T08:00", "2026-03-03T10:00", 1);
	struct story_partner ada = applicant(id);
	struct story_reply *reply = book(&ada, slot);
	const char *passport, *car;

	story_refused(reply, "requirements_due");
	cr_assert_str_eq(story_text(reply, "requirements.0.requirement"), "identity");
	cr_assert_str_eq(story_text(reply, "requirements.1.requirement"), "vehicle");
	cr_assert_str_eq(story_text(reply, "requirements.1.state"), "due");
	cr_assert_str_eq(story_text(reply, "requirements.1.enrolment_kind"), "courier");

	passport = story_text(submit(&ada, "passport", '1', ""), "document_id");
	car = story_text(submit(&ada, "vehicle_registration", '2', ""), "document_id");
	cr_assert_str_eq(state_of(&ada), "in_review");
	story_refused(review(passport, "\"decision\":\"rejected\""), "reason_required");
	(void)review(passport, "\"decision\":\"rejected\",\"reason\":\"The photo is cut off.\"");
	cr_assert_str_eq(state_of(&ada), "applied");
	reply = story_get(ada.token, "/v1/partners/%s/requirements", ada.partner_id);
	cr_assert_str_eq(story_text(reply, "data.0.requirement"), "bank_account");
	cr_assert_str_eq(story_text(reply, "data.0.blocks"), "payouts");
	cr_assert_str_eq(story_text(reply, "data.1.state"), "rejected");
	cr_assert_str_eq(story_text(reply, "data.1.reason"), "The photo is cut off.");
	cr_assert_str_eq(story_text(reply, "data.2.accepts.1"), "vehicle_rental");
	story_refused(submit(&ada, "passport", '1', ""), "document_exists");

	passport = story_text(submit(&ada, "passport", '3', ""), "document_id");
	cr_assert_eq(review(car, "\"decision\":\"verified\"")->status, 201);
	story_refused(review(car, "\"decision\":\"verified\""), "document_reviewed");
	cr_assert_str_eq(state_of(&ada), "in_review");
	cr_assert_eq(review(passport, "\"decision\":\"verified\"")->status, 201);
	cr_assert_str_eq(state_of(&ada), "active");
	cr_assert_eq(book(&ada, slot)->status, 201);
	story_await(ada.token, "enrolment.activated");
}

Test(onboarding, makes_due_again_what_has_expired)
{
	struct story_partner ada = applicant(programme("{\"requirement\":\"identity\"}"));
	const char *slot = story_slot(story_station(), "2026-04-08T08:00", "2026-04-08T10:00", 1);
	struct story_reply *reply;

	story_refused(
	    submit(&ada, "passport", '0', ",\"expires_on\":\"2026-03-01\""), "document_expired");
	reply = submit(&ada, "passport", '1', ",\"expires_on\":\"2026-03-31\"");
	(void)review(story_text(reply, "document_id"), "\"decision\":\"verified\"");
	reply = story_get(ada.token, "/v1/partners/%s/requirements", ada.partner_id);
	cr_assert_str_eq(story_text(reply, "data.0.state"), "expiring");
	cr_assert_str_eq(story_text(reply, "data.0.satisfied_by"), "passport");
	cr_assert_str_eq(story_text(reply, "data.0.expires_on"), "2026-03-31");
	cr_assert_str_eq(state_of(&ada), "active");

	story_clock("2026-03-31T22:00:00Z");
	story_await(ada.token, "enrolment.requirements_due");
	cr_assert_str_eq(state_of(&ada), "applied");
	story_refused(book(&ada, slot), "requirements_due");
	cr_assert_str_eq(
	    story_text(story_get(story.auditor, "/v1/partners/%s/documents", ada.partner_id),
		"data.0.state"),
	    "expired");
}

Test(onboarding, lets_customers_do_nothing_but_apply)
{
	const char *account = story_key(), *id = programme("");
	const char *customer = story_token("customer", account, NULL);
	const char *wish = story_print(
	    "\"name\":\"Ada\",\"enrolments\":[{\"kind\":\"courier\",\"programme_id\":\"%s\"}]", id);
	struct story_partner bob = story_partner("courier");

	story_refused(story_get(customer, "/v1/partners"), "scope_missing");
	story_refused(story_get(customer, "/v1/partners/%s", bob.partner_id), "scope_missing");
	story_refused(story_get(customer, "/v1/bookings"), "scope_missing");
	story_refused(put_bank_account(&bob, customer, ROME), "scope_missing");
	story_refused(story_call("POST", "/v1/partners", bob.token, story_key(), "{%s}", wish),
	    "scope_missing");
	story_refused(story_call("POST", "/v1/partners", customer, story_key(),
			  "{%s,\"account_id\":\"%s\"}", wish, bob.account_id),
	    "account_foreign");
	story_refused(story_call("POST", "/v1/partners", customer, story_key(),
			  "{\"name\":\"Ada\",\"enrolments\":[{\"kind\":\"courier\"}]}"),
	    "programme_required");
	cr_assert_str_eq(
	    story_text(story_post(customer, "/v1/partners", "{%s}", wish), "enrolments.0.state"),
	    "active");
	story_refused(story_call("POST", "/v1/partners", customer, story_key(), "{%s}", wish),
	    "partner_exists");
}

Test(onboarding, enrols_a_partner_in_one_more_kind)
{
	struct story_partner ada = applicant(programme(""));
	const char *rides =
	    story_text(story_post(story.operator_token, "/v1/programmes",
			   "{\"name\":\"Rides\",\"kind\":\"driver\",\"archetype\":\"director\","
			   "\"requirements\":[{\"requirement\":\"driving_licence\"}]}"),
		"programme_id");
	const char *path = story_print("/v1/partners/%s/enrolments", ada.partner_id);
	struct story_reply *made =
	    story_post(ada.token, path, "{\"kind\":\"driver\",\"programme_id\":\"%s\"}", rides);

	cr_assert_str_eq(story_text(made, "state"), "applied");
	story_refused(story_call("POST", path, ada.token, story_key(),
			  "{\"kind\":\"driver\",\"programme_id\":\"%s\"}", rides),
	    "enrolment_exists");
	story_agreement();
	story_refused(
	    story_call("POST", "/v1/trips", story.service, NULL,
		"{\"trip_id\":\"%s\",\"partner_id\":\"%s\",\"started_at\":\"2026-03-02T09:00:00Z\","
		"\"ended_at\":\"2026-03-02T09:10:00Z\",\"distance_m\":1000,\"fare_minor\":1000,"
		"\"tip_minor\":0,\"tolls_minor\":0,\"taxes_and_fees_minor\":0,\"currency\":\"EUR\","
		"\"payment\":\"card\",\"status\":\"completed\"}",
		story_key(), ada.partner_id),
	    "requirements_due");
	story_refused(
	    story_call("POST", story_print("/v1/partners/%s/enrolments", story_key()), ada.token,
		story_key(), "{\"kind\":\"driver\",\"programme_id\":\"%s\"}", rides),
	    "partner_unknown");
}

Test(onboarding, hides_documents_and_bank_accounts_from_others)
{
	struct story_partner ada = applicant(programme("{\"requirement\":\"identity\"}"));
	struct story_partner bob = story_partner("courier");
	struct story_reply *made = submit(&ada, "passport", '1', "");
	const char *document = story_text(made, "document_id");

	cr_assert_str_eq(
	    story_reply_header(made, "Location"), story_print("/v1/documents/%s", document));
	cr_assert_eq(story_get(ada.token, "/v1/documents/%s", document)->status, 200);
	story_refused(story_get(bob.token, "/v1/documents/%s", document), "document_unknown");
	story_refused(
	    story_get(bob.token, "/v1/partners/%s/documents", ada.partner_id), "partner_unknown");
	story_refused(story_get(bob.token, "/v1/partners/%s/requirements", ada.partner_id),
	    "partner_unknown");
	story_refused(story_get(bob.token, "/v1/partners/%s/bank_account", ada.partner_id),
	    "partner_unknown");
	story_refused(put_bank_account(&ada, bob.token, ROME), "partner_unknown");
	story_refused(put_bank_account(&ada, story.auditor, ROME), "scope_missing");
	story_refused(story_call("POST", story_print("/v1/documents/%s/reviews", document),
			  ada.token, story_key(), "{\"decision\":\"verified\"}"),
	    "scope_missing");
	story_refused(review(story_key(), "\"decision\":\"verified\""), "document_unknown");
}

Test(onboarding, takes_a_bank_account_whose_check_digits_fit)
{
	struct story_partner ada = applicant(programme("{\"requirement\":\"bank_account\"}"));
	struct story_reply *reply =
	    put_bank_account(&ada, ada.token, "IT61X0542811101000000123456");

	story_refused(reply, "iban_wrong");
	cr_assert_str_eq(story_text(reply, "fault"), "check_digits");
	reply = put_bank_account(&ada, ada.token, "IT60X05428111010000001234");
	cr_assert_str_eq(story_text(reply, "detail"), "IBANs of IT have 27 characters.");
	story_refused(story_get(ada.token, "/v1/partners/%s/bank_account", ada.partner_id),
	    "bank_account_unknown");
	reply = put_bank_account(&ada, ada.token, ROME);
	cr_assert_eq(reply->status, 200, "%s", reply->text);
	cr_assert_str_eq(story_text(reply, "country"), "IT");
	cr_assert_str_eq(story_text(reply, "last_four"), "3456");
	cr_assert_null(strstr(reply->text, "0542811101"));
	cr_assert_str_eq(story_reply_header(reply, "ETag"), "\"1\"");
	story_header("If-Match: \"7\"");
	story_refused(
	    put_bank_account(&ada, ada.token, "DE89370400440532013000"), "precondition_failed");
	story_header("If-Match: \"1\"");
	reply = put_bank_account(&ada, ada.token, "DE89370400440532013000");
	cr_assert_str_eq(story_text(reply, "frozen_until"), "2026-03-05T10:00:00Z");
	story_await(ada.token, "bank_account.changed");
}

/* A run, once an event that it must bring has come. */
static struct story_reply *
pay(const char *token, const char *until)
{
	const char *run =
	    story_text(story_post(story.operator_token, "/v1/payout_runs", "{}"), "payout_run_id");

	story_await(token, until);
	return story_get(story.auditor, "/v1/payout_runs/%s", run);
}

Test(onboarding, pays_nobody_out_who_has_no_bank_account)
{
	struct story_partner ada = applicant(programme("{\"requirement\":\"bank_account\"}"));
	const char *slot = story_slot(story_station(), "2026-03-03T08:00", "2026-03-03T10:00", 1);
	const char *booking = story_text(book(&ada, slot), "booking_id");
	struct story_reply *run, *left_out;

	story_clock("2026-03-03T07:00:00Z");
	(void)story_post(ada.token, story_print("/v1/bookings/%s/check_in", booking), "{}");
	story_clock("2026-03-03T09:00:00Z");
	(void)story_post(ada.token, story_print("/v1/bookings/%s/complete", booking), "{}");

	run = pay(story.operator_token, "payout_run.finished");
	cr_assert_eq(story_int(run, "payouts_count"), 0);
	cr_assert_eq(story_int(run, "left_out_count"), 1);
	cr_assert_eq(story_int(run, "left_out_minor"), 3600);
	left_out = story_get(
	    story.auditor, "/v1/payout_runs/%s/left_out", story_text(run, "payout_run_id"));
	cr_assert_str_eq(story_text(left_out, "data.0.partner_id"), ada.partner_id);
	cr_assert_str_eq(story_text(left_out, "data.0.reason"), "bank_account_due");
	cr_assert_eq(story_int(left_out, "data.0.balance_minor"), 3600);
	cr_assert_eq(story_int(story_get(ada.token, "/v1/partners/%s/balance", ada.partner_id),
			 "balance_minor"),
	    3600);

	(void)put_bank_account(&ada, ada.token, ROME);
	run = pay(ada.token, "payout.in_run");
	cr_assert_eq(story_int(run, "payouts_count"), 1);
	cr_assert_eq(story_int(run, "total_minor"), 3600);
	cr_assert_eq(story_int(run, "left_out_count"), 0);
	story_refused(story_get(story.auditor, "/v1/payout_runs/%s/left_out", story_key()),
	    "payout_run_unknown");
}
