/* offices_given: see offices_given.h. */
#include "api/offices_given.h"

#include <criterion/criterion.h>

#include "access/totp.h"
#include "socius/world.h"
#include "token.h"

/* RFC 4648 base32 of a secret. */
static struct text
decoded(const char *secret)
{
	char *bytes = (char *)(uintptr_t)story_print("%s", secret);
	unsigned held = 0, bits = 0;
	size_t count = 0;

	for (size_t i = 0; secret[i] != '\0'; i++) {
		held = held << 5 |
		       (unsigned)(secret[i] >= 'A' ? secret[i] - 'A' : secret[i] - '2' + 26);
		bits += 5;
		if (bits >= 8)
			bytes[count++] = (char)(held >> (bits -= 8) & 0xff);
	}
	return (struct text){ bytes, count };
}

const char *
given_totp(const char *secret, int ahead)
{
	return story_print("%06u",
	    totp_code(decoded(secret), world_now_us() / (TOTP_STEP_S * INT64_C(1000000)) + ahead));
}

void
given_office(const char *email, const char *options)
{
	const char *command = story_print("./socius admin %s %s >/dev/null", email, options);

	cr_assert_eq(system(command), 0, "%s", command);
}

const char *
given_operator(const char *more)
{
	return story_print("--role operator --market %s %s", story.market, more);
}

const char *
given_enrolled(const char *token, const char **recovery)
{
	struct story_reply *begun = story_call("POST", "/v1/auth/totp", token, NULL, GIVEN_ENROL);
	const char *secret = story_text(begun, "secret");
	struct story_reply *reply = story_call("POST", "/v1/auth/totp/confirmations", token, NULL,
	    "{\"code\":\"%s\"}", given_totp(secret, -1));

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	if (recovery != NULL)
		*recovery = story_text(reply, "recovery_codes.0");
	return secret;
}

struct story_reply *
given_in_office(const char *email, const char *role, const char *secret)
{
	return given_session(
	    email, story_print(",\"role\":\"%s\",\"totp\":\"%s\"", role, given_totp(secret, 0)));
}

const char *
given_aged(const struct story_reply *session, int age_s)
{
	struct caller caller = { .known = true,
		.role = story_text(session, "role"),
		.market_id = (int)story_int(session, "market_id"),
		.has_session = true,
		.totp_us = world_now_us() - age_s * INT64_C(1000000) };
	static struct token_keys keys;
	const char *kept;
	char *token;

	cr_assert(uuid_read(text_of(story_text(session, "account_id")), &caller.account_id));
	cr_assert(uuid_read(text_of(story_text(session, "session_id")), &caller.session_id));
	cr_assert_null(token_keys_load(&keys, world_setting("SOCIUS_KEYS", NULL)));
	token = token_mint(&keys, app.roles, &caller, world_now_us(), TOKEN_LIFE_S);
	kept = story_print("%s", token);
	free(token);
	return kept;
}
