/*
 * limit: how many requests a caller may make: a bucket of tokens each, in memory that all workers
 * share.
 *
 * A bucket is one number: the moment at which it will be full again (the generic cell rate
 * algorithm, ITU-T I.371 annex A); taking is one compare-and-swap, and a bucket that is full needs
 * no place. Where the table is crowded the fullest bucket of the neighbourhood gives way, so that a
 * crowd of callers can only ever be let through, never shut out.
 */
#ifndef SOCIUS_LIMIT_H
#define SOCIUS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/text.h"

enum { LIMIT_PLACES = 1 << 16, LIMIT_NEIGHBOURS = 8, LIMIT_HEADER_BYTES_MAX = 64 };

struct limit;

/* A table in memory shared with all children; dies when the machine has none.
 * `per_s` requests a second, `burst` at once; per_s 0: no limit. */
struct limit *limit_new(int64_t per_s, int64_t burst);
void limit_free(struct limit *limit);

/* What a caller has left. */
struct limit_state {
	bool limited; /* false: there is no limit, and no headers */
	bool allowed;
	int64_t left;          /* requests that could be made now */
	int64_t full_in_s;     /* until all of the burst is there again, rounded up */
	int64_t retry_after_s; /* until the next one is allowed, rounded up; 0 when allowed */
};

/* Takes one request out of the bucket of `who` (an account's id, or an address). */
struct limit_state limit_take(struct limit *limit, struct text who, int64_t monotonic_us);

/* Values of RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10). */
void limit_policy(const struct limit *limit, char to[LIMIT_HEADER_BYTES_MAX]);
void limit_header(const struct limit_state *state, char to[LIMIT_HEADER_BYTES_MAX]);

#endif
