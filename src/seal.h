/*
 * seal: a person's text, encrypted under the person's own key: AES-256-GCM by OpenSSL.
 *
 *	sealed1:<base64url of person (16) || nonce (12) || ciphertext || tag (16)>
 *
 * What is authenticated besides: the place ("identity.partner.name"), the row's id and the person.
 * So a cell that was moved to another column, row or person does not open. The keys themselves are
 * wrapped under a key-encryption key (kek.h) and live in a database of their own.
 */
#ifndef SOCIUS_SEAL_H
#define SOCIUS_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "kek.h"
#include "socius/text.h"
#include "socius/uuid.h"

enum {
	SEAL_KEY_BYTES = 32,
	SEAL_NONCE_BYTES = 12,
	SEAL_TAG_BYTES = 16,
	/* number of the key-encryption key, nonce, key, tag */
	SEAL_WRAPPED_BYTES = 4 + SEAL_NONCE_BYTES + SEAL_KEY_BYTES + SEAL_TAG_BYTES
};

/* Whether the text is a sealed one by its form, and whose; else it is said in clear, as made-up
 * people of test cities are. */
bool seal_person(struct text cell, struct uuid *person);

struct text seal_close(struct arena *arena, const uint8_t key[SEAL_KEY_BYTES],
    const struct uuid *person, const char *place, const struct uuid *row, struct text clear);

/* false: it was not sealed with this key for this place and row. */
bool seal_open(struct arena *arena, const uint8_t key[SEAL_KEY_BYTES], const char *place,
    const struct uuid *row, struct text cell, struct text *clear);

/* A person's key under the newest key-encryption key, and back. false: the ring has not the one
 * that it was wrapped with, or it is another person's. */
void seal_wrap(const struct kek_ring *ring, const struct uuid *person,
    const uint8_t key[SEAL_KEY_BYTES], uint8_t to[SEAL_WRAPPED_BYTES]);
bool seal_unwrap(const struct kek_ring *ring, const struct uuid *person,
    const uint8_t wrapped[SEAL_WRAPPED_BYTES], uint8_t key[SEAL_KEY_BYTES]);

#endif
