/*
 * vault: the process' own secrets behind socius/vault.h.
 */
#ifndef SOCIUS_VAULT_OPEN_H
#define SOCIUS_VAULT_OPEN_H

#include "socius/vault.h"
#include "token.h"

struct keyring;

/* `secret` is copied; `keys` are the caller's and may change between calls of vault_sign, which
 * belongs to the same thread; `roles` are constant. */
void vault_open(const char *secret, const struct token_keys *keys, const struct role *roles);

/* The keys with which vault_reveal opens; the caller's, of the same thread. */
void vault_open_keyring(struct keyring *keyring);

#endif
