/* seal: see seal.h. */
#include "seal.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "socius/arena.h"
#include "socius/vault.h"
#include "socius/world.h"

static const char mark[] = "sealed1:";

enum {
	MARK_BYTES = sizeof(mark) - 1,
	HEAD_BYTES = UUID_BYTES + SEAL_NONCE_BYTES,
	AROUND_BYTES = HEAD_BYTES + SEAL_TAG_BYTES,
	BOUND_BYTES_MAX = 256
};

/* --- AES-256-GCM; OpenSSL fails at it only for want of memory, but for a tag that does not fit ---
 */

static EVP_CIPHER_CTX *
begin(bool closes, const uint8_t *key, const uint8_t *nonce, struct text bound)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int bytes;

	if (cipher == NULL ||
	    EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce, closes) != 1 ||
	    EVP_CipherUpdate(
		cipher, NULL, &bytes, (const unsigned char *)bound.at, (int)bound.bytes) != 1)
		abort();
	return cipher;
}

/* To: the ciphertext, then the tag. */
static void
encrypt(const uint8_t *key, const uint8_t *nonce, struct text bound, struct text clear, uint8_t *to)
{
	EVP_CIPHER_CTX *cipher = begin(true, key, nonce, bound);
	int bytes, rest;

	if (EVP_CipherUpdate(
		cipher, to, &bytes, (const unsigned char *)clear.at, (int)clear.bytes) != 1 ||
	    EVP_CipherFinal_ex(cipher, to + bytes, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_BYTES, to + clear.bytes) !=
		1)
		abort();
	EVP_CIPHER_CTX_free(cipher);
}

/* From: `bytes` of ciphertext, then the tag. */
static bool
decrypt(const uint8_t *key, const uint8_t *nonce, struct text bound, const uint8_t *from,
    size_t bytes, uint8_t *to)
{
	EVP_CIPHER_CTX *cipher = begin(false, key, nonce, bound);
	uint8_t tag[SEAL_TAG_BYTES];
	int part, rest;
	bool fits;

	memcpy(tag, from + bytes, sizeof(tag));
	fits = EVP_CipherUpdate(cipher, to, &part, from, (int)bytes) == 1 &&
	       EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_BYTES, tag) == 1 &&
	       EVP_CipherFinal_ex(cipher, to + part, &rest) == 1;
	EVP_CIPHER_CTX_free(cipher);
	return fits;
}

/* --- cells --- */

static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* base64url without padding; the number of bytes, or -1. */
static int
read_base64(struct text from, uint8_t *to)
{
	uint32_t bits = 0;
	int held = 0, count = 0;

	for (size_t i = 0; i < from.bytes; i++) {
		int six = sextet(from.at[i]);

		if (six < 0)
			return -1;
		bits = bits << 6 | (uint32_t)six;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		to[count++] = (uint8_t)(bits >> held);
	}
	return count;
}

static bool
has_form(struct text cell)
{
	return cell.bytes >= MARK_BYTES + (AROUND_BYTES * 4 + 2) / 3 &&
	       memcmp(cell.at, mark, MARK_BYTES) == 0;
}

bool
seal_person(struct text cell, struct uuid *person)
{
	uint8_t bytes[18];

	if (!has_form(cell) ||
	    read_base64((struct text){ cell.at + MARK_BYTES, 24 }, bytes) != (int)sizeof(bytes))
		return false;
	memcpy(person->byte, bytes, UUID_BYTES);
	return true;
}

/* Place, row and person: no two of them look alike, since ids have one length. */
static struct text
bound_to(
    char to[BOUND_BYTES_MAX], const char *place, const struct uuid *row, const struct uuid *person)
{
	size_t bytes = strlen(place);

	assert(bytes <= BOUND_BYTES_MAX - 2 * UUID_BYTES);
	memcpy(to, row->byte, UUID_BYTES);
	memcpy(to + UUID_BYTES, person->byte, UUID_BYTES);
	memcpy(to + (size_t)2 * UUID_BYTES, place, bytes);
	return (struct text){ to, 2 * UUID_BYTES + bytes };
}

struct text
seal_close(struct arena *arena, const uint8_t key[SEAL_KEY_BYTES], const struct uuid *person,
    const char *place, const struct uuid *row, struct text clear)
{
	size_t bytes = AROUND_BYTES + clear.bytes;
	uint8_t *raw = arena_take(arena, bytes);
	char bound[BOUND_BYTES_MAX];
	struct buffer to;
	struct text text;

	memcpy(raw, person->byte, UUID_BYTES);
	world_chance(raw + UUID_BYTES, SEAL_NONCE_BYTES);
	encrypt(
	    key, raw + UUID_BYTES, bound_to(bound, place, row, person), clear, raw + HEAD_BYTES);
	text = vault_text(arena, raw, bytes);
	buffer_init(&to, arena, MARK_BYTES + text.bytes);
	buffer_add(&to, mark, MARK_BYTES);
	buffer_add(&to, text.at, text.bytes);
	return buffer_text(&to);
}

bool
seal_open(struct arena *arena, const uint8_t key[SEAL_KEY_BYTES], const char *place,
    const struct uuid *row, struct text cell, struct text *clear)
{
	char bound[BOUND_BYTES_MAX];
	struct uuid person;
	uint8_t *raw, *to;
	int bytes;

	if (!has_form(cell))
		return false;
	raw = arena_take(arena, cell.bytes);
	bytes = read_base64((struct text){ cell.at + MARK_BYTES, cell.bytes - MARK_BYTES }, raw);
	if (bytes < AROUND_BYTES)
		return false;
	memcpy(person.byte, raw, UUID_BYTES);
	to = arena_take(arena, (size_t)bytes);
	*clear = (struct text){ (const char *)to, (size_t)bytes - AROUND_BYTES };
	return decrypt(key, raw + UUID_BYTES, bound_to(bound, place, row, &person),
	    raw + HEAD_BYTES, clear->bytes, to);
}

/* --- keys --- */

static const struct kek *
kek_of(const struct kek_ring *ring, const uint8_t wrapped[4])
{
	uint32_t number = (uint32_t)wrapped[0] << 24 | (uint32_t)wrapped[1] << 16 |
			  (uint32_t)wrapped[2] << 8 | wrapped[3];

	for (int i = 0; i < ring->count; i++)
		if (ring->keks[i].number == number)
			return &ring->keks[i];
	return NULL;
}

static struct text
owner(const struct uuid *person)
{
	return (struct text){ (const char *)person->byte, UUID_BYTES };
}

void
seal_wrap(const struct kek_ring *ring, const struct uuid *person, const uint8_t key[SEAL_KEY_BYTES],
    uint8_t to[SEAL_WRAPPED_BYTES])
{
	const struct kek *kek = &ring->keks[ring->count - 1];

	assert(ring->count > 0);
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(kek->number >> (24 - 8 * i));
	world_chance(to + 4, SEAL_NONCE_BYTES);
	encrypt(kek->key, to + 4, owner(person), (struct text){ (const char *)key, SEAL_KEY_BYTES },
	    to + 4 + SEAL_NONCE_BYTES);
}

bool
seal_unwrap(const struct kek_ring *ring, const struct uuid *person,
    const uint8_t wrapped[SEAL_WRAPPED_BYTES], uint8_t key[SEAL_KEY_BYTES])
{
	const struct kek *kek = kek_of(ring, wrapped);

	return kek != NULL && decrypt(kek->key, wrapped + 4, owner(person),
				  wrapped + 4 + SEAL_NONCE_BYTES, SEAL_KEY_BYTES, key);
}
