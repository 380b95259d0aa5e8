/*
 * revoked: sessions that have ended while their access tokens still live. One set per worker; who
 * has ended stays in it until the last of its tokens has expired by itself.
 */
#ifndef SOCIUS_REVOKED_H
#define SOCIUS_REVOKED_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/uuid.h"

enum { REVOKED_PLACES_FIRST = 1024, REVOKED_PLACES_MAX = 1 << 22 };

struct revoked;

struct revoked *revoked_new(void);
void revoked_free(struct revoked *revoked);

/* The session is in the set until `until_us`; what ended before `now_us` gives way. Dies where more
 * than half of REVOKED_PLACES_MAX sessions have ended within the life of a token. */
void revoked_add(
    struct revoked *revoked, const struct uuid *session, int64_t until_us, int64_t now_us);

/* One probe in most cases; an empty set costs one comparison. */
bool revoked_has(const struct revoked *revoked, const struct uuid *session);

int revoked_count(const struct revoked *revoked);

#endif
