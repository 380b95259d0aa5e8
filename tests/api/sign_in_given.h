/*
 * sign_in_given: people who sign up, read their mail and sign in, for the stories of signing in.
 */
#ifndef TESTS_API_SIGN_IN_GIVEN_H
#define TESTS_API_SIGN_IN_GIVEN_H

#include "story.h"

#define PASSWORD "a courier rides at dusk"

/* A fresh address. */
const char *given_email(void);

/* The newest code that was sent to the address (of a letter that holds `about`); it must come. */
const char *given_code(const char *email, const char *about);

/* Signs up and confirms; gives the account. */
const char *given_account(const char *email);

/* POST /v1/auth/sessions from a phone; `more` are further members of the body: ",\"totp\":...". */
struct story_reply *given_try(const char *email, const char *password, const char *more);

/* The same in this story's market; it must succeed. */
struct story_reply *given_session(const char *email, const char *more);

/* POST /v1/auth/tokens with the refresh token and, unless NULL, the device secret. */
struct story_reply *given_refresh(const char *refresh_token, const char *device_secret);

#endif
