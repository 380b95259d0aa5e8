/*
 * vault: what a room may do with the instance's secrets, which it never sees. Pure: the same
 * arguments give the same result as long as the secret is the same.
 */
#ifndef SOCIUS_VAULT_H
#define SOCIUS_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "socius/request.h"
#include "socius/text.h"

enum { VAULT_MAC_BYTES = 32, VAULT_MAC_TEXT_BYTES = 43 };

/* HMAC-SHA-256 of `from` under a key of this purpose's own. */
void vault_mac(const char *purpose, struct text from, uint8_t to[VAULT_MAC_BYTES]);

/* SHA-256, for what is unpredictable by itself. */
void vault_digest(struct text from, uint8_t to[VAULT_MAC_BYTES]);

/* HMAC-SHA-1 under a given key, as RFC 4226 wants it. */
void vault_mac_sha1(struct text key, struct text from, uint8_t to[20]);

/* What stands for a text where only equality counts: its HMAC under a key of this purpose's own, as
 * text. Letters of ASCII count in lower case. */
struct text vault_blind(struct arena *arena, const char *purpose, struct text from);

/* For .finishes: what a column of core.sealed says. .at NULL: nothing, because the person was
 * erased; or not yet: the engine fetches the key and asks .finishes again. */
struct text vault_reveal(struct arena *arena, const struct rows *rows, int row, const char *column);

/* base64url without padding. */
struct text vault_text(struct arena *arena, const void *from, size_t bytes);

/* Whether both are equal; takes as long wherever they differ. */
bool vault_same(const void *a, const void *b, size_t bytes);

/* An access token for this caller with its scopes, or all of its role where they are
 * NULL, good for VAULT_TOKEN_LIFE_S; NULL:
 * it cannot be signed. */
const char *vault_sign(struct arena *arena, const struct caller *caller, int64_t now_us);
enum { VAULT_TOKEN_LIFE_S = 600 };

/* What an access token of ours says; its text lives in the arena. false: it is none, or not good
 * now. Whether its session lives is not known here. */
bool vault_read(struct arena *arena, struct text from, int64_t now_us, struct caller *caller,
    int64_t *expires_us);

#endif
