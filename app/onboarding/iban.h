/*
 * iban: International Bank Account Numbers, ISO 13616-1: country, length, structure, check digits.
 */
#ifndef APP_ONBOARDING_IBAN_H
#define APP_ONBOARDING_IBAN_H

#include <stdbool.h>

#include "socius/text.h"

enum { IBAN_BYTES_MAX = 34 };

struct request;

enum iban_fault {
	IBAN_SOUND,
	IBAN_CHARACTERS,  /* something else than letters, digits and blanks, or not in its place */
	IBAN_COUNTRY,     /* the registry has no IBAN of this country */
	IBAN_LENGTH,      /* another length than the country's */
	IBAN_STRUCTURE,   /* a letter where the country has digits, or the other way round */
	IBAN_CHECK_DIGITS /* not 02 to 98, or ISO 7064 MOD 97-10 does not come to 1 */
};

/* Writes the electronic form (no blanks, capitals), NUL-terminated and cut at IBAN_BYTES_MAX, and
 * says the first fault. `length`: what the country's IBANs have, 0 where there is no country. */
enum iban_fault iban_read(struct text from, char to[IBAN_BYTES_MAX + 1], int *length);

/* .prepares of an endpoint with an argument `iban`: leaves its electronic form and, in `iban_key`,
 * `country` and `last_four`, what is to be known of it when it is sealed; or the problem iban_wrong
 * with `fault`. */
bool iban_check(struct request *request);

#endif
