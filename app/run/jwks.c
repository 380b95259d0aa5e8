/* jwks: see jwks.h. */
#include "run/jwks.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "jws.h"
#include "socius/json.h"

enum { NUMBER_BYTES_MAX = JWKS_RSA_BITS_MAX / 8, COORDINATE_BYTES = 32 };

static const char *
text_member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool
is_or_absent(const json_t *object, const char *name, const char *value)
{
	const char *is = text_member(object, name);

	return json_object_get(object, name) == NULL || (is != NULL && strcmp(is, value) == 0);
}

static bool
is(const json_t *object, const char *name, const char *value)
{
	return json_object_get(object, name) != NULL && is_or_absent(object, name, value);
}

static bool
read_bytes(const json_t *key, const char *name, uint8_t *to, size_t room, size_t *bytes)
{
	const char *text = text_member(key, name);

	return text != NULL && jws_decode(text_of(text), (char *)to, room, bytes) && *bytes > 0;
}

/* NULL: the numbers are no key. Takes the parameters over. */
static EVP_PKEY *
make_key(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1)
		(void)EVP_PKEY_fromdata(
		    context, &key, EVP_PKEY_PUBLIC_KEY, params); /* key stays NULL */
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* RFC 7518 section 6.3.1. */
static EVP_PKEY *
read_rsa(const json_t *key)
{
	uint8_t modulus[NUMBER_BYTES_MAX], exponent[8];
	size_t modulus_bytes, exponent_bytes;
	OSSL_PARAM_BLD *build;
	EVP_PKEY *made;
	BIGNUM *n, *e;

	if (!read_bytes(key, "n", modulus, sizeof(modulus), &modulus_bytes) ||
	    !read_bytes(key, "e", exponent, sizeof(exponent), &exponent_bytes))
		return NULL;
	n = BN_bin2bn(modulus, (int)modulus_bytes, NULL);
	e = BN_bin2bn(exponent, (int)exponent_bytes, NULL);
	build = OSSL_PARAM_BLD_new();
	made = NULL;
	if (n != NULL && e != NULL && build != NULL && BN_num_bits(n) >= JWKS_RSA_BITS_MIN &&
	    BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		made = make_key("RSA", build);
	else
		OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return made;
}

/* RFC 7518 section 6.2.1; that the point is on the curve is checked as the key is made. */
static EVP_PKEY *
read_ec(const json_t *key)
{
	uint8_t point[1 + 2 * COORDINATE_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };
	OSSL_PARAM_BLD *build;
	size_t x, y;

	if (!is(key, "crv", "P-256") || !read_bytes(key, "x", point + 1, COORDINATE_BYTES, &x) ||
	    !read_bytes(key, "y", point + 1 + COORDINATE_BYTES, COORDINATE_BYTES, &y) ||
	    x != COORDINATE_BYTES || y != COORDINATE_BYTES)
		return NULL;
	build = OSSL_PARAM_BLD_new();
	if (build != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ==
		1 &&
	    OSSL_PARAM_BLD_push_octet_string(
		build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) == 1)
		return make_key("EC", build);
	OSSL_PARAM_BLD_free(build);
	return NULL;
}

/* The algorithm of a key that could have signed an ID token, or NULL. */
static const char *
algorithm_of(const json_t *key)
{
	const char *kid = text_member(key, "kid");

	if (kid == NULL || kid[0] == '\0' || strlen(kid) > JWKS_KID_BYTES_MAX ||
	    !is_or_absent(key, "use", "sig"))
		return NULL;
	if (is(key, "kty", "RSA") && is_or_absent(key, "alg", "RS256"))
		return "RS256";
	return is(key, "kty", "EC") && is_or_absent(key, "alg", "ES256") ? "ES256" : NULL;
}

static bool
write_key(const json_t *from, struct json *json)
{
	const char *algorithm = algorithm_of(from);
	EVP_PKEY *key = NULL;
	BIO *pem = BIO_new(BIO_s_mem());
	char *text;
	long bytes;

	if (algorithm != NULL)
		key = algorithm[0] == 'R' ? read_rsa(from) : read_ec(from);
	if (key == NULL || pem == NULL || PEM_write_bio_PUBKEY(pem, key) != 1) {
		EVP_PKEY_free(key);
		BIO_free(pem);
		return false;
	}
	bytes = BIO_get_mem_data(pem, &text);
	json_open_object(json);
	json_put_text(json, "kid", text_member(from, "kid"));
	json_put_text(json, "alg", algorithm);
	json_name(json, "pem");
	json_write_text(json, (struct text){ text, (size_t)bytes });
	json_close_object(json);
	EVP_PKEY_free(key);
	BIO_free(pem);
	return true;
}

/* Whether one before it has the same kid: then nobody knows which is meant. */
static bool
is_doubled(const json_t *keys, size_t at)
{
	const char *kid = text_member(json_array_get(keys, at), "kid");

	for (size_t i = 0; kid != NULL && i < at; i++)
		if (is(json_array_get(keys, i), "kid", kid))
			return true;
	return false;
}

const char *
jwks_read(struct text from, struct buffer *to)
{
	json_t *set = json_loadb(from.at, from.bytes, JSON_REJECT_DUPLICATES, NULL);
	const json_t *keys = json_object_get(set, "keys");
	struct json json;
	int count = 0;

	json_init(&json, to);
	json_open_array(&json);
	for (size_t i = 0; i < json_array_size(keys) && count < JWKS_KEYS_MAX; i++)
		if (!is_doubled(keys, i))
			count += write_key(json_array_get(keys, i), &json);
	json_close_array(&json);
	json_decref(set);
	return count > 0 ? NULL : "there is no key for RS256 or ES256 in the set";
}
