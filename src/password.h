/*
 * password: what a process that checks passwords does at its start.
 */
#ifndef SOCIUS_PASSWORD_BEGIN_H
#define SOCIUS_PASSWORD_BEGIN_H

#include "socius/password.h"

/* Before the first thread; dies when libsodium cannot be used. */
void password_begin(void);

#endif
