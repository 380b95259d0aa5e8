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
bool think_email(struct request *request);
/* `password` becomes the hash that it fits, or null; `totp` its step. Either may be absent. */
bool think_proof(struct request *request);
bool think_sign_in(struct request *request);
bool think_enrol(struct request *request);
bool think_totp(struct request *request);
bool think_second(struct request *request);
bool think_recovery(struct request *request);

/* The argument email as it is kept: the domain in lower case. */
void think_address(struct request *request);

/* refresh_hash and device_hash of fresh secrets, which .finishes shows. */
void think_new_tokens(struct request *request);

/* .finishes */
bool finish_session(struct request *request, const struct rows *rows, struct buffer *body);
bool finish_step_up(struct request *request, const struct rows *rows, struct buffer *body);
bool finish_totp(struct request *request, const struct rows *rows, struct buffer *body);
bool finish_recovery(struct request *request, const struct rows *rows, struct buffer *body);

/* The tokens of a session as a reply: what both rooms that give some out finish with. `refresh` and
 * `device` at NULL: there is none. */
bool finish_pair(struct request *request, const struct rows *rows, struct text refresh,
    struct text device, struct buffer *body);

#endif
