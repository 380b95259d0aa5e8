/* totp: RFC 6238; see totp.h. */
#include "access/totp.h"

#include "socius/arena.h"
#include "socius/vault.h"

#define US_PER_STEP (TOTP_STEP_S * INT64_C(1000000))

uint32_t
totp_code(struct text secret, int64_t step)
{
	uint8_t counter[8], mac[20];
	uint32_t number;

	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	vault_mac_sha1(secret, (struct text){ (const char *)counter, sizeof(counter) }, mac);
	number = mac[19] & 15;
	number = (uint32_t)(mac[number] & 0x7f) << 24 | (uint32_t)mac[number + 1] << 16 |
		 (uint32_t)mac[number + 2] << 8 | mac[number + 3];
	return number % 1000000;
}

static bool
is_code(struct text code)
{
	for (size_t i = 0; i < code.bytes; i++)
		if (code.at[i] < '0' || code.at[i] > '9')
			return false;
	return code.bytes == TOTP_DIGITS;
}

int64_t
totp_step(struct text secret, struct text code, int64_t now_us)
{
	int64_t now = now_us / US_PER_STEP, found = 0;
	uint32_t number = 0;

	if (!is_code(code))
		return 0;
	for (size_t i = 0; i < code.bytes; i++)
		number = number * 10 + (uint32_t)(code.at[i] - '0');
	for (int64_t step = now - 1; step <= now + 1; step++)
		if (totp_code(secret, step) == number)
			found = step;
	return found;
}

void
totp_secret(const struct uuid *enrolment, char secret[TOTP_SECRET_BYTES])
{
	uint8_t mac[VAULT_MAC_BYTES];

	vault_mac("totp", (struct text){ (const char *)enrolment->byte, UUID_BYTES }, mac);
	memcpy(secret, mac, TOTP_SECRET_BYTES);
}

struct text
totp_base32(struct arena *arena, const void *from, size_t bytes)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const uint8_t *byte = from;
	char *to = arena_take(arena, bytes * 8 / 5 + 2);
	size_t count = 0;
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < bytes; i++) {
		bits = bits << 8 | byte[i];
		for (held += 8; held >= 5; held -= 5)
			to[count++] = alphabet[bits >> (held - 5) & 31];
	}
	if (held > 0)
		to[count++] = alphabet[bits << (5 - held) & 31];
	return (struct text){ to, count };
}
