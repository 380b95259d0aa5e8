/*
 * forge: tokens that nobody should take: any header, any claims, signed with anything.
 */
#ifndef TESTS_FORGE_H
#define TESTS_FORGE_H

#include <stddef.h>

/* header.claims.HMAC-SHA-256, each in base64url: what an attacker who has a key, or a careless
 * issuer, could make. Valid until the next one. */
char *forge(const char *header, const char *claims, const void *secret, size_t secret_bytes);

#endif
