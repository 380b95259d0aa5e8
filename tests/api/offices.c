/* An operator enrols an authenticator and is let in; an auditor reads who was. */
#include <criterion/criterion.h>

#include "api/offices_given.h"

TestSuite(offices, .init = story_begin, .fini = story_end);

Test(offices, are_entered_with_an_authenticator)
{
	const char *email = given_email(), *account = given_account(email), *secret, *token;
	struct story_reply *reply, *session;

	story_refused(given_try(email, PASSWORD, ",\"role\":\"operator\""), "role_not_held");
	given_office(email, given_operator(""));
	story_refused(
	    given_try(email, PASSWORD, ",\"role\":\"operator\""), "totp_enrolment_needed");
	token = story_text(given_session(email, NULL), "access_token");
	story_refused(
	    story_call("POST", "/v1/auth/totp", token, NULL, "{\"password\":\"not mine\"}"),
	    "password_wrong");
	reply = story_call("POST", "/v1/auth/totp", token, NULL, GIVEN_ENROL);
	cr_assert_eq(reply->status, 201, "%s", reply->text);
	secret = story_text(reply, "secret");
	cr_assert_eq(strlen(secret), 32);
	cr_assert_not_null(strstr(story_text(reply, "uri"), secret));
	story_refused(story_call("POST", "/v1/auth/totp/confirmations", token, NULL,
			  "{\"code\":\"%s\"}", given_totp(secret, 1000)),
	    "totp_wrong");
	reply = story_call("POST", "/v1/auth/totp/confirmations", token, NULL, "{\"code\":\"%s\"}",
	    given_totp(secret, 0));
	cr_assert_eq(reply->status, 201, "%s", reply->text);
	cr_assert_eq(json_array_size(story_at(reply, "recovery_codes")), 10);

	story_refused(given_try(email, PASSWORD, ",\"role\":\"operator\""), "totp_needed");
	session = given_session(
	    email, story_print(",\"role\":\"operator\",\"totp\":\"%s\"", given_totp(secret, 1)));
	cr_assert_str_eq(story_text(session, "role"), "operator");
	cr_assert_eq(story_get(story_text(session, "access_token"), "/v1/partners")->status, 200);
	story_refused(
	    given_try(email, PASSWORD,
		story_print(",\"role\":\"operator\",\"totp\":\"%s\"", given_totp(secret, 0))),
	    "totp_wrong");
	(void)given_session(email, story_print(",\"role\":\"operator\",\"totp\":\"%s\"",
				       story_text(reply, "recovery_codes.3")));
	story_refused(given_try(email, PASSWORD,
			  story_print(",\"role\":\"operator\",\"totp\":\"%s\"",
			      story_text(reply, "recovery_codes.3"))),
	    "totp_wrong");

	reply =
	    story_get(story.auditor, "/v1/audit_records?account_id=%s&act=session.start", account);
	cr_assert_str_eq(story_text(reply, "data.0.outcome"), "totp_wrong");
	cr_assert_str_eq(story_text(reply, "data.1.outcome"), "done");
	cr_assert_str_eq(story_text(reply, "data.1.role"), "operator");
	cr_assert_not_null(story_text(reply, "data.1.peer"));
	story_refused(story_get(story.operator_token, "/v1/audit_records"), "scope_missing");
}

Test(offices, are_left_by_the_command_line)
{
	const char *email = given_email(), *secret, *token;
	struct story_reply *session;

	(void)given_account(email);
	given_office(email, given_operator(""));
	token = story_text(given_session(email, NULL), "access_token");
	secret =
	    story_text(story_call("POST", "/v1/auth/totp", token, NULL, GIVEN_ENROL), "secret");
	cr_assert_eq(story_call("POST", "/v1/auth/totp/confirmations", token, NULL,
			 "{\"code\":\"%s\"}", given_totp(secret, 0))
			 ->status,
	    201);
	story_refused(
	    story_call("POST", "/v1/auth/totp", token, NULL, GIVEN_ENROL), "totp_enrolled");
	session = given_session(
	    email, story_print(",\"role\":\"operator\",\"totp\":\"%s\"", given_totp(secret, 1)));
	given_office(email, given_operator("--withdraw"));
	story_refused(given_refresh(story_text(session, "refresh_token"), NULL), "refresh_wrong");
	given_office(email, "--reset-authenticator");
	(void)given_session(email, NULL);
}

Test(offices, need_a_market_that_was_named_once)
{
	const char *email = given_email();

	(void)given_account(email);
	story_refused(
	    story_call("POST", "/v1/auth/sessions", NULL, NULL,
		"{\"email\":\"%s\",\"password\":\"" PASSWORD "\",\"device_name\":\"x\"}", email),
	    "market_needed");
	(void)given_session(email, NULL);
	cr_assert_eq(
	    story_int(story_call("POST", "/v1/auth/sessions", NULL, NULL,
			  "{\"email\":\"%s\",\"password\":\"" PASSWORD "\",\"device_name\":\"x\"}",
			  email),
		"market_id"),
	    story.market_id);
}
