/*
 * oauth_given: an app of others as its OAuth library speaks, for the stories of apps.
 */
#ifndef TESTS_API_OAUTH_GIVEN_H
#define TESTS_API_OAUTH_GIVEN_H

#include "story.h"

/* RFC 7636 appendix B. */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define REDIRECT "com.example.shifts:/callback"
#define REDIRECT_ENCODED "com.example.shifts%%3A%%2Fcallback"

/* Registers an app with REDIRECT and these scopes; gives its id. */
const char *given_app(const char *scope);

/* The account of a first-party token consents to all that the app may ask for; gives the code. */
const char *given_consent(const char *token, const char *client_id);

/* POST /v1/auth/tokens with a code, as a form; `verifier` as the app has it. */
struct story_reply *given_redeemed(const char *client_id, const char *code, const char *verifier);

#endif
