/*
 * offices_given: authenticators and offices for stories.
 */
#ifndef TESTS_API_OFFICES_GIVEN_H
#define TESTS_API_OFFICES_GIVEN_H

#include "api/sign_in_given.h"

/* The body that begins the enrolment of an authenticator. */
#define GIVEN_ENROL "{\"password\":\"" PASSWORD "\"}"

/* The code of an authenticator with this secret (base32), `ahead` steps of 30 s from now. */
const char *given_totp(const char *secret, int ahead);

/* The command line gives and takes offices; given_operator: the options for this story's market. */
void given_office(const char *email, const char *options);
const char *given_operator(const char *more);

/* Enrols an authenticator with the code of the step before; the next two codes are good after it.
 * Its secret; *recovery becomes the first recovery code where it is wanted. */
const char *given_enrolled(const char *token, const char **recovery);

/* Signs in in an office with a code of the step now: the reply. */
struct story_reply *given_in_office(const char *email, const char *role, const char *secret);

/* The token of a session as it would be `age_s` after the last code. */
const char *given_aged(const struct story_reply *session, int age_s);

#endif
