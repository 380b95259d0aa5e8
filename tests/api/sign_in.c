/* A person signs up, confirms, signs in, loses a reply, loses a phone; a stranger guesses. */
#include <criterion/criterion.h>
#include <poll.h>

#include "api/sign_in_given.h"
#include "socius/world.h"

TestSuite(sign_in, .init = story_begin, .fini = story_end);

Test(sign_in, makes_a_customer_who_applies_and_is_a_partner_then)
{
	const char *email = given_email(), *account = given_account(email), *token;
	struct story_reply *session = given_session(email, NULL), *partner, *next;

	cr_assert_str_eq(story_text(session, "role"), "customer");
	cr_assert_str_eq(story_text(session, "account_id"), account);
	cr_assert_eq(story_int(session, "market_id"), story.market_id);
	cr_assert_eq(story_int(session, "expires_in"), 600);
	token = story_text(session, "access_token");
	story_refused(story_get(token, "/v1/bookings"), "scope_missing");
	partner = story_call("POST", "/v1/partners", token, story_key(),
	    "{\"name\":\"Ada\",\"enrolments\":[{\"kind\":\"courier\",\"programme_id\":\"%s\"}]}",
	    story_text(story_post(story.operator_token, "/v1/programmes",
			   "{\"kind\":\"courier\",\"name\":\"Bikes\",\"archetype\":\"host\"}"),
		"programme_id"));
	cr_assert_eq(partner->status, 201, "%s", partner->text);
	next = given_refresh(story_text(session, "refresh_token"), NULL);
	cr_assert_str_eq(story_text(next, "role"), "partner");
	cr_assert_str_eq(story_text(next, "partner_id"), story_text(partner, "partner_id"));
	cr_assert_eq(story_get(story_text(next, "access_token"), "/v1/bookings")->status, 200);
}

Test(sign_in, answers_known_and_unknown_addresses_alike)
{
	const char *known = given_email(), *unknown = given_email();
	struct story_reply *of_known, *of_unknown;

	(void)given_account(known);
	for (int i = 0; i < 2; i++) {
		struct story_reply *reply = story_call("POST", "/v1/accounts", NULL, NULL,
		    "{\"email\":\"%s\",\"password\":\"" PASSWORD "\",\"name\":\"Eve\"}",
		    i == 0 ? known : unknown);

		cr_assert_eq(reply->status, 202);
		cr_assert_eq(json_object_size(reply->body), 2);
		story_refused(story_call("POST", "/v1/accounts/confirmations", NULL, NULL,
				  "{\"confirmation_id\":\"%s\",\"code\":\"00000000\"}",
				  story_text(reply, "confirmation_id")),
		    "code_wrong");
	}
	(void)given_code(known, "has one already");
	of_known = given_try(known, "something else", NULL);
	of_unknown = given_try(unknown, "something else", NULL);
	story_refused(of_known, "sign_in_wrong");
	story_refused(of_unknown, "sign_in_wrong");
	cr_assert_str_eq(story_text(of_known, "detail"), story_text(of_unknown, "detail"));
}

Test(sign_in, wants_a_password_that_nobody_tries_first)
{
	static const char *const refused[][2] = { { "P@ssw0rd!2026", "password_common" },
		{ "qwertyuiop", "password_common" }, { "seven77", "invalid_fields" },
		{ "a rider\\u200bcourses", "invalid_fields" } };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		story_refused(story_call("POST", "/v1/accounts", NULL, NULL,
				  "{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"Ada\"}",
				  given_email(), refused[i][0]),
		    refused[i][1]);
	story_refused(
	    story_call("POST", "/v1/accounts", NULL, NULL,
		"{\"email\":\"ada@example\",\"password\":\"" PASSWORD "\",\"name\":\"Ada\"}"),
	    "invalid_fields");
}

/* What only the gate computes is no member of any body. */
Test(sign_in, takes_no_hash_from_outside)
{
	story_refused(given_try(given_email(), PASSWORD, ",\"rehashed\":\"x\""), "invalid_fields");
	story_refused(given_try(given_email(), PASSWORD, ",\"totp_step\":1"), "invalid_fields");
}

Test(sign_in, goes_on_after_the_reply_of_a_refresh_was_lost)
{
	const char *email = given_email(), *secret, *first;
	struct story_reply *session, *lost, *again, *next;

	(void)given_account(email);
	session = given_session(email, NULL);
	first = story_text(session, "refresh_token");
	secret = story_text(session, "device_secret");
	lost = given_refresh(first, secret);
	again = given_refresh(first, secret);
	cr_assert_str_eq(story_text(again, "refresh_token"), story_text(lost, "refresh_token"));
	cr_assert_str_neq(story_text(again, "refresh_token"), first);
	next = given_refresh(story_text(again, "refresh_token"), secret);
	cr_assert_eq(next->status, 200, "%s", next->text);
	cr_assert_eq(story_get(story_text(next, "access_token"), "/v1/auth/sessions")->status, 200);
}

/* Asks on fresh connections, so that both workers have their say, until forty in a row are refused.
 */
static int64_t
refused_everywhere_after_us(const char *token)
{
	int64_t since_us = world_monotonic_us(), first_us = 0;

	for (int refused = 0; refused < 40;) {
		struct story_reply *reply;

		story_header("Connection: close");
		reply = story_get(token, "/v1/auth/sessions");
		if (reply->status == 200)
			(void)poll(NULL, 0, 20);
		refused = reply->status == 401 ? refused + 1 : 0;
		if (refused == 1)
			first_us = world_monotonic_us();
		cr_assert_lt(world_monotonic_us() - since_us, 20 * 1000 * 1000);
	}
	return first_us - since_us;
}

Test(sign_in, ends_the_session_of_a_stolen_phone_within_five_seconds)
{
	const char *email = given_email(), *stolen_token, *token;
	struct story_reply *stolen, *own, *list;

	(void)given_account(email);
	stolen = given_session(email, NULL);
	own = given_session(email, NULL);
	stolen_token = story_text(stolen, "access_token");
	token = story_text(own, "access_token");
	list = story_get(token, "/v1/auth/sessions");
	cr_assert_eq(json_array_size(story_at(list, "data")), 2);
	cr_assert(json_is_true(story_at(list, "data.0.is_current")));
	cr_assert_str_eq(story_text(list, "data.1.device_name"), "Ada's phone");
	cr_assert_eq(story_call("DELETE",
			 story_print("/v1/auth/sessions/%s", story_text(stolen, "session_id")),
			 token, NULL, NULL)
			 ->status,
	    204);
	cr_assert_lt(refused_everywhere_after_us(stolen_token), 5 * 1000 * 1000);
	story_refused(
	    given_refresh(story_text(stolen, "refresh_token"), story_text(stolen, "device_secret")),
	    "refresh_wrong");
	cr_assert_eq(story_get(token, "/v1/auth/sessions")->status, 200);
	story_refused(
	    story_call("DELETE", story_print("/v1/auth/sessions/%s", story_text(own, "session_id")),
		story_token("customer", story_key(), NULL), NULL, NULL),
	    "session_unknown");
}

Test(sign_in, ends_a_session_whose_refresh_token_comes_twice)
{
	const char *email = given_email(), *first;
	struct story_reply *session, *own, *list;

	(void)given_account(email);
	session = given_session(email, NULL);
	own = given_session(email, NULL);
	first = story_text(session, "refresh_token");
	cr_assert_eq(given_refresh(first, story_text(session, "device_secret"))->status, 200);
	story_refused(given_refresh(first, story_text(own, "device_secret")), "refresh_wrong");
	list = story_get(story_text(own, "access_token"), "/v1/auth/sessions");
	cr_assert_str_eq(story_text(list, "data.1.ended_by"), "reuse");
	(void)given_code(email, "used twice");
	(void)refused_everywhere_after_us(story_text(session, "access_token"));
	story_await(story.operator_token, "session.reused");
}

Test(sign_in, signs_out_by_the_refresh_token)
{
	const char *email = given_email();
	struct story_reply *session;

	(void)given_account(email);
	session = given_session(email, NULL);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(story_call("POST", "/v1/auth/revoke", NULL, NULL, "{\"token\":\"%s\"}",
				 story_text(session, "refresh_token"))
				 ->status,
		    204);
	story_refused(given_refresh(story_text(session, "refresh_token"), NULL), "refresh_wrong");
}

Test(sign_in, delays_a_guesser_and_lets_the_owner_in)
{
	const char *email = given_email(), *secret;
	struct story_reply *session, *reply = NULL;
	int evaluated = 0;

	(void)given_account(email);
	session = given_session(email, NULL);
	secret = story_text(session, "device_secret");
	for (int i = 0; i < 60; i++) {
		reply = given_try(email, story_print("guess number %d", i), NULL);
		evaluated += reply->status == 401;
	}
	story_refused(reply, "sign_in_delayed");
	cr_assert_geq(strtol(story_reply_header(reply, "Retry-After"), NULL, 10), 1);
	cr_assert_leq(evaluated, 12);
	story_refused(given_try(email, PASSWORD, NULL), "sign_in_delayed");
	cr_assert_eq(
	    given_session(email, story_print(",\"device_secret\":\"%s\"", secret))->status, 201);
}

/* One device sends the accent apart, the other with its letter; blanks are kept. */
Test(sign_in, sets_the_password_anew_and_changes_it)
{
	const char *email = given_email(), *token;
	struct story_reply *session, *asked, *reply;

	(void)given_account(email);
	session = given_session(email, NULL);
	asked = story_call(
	    "POST", "/v1/accounts/password_resets", NULL, NULL, "{\"email\":\"%s\"}", email);
	cr_assert_eq(asked->status, 202);
	reply = story_call("POST", "/v1/accounts/password_resets/confirmations", NULL, NULL,
	    "{\"confirmation_id\":\"%s\",\"code\":\"%s\",\"password\":\" a cafe\\u0301 at dawn\"}",
	    story_text(asked, "confirmation_id"), given_code(email, "set the password anew is"));
	cr_assert_eq(reply->status, 200, "%s", reply->text);
	(void)refused_everywhere_after_us(story_text(session, "access_token"));
	story_refused(given_try(email, PASSWORD, NULL), "sign_in_wrong");
	story_refused(
	    given_try(email, "a caf\u00e9 at dawn", NULL), "sign_in_wrong"); /* no blank */
	session = given_try(email, "\\u00a0a caf\u00e9 at dawn", NULL);
	token = story_text(session, "access_token");
	story_refused(story_call("POST", "/v1/accounts/password", token, NULL,
			  "{\"old_password\":\"not it\",\"password\":\"" PASSWORD "\"}"),
	    "password_wrong");
	reply = story_call("POST", "/v1/accounts/password", token, NULL,
	    "{\"old_password\":\" a caf\u00e9 at dawn\",\"password\":\"" PASSWORD "\"}");
	cr_assert_eq(reply->status, 200, "%s", reply->text);
	cr_assert_eq(story_get(token, "/v1/auth/sessions")->status, 200);
	(void)given_session(email, NULL);
}
