/* An admin invites an operator, who gets in, pays, and is sent away; a second admin comes and goes.
 */
#include <criterion/criterion.h>

#include <poll.h>

#include "api/offices_given.h"
#include "socius/world.h"

TestSuite(invitations, .init = story_begin, .fini = story_end);

enum { WITHIN_US = 5 * 1000 * 1000, REFUSALS_IN_A_ROW = 20 };

static struct story_reply *
invite(const char *token, const char *email, const char *role)
{
	return story_call("POST", "/v1/invitations", token, NULL,
	    "{\"email\":\"%s\",\"role\":\"%s\"%s}", email, role,
	    strcmp(role, "admin") == 0 ? "" : story_print(",\"market_code\":\"%s\"", story.market));
}

/* Invited, with the code of the letter. */
static const char *
given_invited(const char *email, const char *role)
{
	struct story_reply *reply = invite(story.platform, email, role);

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	cr_assert_str_eq(story_text(reply, "state"), "open");
	cr_assert_null(strstr(reply->text, email));
	return given_code(email, "invited");
}

static struct story_reply *
sign_up(const char *email, const char *code)
{
	return story_call("POST", "/v1/invitations/sign_ups", NULL, NULL,
	    "{\"email\":\"%s\",\"password\":\"" PASSWORD "\",\"name\":\"Ada\","
	    "\"code\":\"%s\"}",
	    email, code);
}

static struct story_reply *
accept(const char *token, const char *code)
{
	return story_call(
	    "POST", "/v1/invitations/acceptances", token, NULL, "{\"code\":\"%s\"}", code);
}

static struct story_reply *
withdraw(const char *token, const char *account, const char *role)
{
	return story_call("DELETE",
	    story_print("/v1/role_grants/%s/%s?market_code=%s", account, role, story.market), token,
	    NULL, NULL);
}

/* Whichever worker is asked: each call comes by a connection of its own. */
static void
assert_ended_everywhere(const char *token)
{
	int64_t until_us = world_monotonic_us() + WITHIN_US;
	int in_a_row = 0;

	while (in_a_row < REFUSALS_IN_A_ROW && world_monotonic_us() < until_us) {
		story_header("Connection: close");
		if (story_get(token, "/v1/payout_runs")->status == 401) {
			in_a_row++;
		} else {
			in_a_row = 0;
			(void)poll(NULL, 0, 20); /* the workers ask once a second */
		}
	}
	cr_assert_eq(in_a_row, REFUSALS_IN_A_ROW);
}

Test(invitations, let_an_operator_in_and_out)
{
	const char *email = given_email(), *code = given_invited(email, "operator"), *account;
	const char *secret, *token;
	struct story_reply *reply = sign_up(email, code), *session;

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	account = story_text(reply, "account_id");
	story_refused(sign_up(email, code), "code_wrong");
	story_refused(
	    given_try(email, PASSWORD, ",\"role\":\"operator\""), "totp_enrolment_needed");
	secret = given_enrolled(story_text(given_session(email, NULL), "access_token"), NULL);
	session = given_in_office(email, "operator", secret);
	story_refused(
	    story_call("POST", "/v1/payout_runs", given_aged(session, 301), story_key(), "{}"),
	    "step_up_needed");
	reply = story_call("POST", "/v1/auth/step_ups", given_aged(session, 301), NULL,
	    "{\"totp\":\"%s\"}", given_totp(secret, 1));
	token = story_text(reply, "access_token");
	reply = story_call("POST", "/v1/payout_runs", token, story_key(), "{}");
	cr_assert_eq(reply->status, 201, "%s", reply->text);

	reply = story_get(story.platform, "/v1/role_grants?market_code=%s", story.market);
	cr_assert_str_eq(story_text(reply, "data.0.account_id"), account);
	cr_assert_str_eq(story_text(reply, "data.0.hint"), "a...@example.com");
	story_refused(withdraw(story.operator_token, account, "operator"), "scope_missing");
	story_refused(withdraw(story.platform, account, "auditor"), "role_grant_unknown");
	reply = withdraw(story.platform, account, "operator");
	cr_assert_not_null(story_text(reply, "withdrawn_at"));
	assert_ended_everywhere(token);
	story_refused(given_refresh(story_text(session, "refresh_token"), NULL), "refresh_wrong");
	cr_assert_eq(withdraw(story.platform, account, "operator")->status, 200);

	reply = story_get(story.auditor, "/v1/audit_records?subject_id=%s", account);
	cr_assert_str_eq(story_text(reply, "data.0.act"), "role.withdraw");
	cr_assert_str_eq(story_text(reply, "data.0.role"), "admin");
	cr_assert_str_eq(story_text(reply, "data.1.act"), "role.grant");
}

Test(invitations, are_for_the_address_that_they_went_to)
{
	const char *email = given_email(), *other = given_email(), *code;
	const char *token, *stranger;

	(void)given_account(email);
	(void)given_account(other);
	token = story_text(given_session(email, NULL), "access_token");
	stranger = story_text(given_session(other, NULL), "access_token");
	code = given_invited(email, "auditor");
	story_refused(accept(stranger, code), "code_wrong");
	story_refused(accept(token, "something"), "code_wrong");
	story_refused(sign_up(email, code), "account_exists");
	story_refused(sign_up(given_email(), code), "code_wrong");
	cr_assert_str_eq(story_text(accept(token, code), "role"), "auditor");
	story_refused(accept(token, code), "code_wrong");
}

Test(invitations, are_withdrawn_and_replaced)
{
	const char *email = given_email(), *first = given_invited(email, "operator"), *second;
	struct story_reply *reply = invite(story.platform, email, "operator");

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	do {
		second = given_code(email, "invited");
	} while (strcmp(first, second) == 0);
	story_refused(sign_up(email, first), "code_wrong");
	cr_assert_eq(story_call("DELETE",
			 story_print("/v1/invitations/%s?market_code=%s",
			     story_text(reply, "invitation_id"), story.market),
			 story.platform, NULL, NULL)
			 ->status,
	    204);
	story_refused(sign_up(email, second), "code_wrong");
	reply = story_get(story.platform, "/v1/invitations?market_code=%s", story.market);
	cr_assert_str_eq(story_text(reply, "data.0.state"), "withdrawn");
	cr_assert_str_eq(story_text(reply, "data.1.state"), "withdrawn");
	story_refused(
	    story_call("DELETE",
		story_print("/v1/invitations/%s?market_code=%s", story_key(), story.market),
		story.platform, NULL, NULL),
	    "invitation_unknown");
	story_refused(story_call("POST", "/v1/invitations", story.platform, NULL,
			  "{\"email\":\"%s\",\"role\":\"operator\"}", email),
	    "invitation_fits_market");
	story_refused(
	    story_get(story.platform, "/v1/role_grants?market_code=nowhere"), "market_unknown");
	story_refused(invite(story.operator_token, email, "operator"), "scope_missing");
}
