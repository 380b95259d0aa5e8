/*
 * sign_in_given: accounts and sessions for the tests of signing in. What SQL is given where a
 * password was: a hash, which stands for one that fits, or null.
 */
#ifndef TESTS_SQL_SIGN_IN_GIVEN_H
#define TESTS_SQL_SIGN_IN_GIVEN_H

#define GIVEN_HASH "'$argon2id$of_the_first'"
#define GIVEN_OTHER_HASH "'$argon2id$of_another'"
#define GIVEN_PEER "192.0.2.7"

/* A fresh address. */
const char *given_email(void);

/* An account of that address with GIVEN_HASH. */
const char *given_account(const char *email);

/* A call of api.create_session; all but the address may be NULL. `password` and `second` are SQL
 * (named arguments of the second factor), the others text. */
struct given_sign_in {
	const char *email, *password, *market_code, *role, *device_secret, *second;
	const char *after;   /* interval since SQL_NOW */
	const char *refresh; /* what the refresh token's hash is of */
};
const char *given_call(const struct given_sign_in *with);

/* The same, done: the session. */
const char *given_session(const struct given_sign_in *with);

/* The code of a test's market. */
const char *given_code(int market_id);

/* Arguments of api.give_tokens that other grants use. */
#define GIVEN_NO_GRANT \
	"p_refresh_token => null, p_code => null, p_redirect_uri => null, " \
	"p_code_verifier => null, p_client_secret => null, p_scope => null, " \
	"p_code_challenge => null, p_secret_market => null, p_session_id => null, " \
	"p_device_id => null"

/* A call of api.give_tokens for the token whose hash is of `token`, with a successor. */
const char *given_refresh(
    const char *token, const char *successor, const char *device_secret, const char *after);

#endif
