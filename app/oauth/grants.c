/* grants: what is presented for tokens (RFC 6749), before SQL; see thoughts.h. */
#include "args.h"
#include "oauth/thoughts.h"
#include "socius/arena.h"
#include "socius/problem.h"
#include "socius/uuid.h"
#include "socius/vault.h"

enum { BASIC_BYTES_MAX = 512 };

/* Refuses as OAuth's libraries want to hear it (section 5.2). */
static bool
refuse(struct request *request, const char *slug, struct text members)
{
	problem_set(&request->problem, slug, NULL);
	request->problem.members = members;
	return false;
}

/* Standard base64 with its padding; false: it is none, or too long. */
static bool
decode_base64(struct text from, char to[BASIC_BYTES_MAX], size_t *bytes)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned held = 0, bits = 0;

	while (from.bytes > 0 && from.at[from.bytes - 1] == '=')
		from.bytes--;
	*bytes = 0;
	for (size_t i = 0; i < from.bytes && *bytes < BASIC_BYTES_MAX; i++) {
		const char *at = from.at[i] == '\0' ? NULL : strchr(alphabet, from.at[i]);

		if (at == NULL)
			return false;
		held = (held << 6 | (unsigned)(at - alphabet)) & 0xffff;
		bits += 6;
		if (bits >= 8)
			to[(*bytes)++] = (char)(held >> (bits -= 8) & 0xff);
	}
	return *bytes < BASIC_BYTES_MAX;
}

/* Key and secret of a service may come as HTTP Basic, too (section 2.3.1). Neither holds a
 * character that would be escaped. */
static bool
take_basic(struct request *request)
{
	struct text header = request_header(request, "Authorization");
	char both[BASIC_BYTES_MAX];
	struct uuid client;
	const char *colon;
	size_t bytes;

	if (header.bytes < 6 || !text_equal_nocase((struct text){ header.at, 6 }, TEXT("Basic ")))
		return true;
	header.at += 6;
	header.bytes -= 6;
	colon = decode_base64(header, both, &bytes) ? memchr(both, ':', bytes) : NULL;
	if (colon == NULL || !uuid_read((struct text){ both, (size_t)(colon - both) }, &client))
		return refuse(request, "secret_wrong", TEXT("{\"error\":\"invalid_client\"}"));
	args_put_uuid(request, "client_id", &client);
	args_copy(request, "client_secret", colon + 1, bytes - (size_t)(colon + 1 - both));
	return true;
}

/* The market that the secret of a service names; otherwise it is none of ours, and SQL gets null.
 */
static void
put_market(struct request *request, struct text secret)
{
	int64_t market = 0;
	size_t at = 3;

	if (secret.bytes < 5 || memcmp(secret.at, "sk_", 3) != 0)
		return;
	for (; at < secret.bytes && secret.at[at] >= '0' && secret.at[at] <= '9'; at++) {
		market = market * 10 + (secret.at[at] - '0');
		if (market > INT32_MAX)
			return;
	}
	if (at > 3 && at < secret.bytes && secret.at[at] == '_')
		args_put_long(request, "secret_market", market);
}

/* RFC 7636 section 4.6, S256. */
static void
put_challenge(struct request *request)
{
	uint8_t digest[VAULT_MAC_BYTES];

	vault_digest(args_of(request, "code_verifier")->bytes, digest);
	args_put(request, "code_challenge", vault_text(request->arena, digest, sizeof(digest)));
}

/* What each grant must come with; the first is what is presented. */
static const struct grant {
	const char *type;
	const char *needs[5];
} grants[] = {
	{ "refresh_token", { "refresh_token" } },
	{ "authorization_code", { "code", "redirect_uri", "code_verifier", "client_id" } },
	{ "client_credentials", { "client_secret" } },
};

static const struct grant *
grant_of(struct request *request)
{
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++)
		if (text_is(args_of(request, "grant_type")->bytes, grants[i].type))
			return &grants[i];
	(void)refuse(request, "grant_type_unknown", TEXT("{\"error\":\"unsupported_grant_type\"}"));
	return NULL;
}

static bool
complete(struct request *request, const struct grant *grant)
{
	for (int i = 0; grant->needs[i] != NULL; i++)
		if (args_of(request, grant->needs[i])->null)
			problem_add_error(&request->problem,
			    arena_print(request->arena, "/%s", grant->needs[i]), "required",
			    "This grant needs it.");
	return request->problem.errors_count == 0 ||
	       refuse(request, "invalid_fields", TEXT("{\"error\":\"invalid_request\"}"));
}

/* The refresh token follows from what was presented: whoever asks twice gets it twice. */
static void
put_successor(struct request *request, struct value *presented)
{
	uint8_t mac[VAULT_MAC_BYTES];

	args_put_digest(request, "token_hash", presented->bytes);
	vault_mac("refresh", presented->bytes, mac);
	presented->bytes = vault_text(request->arena, mac, sizeof(mac));
	args_put_digest(request, "successor_hash", presented->bytes);
}

static void
hide_secrets(struct request *request)
{
	static const char *const secrets[] = { "refresh_token", "code", "code_verifier",
		"client_secret" };

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		args_hide(request, secrets[i]);
}

bool
think_tokens(struct request *request)
{
	const struct grant *grant;
	struct value *presented;

	if (!take_basic(request))
		return false;
	grant = grant_of(request);
	if (grant == NULL || !complete(request, grant))
		return false;
	presented = args_of(request, grant->needs[0]);
	if (strcmp(grant->type, "client_credentials") == 0)
		put_market(request, presented->bytes);
	if (strcmp(grant->type, "authorization_code") == 0)
		put_challenge(request);
	put_successor(request, presented);
	hide_secrets(request);
	return true;
}
