/*
 * kek: the keys under which the keys of persons are wrapped: files kek-<number>.secret of 64
 * hexadecimal digits in a folder that nobody else may read. New keys are wrapped under the highest
 * number; all others are there to unwrap, until the rotation has ended.
 */
#ifndef SOCIUS_KEK_H
#define SOCIUS_KEK_H

#include <stdint.h>

enum { KEK_BYTES = 32, KEK_MAX = 8 };

struct kek {
	uint32_t number;
	uint8_t key[KEK_BYTES];
};

struct kek_ring {
	int count;
	struct kek keks[KEK_MAX]; /* by number; the last is the newest */
};

/* Reads all of them. NULL: all is well; else why not, and the ring holds what could be read. */
const char *kek_load(struct kek_ring *ring, const char *folder);

/* Makes the one after the newest, or the first. NULL: it is on disk; else why not. */
const char *kek_make(const char *folder, uint32_t *number);

/* Takes one away for ever. */
const char *kek_forget(const char *folder, uint32_t number);

#endif
