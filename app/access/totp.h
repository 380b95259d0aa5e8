/*
 * totp: one-time codes of an authenticator, RFC 6238: HMAC-SHA-1, six digits, 30 s.
 */
#ifndef APP_ACCESS_TOTP_H
#define APP_ACCESS_TOTP_H

#include <stdint.h>

#include "socius/text.h"
#include "socius/uuid.h"

enum { TOTP_SECRET_BYTES = 20, TOTP_STEP_S = 30, TOTP_DIGITS = 6 };

struct arena;

/* The code of a step (RFC 4226 section 5.3). */
uint32_t totp_code(struct text secret, int64_t step);

/* The step of which this is the code: now, or one before or after (RFC 6238 section 5.2). 0: none,
 * or no code at all. */
int64_t totp_step(struct text secret, struct text code, int64_t now_us);

/* The secret of an enrolment; it follows from the enrolment's id and the instance's secret. */
void totp_secret(const struct uuid *enrolment, char secret[TOTP_SECRET_BYTES]);

/* RFC 4648 section 6, without padding; 5 bytes give 8 characters. */
struct text totp_base32(struct arena *arena, const void *from, size_t bytes);

#endif
