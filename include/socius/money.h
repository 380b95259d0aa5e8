/*
 * money: int64 minor units of an ISO 4217 currency. No floats anywhere.
 */
#ifndef SOCIUS_MONEY_H
#define SOCIUS_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/text.h"

/* JSON integers stay exact in every client up to here (RFC 8259 section 6): 2^53 - 1. */
#define MONEY_MINOR_MAX INT64_C(9007199254740991)

/* Decimal text such as `12.5` into minor units of `exponent` digits. false: not a decimal number,
 * more digits than the exponent holds (trailing zeros are fine), or beyond MONEY_MINOR_MAX. */
bool money_read(struct text from, int exponent, int64_t *minor);

/* Decimal text with exactly `exponent` digits; returns the length without the NUL. */
int money_write(int64_t minor, int exponent, char to[32]);

#endif
