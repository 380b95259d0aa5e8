/*
 * signing_keys: what `token` tells of the tokens that it makes.
 */
#ifndef APP_CTL_SIGNING_KEYS_H
#define APP_CTL_SIGNING_KEYS_H

#include <stdint.h>

#include "ctl.h"
#include "token.h"

/* A token that this key has signed lives until then: the key is kept as long. */
void keys_note(struct ctl *ctl, const char *kid, int64_t until_us);

#endif
