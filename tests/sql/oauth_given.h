/*
 * oauth_given: apps of others and keys of services, for the tests of both.
 */
#ifndef TESTS_SQL_OAUTH_GIVEN_H
#define TESTS_SQL_OAUTH_GIVEN_H

#define GIVEN_REDIRECT "com.example.shifts:/callback"
#define GIVEN_CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define GIVEN_WITNESS \
	"p_audit_id => '%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', p_now => " SQL_NOW

/* A registered app with GIVEN_REDIRECT that may ask for these scopes. */
const char *given_client(const char *scope);

/* A call of api.create_authorization by which a fresh account consents in the market; `scope` is
 * SQL. The code's hash is of `code`. */
const char *given_consent(
    int market, const char *account, const char *client, const char *scope, const char *code);

/* A call of api.give_tokens with that code; NULL: what fits. `refresh`: what the refresh token's
 * hash is of. */
struct given_redeem {
	const char *code, *client, *redirect, *challenge, *scope, *refresh, *after;
};
const char *given_redeem(const struct given_redeem *with);

/* A key with the scope trips.write that lives 30 days; its secret's hash is of `secret`. */
const char *given_service_key(int market, const char *secret);

/* A call of api.rotate_service_key; overlap_s is SQL. */
const char *given_rotation(int market, const char *key, const char *secret, const char *overlap_s);

/* A call of api.give_tokens with a secret of the market. */
const char *given_exchange(int market, const char *secret, const char *after);

#endif
