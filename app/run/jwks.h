/*
 * jwks: an issuer's published keys (RFC 7517, RFC 7518 section 6) as what libjwt verifies with.
 */
#ifndef APP_RUN_JWKS_H
#define APP_RUN_JWKS_H

#include <stdbool.h>

#include "socius/text.h"

enum {
	JWKS_KEYS_MAX = 32,
	JWKS_KID_BYTES_MAX = 255,
	JWKS_RSA_BITS_MIN = 2048, /* RFC 7518 section 3.3 */
	JWKS_RSA_BITS_MAX = 8192
};

/* Puts the keys that are for signatures by RS256 (RSA of 2048 bits or more) or ES256 (P-256) into
 * `to`, as JSON: [{"kid", "alg", "pem"}, ...]; others are passed over, as RFC 7517 section 5 wants
 * it. NULL: done; else why there is none that could be used. */
const char *jwks_read(struct text from, struct buffer *to);

#endif
