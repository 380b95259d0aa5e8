/*
 * thoughts: invitations, before SQL: the code of the letter, and who it is for.
 */
#ifndef APP_OFFICES_THOUGHTS_H
#define APP_OFFICES_THOUGHTS_H

#include <stdbool.h>

#include "socius/request.h"

/* .prepares: the code is made; it has come back; it has come back with a password (in the pool). */
bool think_invitation(struct request *request);
bool think_invited(struct request *request);
bool think_invited_account(struct request *request);

#endif
