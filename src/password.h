/*
 * password: what a process that checks passwords does at its start.
 */
#ifndef SOCIUS_PASSWORD_BEGIN_H
#define SOCIUS_PASSWORD_BEGIN_H

#include "socius/password.h"

/* Before the first thread; dies when libsodium cannot be used. */
void password_begin(void);

/* How often argon2id ran in this process since the last call, whichever thread it was in. */
int64_t password_count_evaluations(void);

#endif
