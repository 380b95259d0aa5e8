/* A service gets its tokens with a key, changes its secret over, asks what tokens are worth, and is
 * put out. */
#include <criterion/criterion.h>
#include <poll.h>

#include "api/oauth_given.h"
#include "api/sign_in_given.h"
#include "socius/world.h"

TestSuite(service_keys, .init = story_begin, .fini = story_end);

static const char *
later(int days)
{
	time_t at = (time_t)(world_now_us() / 1000000) + days * 86400;
	struct tm parts;
	char text[32];

	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &parts)); /* fits */
	return story_print("%s", text);
}

static struct story_reply *
given_key(const char *scope)
{
	return story_post(story.operator_token, "/v1/service_keys",
	    "{\"name\":\"Ride app\",\"scope\":\"%s\",\"expires_at\":\"%s\"}", scope, later(30));
}

static struct story_reply *
exchanged(const char *secret)
{
	return story_form(
	    "/v1/auth/tokens", NULL, "grant_type=client_credentials&client_secret=%s", secret);
}

static const char *
token_of(const char *secret)
{
	struct story_reply *reply = exchanged(secret);

	cr_assert_eq(reply->status, 200, "%s", reply->text);
	cr_assert(json_is_null(story_at(reply, "refresh_token")));
	return story_text(reply, "access_token");
}

static void
await_refusal(const char *token)
{
	int64_t until_us = world_monotonic_us() + 5 * 1000 * 1000;

	for (int refused = 0; refused < 20;) {
		story_header("Connection: close");
		refused = story_get(token, "/v1/trips")->status == 401 ? refused + 1 : 0;
		if (refused == 0)
			(void)poll(NULL, 0, 20);
		cr_assert_lt(world_monotonic_us(), until_us);
	}
}

/* The worker says so beside the request. */
static void
await_use_after(const char *used_at)
{
	int64_t until_us = world_monotonic_us() + 5 * 1000 * 1000;

	while (strcmp(story_text(story_get(story.auditor, "/v1/service_keys"), "data.0.used_at"),
		   used_at) <= 0) {
		(void)poll(NULL, 0, 20);
		cr_assert_lt(world_monotonic_us(), until_us);
	}
}

Test(service_keys, open_what_they_are_for_until_they_end)
{
	struct story_reply *key = given_key("trips.read"), *list;
	const char *id = story_text(key, "service_key_id"), *first = story_text(key, "secret");
	const char *second, *token = token_of(first);

	cr_assert_eq(strncmp(first, story_print("sk_%d_", story.market_id), 4), 0);
	list = story_get(story.auditor, "/v1/service_keys");
	cr_assert_eq(story_get(token, "/v1/trips")->status, 200);
	await_use_after(story_text(list, "data.0.used_at"));
	story_refused(story_call("POST", "/v1/trips", token, NULL, "{}"), "scope_missing");
	key = story_call("POST", story_print("/v1/service_keys/%s/rotate", id),
	    story.operator_token, story_key(), "{\"overlap_s\":3600}");
	cr_assert_eq(key->status, 201, "%s", key->text);
	second = story_text(key, "secret");
	cr_assert_str_neq(first, second);
	(void)token_of(first);
	(void)token_of(second);
	list = story_get(story.auditor, "/v1/service_keys");
	cr_assert_eq(json_array_size(story_at(list, "data.0.prefixes")), 2);
	cr_assert_not_null(story_text(list, "data.0.used_at"));
	cr_assert_null(strstr(list->text, second));
	cr_assert_eq(story_call("DELETE", story_print("/v1/service_keys/%s", id),
			 story.operator_token, NULL, NULL)
			 ->status,
	    204);
	await_refusal(token);
	story_refused(exchanged(second), "secret_wrong");
	story_refused(story_call("POST", story_print("/v1/service_keys/%s/rotate", id),
			  story.operator_token, story_key(), "{}"),
	    "service_key_ended");
}

/* RFC 6749 section 2.3.1; base64 of <key>:<secret> by the vault's alphabet would lack + and /. */
static const char *
basic(const char *id, const char *secret)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *both = story_print("%s:%s", id, secret);
	size_t bytes = strlen(both), count = 0;
	char text[256];

	for (size_t i = 0; i < bytes; i += 3) {
		unsigned held = (unsigned)(uint8_t)both[i] << 16 |
				(i + 1 < bytes ? (unsigned)(uint8_t)both[i + 1] << 8 : 0) |
				(i + 2 < bytes ? (unsigned)(uint8_t)both[i + 2] : 0);

		text[count++] = alphabet[held >> 18];
		text[count++] = alphabet[held >> 12 & 63];
		text[count++] = i + 1 < bytes ? alphabet[held >> 6 & 63] : '=';
		text[count++] = i + 2 < bytes ? alphabet[held & 63] : '=';
	}
	return story_print("Authorization: Basic %.*s", (int)count, text);
}

Test(service_keys, come_as_http_basic_too)
{
	struct story_reply *key = given_key("trips.read"), *other = given_key("trips.read");
	const char *id = story_text(key, "service_key_id"), *secret = story_text(key, "secret");

	story_header(basic(id, secret));
	cr_assert_eq(
	    story_form("/v1/auth/tokens", NULL, "grant_type=client_credentials")->status, 200);
	story_header(basic(story_text(other, "service_key_id"), secret));
	story_refused(
	    story_form("/v1/auth/tokens", NULL, "grant_type=client_credentials"), "secret_wrong");
	story_header("Authorization: Basic !");
	story_refused(
	    story_form("/v1/auth/tokens", NULL, "grant_type=client_credentials"), "secret_wrong");
}

Test(service_keys, are_refused_what_they_may_not_have)
{
	struct story_reply *reply;

	story_refused(
	    story_call("POST", "/v1/service_keys", story.operator_token, story_key(),
		"{\"name\":\"x\",\"scope\":\"payouts.prepare\",\"expires_at\":\"%s\"}", later(1)),
	    "scope_wrong");
	story_refused(
	    story_call("POST", "/v1/service_keys", story.operator_token, story_key(),
		"{\"name\":\"x\",\"scope\":\"trips.read\",\"expires_at\":\"%s\"}", later(-1)),
	    "expiry_wrong");
	story_refused(
	    story_call("POST", "/v1/service_keys", story.operator_token, story_key(),
		"{\"name\":\"x\",\"scope\":\"trips.read\",\"expires_at\":\"%s\"}", later(367)),
	    "service_key_lives_a_year");
	story_refused(
	    story_call("POST", "/v1/service_keys", story.auditor, story_key(),
		"{\"name\":\"x\",\"scope\":\"trips.read\",\"expires_at\":\"%s\"}", later(1)),
	    "scope_missing");
	story_refused(story_call("DELETE", story_print("/v1/service_keys/%s", story_key()),
			  story.operator_token, NULL, NULL),
	    "service_key_unknown");
	for (size_t i = 0; i < 3; i++) {
		static const char *const secrets[] = { "sk_", "sk_99999999999_x", "nothing" };

		reply = exchanged(secrets[i]);
		story_refused(reply, "secret_wrong");
		cr_assert_str_eq(story_text(reply, "error"), "invalid_client");
	}
	reply = story_form("/v1/auth/tokens", NULL,
	    "grant_type=client_credentials&scope=trips.write&client_secret=%s",
	    story_text(given_key("trips.read"), "secret"));
	story_refused(reply, "scope_wrong");
	cr_assert_str_eq(story_text(reply, "error"), "invalid_scope");
}

/* --- what a token is worth --- */

static struct story_reply *
introspected(const char *service, const char *token)
{
	struct story_reply *reply = story_form("/v1/auth/introspect", service, "token=%s", token);

	cr_assert_eq(reply->status, 200, "%s", reply->text);
	return reply;
}

Test(service_keys, tell_live_tokens_from_dead_ones)
{
	struct story_reply *key = given_key("tokens.introspect trips.read"), *own, *reply;
	const char *service = token_of(story_text(key, "secret")), *email = given_email(), *token;
	const char *account = given_account(email);

	own = given_session(email, NULL);
	token = story_text(own, "access_token");
	reply = introspected(service, token);
	cr_assert(json_is_true(story_at(reply, "active")), "%s", reply->text);
	cr_assert_str_eq(story_text(reply, "sub"), account);
	cr_assert_str_eq(story_text(reply, "sid"), story_text(own, "session_id"));
	cr_assert_str_eq(story_text(reply, "token_type"), "Bearer");
	reply = introspected(service, story_text(own, "refresh_token"));
	cr_assert(json_is_true(story_at(reply, "active")));
	cr_assert(json_is_null(story_at(reply, "token_type")));
	cr_assert(json_is_true(story_at(introspected(service, service), "active")));
	cr_assert_eq(story_form("/v1/auth/revoke", NULL, "token=%s", token)->status, 204);
	{
		const char *const dead[] = { token, story_text(own, "refresh_token"), "nothing",
			story.platform };

		for (size_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++)
			cr_assert_str_eq(
			    introspected(service, dead[i])->text, "{\"active\":false}");
	}
	story_refused(
	    story_form("/v1/auth/introspect", story.operator_token, "token=x"), "scope_missing");
	story_refused(story_form("/v1/auth/introspect", NULL, "token=x"), "unauthenticated");
}
