/* password: argon2id by libsodium; see socius/password.h. */
#include "password.h"

#include <assert.h>
#include <stdatomic.h>
#include <sodium/core.h>
#include <sodium/crypto_pwhash.h>

#include "socius/arena.h"
#include "socius/log.h"
#include "socius/world.h"

static_assert(PASSWORD_HASH_BYTES_MAX + 1 == crypto_pwhash_STRBYTES, "room for a hash");

#define MEMORY_BYTES ((size_t)PASSWORD_MEMORY_KIB * 1024)

static char nobody[crypto_pwhash_STRBYTES]; /* fits no password that anybody knows */
static _Atomic int64_t evaluations;

static void
hash(struct text password, char to[crypto_pwhash_STRBYTES])
{
	atomic_fetch_add(&evaluations, 1);
	if (crypto_pwhash_str_alg(to, password.at, password.bytes, PASSWORD_PASSES, MEMORY_BYTES,
		crypto_pwhash_ALG_ARGON2ID13) != 0)
		log_die("no memory to hash a password");
}

void
password_begin(void)
{
	char chance[32];

	if (sodium_init() < 0)
		log_die("libsodium cannot be used");
	world_chance(chance, sizeof(chance));
	hash((struct text){ chance, sizeof(chance) }, nobody);
}

struct text
password_hash(struct arena *arena, struct text password)
{
	char made[crypto_pwhash_STRBYTES];

	hash(password, made);
	return (struct text){ arena_copy(arena, made, strlen(made)), strlen(made) };
}

/* libsodium wants the whole field, padded with NULs. */
static bool
padded(struct text hash, char to[crypto_pwhash_STRBYTES])
{
	if (hash.bytes > PASSWORD_HASH_BYTES_MAX)
		return false;
	memset(to, 0, crypto_pwhash_STRBYTES);
	memcpy(to, hash.at, hash.bytes);
	return true;
}

bool
password_fits(struct text hash, struct text password)
{
	char stored[crypto_pwhash_STRBYTES];
	bool known = hash.bytes > 0 && padded(hash, stored);
	int wrong;

	atomic_fetch_add(&evaluations, 1);
	wrong = crypto_pwhash_str_verify(known ? stored : nobody, password.at, password.bytes);
	return known && wrong == 0;
}

bool
password_stale(struct text hash)
{
	char stored[crypto_pwhash_STRBYTES];

	return !padded(hash, stored) ||
	       crypto_pwhash_str_needs_rehash(stored, PASSWORD_PASSES, MEMORY_BYTES) != 0;
}

int64_t
password_count_evaluations(void)
{
	return atomic_exchange(&evaluations, 0);
}
