/* uuid: RFC 9562 identifiers; see socius/uuid.h. */
#include "socius/uuid.h"

#include <openssl/sha.h>

const struct uuid uuid_nil;

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
hyphen_at(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

bool
uuid_read(struct text from, struct uuid *uuid)
{
	struct uuid read;
	size_t digits = 0;

	if (from.bytes != UUID_TEXT_BYTES - 1)
		return false;
	for (size_t i = 0; i < from.bytes; i++) {
		int value = hex_value(from.at[i]);

		if (hyphen_at(i)) {
			if (from.at[i] != '-')
				return false;
			continue;
		}
		if (value < 0)
			return false;
		if (digits % 2 == 0)
			read.byte[digits / 2] = (uint8_t)(value << 4);
		else
			read.byte[digits / 2] |= (uint8_t)value;
		digits++;
	}
	*uuid = read;
	return true;
}

void
uuid_write(const struct uuid *uuid, char to[UUID_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (hyphen_at(at))
			to[at++] = '-';
		to[at++] = digits[uuid->byte[i] >> 4];
		to[at++] = digits[uuid->byte[i] & 15];
	}
	to[at] = '\0';
}

bool
uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->byte, b->byte, UUID_BYTES) == 0;
}

/* Section 4.1 and 4.2: the variant and version bits. */
static void
mark(struct uuid *uuid, uint8_t version)
{
	uuid->byte[6] = (uint8_t)((uuid->byte[6] & 0x0f) | (version << 4));
	uuid->byte[8] = (uint8_t)((uuid->byte[8] & 0x3f) | 0x80);
}

struct uuid
uuid_v7(int64_t now_us, const uint8_t chance[10])
{
	struct uuid uuid;
	uint64_t ms = (uint64_t)(now_us / 1000);

	for (int i = 0; i < 6; i++)
		uuid.byte[i] = (uint8_t)(ms >> (40 - 8 * i));
	memcpy(uuid.byte + 6, chance, 10);
	mark(&uuid, 7);
	return uuid;
}

struct uuid
uuid_of_digest(const void *from, size_t bytes)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	struct uuid uuid;

	SHA256(from, bytes, digest);
	memcpy(uuid.byte, digest, UUID_BYTES);
	mark(&uuid, 8);
	return uuid;
}
