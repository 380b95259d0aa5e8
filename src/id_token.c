/* id_token: see socius/id_token.h. */
#include "socius/id_token.h"

#include <jwt.h>

#include "address.h"
#include "jws.h"
#include "precis.h"
#include "socius/arena.h"
#include "socius/json.h"
#include "token.h"

#define US_PER_S INT64_C(1000000)

const char id_token_key_unknown[] = "the token's key is not known";

enum { ES256_BYTES = 64 };

static const char *
text_member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* The issuer's key that the header names. A header that is critical of what it says (RFC 7515
 * section 4.1.11) wants more than we do. */
static const char *
key_of(const json_t *provider, const json_t *header, const json_t **key)
{
	const char *kid = text_member(header, "kid"), *type = text_member(header, "typ");
	const json_t *keys = json_object_get(provider, "keys");

	if (header == NULL || kid == NULL || json_object_get(header, "crit") != NULL)
		return "the token's header names no key, or wants more than a signature";
	if (json_object_get(header, "typ") != NULL &&
	    (type == NULL || strcasecmp(type, "JWT") != 0))
		return "the token is of another type";
	for (size_t i = 0; i < json_array_size(keys); i++)
		if (same(text_member(json_array_get(keys, i), "kid"), kid)) {
			*key = json_array_get(keys, i);
			return same(text_member(*key, "alg"), text_member(header, "alg"))
				   ? NULL
				   : "the token's algorithm is not its key's";
		}
	return id_token_key_unknown;
}

/* libjwt takes any algorithm with any key, so what it took is held against the key once more. */
static bool
signed_by(const json_t *key, struct text token, struct text signature)
{
	bool is_rsa = same(text_member(key, "alg"), "RS256");
	char text[JWS_BYTES_MAX + 1], bytes[JWS_BYTES_MAX];
	const char *pem = text_member(key, "pem");
	size_t count;
	jwt_t *jwt;
	bool right;

	if (pem == NULL || !jws_decode(signature, bytes, sizeof(bytes), &count) ||
	    (!is_rsa && count != ES256_BYTES))
		return false;
	memcpy(text, token.at, token.bytes);
	text[token.bytes] = '\0';
	if (jwt_decode(&jwt, text, (const unsigned char *)pem, (int)strlen(pem)) != 0)
		return false;
	right = jwt_get_alg(jwt) == (is_rsa ? JWT_ALG_RS256 : JWT_ALG_ES256);
	jwt_free(jwt);
	return right;
}

/* Whether it is one of the clients that the provider was set up for. */
static bool
is_ours(const json_t *provider, const char *client_id)
{
	const json_t *ours = json_object_get(provider, "client_ids");

	for (size_t i = 0; i < json_array_size(ours); i++)
		if (same(json_string_value(json_array_get(ours, i)), client_id))
			return true;
	return false;
}

/* OpenID Connect Core 1.0 section 3.1.3.7, steps 2 to 5. */
static const char *
check_audience(const json_t *provider, const json_t *claims)
{
	const json_t *audience = json_object_get(claims, "aud"),
		     *party = json_object_get(claims, "azp");
	bool ours = is_ours(provider, json_string_value(audience));

	if (!same(text_member(claims, "iss"), text_member(provider, "issuer")))
		return "the token is of another issuer";
	for (size_t i = 0; i < json_array_size(audience); i++)
		ours |= is_ours(provider, json_string_value(json_array_get(audience, i)));
	if (!ours)
		return "the token is for another audience";
	if (party == NULL && json_array_size(audience) > 1)
		return "the token is for several and does not say who asked for it";
	if (party != NULL && !is_ours(provider, json_string_value(party)))
		return "another asked for the token";
	return NULL;
}

/* A claim in seconds since 1970, which may have a fraction (RFC 7519 section 2); false: it is
 * missing or beyond all sense. */
static bool
seconds(const json_t *claims, const char *name, int64_t *us)
{
	const json_t *claim = json_object_get(claims, name);
	double value = json_number_value(claim);

	if (!json_is_number(claim) || value < 0 || value > 253402300799.0) /* the end of 9999 */
		return false;
	*us = (int64_t)value * US_PER_S;
	return true;
}

static const char *
check_times(const json_t *claims, int64_t now_us)
{
	int64_t expires_us, issued_us, valid_from_us = 0, skew_us = TOKEN_SKEW_S * US_PER_S;

	if (!seconds(claims, "exp", &expires_us) || !seconds(claims, "iat", &issued_us))
		return "the token lacks exp or iat";
	if (json_object_get(claims, "nbf") != NULL && !seconds(claims, "nbf", &valid_from_us))
		return "the token's nbf is no time";
	if (expires_us <= now_us)
		return "the token has expired";
	if (issued_us > now_us + skew_us || valid_from_us > now_us + skew_us)
		return "the token is not valid yet";
	return NULL;
}

/* A claim of text that fits, in the arena; else .at is NULL. */
static struct text
kept(struct arena *arena, const json_t *claims, const char *name, size_t length_max)
{
	const json_t *claim = json_object_get(claims, name);
	struct text text = { json_string_value(claim), json_string_length(claim) };

	if (text.bytes == 0 || !text_is_utf8(text) || text_length(text) > length_max)
		return (struct text){ NULL, 0 };
	text.at = arena_copy(arena, text.at, text.bytes);
	return text;
}

/* How the person is called, as a field of ours would take it; else .at is NULL: a name that cannot
 * be seen or turns text about is none. */
static struct text
name_of(struct arena *arena, const json_t *claims)
{
	struct text name = kept(arena, claims, "name", ID_TOKEN_NAME_LENGTH_MAX);

	if (name.at == NULL)
		return name;
	name = text_trimmed(precis_normalize(arena, name));
	if (name.bytes == 0 || text_length(name) > ID_TOKEN_NAME_LENGTH_MAX ||
	    precis_fault(arena, name, PRECIS_LINE) != NULL)
		return (struct text){ NULL, 0 };
	return name;
}

static const char *
read_person(struct arena *arena, const json_t *claims, struct id_token *said)
{
	const json_t *verified = json_object_get(claims, "email_verified");

	said->subject = kept(arena, claims, "sub", ID_TOKEN_SUBJECT_BYTES_MAX);
	if (said->subject.at == NULL)
		return "the token names nobody";
	said->issuer = kept(arena, claims, "iss", ID_TOKEN_SUBJECT_BYTES_MAX);
	said->email = kept(arena, claims, "email", ID_TOKEN_SUBJECT_BYTES_MAX);
	if (said->email.at != NULL && !address_right(said->email))
		said->email.at = NULL;
	/* some say it as text */
	said->email_verified =
	    said->email.at != NULL &&
	    (json_is_true(verified) || same(json_string_value(verified), "true"));
	said->name = name_of(arena, claims);
	return NULL;
}

static const char *
check_claims(struct arena *arena, const json_t *provider, const json_t *claims, struct text nonce,
    int64_t now_us, struct id_token *said)
{
	const json_t *claimed = json_object_get(claims, "nonce");
	const char *why;

	if (claims == NULL)
		return "the token's claims are not a JSON object";
	why = check_audience(provider, claims);
	if (why == NULL)
		why = check_times(claims, now_us);
	if (why != NULL)
		return why;
	if (!json_is_string(claimed) ||
	    !text_equal(
		nonce, (struct text){ json_string_value(claimed), json_string_length(claimed) }))
		return "the token is for another nonce";
	return read_person(arena, claims, said);
}

const char *
id_token_check(struct arena *arena, struct text provider, struct text token, struct text nonce,
    int64_t now_us, struct id_token *said)
{
	json_t *known = json_read(provider, &(const char *){ NULL }, &(long){ 0 }), *header,
	       *claims;
	struct text segments[3];
	const json_t *key = NULL;
	const char *why;

	*said = (struct id_token){ 0 };
	if (known == NULL || !jws_split(token, segments)) {
		json_decref(known);
		return "the token is not a signed JWT";
	}
	header = jws_object(segments[0]);
	why = key_of(known, header, &key);
	json_decref(header);
	if (why == NULL && !signed_by(key, token, segments[2]))
		why = "the token's signature is wrong";
	if (why == NULL) {
		claims = jws_object(segments[1]);
		why = check_claims(arena, known, claims, nonce, now_us, said);
		json_decref(claims);
	}
	json_decref(known);
	return why;
}
