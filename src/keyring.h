/*
 * keyring: the keys of persons that this process knows, each for KEYRING_LIFE_US at most, so that a
 * key that was destroyed opens nothing any more within five seconds.
 *
 * Whoever opens a cell whose key is not there notes it as missed; the gate asks for all that were
 * missed in one call, and does the same again.
 */
#ifndef SOCIUS_KEYRING_H
#define SOCIUS_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "seal.h"

#define KEYRING_LIFE_US INT64_C(4000000)

enum { KEYRING_KEYS_MAX = 4096, KEYRING_MISSED_MAX = 512 };

struct keyring;

struct keyring *keyring_new(void);
void keyring_free(struct keyring *ring);

/* KEYRING_GONE: the key was destroyed, or there never was one. */
enum keyring_answer { KEYRING_UNKNOWN, KEYRING_KNOWN, KEYRING_GONE };

enum keyring_answer keyring_find(
    struct keyring *ring, const struct uuid *person, int64_t now_us, const uint8_t **key);

/* Notes that this key is wanted. */
void keyring_miss(struct keyring *ring, const struct uuid *person);

bool keyring_has_missed(const struct keyring *ring);

/* The ids of all that were missed, one after the other, copied; none are missed any more. */
struct text keyring_missed(struct keyring *ring, struct arena *arena);

/* key NULL: it is gone. now_us: when it was asked for. */
void keyring_put(
    struct keyring *ring, const struct uuid *person, const uint8_t *key, int64_t now_us);

/* What a binary cell of core.sealed (place, row_id, cell) says: the text itself where it is in
 * clear. .at NULL: nothing, because its key is gone, or missed, or it does not belong where it was
 * found (which is logged). */
struct text keyring_open(
    struct keyring *ring, struct arena *arena, struct text sealed, int64_t now_us);

#endif
