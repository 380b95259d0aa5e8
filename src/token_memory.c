/* token_memory: verified tokens, remembered; see token.h.
 *
 * Sets of WAYS places, found by the digest; where a set is full, the token that expires first gives
 * way. A digest cannot be forged, so equality of digests is equality of tokens. */
#include <openssl/evp.h>

#include "socius/log.h"
#include "token.h"

enum { DIGEST_BYTES = 32, WAYS = 4, SETS = TOKEN_MEMORY / WAYS };

/* A token without the room for the longest scopes: most have short ones. */
struct place {
	uint8_t digest[DIGEST_BYTES];
	struct caller caller; /* its scopes are a copy of ours */
	int64_t expires_us;   /* 0: empty */
};

struct token_memory {
	struct place places[SETS][WAYS];
	EVP_MD *sha256; /* fetched once: looking it up costs more than a digest */
	EVP_MD_CTX *context;
	struct token recalled; /* what token_recall gives out */
};

struct token_memory *
token_memory_new(void)
{
	struct token_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		log_die("out of memory for tokens");
	memory->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	memory->context = EVP_MD_CTX_new();
	if (memory->sha256 == NULL || memory->context == NULL)
		log_die("OpenSSL has no SHA-256");
	return memory;
}

void
token_memory_free(struct token_memory *memory)
{
	token_memory_forget(memory);
	EVP_MD_CTX_free(memory->context);
	EVP_MD_free(memory->sha256);
	free(memory);
}

void
token_memory_forget(struct token_memory *memory)
{
	for (int set = 0; set < SETS; set++)
		for (int way = 0; way < WAYS; way++)
			free((void *)(uintptr_t)memory->places[set][way].caller.scopes);
	memset(memory->places, 0, sizeof(memory->places));
}

static void
digest_of(struct token_memory *memory, struct text from, uint8_t digest[DIGEST_BYTES])
{
	if (EVP_DigestInit_ex2(memory->context, memory->sha256, NULL) != 1 ||
	    EVP_DigestUpdate(memory->context, from.at, from.bytes) != 1 ||
	    EVP_DigestFinal_ex(memory->context, digest, NULL) != 1)
		log_die("SHA-256 failed");
}

static const struct token *
give(struct token_memory *memory, const struct place *place)
{
	memory->recalled.caller = place->caller;
	memory->recalled.expires_us = place->expires_us;
	return &memory->recalled;
}

static void
keep(struct place *place, const uint8_t digest[DIGEST_BYTES], const struct token *token)
{
	free((void *)(uintptr_t)place->caller.scopes);
	memcpy(place->digest, digest, DIGEST_BYTES);
	place->caller = token->caller;
	place->caller.scopes = strdup(token->scopes);
	if (place->caller.scopes == NULL)
		log_die("out of memory for tokens");
	place->expires_us = token->expires_us;
}

const struct token *
token_recall(struct token_memory *memory, const struct token_keys *keys, const struct role *roles,
    struct text from, int64_t now_us, const char **why)
{
	uint8_t digest[DIGEST_BYTES];
	struct place *set, *place;
	struct token fresh;

	*why = NULL;
	digest_of(memory, from, digest);
	set = memory->places[(digest[0] | digest[1] << 8) % SETS];
	place = set;
	for (int i = 0; i < WAYS; i++) {
		if (set[i].expires_us > now_us && memcmp(set[i].digest, digest, DIGEST_BYTES) == 0)
			return give(memory, &set[i]);
		if (set[i].expires_us < place->expires_us)
			place = &set[i];
	}
	*why = token_check(keys, roles, from, now_us, &fresh);
	if (*why != NULL)
		return NULL;
	keep(place, digest, &fresh);
	return give(memory, place);
}
