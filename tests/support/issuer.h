/*
 * issuer: an OpenID issuer for one test: serves its discovery document and its keys by HTTP on a
 * free port of 127.0.0.1, from a thread, and signs whatever it is told to, well or badly.
 */
#ifndef TESTS_ISSUER_H
#define TESTS_ISSUER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "socius/arena.h"
#include "socius/text.h"

enum issuer_mood {
	ISSUER_WELL,
	ISSUER_LIES,      /* its document is of another issuer */
	ISSUER_IS_HUGE,   /* its document goes on and on */
	ISSUER_REDIRECTS, /* to its keys, elsewhere */
	ISSUER_IS_AWAY    /* 503 */
};

struct issuer {
	int port;
	char url[64];
	EVP_PKEY *rsa, *ec;
	char rsa_kid[32], ec_kid[32];
	struct arena arena;

	/* Its own. */
	int listener;
	pthread_t thread;
	pthread_mutex_t lock; /* of the mood, the keys and the count */
	enum issuer_mood mood;
	int generation, asked;
};

void issuer_start(struct issuer *issuer);
void issuer_end(struct issuer *issuer);

void issuer_feel(struct issuer *issuer, enum issuer_mood mood);
void issuer_rotate(struct issuer *issuer); /* fresh keys under fresh kids, in place of the old */
int issuer_asked(struct issuer *issuer);   /* how many requests have come */

/* The set of its keys; valid until the issuer ends, like all text here. */
struct text issuer_jwks(struct issuer *issuer);

/* A JWK of any public key. */
const char *issuer_jwk(struct arena *arena, const EVP_PKEY *key, const char *kid);

/* A token with this header and these claims. `how` is the signature: "RS256" or "ES256" by `key`,
 * "HS256" with the PEM of `key` as its secret, or "none". */
const char *issuer_sign(
    struct issuer *issuer, const char *how, EVP_PKEY *key, const char *header, const char *claims);

/* A good one, by its own key: RS256 or ES256. */
const char *issuer_token(struct issuer *issuer, const char *how, const char *claims);

#endif
