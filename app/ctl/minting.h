/*
 * minting: access tokens that the command line signs by itself.
 */
#ifndef APP_CTL_MINTING_H
#define APP_CTL_MINTING_H

#include "ctl.h"
#include "socius/request.h"

/* The account that stands for this role in this market (its code, or "platform"). */
struct uuid minting_account(struct arena *arena, const char *role, const char *market);

/* A token for this caller by the newest key; the text is the caller's to free. Dies without key. */
char *minting_sign(struct ctl *ctl, const struct caller *caller, int64_t life_s);

#endif
