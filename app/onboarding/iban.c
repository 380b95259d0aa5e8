/* iban: see iban.h. */
#include "iban.h"

#include <string.h>

#include "socius/arena.h"
#include "socius/request.h"
#include "socius/vault.h"

/* The IBAN registry of ISO 13616-2 (SWIFT, release 99): country and length. */
static const struct {
	char country[3];
	int length;
} countries[] = { { "AD", 24 }, { "AE", 23 }, { "AL", 28 }, { "AT", 20 }, { "AZ", 28 },
	{ "BA", 20 }, { "BE", 16 }, { "BG", 22 }, { "BH", 22 }, { "BI", 27 }, { "BR", 29 },
	{ "BY", 28 }, { "CH", 21 }, { "CR", 22 }, { "CY", 28 }, { "CZ", 24 }, { "DE", 22 },
	{ "DJ", 27 }, { "DK", 18 }, { "DO", 28 }, { "EE", 20 }, { "EG", 29 }, { "ES", 24 },
	{ "FI", 18 }, { "FK", 18 }, { "FO", 18 }, { "FR", 27 }, { "GB", 22 }, { "GE", 22 },
	{ "GI", 23 }, { "GL", 18 }, { "GR", 27 }, { "GT", 28 }, { "HN", 28 }, { "HR", 21 },
	{ "HU", 28 }, { "IE", 22 }, { "IL", 23 }, { "IQ", 23 }, { "IS", 26 }, { "IT", 27 },
	{ "JO", 30 }, { "KW", 30 }, { "KZ", 20 }, { "LB", 28 }, { "LC", 32 }, { "LI", 21 },
	{ "LT", 20 }, { "LU", 20 }, { "LV", 21 }, { "LY", 25 }, { "MC", 27 }, { "MD", 24 },
	{ "ME", 22 }, { "MK", 19 }, { "MN", 20 }, { "MR", 27 }, { "MT", 31 }, { "MU", 30 },
	{ "NI", 28 }, { "NL", 18 }, { "NO", 15 }, { "OM", 23 }, { "PK", 24 }, { "PL", 28 },
	{ "PS", 29 }, { "PT", 25 }, { "QA", 29 }, { "RO", 24 }, { "RS", 22 }, { "RU", 33 },
	{ "SA", 24 }, { "SC", 31 }, { "SD", 18 }, { "SE", 24 }, { "SI", 19 }, { "SK", 24 },
	{ "SM", 27 }, { "SO", 23 }, { "ST", 25 }, { "SV", 28 }, { "TL", 23 }, { "TN", 24 },
	{ "TR", 26 }, { "UA", 29 }, { "VA", 22 }, { "VG", 24 }, { "XK", 20 }, { "YE", 30 } };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static int
length_of_country(const char *iban)
{
	for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++)
		if (memcmp(countries[i].country, iban, 2) == 0)
			return countries[i].length;
	return 0;
}

/* ISO 7064 MOD 97-10: the first four characters go to the end, letters count from A = 10. */
static int
remainder_97(const char *iban, size_t length)
{
	int remainder = 0;

	for (size_t i = 0; i < length; i++) {
		char c = iban[(i + 4) % length];

		if (is_digit(c))
			remainder = (remainder * 10 + (c - '0')) % 97;
		else
			remainder = (remainder * 100 + (c - 'A' + 10)) % 97;
	}
	return remainder;
}

/* Two letters, two digits, then either. */
static bool
is_in_form(const char *iban, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool fits = i < 2   ? is_capital(iban[i])
			    : i < 4 ? is_digit(iban[i])
				    : is_capital(iban[i]) || is_digit(iban[i]);
		if (!fits)
			return false;
	}
	return length >= 4;
}

enum iban_fault
iban_read(struct text from, char to[IBAN_BYTES_MAX + 1], int *length)
{
	size_t bytes = 0, kept;

	for (size_t i = 0; i < from.bytes; i++) {
		char c = from.at[i];

		if (c == ' ')
			continue;
		if (bytes < IBAN_BYTES_MAX)
			to[bytes] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
		bytes++;
	}
	kept = bytes < IBAN_BYTES_MAX ? bytes : IBAN_BYTES_MAX;
	to[kept] = '\0';
	*length = 0;
	if (!is_in_form(to, kept))
		return IBAN_CHARACTERS;
	*length = length_of_country(to);
	if (*length == 0)
		return IBAN_COUNTRY;
	if ((int)bytes != *length)
		return IBAN_LENGTH;
	return remainder_97(to, kept) == 1 ? IBAN_SOUND : IBAN_CHECK_DIGITS;
}

static void
refuse(struct request *request, const char *fault, const char *detail)
{
	const char *members = arena_print(request->arena, "{\"fault\":\"%s\"}", fault);

	problem_set(&request->problem, "iban_wrong", detail);
	request->problem.members = text_of(members);
}

static void
put(struct request *request, const char *name, struct text bytes)
{
	struct value *value = request_arg(request, name);

	value->null = false;
	value->bytes = bytes;
}

/* What is to be known of an IBAN that SQL gets sealed. */
static void
put_parts(struct request *request, struct text iban)
{
	put(request, "iban", iban);
	put(request, "iban_key", vault_blind(request->arena, "iban", iban));
	put(request, "country", (struct text){ iban.at, 2 });
	put(request, "last_four", (struct text){ iban.at + iban.bytes - 4, 4 });
}

bool
iban_check(struct request *request)
{
	struct value *value = request_arg(request, "iban");
	char iban[IBAN_BYTES_MAX + 1];
	int length;

	switch (iban_read(value->bytes, iban, &length)) {
	case IBAN_SOUND:
		put_parts(request, text_of(arena_print(request->arena, "%s", iban)));
		return true;
	case IBAN_CHARACTERS:
		refuse(request, "characters",
		    "An IBAN is two letters, two check digits, then letters and digits.");
		break;
	case IBAN_COUNTRY:
		refuse(request, "country",
		    arena_print(request->arena, "There are no IBANs of %.2s.", iban));
		break;
	case IBAN_LENGTH:
		refuse(request, "length",
		    arena_print(request->arena, "IBANs of %.2s have %d characters.", iban, length));
		break;
	case IBAN_CHECK_DIGITS:
		refuse(request, "check_digits",
		    "The check digits do not fit: a character is wrong, or two have changed "
		    "places.");
		break;
	}
	return false;
}
