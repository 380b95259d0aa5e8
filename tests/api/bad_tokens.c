/* Bad tokens: the fourteen that other servers have taken, and more of their kind, over HTTP. Each
 * is one step away from a good one that opens the door. */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "forge.h"
#include "socius/uuid.h"
#include "socius/world.h"
#include "story.h"
#include "token.h"

static struct token_keys keys;
static const struct token_key *key;
static const char *good_header;

static void
given(void)
{
	story_begin();
	cr_assert_null(token_keys_load(&keys, world_setting("SOCIUS_KEYS", "")));
	key = &keys.keys[keys.newest];
	good_header = story_print("{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", key->kid);
}

TestSuite(bad_tokens, .init = given, .fini = story_end);

/* What an auditor's token says; its times are seconds from now. */
struct claims {
	const char *issuer, *audience, *use;
	int64_t issued_in_s, valid_in_s, expires_in_s;
};

static const struct claims good = { "socius", "socius-api", "access", 0, 0, 600 };

static const char *
claims(struct claims of)
{
	int64_t now_s = world_now_us() / 1000000;

	return story_print("{\"iss\":\"%s\",\"aud\":\"%s\",\"token_use\":\"%s\",\"iat\":%" PRId64
			   ",\"nbf\":%" PRId64 ",\"exp\":%" PRId64
			   ",\"sub\":\"%s\",\"role\":\"auditor\",\"market\":%d,"
			   "\"scope\":\"setup.read\"}",
	    of.issuer, of.audience, of.use, now_s + of.issued_in_s, now_s + of.valid_in_s,
	    now_s + of.expires_in_s, story_key(), story.market_id);
}

static const char *
signed_well(const char *header, struct claims of)
{
	return story_print("%s", forge(header, claims(of), key->secret, (size_t)key->secret_bytes));
}

static void
opens(const char *token)
{
	cr_assert_eq(story_get(token, "/v1/zones")->status, 200);
}

static void
is_refused(const char *token, const char *name)
{
	struct story_reply *reply = story_get(token, "/v1/zones");

	cr_expect_eq(reply->status, 401, "%s: %s", name, reply->text);
	cr_expect_str_eq(story_text(reply, "code"), "unauthenticated", "%s", name);
	cr_expect_not_null(story_reply_header(reply, "WWW-Authenticate"), "%s", name);
}

Test(bad_tokens, are_one_step_from_a_good_one)
{
	opens(signed_well(good_header, good));
}

Test(bad_tokens, of_another_key_are_refused)
{
	static const char *const secrets[] = { "", "a",
		"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
		"-----END PUBLIC KEY-----\n" };

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		is_refused(forge(good_header, claims(good), secrets[i], strlen(secrets[i])),
		    "another secret");
	is_refused(signed_well("{\"alg\":\"HS256\",\"kid\":\"nobody\",\"typ\":\"JWT\"}", good),
	    "an unknown kid");
	is_refused(signed_well("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", good), "no kid");
}

Test(bad_tokens, of_another_kind_are_refused)
{
	static const char *const algorithms[] = { "none", "None", "HS512", "RS256", "ES256", "" };
	char *unsigned_token;

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		is_refused(
		    signed_well(story_print("{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
				    algorithms[i], key->kid),
			good),
		    algorithms[i]);
	unsigned_token =
	    forge(story_print("{\"alg\":\"none\",\"kid\":\"%s\",\"typ\":\"JWT\"}", key->kid),
		claims(good), "", 0);
	strrchr(unsigned_token, '.')[1] = '\0';
	is_refused(unsigned_token, "none, without a signature");
	is_refused(signed_well(story_print("{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"id+jwt\"}",
				   key->kid),
		       good),
	    "another typ");
}

Test(bad_tokens, that_bring_keys_of_their_own_are_refused)
{
	static const char *const members[] = { "\"jku\":\"https://127.0.0.1/keys\"",
		"\"jwk\":{\"kty\":\"oct\",\"k\":\"YQ\"}", "\"x5u\":\"https://127.0.0.1/chain\"",
		"\"crit\":[\"exp\"]" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		is_refused(signed_well(story_print("{\"alg\":\"HS256\",\"kid\":\"%s\","
						   "\"typ\":\"JWT\",%s}",
					   key->kid, members[i]),
			       good),
		    members[i]);
}

Test(bad_tokens, for_others_or_of_others_are_refused)
{
	is_refused(
	    signed_well(good_header, (struct claims){ "other", "socius-api", "access", 0, 0, 600 }),
	    "another issuer");
	is_refused(
	    signed_well(good_header, (struct claims){ "socius", "other", "access", 0, 0, 600 }),
	    "another audience");
	is_refused(signed_well(good_header,
		       (struct claims){ "socius", "socius-api", "refresh", 0, 0, 600 }),
	    "a refresh token");
	is_refused(
	    signed_well(good_header, (struct claims){ "socius", "socius-api", "id", 0, 0, 600 }),
	    "an id token");
}

Test(bad_tokens, of_another_time_are_refused)
{
	static const struct {
		const char *name;
		struct claims of;
	} times[] = {
		{ "of 1970", { "socius", "socius-api", "access", INT64_C(-1700000000),
				 INT64_C(-1700000000), INT64_C(-1690000000) } },
		{ "just over", { "socius", "socius-api", "access", -600, -600, 0 } },
		{ "not valid yet", { "socius", "socius-api", "access", 0, 3600, 7200 } },
		{ "not issued yet", { "socius", "socius-api", "access", 3600, 0, 7200 } },
		{ "good for ever", { "socius", "socius-api", "access", 0, 0, 2000000000 } },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		is_refused(signed_well(good_header, times[i].of), times[i].name);
}

Test(bad_tokens, of_another_shape_are_refused)
{
	const char *token = signed_well(good_header, good);
	const char *dot = strrchr(token, '.');

	is_refused(story_print("%s.a", token), "four segments");
	is_refused(story_print("%.*s", (int)(dot - token), token), "two segments");
	is_refused(story_print("%sA", token), "trailing bytes");
	is_refused(story_print("%s=", token), "padding");
	is_refused(story_print("%s.", token), "an empty fourth segment");
	is_refused("..", "three empty segments");
	is_refused(forge(good_header, "[]", key->secret, (size_t)key->secret_bytes),
	    "claims that are no object");
	is_refused(forge(good_header, story_print("{\"pad\":\"%04000d\"}", 0), key->secret,
		       (size_t)key->secret_bytes),
	    "more than 4 KiB");
}
