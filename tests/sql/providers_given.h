/*
 * providers_given: providers of markets, nonces, and tokens as if the gate had verified them.
 */
#ifndef TESTS_SQL_PROVIDERS_GIVEN_H
#define TESTS_SQL_PROVIDERS_GIVEN_H

#include <stdbool.h>

#define GIVEN_ISSUER "https://accounts.example.com"

/* A provider of this issuer; gives its id. */
const char *given_provider(int market_id, const char *issuer, bool signs_up);

/* A nonce that waits. */
const char *given_nonce(void);

/* What the token of an external sign-in says. What is NULL is not there. */
struct given_token {
	const char *provider_id;
	const char *person; /* who, at the issuer; NULL: the key is not known */
	const char *nonce;
	const char *email;
	bool email_verified;
	const char *role;
	const char *second; /* "p_totp => ..., p_totp_step => ..., p_recovery_mac => ..." */
	const char *device_secret;
	const char *after; /* interval since SQL_NOW */
};

/* Calls, as text: of signing in, and of linking to this account. */
const char *given_external(const struct given_token *with);
const char *given_link(const char *account_id, const struct given_token *with);

#endif
