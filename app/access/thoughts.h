/*
 * thoughts: what the rows of this room think before and after SQL: passwords, codes, tokens.
 */
#ifndef APP_ACCESS_THOUGHTS_H
#define APP_ACCESS_THOUGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/request.h"
#include "socius/rows.h"
#include "socius/text.h"

/* .prepares; those that hash go to the pool. What was a secret when it came is null or a hash when
 * it goes on. */
bool think_sign_up(struct request *request);
bool think_reset(struct request *request);
bool think_code(struct request *request);         /* a code that came back */
bool think_new_password(struct request *request); /* the same, with a password */
bool think_change(struct request *request);
bool think_sign_in(struct request *request);
bool think_refresh(struct request *request);
bool think_revoke(struct request *request);
bool think_totp(struct request *request);

/* .finishes */
bool finish_session(struct request *request, const struct rows *rows, struct buffer *body);
bool finish_refresh(struct request *request, const struct rows *rows, struct buffer *body);
bool finish_totp(struct request *request, const struct rows *rows, struct buffer *body);
bool finish_recovery(struct request *request, const struct rows *rows, struct buffer *body);

#endif
