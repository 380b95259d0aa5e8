/*
 * address: e-mail addresses.
 */
#ifndef SOCIUS_ADDRESS_H
#define SOCIUS_ADDRESS_H

#include <stdbool.h>

#include "socius/text.h"

/* Whether it looks like an address to which mail can be sent: one @, a local part of RFC 5321's
 * atoms, a domain of two labels or more. Whether it exists is known when a code has come back. */
bool address_right(struct text from);

#endif
