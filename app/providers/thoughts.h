/*
 * thoughts: what the rows of this room think before and after SQL: ID tokens and nonces.
 */
#ifndef APP_PROVIDERS_THOUGHTS_H
#define APP_PROVIDERS_THOUGHTS_H

#include <stdbool.h>

#include "socius/request.h"
#include "socius/rows.h"
#include "socius/text.h"

/* .prepares. The token is verified here and goes no further; in the pool. */
bool think_nonce(struct request *request);
bool think_external_session(struct request *request);
bool think_external_identity(struct request *request);

/* .finishes */
bool finish_nonce(struct request *request, const struct rows *rows, struct buffer *body);

#endif
