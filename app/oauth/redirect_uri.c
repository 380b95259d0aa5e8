/* redirect_uri: see redirect_uri.h. */
#include "oauth/redirect_uri.h"

#include <stddef.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum { PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

static bool
all_of(struct text text, const char *allowed)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] == '\0' || strchr(allowed, text.at[i]) == NULL)
			return false;
	return true;
}

static int
hex_of(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);
	int place = at == NULL ? -1 : (int)(at - digits);

	return place < 16 ? place : place - 6;
}

/* RFC 3986 section 2, but for the fragment. */
static bool
characters_right(struct text uri)
{
	static const char allowed[] = LETTERS DIGITS "-._~:/?[]@!$&'()*+,;=%";

	if (!all_of(uri, allowed))
		return false;
	for (size_t i = 0; i < uri.bytes; i++) {
		int high, low;

		if (uri.at[i] != '%')
			continue;
		if (uri.bytes - i < 3)
			return false;
		high = hex_of(uri.at[i + 1]);
		low = hex_of(uri.at[i + 2]);
		if (high < 2 || low < 0 || (high == 7 && low == 15))
			return false; /* no escape, or one of a control character */
	}
	return true;
}

static bool
port_right(struct text port)
{
	int number = 0;

	if (port.bytes == 0 || port.bytes > PORT_DIGITS_MAX || !all_of(port, DIGITS))
		return false;
	for (size_t i = 0; i < port.bytes; i++)
		number = number * 10 + (port.at[i] - '0');
	return number > 0 && number <= PORT_MAX;
}

/* Host and port, with no user before them; `host`: without the port. */
static bool
authority_right(struct text authority, struct text *host)
{
	bool literal = authority.bytes > 0 && authority.at[0] == '[';
	size_t bytes = 0;

	while (bytes < authority.bytes && authority.at[bytes] != (literal ? ']' : ':'))
		bytes++;
	bytes += literal && bytes < authority.bytes;
	*host = (struct text){ authority.at, bytes };
	if (bytes == 0 || (literal && (bytes < 4 || authority.at[bytes - 1] != ']')))
		return false;
	if (literal ? !all_of((struct text){ host->at + 1, bytes - 2 }, "0123456789abcdefABCDEF:.")
		    : !all_of(*host, LETTERS DIGITS "-.") || host->at[0] == '.')
		return false;
	return bytes == authority.bytes ||
	       (authority.at[bytes] == ':' && port_right((struct text){ authority.at + bytes + 1,
						  authority.bytes - bytes - 1 }));
}

/* What stands between // and the path or query. */
static struct text
authority_of(struct text after)
{
	size_t bytes = 0;

	while (bytes < after.bytes && after.at[bytes] != '/' && after.at[bytes] != '?')
		bytes++;
	return (struct text){ after.at, bytes };
}

/* RFC 8252 section 7.1: the domain of whoever made the app, the other way round. */
static bool
is_private_scheme(struct text scheme)
{
	return scheme.bytes > 0 && scheme.at[0] >= 'a' && scheme.at[0] <= 'z' &&
	       memchr(scheme.at, '.', scheme.bytes) != NULL &&
	       all_of(scheme, "abcdefghijklmnopqrstuvwxyz" DIGITS "+-.");
}

bool
redirect_uri_right(struct text uri)
{
	const char *colon = uri.bytes == 0 ? NULL : memchr(uri.at, ':', uri.bytes);
	struct text scheme, rest, host;
	bool has_authority, right;

	if (colon == NULL || !characters_right(uri))
		return false;
	scheme = (struct text){ uri.at, (size_t)(colon - uri.at) };
	rest = (struct text){ colon + 1, uri.bytes - scheme.bytes - 1 };
	has_authority = rest.bytes >= 2 && memcmp(rest.at, "//", 2) == 0;
	right = has_authority &&
		authority_right(authority_of((struct text){ rest.at + 2, rest.bytes - 2 }), &host);
	if (text_is(scheme, "https"))
		return right;
	if (text_is(scheme, "http")) /* RFC 8252 sections 7.3 and 8.3: not localhost */
		return right && (text_is(host, "127.0.0.1") || text_is(host, "[::1]"));
	return is_private_scheme(scheme) && rest.bytes > 0 && (!has_authority || right);
}
