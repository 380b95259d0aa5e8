/* People sign in with another provider, which rotates its keys, lies and goes away. */
#include <criterion/criterion.h>
#include <poll.h>

#include "api/sign_in_given.h"
#include "issuer.h"
#include "socius/world.h"

static struct issuer issuer;
static const char *provider;

enum { PATIENCE_US = 20 * 1000 * 1000 };

static struct story_reply *
put(const char *id, const char *url, bool signs_up)
{
	return story_call("PUT", story_print("/v1/identity_providers/%s", id), story.platform, NULL,
	    "{\"market_code\":\"%s\",\"name\":\"Example\",\"issuer\":\"%s\","
	    "\"client_ids\":\"ours also-ours\",\"signs_up\":%s}",
	    story.market, url, signs_up ? "true" : "false");
}

/* The provider as admins see it, when the member has come and is another than `before`. */
static struct story_reply *
await_change(const char *id, const char *member, const char *before)
{
	int64_t until_us = world_monotonic_us() + PATIENCE_US;
	struct story_reply *reply;

	for (;;) {
		reply = story_get(story.platform, "/v1/identity_providers/%s", id);
		cr_assert_eq(reply->status, 200, "%s", reply->text);
		if (json_is_string(story_at(reply, member)) &&
		    strcmp(story_text(reply, member), before) != 0)
			return reply;
		cr_assert_lt(world_monotonic_us(), until_us, "no %s in %s", member, reply->text);
		(void)poll(NULL, 0, 20); /* the runner is a process of its own */
	}
}

static struct story_reply *
await(const char *id, const char *member)
{
	return await_change(id, member, "");
}

static void
begin(void)
{
	story_begin();
	issuer_start(&issuer);
	provider = story_key();
	cr_assert_eq(put(provider, issuer.url, true)->status, 200);
	(void)await(provider, "keys_fetched_at");
}

static void
end(void)
{
	issuer_end(&issuer);
	story_end();
}

TestSuite(providers, .init = begin, .fini = end);

static const char *
nonce(void)
{
	struct story_reply *reply = story_call("POST", "/v1/auth/nonces", NULL, NULL, "{}");

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	return story_text(reply, "nonce");
}

static const char *
claims(const char *person, const char *email, const char *with_nonce, const char *audience)
{
	int64_t now_s = world_now_us() / 1000000;

	return story_print(
	    "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"iat\":%lld,\"exp\":%lld,"
	    "\"nonce\":\"%s\",\"email\":\"%s\",\"email_verified\":true,"
	    "\"name\":\"Ada Rossi\"}",
	    issuer.url, person, audience, (long long)now_s, (long long)now_s + 300, with_nonce,
	    email);
}

static struct story_reply *
sign_in(const char *token, const char *with_nonce)
{
	return story_call("POST", "/v1/auth/external_sessions", NULL, NULL,
	    "{\"provider_id\":\"%s\",\"id_token\":\"%s\",\"nonce\":\"%s\","
	    "\"device_name\":\"Ada's phone\"}",
	    provider, token, with_nonce);
}

/* A token as it should be, for a fresh nonce. */
static struct story_reply *
sign_in_as(const char *person, const char *email, const char *how)
{
	const char *fresh = nonce();

	return sign_in(issuer_token(&issuer, how, claims(person, email, fresh, "ours")), fresh);
}

Test(providers, let_a_new_person_in_and_know_it_again)
{
	const char *email = given_email(), *person = story_key(), *token;
	struct story_reply *first = sign_in_as(person, email, "RS256"), *again, *list;

	cr_assert_eq(first->status, 201, "%s", first->text);
	cr_assert_str_eq(story_text(first, "role"), "customer");
	cr_assert_eq(story_int(first, "market_id"), story.market_id);
	again = sign_in_as(person, "another@example.com", "ES256");
	cr_assert_eq(again->status, 201, "%s", again->text);
	cr_assert_str_eq(story_text(again, "account_id"), story_text(first, "account_id"));
	token = story_text(again, "access_token");
	list = story_get(token, "/v1/auth/sessions");
	cr_assert_eq(json_array_size(story_at(list, "data")), 2);
	list = story_get(token, "/v1/me/identities");
	cr_assert_eq(json_array_size(story_at(list, "data")), 1);
	cr_assert_str_eq(story_text(list, "data.0.issuer"), issuer.url);
	story_refused(
	    story_call("DELETE",
		story_print("/v1/me/identities/%s", story_text(list, "data.0.identity_id")), token,
		NULL, NULL),
	    "last_way_in");
	cr_assert_eq(given_refresh(story_text(again, "refresh_token"), NULL)->status, 200);
	story_refused(given_try(email, PASSWORD, NULL), "sign_in_wrong");
}

Test(providers, are_shown_to_who_chooses_one)
{
	struct story_reply *list =
	    story_get(NULL, "/v1/identity_providers?market_code=%s", story.market);

	cr_assert_eq(json_array_size(story_at(list, "data")), 1);
	cr_assert_str_eq(story_text(list, "data.0.provider_id"), provider);
	cr_assert_str_eq(story_text(list, "data.0.client_ids"), "ours also-ours");
}

Test(providers, are_linked_from_inside_and_never_by_an_address)
{
	const char *email = given_email(), *account = given_account(email), *person = story_key();
	const char *fresh = nonce(), *token, *id_token;
	struct story_reply *linked, *reply;

	id_token = issuer_token(&issuer, "RS256", claims(person, email, fresh, "ours"));
	story_refused(sign_in(id_token, fresh), "link_needed");
	token = story_text(given_session(email, NULL), "access_token");
	linked = story_call("POST", "/v1/me/identities", token, NULL,
	    "{\"provider_id\":\"%s\",\"id_token\":\"%s\",\"nonce\":\"%s\"}", provider, id_token,
	    fresh);
	cr_assert_eq(linked->status, 201, "%s", linked->text);
	(void)given_code(email, "was linked");
	reply = sign_in_as(person, email, "ES256");
	cr_assert_eq(reply->status, 201, "%s", reply->text);
	cr_assert_str_eq(story_text(reply, "account_id"), account);
	cr_assert_eq(story_call("DELETE",
			 story_print("/v1/me/identities/%s", story_text(linked, "identity_id")),
			 token, NULL, NULL)
			 ->status,
	    204);
	story_refused(sign_in_as(person, email, "RS256"), "link_needed");
}

Test(providers, take_no_token_that_does_not_hold)
{
	const char *fresh = nonce(), *person = story_key(), *email = given_email();
	const char *good = claims(person, email, fresh, "ours");
	const char *header = story_print("{\"alg\":\"HS256\",\"kid\":\"%s\"}", issuer.rsa_kid);
	struct issuer other;

	issuer_start(&other);
	story_refused(
	    sign_in(issuer_token(&issuer, "RS256", claims(person, email, fresh, "theirs")), fresh),
	    "id_token_wrong");
	story_refused(
	    sign_in(issuer_token(&issuer, "RS256", claims(person, email, nonce(), "ours")), fresh),
	    "id_token_wrong");
	story_refused(sign_in(issuer_sign(&issuer, "HS256", issuer.rsa, header, good), fresh),
	    "id_token_wrong");
	story_refused(
	    sign_in(issuer_sign(&issuer, "none", NULL, "{\"alg\":\"none\"}", good), fresh),
	    "id_token_wrong");
	story_refused(
	    sign_in(issuer_sign(&issuer, "RS256", other.rsa,
			story_print("{\"alg\":\"RS256\",\"kid\":\"%s\"}", issuer.rsa_kid), good),
		fresh),
	    "id_token_wrong");
	story_refused(sign_in("not a token", fresh), "id_token_wrong");
	cr_assert_eq(sign_in(issuer_token(&issuer, "RS256", good), fresh)->status, 201);
	story_refused(sign_in(issuer_token(&issuer, "RS256", good), fresh), "nonce_wrong");
	story_refused(
	    sign_in(issuer_token(&issuer, "RS256", claims(person, email, "made-up", "ours")),
		"made-up"),
	    "nonce_wrong");
	issuer_end(&other);
}

/* What only the gate says is no member of any body. */
Test(providers, take_no_verdict_from_outside)
{
	story_refused(story_call("POST", "/v1/auth/external_sessions", NULL, NULL,
			  "{\"provider_id\":\"%s\",\"id_token\":\"x\",\"nonce\":\"x\","
			  "\"device_name\":\"x\",\"email_verified\":true}",
			  provider),
	    "invalid_fields");
}

Test(providers, rotate_their_keys)
{
	const char *email = given_email(), *person = story_key();
	const char *before = story_text(await(provider, "keys_fetched_at"), "keys_fetched_at");
	EVP_PKEY *old = issuer.rsa;
	struct story_reply *reply;

	cr_assert_eq(EVP_PKEY_up_ref(old), 1);
	issuer_rotate(&issuer);
	reply = sign_in_as(person, email, "RS256");
	story_refused(reply, "provider_key_unknown");
	cr_assert_str_eq(story_reply_header(reply, "Retry-After"), "10");
	(void)await_change(provider, "keys_fetched_at", before);
	reply = sign_in_as(person, email, "RS256");
	cr_assert_eq(reply->status, 201, "%s", reply->text);
	reply = sign_in(issuer_sign(&issuer, "RS256", old, "{\"alg\":\"RS256\",\"kid\":\"rsa-1\"}",
			    claims(person, email, "x", "ours")),
	    "x");
	story_refused(reply, "provider_key_unknown");
	EVP_PKEY_free(old);
}

Test(providers, may_go_away_without_locking_anybody_out)
{
	const char *person = story_key(), *email = given_email();
	struct story_reply *reply;

	issuer_feel(&issuer, ISSUER_IS_AWAY);
	cr_assert_eq(put(provider, issuer.url, true)->status, 200);
	reply = await(provider, "keys_error");
	cr_assert_str_eq(story_text(reply, "keys_error"), "the server answers 503");
	(void)story_text(reply, "keys_fetched_at");
	reply = sign_in_as(person, email, "RS256");
	cr_assert_eq(reply->status, 201, "%s", reply->text);
}

Test(providers, are_not_believed_when_they_speak_of_others)
{
	struct issuer liar;
	const char *id = story_key();

	issuer_start(&liar);
	issuer_feel(&liar, ISSUER_LIES);
	cr_assert_eq(put(id, liar.url, true)->status, 200);
	cr_assert_str_eq(
	    story_text(await(id, "keys_error"), "keys_error"), "the document is not this issuer's");
	issuer_end(&liar);
}

Test(providers, are_set_up_by_admins_alone)
{
	struct story_reply *reply = story_call("PUT",
	    story_print("/v1/identity_providers/%s", story_key()), story.operator_token, NULL,
	    "{\"market_code\":\"%s\",\"name\":\"Mine\",\"issuer\":\"https://mine.example.com\","
	    "\"client_ids\":\"x\",\"signs_up\":true}",
	    story.market);

	story_refused(reply, "scope_missing");
	story_refused(put(story_key(), "http://example.com", true), "issuer_shape");
	story_refused(put(story_key(), issuer.url, true), "provider_taken");
	cr_assert_eq(story_call("DELETE", story_print("/v1/identity_providers/%s", provider),
			 story.platform, NULL, NULL)
			 ->status,
	    204);
	story_refused(sign_in_as(story_key(), given_email(), "RS256"), "provider_unknown");
}
