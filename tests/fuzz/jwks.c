/* jwks: any text as an issuer's set of keys: what is taken of it is a list of named keys of the two
 * algorithms, and as short as it may be. */
#include "fuzz/fuzzed.h"
#include "run/jwks.h"
#include "socius/arena.h"
#include "socius/json.h"

#include <jansson.h>

static const char *
member(const json_t *key, const char *name)
{
	return json_string_value(json_object_get(key, name));
}

static void
check(const json_t *key)
{
	const char *kid = member(key, "kid"), *algorithm = member(key, "alg"),
		   *pem = member(key, "pem");

	FUZZED_HOLDS(kid != NULL && kid[0] != '\0' && strlen(kid) <= JWKS_KID_BYTES_MAX);
	FUZZED_HOLDS(algorithm != NULL &&
		     (strcmp(algorithm, "RS256") == 0 || strcmp(algorithm, "ES256") == 0));
	FUZZED_HOLDS(pem != NULL && strncmp(pem, "-----BEGIN PUBLIC KEY-----", 26) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzzed_request()->arena;
	struct buffer to;
	json_t *keys;

	buffer_init(&to, arena, 64);
	if (jwks_read(fuzzed_rest(data, size), &to) != NULL)
		return 0;
	keys = json_loadb(to.at, to.bytes, JSON_REJECT_DUPLICATES, NULL);
	FUZZED_HOLDS(json_array_size(keys) >= 1 && json_array_size(keys) <= JWKS_KEYS_MAX);
	for (size_t i = 0; i < json_array_size(keys); i++)
		check(json_array_get(keys, i));
	json_decref(keys);
	return 0;
}
