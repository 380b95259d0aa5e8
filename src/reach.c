/* reach: see reach.h. */
#include "reach.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct network {
	uint8_t prefix[16];
	int bits;
};

static const struct network not_public_4[] = {
	{ { 0 }, 8 },
	{ { 10 }, 8 },
	{ { 100, 64 }, 10 },
	{ { 127 }, 8 },
	{ { 169, 254 }, 16 },
	{ { 172, 16 }, 12 },
	{ { 192, 0, 0 }, 24 },
	{ { 192, 0, 2 }, 24 },
	{ { 192, 88, 99 }, 24 },
	{ { 192, 168 }, 16 },
	{ { 198, 18 }, 15 },
	{ { 198, 51, 100 }, 24 },
	{ { 203, 0, 113 }, 24 },
	{ { 224 }, 4 },
	{ { 240 }, 4 },
};

/* Of 2000::/3, which is all that is public at all. */
static const struct network not_public_6[] = {
	{ { 0x20, 0x01, 0x00 }, 23 },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
	{ { 0x3f, 0xff, 0x00 }, 20 },
};

static const struct network public_6 = { { 0x20 }, 3 };
static const struct network six_to_four = { { 0x20, 0x02 }, 16 };
static const struct network translated = { { 0x00, 0x64, 0xff, 0x9b }, 96 };

static bool
is_in(const uint8_t *address, const struct network *network)
{
	int bytes = network->bits / 8, bits = network->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits);

	return memcmp(address, network->prefix, (size_t)bytes) == 0 &&
	       (bits == 0 || ((address[bytes] ^ network->prefix[bytes]) & mask) == 0);
}

static bool
is_public_4(const uint8_t *address)
{
	for (size_t i = 0; i < sizeof(not_public_4) / sizeof(not_public_4[0]); i++)
		if (is_in(address, &not_public_4[i]))
			return false;
	return true;
}

static bool
is_public_6(const uint8_t *address)
{
	if (is_in(address, &six_to_four))
		return is_public_4(address + 2);
	if (is_in(address, &translated))
		return is_public_4(address + 12);
	for (size_t i = 0; i < sizeof(not_public_6) / sizeof(not_public_6[0]); i++)
		if (is_in(address, &not_public_6[i]))
			return false;
	return is_in(address, &public_6);
}

/* The bytes of an address; a mapped one (::ffff:0:0/96) is of IPv4. NULL: of another family. */
static const uint8_t *
bytes_of(const struct sockaddr *address, int *family)
{
	static const struct network mapped = { { [10] = 0xff, [11] = 0xff }, 96 };
	const uint8_t *bytes;

	*family = address->sa_family;
	if (*family == AF_INET)
		return (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)
		    ->sin_addr;
	if (*family != AF_INET6)
		return NULL;
	bytes = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
	if (!is_in(bytes, &mapped))
		return bytes;
	*family = AF_INET;
	return bytes + 12;
}

bool
reach_is_public(const struct sockaddr *address)
{
	int family;
	const uint8_t *bytes = bytes_of(address, &family);

	return bytes != NULL && (family == AF_INET ? is_public_4(bytes) : is_public_6(bytes));
}

bool
reach_is_loopback(const struct sockaddr *address)
{
	static const struct network loopback_4 = { { 127 }, 8 }, loopback_6 = { { [15] = 1 }, 128 };
	int family;
	const uint8_t *bytes = bytes_of(address, &family);

	return bytes != NULL && is_in(bytes, family == AF_INET ? &loopback_4 : &loopback_6);
}
