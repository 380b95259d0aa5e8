/* cursor: signed sort keys; see cursor.h. */
#include "cursor.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { UNBOUND = 1, VERSION = 2, HASH_BYTES = 4, MAC_BYTES = 16, SHA256_BYTES = 32 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
sha256(const void *from, size_t bytes, uint8_t to[SHA256_BYTES])
{
	if (EVP_Digest(from, bytes, to, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void
cursor_key_of(const char *secret, struct cursor_key *key)
{
	sha256(secret, strlen(secret), key->byte);
}

/* The first bytes of HMAC-SHA-256. */
static void
mac_of(const struct cursor_key *key, const void *from, size_t bytes, uint8_t to[MAC_BYTES])
{
	uint8_t whole[SHA256_BYTES];

	if (HMAC(EVP_sha256(), key->byte, CURSOR_KEY_BYTES, from, bytes, whole, NULL) == NULL)
		abort();
	memcpy(to, whole, MAC_BYTES);
}

static struct text
base64url(struct text from, struct arena *arena)
{
	char *to = arena_take(arena, from.bytes * 4 / 3 + 4);
	size_t bytes = 0;
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < from.bytes; i++) {
		bits = bits << 8 | (uint8_t)from.at[i];
		for (held += 8; held >= 6; held -= 6)
			to[bytes++] = alphabet[bits >> (held - 6) & 63];
	}
	if (held > 0)
		to[bytes++] = alphabet[bits << (6 - held) & 63];
	return (struct text){ to, bytes };
}

/* false: no canonical base64url. */
static bool
base64url_read(struct text from, struct arena *arena, struct text *to)
{
	char *at = arena_take(arena, from.bytes + 1);
	size_t bytes = 0;
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < from.bytes; i++) {
		const char *digit = from.at[i] == '\0' ? NULL : strchr(alphabet, from.at[i]);

		if (digit == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(digit - alphabet);
		held += 6;
		if (held >= 8) {
			held -= 8;
			at[bytes++] = (char)(bits >> held & 255);
		}
	}
	*to = (struct text){ at, bytes };
	/* what is left over is padding: fewer bits than a character has, and all zero */
	return held < 6 && (bits & ((1u << held) - 1)) == 0;
}

static void
add_number(struct buffer *to, uint64_t number, int bytes)
{
	for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
		uint8_t byte = (uint8_t)(number >> shift);

		buffer_add(to, &byte, 1);
	}
}

static void
add_value(struct buffer *to, const struct value *value)
{
	add_number(to, (uint64_t)value->type, 1);
	add_number(to, value->null, 1);
	if (value->null)
		return;
	switch (value->type) {
	case UUID:
		buffer_add(to, value->uuid.byte, UUID_BYTES);
		break;
	case STRING:
		assert(value->bytes.bytes <= UINT16_MAX);
		add_number(to, value->bytes.bytes, 2);
		buffer_add(to, value->bytes.at, value->bytes.bytes);
		break;
	default:
		add_number(to, (uint64_t)value->number, 8);
	}
}

static void
add_head(struct buffer *to, const struct cursor_list *list, int version)
{
	uint8_t hash[SHA256_BYTES];

	sha256(list->operation_id, strlen(list->operation_id), hash);
	add_number(to, (uint64_t)version, 1);
	buffer_add(to, hash, HASH_BYTES);
	if (version != UNBOUND)
		buffer_add(to, list->bound, CURSOR_BOUND_BYTES);
}

struct text
cursor_write(const struct cursor_key *key, const struct cursor_list *list,
    const struct cursor *cursor, struct arena *arena)
{
	struct buffer buffer;
	uint8_t mac[MAC_BYTES];

	buffer_init(&buffer, arena, 128);
	add_head(&buffer, list, VERSION);
	for (int i = 0; i < cursor->count; i++)
		add_value(&buffer, &cursor->values[i]);
	mac_of(key, buffer.at, buffer.bytes, mac);
	buffer_add(&buffer, mac, MAC_BYTES);
	return base64url(buffer_text(&buffer), arena);
}

/* Cuts `bytes` bytes off the front of `from`. false: there are fewer. */
static bool
cut(struct text *from, size_t bytes, struct text *piece)
{
	if (from->bytes < bytes)
		return false;
	*piece = (struct text){ from->at, bytes };
	from->at += bytes;
	from->bytes -= bytes;
	return true;
}

static bool
cut_number(struct text *from, size_t bytes, uint64_t *number)
{
	struct text piece;

	if (!cut(from, bytes, &piece))
		return false;
	*number = 0;
	for (size_t i = 0; i < bytes; i++)
		*number = *number << 8 | (uint8_t)piece.at[i];
	return true;
}

static bool
cut_value(struct text *from, struct value *value)
{
	uint64_t type, null, number;
	struct text piece;

	if (!cut_number(from, 1, &type) || type != (uint64_t)value->type ||
	    !cut_number(from, 1, &null))
		return false;
	value->null = null != 0;
	if (value->null)
		return true;
	switch (value->type) {
	case UUID:
		if (!cut(from, UUID_BYTES, &piece))
			return false;
		memcpy(value->uuid.byte, piece.at, UUID_BYTES);
		return true;
	case STRING:
		return cut_number(from, 2, &number) && cut(from, number, &value->bytes);
	default:
		if (!cut_number(from, 8, &number))
			return false;
		value->number = (int64_t)number;
		return true;
	}
}

/* Whether the bytes end in the MAC of what stands before it, which is left. */
static bool
take_mac(const struct cursor_key *key, struct text *from)
{
	uint8_t mac[MAC_BYTES];

	if (from->bytes < MAC_BYTES)
		return false;
	from->bytes -= MAC_BYTES;
	mac_of(key, from->at, from->bytes, mac);
	return CRYPTO_memcmp(mac, from->at + from->bytes, MAC_BYTES) == 0;
}

bool
cursor_read(const struct cursor_key *key, const struct cursor_list *list, struct text from,
    struct cursor *cursor, struct arena *arena)
{
	struct text bytes, head;
	struct buffer expected;

	if (from.bytes > CURSOR_TEXT_BYTES_MAX || !base64url_read(from, arena, &bytes) ||
	    !take_mac(key, &bytes))
		return false;
	buffer_init(&expected, arena, 16);
	add_head(&expected, list,
	    list->takes_unbound && bytes.bytes > 0 && bytes.at[0] == UNBOUND ? UNBOUND : VERSION);
	if (!cut(&bytes, expected.bytes, &head) || !text_equal(head, buffer_text(&expected)))
		return false;
	for (int i = 0; i < cursor->count; i++)
		if (!cut_value(&bytes, &cursor->values[i]))
			return false;
	return bytes.bytes == 0;
}
