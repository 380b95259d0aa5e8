/* Payouts need a code of the last five minutes; what an office does leaves a record. */
#include <criterion/criterion.h>

#include "api/offices_given.h"

TestSuite(step_up, .init = story_begin, .fini = story_end);

/* An operator who is signed in with an authenticator. */
static struct story_reply *
given_signed_in(const char **secret, const char **recovery)
{
	const char *email = given_email();

	(void)given_account(email);
	given_office(email, given_operator(""));
	*secret = given_enrolled(story_text(given_session(email, NULL), "access_token"), recovery);
	return given_in_office(email, "operator", *secret);
}

static struct story_reply *
pay(const char *token, const char *key)
{
	return story_call("POST", "/v1/payout_runs", token, key, "{}");
}

Test(step_up, is_asked_for_before_payouts)
{
	const char *secret, *recovery, *old, *header;
	struct story_reply *session = given_signed_in(&secret, &recovery), *reply;

	cr_assert_eq(pay(story_text(session, "access_token"), story_key())->status, 201);
	old = given_aged(session, 301);
	cr_assert_eq(story_get(old, "/v1/payout_runs")->status, 200);
	reply = pay(old, story_key());
	story_refused(reply, "step_up_needed");
	cr_assert_eq(story_int(reply, "max_age_s"), 300);
	header = story_reply_header(reply, "WWW-Authenticate");
	cr_assert(strstr(header, "insufficient_user_authentication"), "%s", header);

	story_refused(story_call("POST", story_text(reply, "step_up"), old, NULL,
			  "{\"totp\":\"%s\"}", given_totp(secret, 0)),
	    "totp_wrong");
	reply = story_call("POST", story_text(reply, "step_up"), old, NULL, "{\"totp\":\"%s\"}",
	    given_totp(secret, 1));
	cr_assert_eq(reply->status, 201, "%s", reply->text);
	cr_assert_neq(pay(story_text(reply, "access_token"), story_key())->status, 403);

	reply = given_refresh(story_text(session, "refresh_token"), NULL);
	cr_assert_neq(pay(story_text(reply, "access_token"), story_key())->status, 403);
	reply = story_call("POST", "/v1/auth/step_ups", old, NULL, "{\"totp\":\"%s\"}", recovery);
	cr_assert_eq(reply->status, 201, "%s", reply->text);
}

Test(step_up, is_not_asked_of_a_token_without_a_session)
{
	story_refused(story_call("POST", "/v1/auth/step_ups", story.operator_token, NULL,
			  "{\"totp\":\"123456\"}"),
	    "totp_not_enrolled");
}

Test(step_up, lets_an_authenticator_go_with_the_office)
{
	const char *email = given_email(), *secret, *token, *recovery;
	struct story_reply *reply;

	(void)given_account(email);
	given_office(email, given_operator(""));
	token = story_text(given_session(email, NULL), "access_token");
	secret = given_enrolled(token, &recovery);
	reply = story_call("POST", "/v1/auth/totp/recovery_codes", token, NULL, "{\"totp\":\"%s\"}",
	    given_totp(secret, 0));
	cr_assert_eq(reply->status, 201, "%s", reply->text);
	story_refused(story_call("DELETE", "/v1/auth/totp", token, NULL, NULL), "step_up_needed");
	token = story_text(story_call("POST", "/v1/auth/step_ups", token, NULL, "{\"totp\":\"%s\"}",
			       given_totp(secret, 1)),
	    "access_token");
	story_refused(story_call("DELETE", "/v1/auth/totp", token, NULL, NULL), "totp_required");
	given_office(email, given_operator("--withdraw"));
	story_refused(
	    story_call("POST", "/v1/auth/step_ups", token, NULL, "{\"totp\":\"%s\"}", recovery),
	    "totp_wrong");
	token = story_text(story_call("POST", "/v1/auth/step_ups", token, NULL, "{\"totp\":\"%s\"}",
			       story_text(reply, "recovery_codes.9")),
	    "access_token");
	cr_assert_eq(story_call("DELETE", "/v1/auth/totp", token, NULL, NULL)->status, 200);
	(void)given_session(email, NULL);
}

/* --- the audit log --- */

/* What the auditor finds of an act: outcomes from the newest. */
static struct story_reply *
records(const char *act, const char *more)
{
	return story_get(story.auditor, "/v1/audit_records?act=%s%s", act, more);
}

Test(step_up, leaves_a_record_of_each_act)
{
	const char *key = story_key();
	struct story_reply *run = pay(story.operator_token, key), *found;

	cr_assert_eq(pay(story.operator_token, key)->status, 201);
	story_refused(story_call("POST", story_print("/v1/payout_runs/%s/resume", story_key()),
			  story.operator_token, story_key(), NULL),
	    "payout_run_unknown");
	story_refused(pay(story.auditor, story_key()), "scope_missing");
	story_refused(story_call("POST", "/v1/payout_runs", story.operator_token, story_key(),
			  "{\"minimum_minor\":0}"),
	    "invalid_fields");

	found = records("create_payout_run", "");
	cr_assert_eq(json_array_size(story_at(found, "data")), 3, "%s", found->text);
	cr_assert_str_eq(story_text(found, "data.0.outcome"), "scope_missing");
	cr_assert_str_eq(story_text(found, "data.0.role"), "auditor");
	cr_assert_str_eq(story_text(found, "data.1.outcome"), "replayed");
	cr_assert_str_eq(story_text(found, "data.2.outcome"), "done");
	cr_assert_str_eq(story_text(found, "data.2.subject_id"), story_text(run, "payout_run_id"));
	cr_assert_str_eq(
	    story_text(found, "data.2.request_id"), story_reply_header(run, "Request-Id"));
	cr_assert_not_null(story_text(found, "data.2.peer"));
	found = records("resume_payout_run", "");
	cr_assert_str_eq(story_text(found, "data.0.outcome"), "payout_run_unknown");
}

Test(step_up, shows_auditors_what_they_ask_for)
{
	struct story_reply *run = pay(story.operator_token, story_key()), *page;
	const char *cursor;

	story_refused(pay(story.auditor, story_key()), "scope_missing");
	cr_assert_eq(json_array_size(story_at(
			 records("create_payout_run", "&outcome=done&role=operator"), "data")),
	    1);
	cr_assert_eq(json_array_size(story_at(
			 records("create_payout_run",
			     story_print("&subject_id=%s", story_text(run, "payout_run_id"))),
			 "data")),
	    1);
	cr_assert_eq(json_array_size(story_at(
			 records("create_payout_run", "&from=2199-01-01T00:00:00Z"), "data")),
	    0);
	cr_assert_eq(json_array_size(story_at(
			 records("create_payout_run", "&to=2199-01-01T00:00:00Z"), "data")),
	    2);
	page = story_get(story.auditor, "/v1/audit_records?act=create_payout_run&limit=1");
	cursor = story_text(page, "next_cursor");
	page = story_get(
	    story.auditor, "/v1/audit_records?act=create_payout_run&limit=1&cursor=%s", cursor);
	cr_assert_str_eq(story_text(page, "data.0.outcome"), "done");
	cr_assert(json_is_false(story_at(page, "has_more")));
}
