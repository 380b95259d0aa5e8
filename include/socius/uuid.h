/*
 * uuid: RFC 9562 identifiers, 16 bytes.
 */
#ifndef SOCIUS_UUID_H
#define SOCIUS_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "socius/text.h"

enum { UUID_BYTES = 16, UUID_TEXT_BYTES = 37 }; /* with NUL */

struct uuid {
	uint8_t byte[UUID_BYTES];
};

extern const struct uuid uuid_nil;

/* Hex and hyphens, 8-4-4-4-12, either case. false: anything else. */
bool uuid_read(struct text from, struct uuid *uuid);
void uuid_write(const struct uuid *uuid, char to[UUID_TEXT_BYTES]);
bool uuid_equal(const struct uuid *a, const struct uuid *b);

/* Version 7: 48 bits of milliseconds, then 74 bits of chance that the caller brings (10 bytes). */
struct uuid uuid_v7(int64_t now_us, const uint8_t chance[10]);

/* Version 8: the first 122 bits of SHA-256 over `bytes`; the same input gives the same id. */
struct uuid uuid_of_digest(const void *from, size_t bytes);

#endif
