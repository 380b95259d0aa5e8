/*
 * thoughts: what the rows of this room think before and after SQL: secrets, codes, scopes.
 */
#ifndef APP_OAUTH_THOUGHTS_H
#define APP_OAUTH_THOUGHTS_H

#include <stdbool.h>

#include "socius/request.h"
#include "socius/rows.h"
#include "socius/text.h"

/* .prepares */
bool think_client(struct request *request);
bool think_request(struct request *request); /* what an app asks for; what we can */
bool think_consent(struct request *request);
bool think_tokens(struct request *request);
bool think_revoke(struct request *request);
bool think_introspect(struct request *request);
bool think_service_key(struct request *request);
bool think_secret(struct request *request); /* a further one */

/* .finishes */
bool finish_consent(struct request *request, const struct rows *rows, struct buffer *body);
bool finish_tokens(struct request *request, const struct rows *rows, struct buffer *body);
bool finish_introspect(struct request *request, const struct rows *rows, struct buffer *body);
bool finish_secret(struct request *request, const struct rows *rows, struct buffer *body);

#endif
