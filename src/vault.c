/* vault: derived keys, digests and access tokens; see socius/vault.h. */
#include "vault.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "keyring.h"
#include "socius/arena.h"
#include "socius/world.h"

static struct {
	uint8_t key[VAULT_MAC_BYTES];
	const struct token_keys *keys;
	const struct role *roles;
	struct keyring *keyring;
} vault;

void
vault_digest(struct text from, uint8_t to[VAULT_MAC_BYTES])
{
	if (EVP_Digest(from.at, from.bytes, to, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void
vault_open(const char *secret, const struct token_keys *keys, const struct role *roles)
{
	vault_digest(text_of(secret), vault.key);
	vault.keys = keys;
	vault.roles = roles;
}

void
vault_open_keyring(struct keyring *keyring)
{
	vault.keyring = keyring;
}

static void
mac(const EVP_MD *digest, struct text key, struct text from, uint8_t *to)
{
	if (HMAC(digest, key.at, (int)key.bytes, (const unsigned char *)from.at, from.bytes, to,
		NULL) == NULL)
		abort();
}

void
vault_mac(const char *purpose, struct text from, uint8_t to[VAULT_MAC_BYTES])
{
	uint8_t key[VAULT_MAC_BYTES];

	mac(EVP_sha256(), (struct text){ (const char *)vault.key, sizeof(vault.key) },
	    text_of(purpose), key);
	mac(EVP_sha256(), (struct text){ (const char *)key, sizeof(key) }, from, to);
	OPENSSL_cleanse(key, sizeof(key));
}

void
vault_mac_sha1(struct text key, struct text from, uint8_t to[20])
{
	mac(EVP_sha1(), key, from, to);
}

struct text
vault_text(struct arena *arena, const void *from, size_t bytes)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *byte = from;
	char *to = arena_take(arena, bytes * 4 / 3 + 4);
	size_t count = 0;
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < bytes; i++) {
		bits = bits << 8 | byte[i];
		for (held += 8; held >= 6; held -= 6)
			to[count++] = alphabet[bits >> (held - 6) & 63];
	}
	if (held > 0)
		to[count++] = alphabet[bits << (6 - held) & 63];
	return (struct text){ to, count };
}

struct text
vault_blind(struct arena *arena, const char *purpose, struct text from)
{
	char *folded = arena_copy(arena, from.at, from.bytes);
	uint8_t mac_of[VAULT_MAC_BYTES];

	for (size_t i = 0; i < from.bytes; i++)
		if (folded[i] >= 'A' && folded[i] <= 'Z')
			folded[i] = (char)(folded[i] - 'A' + 'a');
	vault_mac(
	    arena_print(arena, "blind %s", purpose), (struct text){ folded, from.bytes }, mac_of);
	return vault_text(arena, mac_of, sizeof(mac_of));
}

struct text
vault_reveal(struct arena *arena, const struct rows *rows, int row, const char *column)
{
	int at = rows_column(rows, column);

	if (rows_null(rows, row, at))
		return (struct text){ NULL, 0 };
	return keyring_open(vault.keyring, arena, rows_bytes(rows, row, at), world_monotonic_us());
}

bool
vault_same(const void *a, const void *b, size_t bytes)
{
	return CRYPTO_memcmp(a, b, bytes) == 0;
}

const char *
vault_sign(struct arena *arena, const struct caller *caller, int64_t now_us)
{
	char *token;
	const char *kept;

	static_assert((int)VAULT_TOKEN_LIFE_S == (int)TOKEN_LIFE_S, "one life for all tokens");
	if (vault.keys == NULL)
		return NULL;
	token = token_mint(vault.keys, vault.roles, caller, now_us, TOKEN_LIFE_S);
	if (token == NULL)
		return NULL;
	kept = arena_copy(arena, token, strlen(token));
	free(token);
	return kept;
}

bool
vault_read(struct arena *arena, struct text from, int64_t now_us, struct caller *caller,
    int64_t *expires_us)
{
	struct token *token = arena_take(arena, sizeof(*token));

	if (vault.keys == NULL || token_check(vault.keys, vault.roles, from, now_us, token) != NULL)
		return false;
	*caller = token->caller;
	*expires_us = token->expires_us;
	return true;
}
