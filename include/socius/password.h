/*
 * password: argon2id by libsodium. Takes about 30 ms and 19 MiB each: for .prepares in the pool.
 */
#ifndef SOCIUS_PASSWORD_H
#define SOCIUS_PASSWORD_H

#include <stdbool.h>

#include "socius/text.h"

/* OWASP's and ASVS 5.0's least for argon2id; p is always 1. Raise them and old hashes are made anew
 * at the next sign-in. */
enum { PASSWORD_MEMORY_KIB = 19456, PASSWORD_PASSES = 2, PASSWORD_HASH_BYTES_MAX = 127 };

struct arena;

/* A PHC string with a salt of its own. Dies when there is no memory. */
struct text password_hash(struct arena *arena, struct text password);

/* Whether the hash is this password's. An empty hash is nobody's: it fits nothing, and finding
 * that out takes as long. */
bool password_fits(struct text hash, struct text password);

/* Whether the hash was made with other parameters than today's. */
bool password_stale(struct text hash);

#endif
