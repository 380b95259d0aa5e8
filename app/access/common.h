/*
 * common: passwords that everybody tries first (ASVS 5.0, 6.2.4). A short list of ours, and what
 * people make of its words: other case, digits for letters, a few digits or signs before or behind,
 * runs along the keyboard, repetitions, the own name or address.
 */
#ifndef APP_ACCESS_COMMON_H
#define APP_ACCESS_COMMON_H

#include <stdbool.h>

#include "socius/text.h"

/* What stands around a common word and is no help. */
enum { COMMON_AROUND_MAX = 5, COMMON_BYTES_MAX = 512 };

/* `about`: what is known of the person, each at least 4 bytes to count; ends with an empty text. */
bool common_password(struct text password, const struct text *about);

#endif
