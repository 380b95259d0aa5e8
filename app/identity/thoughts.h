/*
 * thoughts: what is prepared before SQL for the rows of identity.
 */
#ifndef APP_IDENTITY_THOUGHTS_H
#define APP_IDENTITY_THOUGHTS_H

#include <stdbool.h>

struct request;

/* Whose account the partner's is going to be, and its name once more, to be sealed for it. */
bool think_partner(struct request *request);

#endif
