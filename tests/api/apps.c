/* An app of others asks with PKCE, is let in, works within its scopes, and is put out again. */
#include <criterion/criterion.h>
#include <poll.h>

#include "api/oauth_given.h"
#include "api/sign_in_given.h"
#include "socius/world.h"

TestSuite(apps, .init = story_begin, .fini = story_end);

static const char *
given_token(void)
{
	const char *email = given_email();

	(void)given_account(email);
	return story_text(given_session(email, NULL), "access_token");
}

static void
refused_as(const struct story_reply *reply, const char *code, const char *error)
{
	story_refused(reply, code);
	cr_assert_str_eq(story_text(reply, "error"), error, "%s", reply->text);
}

/* Both workers must have heard. */
static void
await_refusal(const char *token, const char *path)
{
	int64_t until_us = world_monotonic_us() + 5 * 1000 * 1000;

	for (int refused = 0; refused < 20;) {
		story_header("Connection: close");
		refused = story_get(token, "%s", path)->status == 401 ? refused + 1 : 0;
		if (refused == 0)
			(void)poll(NULL, 0, 20);
		cr_assert_lt(world_monotonic_us(), until_us);
	}
}

static struct story_reply *
refreshed(const char *refresh_token, const char *client_id)
{
	return story_form("/v1/auth/tokens", NULL, "grant_type=refresh_token&refresh_token=%s%s",
	    refresh_token, client_id == NULL ? "" : story_print("&client_id=%s", client_id));
}

Test(apps, are_found_by_their_libraries)
{
	struct story_reply *reply = story_get(NULL, "/.well-known/oauth-authorization-server");
	const char *issuer = story_text(reply, "issuer");

	cr_assert_eq(reply->status, 200);
	cr_assert_str_eq(issuer, world_setting("SOCIUS_EDGE_URL", issuer));
	cr_assert_str_eq(
	    story_text(reply, "token_endpoint"), story_print("%s/v1/auth/tokens", issuer));
	cr_assert_str_eq(story_text(reply, "code_challenge_methods_supported.0"), "S256");
	cr_assert_eq(json_array_size(story_at(reply, "code_challenge_methods_supported")), 1);
	cr_assert_eq(json_array_size(story_at(reply, "response_types_supported")), 1);
	cr_assert(json_is_true(story_at(reply, "authorization_response_iss_parameter_supported")));
}

Test(apps, are_let_in_work_within_their_scopes_and_are_put_out)
{
	const char *own = given_token(), *client, *code, *token, *session;
	struct story_reply *asked, *pair, *next, *list;

	client = given_app("me.read bookings.read");
	asked = story_get(NULL,
	    "/v1/auth/authorizations?response_type=code&client_id=%s&redirect_uri=" REDIRECT
	    "&scope=me.read&code_challenge=" CHALLENGE "&code_challenge_method=S256",
	    client);
	cr_assert_str_eq(story_text(asked, "client_name"), "Shifts");
	cr_assert(json_is_null(story_at(asked, "error")));
	cr_assert_eq(json_array_size(story_at(asked, "permissions")), 1);
	code = given_consent(own, client);
	pair = given_redeemed(client, code, VERIFIER);
	cr_assert_eq(pair->status, 200, "%s", pair->text);
	/* a customer has no bookings to be read */
	cr_assert_str_eq(story_text(pair, "scope"), "me.read");
	cr_assert(json_is_null(story_at(pair, "device_secret")));
	token = story_text(pair, "access_token");
	session = story_text(pair, "session_id");
	cr_assert_eq(story_get(token, "/v1/me")->status, 200);
	story_refused(story_get(token, "/v1/ideas"), "scope_missing");
	story_refused(story_get(token, "/v1/auth/sessions"), "scope_missing");
	story_refused(story_call("POST", "/v1/auth/totp", token, NULL, NULL), "scope_missing");

	list = story_get(own, "/v1/auth/sessions");
	cr_assert_str_eq(story_text(list, "data.0.device_name"), "Shifts");
	cr_assert_str_eq(story_text(list, "data.0.client_id"), client);
	next = refreshed(story_text(pair, "refresh_token"), client);
	cr_assert_eq(next->status, 200, "%s", next->text);
	cr_assert_str_eq(story_text(next, "scope"), "me.read");
	refused_as(
	    refreshed(story_text(next, "refresh_token"), NULL), "refresh_wrong", "invalid_grant");
	refused_as(refreshed(story_text(next, "refresh_token"), given_app("me.read")),
	    "refresh_wrong", "invalid_grant");
	cr_assert_eq(
	    story_call("DELETE", story_print("/v1/auth/sessions/%s", session), own, NULL, NULL)
		->status,
	    204);
	await_refusal(token, "/v1/me");
	story_refused(refreshed(story_text(next, "refresh_token"), client), "refresh_wrong");
	cr_assert_eq(story_get(own, "/v1/auth/sessions")->status, 200);
}

Test(apps, get_nothing_without_their_verifier)
{
	const char *client = given_app("me.read"), *own = given_token();
	const char *code = given_consent(own, client);

	refused_as(given_redeemed(client, code, "ABCftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
	    "grant_wrong", "invalid_grant");
	/* plain: the challenge as its own verifier */
	refused_as(given_redeemed(client, code, CHALLENGE), "grant_wrong", "invalid_grant");
	refused_as(story_form("/v1/auth/tokens", NULL,
		       "grant_type=authorization_code&code=%s&redirect_uri=" REDIRECT_ENCODED
		       "&client_id=%s",
		       code, client),
	    "invalid_fields", "invalid_request");
	refused_as(
	    given_redeemed(given_app("me.read"), code, VERIFIER), "grant_wrong", "invalid_grant");
	refused_as(story_form("/v1/auth/tokens", NULL,
		       "grant_type=authorization_code&code=%s&redirect_uri=http%%3A%%2F%%2F127.0."
		       "0.1%%2Fback&client_id=%s&code_verifier=" VERIFIER,
		       code, client),
	    "grant_wrong", "invalid_grant");
	cr_assert_eq(given_redeemed(client, code, VERIFIER)->status, 200);
}

Test(apps, are_not_let_ask_by_other_ways)
{
	const char *client = given_app("me.read"), *own = given_token();

	story_refused(
	    story_call("POST", "/v1/auth/authorizations", own, NULL,
		"{\"client_id\":\"%s\",\"redirect_uri\":\"" REDIRECT
		"\",\"code_challenge\":\"" VERIFIER "\",\"code_challenge_method\":\"plain\"}",
		client),
	    "invalid_fields");
	story_refused(
	    story_call("POST", "/v1/auth/authorizations", own, NULL,
		"{\"client_id\":\"%s\",\"redirect_uri\":\"" REDIRECT
		"2\",\"code_challenge\":\"" CHALLENGE "\",\"code_challenge_method\":\"S256\"}",
		client),
	    "redirect_uri_wrong");
	story_refused(story_call("POST", "/v1/auth/authorizations", own, NULL,
			  "{\"client_id\":\"%s\",\"redirect_uri\":\"" REDIRECT
			  "\",\"scope\":\"me.read account\",\"code_challenge\":\"" CHALLENGE
			  "\",\"code_challenge_method\":\"S256\"}",
			  client),
	    "scope_wrong");
	story_refused(story_call("POST", "/v1/auth/authorizations", own, NULL,
			  "{\"client_id\":\"%s\",\"redirect_uri\":\"" REDIRECT
			  "\",\"code_challenge\":\"short\",\"code_challenge_method\":\"S256\"}",
			  client),
	    "code_challenge_shape");
	refused_as(story_form("/v1/auth/tokens", NULL, "grant_type=password&username=a&password=b"),
	    "grant_type_unknown", "unsupported_grant_type");
	refused_as(story_form("/v1/auth/tokens", NULL,
		       "grant_type=refresh_token&refresh_token=a&refresh_token=b"),
	    "invalid_fields", "invalid_request");
	refused_as(
	    story_form("/v1/auth/tokens", NULL, "grant_type=refresh_token&refresh_token=%%f"),
	    "invalid_fields", "invalid_request");
	refused_as(story_form("/v1/auth/tokens", NULL, "grant_type=refresh_token&refresh_token="),
	    "invalid_fields", "invalid_request");
	/* forms are OAuth's alone */
	story_refused(story_form("/v1/auth/sessions", NULL, "email=a"), "media_type_unsupported");
}

Test(apps, lose_everything_when_a_code_comes_twice)
{
	const char *client = given_app("me.read"), *own = given_token();
	const char *code = given_consent(own, client), *token;

	token = story_text(given_redeemed(client, code, VERIFIER), "access_token");
	refused_as(given_redeemed(client, code, VERIFIER), "grant_wrong", "invalid_grant");
	await_refusal(token, "/v1/me");
	cr_assert_str_eq(
	    story_text(story_get(own, "/v1/auth/sessions"), "data.0.ended_by"), "reuse");
}

Test(apps, are_registered_by_admins_who_may_remove_them)
{
	static const char *const wrong[] = { "http://example.com/back", "javascript:alert(1)",
		"data:text/html,x", "https://", "https:///x", "https://example.com/#x", "shifts:/x",
		"//example.com", "https://user@example.com/", "http://127.0.0.1:80@example.com/",
		"https://example.com/a  https://example.com/b" };
	const char *client = given_app("me.read"), *own = given_token(), *token;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		story_refused(story_call("POST", "/v1/clients", story.platform, story_key(),
				  "{\"name\":\"x\",\"redirect_uris\":\"%s\",\"scope\":\"me.read\"}",
				  wrong[i]),
		    "redirect_uri_shape");
	story_refused(story_call("POST", "/v1/clients", story.platform, story_key(),
			  "{\"name\":\"x\",\"redirect_uris\":\"https://e.example/\","
			  "\"scope\":\"me.read account\"}"),
	    "scope_wrong");
	story_refused(story_get(story.operator_token, "/v1/clients"), "scope_missing");
	cr_assert_str_eq(
	    story_text(story_get(story.platform, "/v1/clients?limit=1"), "data.0.scope"),
	    "me.read");
	token = story_text(
	    given_redeemed(client, given_consent(own, client), VERIFIER), "access_token");
	cr_assert_eq(
	    story_call("DELETE", story_print("/v1/clients/%s", client), story.platform, NULL, NULL)
		->status,
	    204);
	await_refusal(token, "/v1/me");
	story_refused(
	    story_get(NULL, "/v1/auth/authorizations?client_id=%s&redirect_uri=" REDIRECT, client),
	    "client_unknown");
}

Test(apps, give_their_tokens_back)
{
	const char *client = given_app("me.read"), *own = given_token();

	for (int i = 0; i < 2; i++) {
		struct story_reply *pair =
		    given_redeemed(client, given_consent(own, client), VERIFIER);
		const char *token = story_text(pair, "access_token");

		cr_assert_eq(
		    story_form("/v1/auth/revoke", NULL, "token=%s&token_type_hint=x&client_id=%s",
			i == 0 ? token : story_text(pair, "refresh_token"), client)
			->status,
		    204);
		await_refusal(token, "/v1/me");
		story_refused(
		    refreshed(story_text(pair, "refresh_token"), client), "refresh_wrong");
	}
}
