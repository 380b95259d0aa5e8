/* iban: see iban.h. */
#include "iban.h"

#include <stdlib.h>
#include <string.h>

#include "socius/arena.h"
#include "socius/request.h"
#include "socius/vault.h"

enum { COUNTRY_AND_CHECK_BYTES = 4 };

/*
 * The IBAN registry of ISO 13616-2 as published by SWIFT: country, and the structure of the BBAN as
 * runs of digits (n), capitals (a), and either (c). Runs of the same class are one here: banks and
 * branches are not told apart. Check digits of the countries' own, inside the BBAN, are not in the
 * registry and are not checked.
 */
static const struct {
	char country[3];
	const char *bban;
} countries[] = { { "AD", "8n 12c" }, { "AE", "19n" }, { "AL", "8n 16c" }, { "AT", "16n" },
	{ "AZ", "4a 20c" }, { "BA", "16n" }, { "BE", "12n" }, { "BG", "4a 6n 8c" },
	{ "BH", "4a 14c" }, { "BI", "23n" }, { "BR", "8c 15n 2c" }, { "BY", "4c 4n 16c" },
	{ "CH", "5n 12c" }, { "CR", "18n" }, { "CY", "8n 16c" }, { "CZ", "20n" }, { "DE", "18n" },
	{ "DJ", "23n" }, { "DK", "14n" }, { "DO", "4c 20n" }, { "EE", "16n" }, { "EG", "25n" },
	{ "ES", "20n" }, { "FI", "14n" }, { "FK", "2a 12n" }, { "FO", "14n" },
	{ "FR", "10n 11c 2n" }, { "GB", "4a 14n" }, { "GE", "2a 16n" }, { "GI", "4a 15c" },
	{ "GL", "14n" }, { "GR", "7n 16c" }, { "GT", "24c" }, { "HN", "4a 20n" }, { "HR", "17n" },
	{ "HU", "24n" }, { "IE", "4a 14n" }, { "IL", "19n" }, { "IQ", "4a 15n" }, { "IS", "22n" },
	{ "IT", "1a 10n 12c" }, { "JO", "4a 4n 18c" }, { "KW", "4a 22c" }, { "KZ", "3n 13c" },
	{ "LB", "4n 20c" }, { "LC", "4a 24c" }, { "LI", "5n 12c" }, { "LT", "16n" },
	{ "LU", "3n 13c" }, { "LV", "4a 13c" }, { "LY", "21n" }, { "MC", "10n 11c 2n" },
	{ "MD", "20c" }, { "ME", "18n" }, { "MK", "3n 10c 2n" }, { "MN", "16n" }, { "MR", "23n" },
	{ "MT", "4a 5n 18c" }, { "MU", "4a 19n 3a" }, { "NI", "4a 20n" }, { "NL", "4a 10n" },
	{ "NO", "11n" }, { "OM", "3n 16c" }, { "PK", "4a 16c" }, { "PL", "24n" },
	{ "PS", "4a 21c" }, { "PT", "21n" }, { "QA", "4a 21c" }, { "RO", "4a 16c" },
	{ "RS", "18n" }, { "RU", "14n 15c" }, { "SA", "2n 18c" }, { "SC", "4a 20n 3a" },
	{ "SD", "14n" }, { "SE", "20n" }, { "SI", "15n" }, { "SK", "20n" }, { "SM", "1a 10n 12c" },
	{ "SO", "19n" }, { "ST", "21n" }, { "SV", "4a 20n" }, { "TL", "19n" }, { "TN", "20n" },
	{ "TR", "6n 16c" }, { "UA", "6n 19c" }, { "VA", "18n" }, { "VG", "4a 16n" },
	{ "XK", "16n" }, { "YE", "4a 4n 18c" } };

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

/* The structure of the country's BBANs, or NULL. */
static const char *
bban_of_country(const char *iban)
{
	for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++)
		if (memcmp(countries[i].country, iban, 2) == 0)
			return countries[i].bban;
	return NULL;
}

/* Takes one run off a structure: how many characters of which class; false: there is no more. */
static bool
next_run(const char **structure, int *count, char *class)
{
	char *end;

	if (**structure == '\0')
		return false;
	*count = (int)strtol(*structure, &end, 10);
	*class = *end;
	*structure = end[1] == ' ' ? end + 2 : end + 1;
	return true;
}

static int
length_of_structure(const char *structure)
{
	int length = COUNTRY_AND_CHECK_BYTES, count;
	char class;

	while (next_run(&structure, &count, &class))
		length += count;
	return length;
}

/* `bban` is as long as its structure, of capitals and digits. */
static bool
fits_structure(const char *structure, const char *bban)
{
	int count;
	char class;

	while (next_run(&structure, &count, &class))
		for (; count > 0; count--, bban++)
			if ((class == 'n' && !is_digit(*bban)) ||
			    (class == 'a' && !is_capital(*bban)))
				return false;
	return true;
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

/* ISO 13616-1 section 6: check digits are 02 to 98; 00, 01 and 99 come to the same remainder as 97,
 * 98 and 02. */
static bool
check_digits_fit(const char *iban, size_t length)
{
	int digits = (iban[2] - '0') * 10 + (iban[3] - '0');

	return digits >= 2 && digits <= 98 && remainder_97(iban, length) == 1;
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
	return length >= COUNTRY_AND_CHECK_BYTES;
}

enum iban_fault
iban_read(struct text from, char to[IBAN_BYTES_MAX + 1], int *length)
{
	const char *structure;
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
	structure = bban_of_country(to);
	if (structure == NULL)
		return IBAN_COUNTRY;
	*length = length_of_structure(structure);
	if ((int)bytes != *length)
		return IBAN_LENGTH;
	if (!fits_structure(structure, to + COUNTRY_AND_CHECK_BYTES))
		return IBAN_STRUCTURE;
	return check_digits_fit(to, kept) ? IBAN_SOUND : IBAN_CHECK_DIGITS;
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
	case IBAN_STRUCTURE:
		refuse(request, "structure",
		    arena_print(request->arena,
			"After the check digits, IBANs of %.2s have %s: n are digits, a letters, c "
			"either.",
			iban, bban_of_country(iban)));
		break;
	case IBAN_CHECK_DIGITS:
		refuse(request, "check_digits",
		    "The check digits do not fit: a character is wrong, or two have changed "
		    "places.");
		break;
	}
	return false;
}
