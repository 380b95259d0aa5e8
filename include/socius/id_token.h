/*
 * id_token: ID tokens of other issuers (OpenID Connect Core 1.0 section 2), held against what is
 * known of the issuer: RFC 8725.
 *
 * The token's header chooses among the issuer's keys by kid and decides nothing: the algorithm is
 * the key's, RS256 or ES256. What the header brings along (jwk, jku, x5c) is never looked at.
 */
#ifndef SOCIUS_ID_TOKEN_H
#define SOCIUS_ID_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/text.h"

struct arena;

enum { ID_TOKEN_SUBJECT_BYTES_MAX = 255, ID_TOKEN_NAME_LENGTH_MAX = 200 };

/* What it says, in the arena. */
struct id_token {
	struct text issuer, subject;
	struct text email;   /* .at NULL: none that looks like one */
	bool email_verified; /* by the issuer */
	struct text name;    /* .at NULL: none */
};

/* What id_token_check gives where the issuer's key of this kid is not known. */
extern const char id_token_key_unknown[];

/* `provider` is JSON: {"issuer": ..., "client_ids": [...], "keys": [{"kid", "alg", "pem"}, ...]}.
 * NULL: the token is good at this moment for this nonce; else one phrase that says why not. */
const char *id_token_check(struct arena *arena, struct text provider, struct text token,
    struct text nonce, int64_t now_us, struct id_token *said);

#endif
