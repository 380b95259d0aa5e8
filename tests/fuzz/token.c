/* token: any text as a token, and any header and claims signed as they should be: whoever is let in
 * makes sense, and has no scope that the role lacks. */
#include "forge.h"
#include "fuzz/fuzzed.h"
#include "token.h"

static const struct token_keys *
keys(void)
{
	static struct token_keys keys;

	if (keys.count == 0) {
		keys.count = 1;
		memcpy(keys.keys[0].kid, "a", 2);
		keys.keys[0].secret_bytes = TOKEN_SECRET_BYTES_MIN;
		memset(keys.keys[0].secret, 7, TOKEN_SECRET_BYTES_MIN);
	}
	return &keys;
}

static void
check_scopes(const char *scopes, const char *of_role)
{
	while (*scopes != '\0') {
		size_t bytes = strcspn(scopes, " ");

		FUZZED_HOLDS(text_listed(of_role, (struct text){ scopes, bytes }));
		scopes += bytes + (scopes[bytes] == ' ');
	}
}

static void
check(struct text from, bool is_signed)
{
	struct token token;
	const struct role *role = app.roles;

	if (token_check(keys(), app.roles, from, FUZZED_NOW_US, &token) != NULL)
		return;
	FUZZED_HOLDS(is_signed);
	FUZZED_HOLDS(token.caller.known && token.caller.market_id >= 0);
	FUZZED_HOLDS(token.expires_us > FUZZED_NOW_US);
	while (role->name != NULL && role->name != token.caller.role)
		role++;
	FUZZED_HOLDS(role->name != NULL);
	FUZZED_HOLDS(role->is_partner == token.caller.has_partner);
	check_scopes(token.caller.scopes, role->scopes);
}

/* A line of header, the rest claims. */
static void
check_forged(struct text from)
{
	char parts[4096 + 1];
	char *claims;

	if (from.bytes > sizeof(parts) - 1)
		return;
	memcpy(parts, from.at, from.bytes);
	parts[from.bytes] = '\0';
	claims = strchr(parts, '\n');
	if (claims == NULL)
		return;
	*claims++ = '\0';
	check(text_of(forge(parts, claims, keys()->keys[0].secret, TOKEN_SECRET_BYTES_MIN)), true);
	check(text_of(forge(parts, claims, "another", 7)), false);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text from = fuzzed_rest(data, size);

	check(from, false);
	check_forged(from);
	return 0;
}
