/* token: sign and check access tokens; see token.h. */
#include "token.h"

#include <jansson.h>
#include <jwt.h>

#include "jws.h"
#include "socius/uuid.h"
#include "socius/world.h"

#define US_PER_S INT64_C(1000000)

/* The member's text, or NULL. */
static const char *
text_member(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool
member_is(json_t *object, const char *name, const char *value)
{
	const char *is = text_member(object, name);

	return is != NULL && strcmp(is, value) == 0;
}

const char token_no_key[] = "the token's header is not one of ours";

/* The key that the header names, where the header is one that we would have written: RFC 8725
 * section 3.1. Other members (jku, jwk, crit, ...) are refused by their number. */
static const struct token_key *
key_of(const struct token_keys *keys, json_t *header)
{
	if (header == NULL || json_object_size(header) != 3 || !member_is(header, "alg", "HS256") ||
	    !member_is(header, "typ", "JWT"))
		return NULL;
	for (int i = 0; i < keys->count; i++)
		if (member_is(header, "kid", keys->keys[i].kid))
			return &keys->keys[i];
	return NULL;
}

/* Whether this key signed the token, with HS256 and nothing else. */
static bool
signed_by(const struct token_key *key, struct text from)
{
	char token[TOKEN_BYTES_MAX + 1];
	jwt_t *jwt;
	bool right;

	memcpy(token, from.at, from.bytes);
	token[from.bytes] = '\0';
	if (jwt_decode(&jwt, token, key->secret, key->secret_bytes) != 0)
		return false;
	right = jwt_get_alg(jwt) == JWT_ALG_HS256;
	jwt_free(jwt);
	return right;
}

/* A claim in seconds since 1970; false: it is missing, no integer, or before or beyond all sense.
 */
static bool
seconds(json_t *claims, const char *name, int64_t *us)
{
	json_t *claim = json_object_get(claims, name);

	if (!json_is_integer(claim) || json_integer_value(claim) < 0 ||
	    json_integer_value(claim) > INT64_C(253402300799)) /* the end of 9999 */
		return false;
	*us = json_integer_value(claim) * US_PER_S;
	return true;
}

/* RFC 7519 section 4.1. */
static const char *
check_times(json_t *claims, int64_t now_us, int64_t *expires_us)
{
	int64_t issued_us, valid_from_us, skew_us = TOKEN_SKEW_S * US_PER_S;

	if (!seconds(claims, "exp", expires_us) || !seconds(claims, "iat", &issued_us) ||
	    !seconds(claims, "nbf", &valid_from_us))
		return "the token lacks exp, iat or nbf";
	if (*expires_us <= now_us)
		return "the token has expired";
	if (valid_from_us > now_us + skew_us || issued_us > now_us + skew_us)
		return "the token is not valid yet";
	if (*expires_us - issued_us > TOKEN_LIFE_S_MAX * US_PER_S)
		return "the token lives too long";
	return NULL;
}

static const struct role *
role_named(const struct role *roles, const char *name)
{
	for (; name != NULL && roles->name != NULL; roles++)
		if (strcmp(roles->name, name) == 0)
			return roles;
	return NULL;
}

/* Keeps the scopes that both the token and its role name. */
static void
keep_scopes(const char *claimed, const char *of_role, char to[TOKEN_SCOPES_BYTES_MAX + 1])
{
	size_t used = 0;

	while (*claimed != '\0') {
		size_t bytes = strcspn(claimed, " ");

		if (text_listed(of_role, (struct text){ claimed, bytes }) &&
		    used + bytes + 1 <= TOKEN_SCOPES_BYTES_MAX) {
			memcpy(to + used, claimed, bytes);
			to[used + bytes] = ' ';
			used += bytes + 1;
		}
		claimed += bytes;
		claimed += strspn(claimed, " ");
	}
	to[used > 0 ? used - 1 : 0] = '\0';
}

/* Who the token speaks for. */
static const char *
read_caller(json_t *claims, const struct role *roles, struct token *token)
{
	struct caller *caller = &token->caller;
	const struct role *role = role_named(roles, text_member(claims, "role"));
	const char *subject = text_member(claims, "sub"), *scope = text_member(claims, "scope");
	json_t *market = json_object_get(claims, "market"),
	       *partner = json_object_get(claims, "partner"),
	       *session = json_object_get(claims, "sid");

	if (subject == NULL || !uuid_read(text_of(subject), &caller->account_id))
		return "the token's sub is not a UUID";
	if (role == NULL)
		return "the token's role is not known";
	if (!json_is_integer(market) || json_integer_value(market) < 0 ||
	    json_integer_value(market) > INT32_MAX)
		return "the token's market is not a number";
	if (partner != NULL &&
	    (!json_is_string(partner) ||
		!uuid_read(text_of(json_string_value(partner)), &caller->partner_id)))
		return "the token's partner is not a UUID";
	if (scope == NULL)
		return "the token has no scope";
	if (json_object_get(claims, "totp_at") != NULL &&
	    (!seconds(claims, "totp_at", &caller->totp_us) || caller->totp_us > token->expires_us))
		return "the token's totp_at is no moment before its end";
	keep_scopes(scope, role->scopes, token->scopes);
	if (session != NULL &&
	    (!json_is_string(session) ||
		!uuid_read(text_of(json_string_value(session)), &caller->session_id)))
		return "the token's sid is not a UUID";
	caller->known = true;
	caller->has_session = session != NULL;
	caller->has_partner = partner != NULL;
	caller->market_id = (int32_t)json_integer_value(market);
	if (role->is_partner != caller->has_partner)
		return "the token's role and its partner do not fit";
	caller->role = role->name;
	caller->is_service = role->is_service;
	caller->is_office = role->is_office;
	caller->is_audited = role->is_audited;
	return NULL;
}

static const char *
check_claims(json_t *claims, const struct role *roles, int64_t now_us, struct token *token)
{
	const char *why;

	if (claims == NULL)
		return "the token's claims are not a JSON object";
	if (!member_is(claims, "iss", TOKEN_ISSUER))
		return "the token is not of our issuer";
	if (!member_is(claims, "aud", TOKEN_AUDIENCE))
		return "the token is for another audience";
	if (!member_is(claims, "token_use", TOKEN_USE))
		return "the token is not an access token";
	why = check_times(claims, now_us, &token->expires_us);
	return why != NULL ? why : read_caller(claims, roles, token);
}

const char *
token_check(const struct token_keys *keys, const struct role *roles, struct text from,
    int64_t now_us, struct token *token)
{
	struct text segments[3];
	const struct token_key *key;
	char signature[32]; /* of SHA-256 */
	size_t bytes;
	const char *why;
	json_t *part;

	*token = (struct token){ 0 };
	token->caller.scopes = token->scopes;
	if (from.bytes > TOKEN_BYTES_MAX)
		return "the token is too long";
	if (!jws_split(from, segments) ||
	    !jws_decode(segments[2], signature, sizeof(signature), &bytes) ||
	    bytes != sizeof(signature))
		return "the token is not a signed JWT";
	part = jws_object(segments[0]);
	key = key_of(keys, part);
	json_decref(part);
	if (key == NULL)
		return token_no_key;
	if (!signed_by(key, from))
		return "the token's signature is wrong";
	part = jws_object(segments[1]);
	why = check_claims(part, roles, now_us, token);
	json_decref(part);
	return why;
}

/* All that a token says; 0 as libjwt has it: done. */
static int
add_claims(
    jwt_t *jwt, const struct caller *caller, const char *scopes, int64_t now_us, int64_t life_s)
{
	char account[UUID_TEXT_BYTES], partner[UUID_TEXT_BYTES], id[UUID_TEXT_BYTES],
	    session[UUID_TEXT_BYTES];
	struct uuid fresh = world_fresh_id();
	long now_s = (long)(now_us / US_PER_S), totp_s = (long)(caller->totp_us / US_PER_S);
	int failed = 0;

	uuid_write(&caller->account_id, account);
	uuid_write(&fresh, id);
	failed |= jwt_add_grant(jwt, "iss", TOKEN_ISSUER);
	failed |= jwt_add_grant(jwt, "aud", TOKEN_AUDIENCE);
	failed |= jwt_add_grant(jwt, "token_use", TOKEN_USE);
	failed |= jwt_add_grant(jwt, "jti", id);
	failed |= jwt_add_grant(jwt, "sub", account);
	failed |= jwt_add_grant(jwt, "role", caller->role);
	failed |= jwt_add_grant(jwt, "scope", scopes);
	failed |= jwt_add_grant_int(jwt, "market", caller->market_id);
	failed |= jwt_add_grant_int(jwt, "iat", now_s);
	failed |= jwt_add_grant_int(jwt, "nbf", now_s);
	failed |= jwt_add_grant_int(jwt, "exp", now_s + (long)life_s);
	if (totp_s > now_s + (long)life_s)
		totp_s = now_s + (long)life_s;
	if (totp_s > 0)
		failed |= jwt_add_grant_int(jwt, "totp_at", totp_s);
	if (caller->has_partner) {
		uuid_write(&caller->partner_id, partner);
		failed |= jwt_add_grant(jwt, "partner", partner);
	}
	if (caller->has_session) {
		uuid_write(&caller->session_id, session);
		failed |= jwt_add_grant(jwt, "sid", session);
	}
	return failed;
}

char *
token_mint(const struct token_keys *keys, const struct role *roles, const struct caller *caller,
    int64_t now_us, int64_t life_s)
{
	const struct role *role = role_named(roles, caller->role);
	const struct token_key *key = &keys->keys[keys->newest];
	const char *scopes = caller->scopes;
	char *minted = NULL;
	jwt_t *jwt;

	if (keys->count == 0 || role == NULL || jwt_new(&jwt) != 0)
		return NULL;
	if (scopes == NULL)
		scopes = role->scopes;
	if (jwt_add_header(jwt, "kid", key->kid) == 0 &&
	    add_claims(jwt, caller, scopes, now_us, life_s) == 0 &&
	    jwt_set_alg(jwt, JWT_ALG_HS256, key->secret, key->secret_bytes) == 0)
		minted = jwt_encode_str(jwt);
	jwt_free(jwt);
	return minted;
}
