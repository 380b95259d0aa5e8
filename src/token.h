/*
 * token: access tokens. JWTs (RFC 7519) signed with HS256 by one of our own keys.
 *
 * A key is a file <kid>.key of one folder: 64 or more hexadecimal digits, readable by its owner
 * only. Every key verifies; the newest signs. Put a new file there and tokens are signed with it
 * within a second; take a file away and its tokens are worth nothing within a second.
 *
 * libjwt does the signature and nothing else: before it sees a token, the header is held against
 * what we sign (alg, typ, kid and no other member), because libjwt 1.10 takes any algorithm with
 * any key; after it, the claims are read strictly, because it checks none. It knows no typ but
 * "JWT", so the kind of token stands in a claim of its own (RFC 8725 section 3.12).
 *
 * The claim totp_at says when a code of the authenticator was last shown. Tokens that are made by
 * hand say the moment of their own end: whoever may read the keys owns the instance, and is asked
 * for no code.
 */
#ifndef SOCIUS_TOKEN_H
#define SOCIUS_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/endpoint.h"
#include "socius/request.h"
#include "socius/text.h"

enum {
	TOKEN_BYTES_MAX = 4096,
	TOKEN_KEYS_MAX = 32,
	TOKEN_KID_BYTES_MAX = 64, /* of [A-Za-z0-9._-] */
	TOKEN_SECRET_BYTES_MIN = 32,
	TOKEN_SECRET_BYTES_MAX = 64,
	TOKEN_SCOPES_BYTES_MAX = 511,
	TOKEN_SKEW_S = 60,           /* clocks of who signs and who checks may differ by this */
	TOKEN_LIFE_S = 600,          /* of a token that the API gives out */
	TOKEN_FRESH_S = 300,         /* so long a code of an authenticator opens .fresh_totp */
	TOKEN_LIFE_S_MAX = 31622400, /* a year: service tokens made by hand */
	TOKEN_MEMORY = 32768         /* verified tokens that one worker remembers */
};

#define TOKEN_ISSUER "socius"
#define TOKEN_AUDIENCE "socius-api"
#define TOKEN_USE "access" /* claim token_use */

struct token_key {
	char kid[TOKEN_KID_BYTES_MAX + 1];
	uint8_t secret[TOKEN_SECRET_BYTES_MAX];
	int secret_bytes;
	int64_t written_ns; /* of the file */
};

struct token_keys {
	struct token_key keys[TOKEN_KEYS_MAX];
	int count;
	int newest; /* signs */
};

/* Reads the folder. NULL: all of it could be read; else one phrase that says what could not, and
 * `keys` holds the rest: a key that is gone or spoilt is worth nothing. Equal folders give equal
 * bytes, to be compared with memcmp. */
const char *token_keys_load(struct token_keys *keys, const char *folder);

/* Makes a new key file in the folder (which must exist) and puts its kid into `kid`.
 * NULL: done; else one phrase that says why not. */
const char *token_key_make(const char *folder, char kid[TOKEN_KID_BYTES_MAX + 1]);

/* Signs a token for this caller with the newest key; caller->scopes NULL: all that `roles` gives
 * its role; a totp_us beyond the token's end is the end. The text is to be freed; NULL: there is no
 * key. */
char *token_mint(const struct token_keys *keys, const struct role *roles,
    const struct caller *caller, int64_t now_us, int64_t life_s);

/* What a token says, verified. */
struct token {
	struct caller caller;                    /* role is one of `roles`; .scopes are below */
	char scopes[TOKEN_SCOPES_BYTES_MAX + 1]; /* those of the token that the role has */
	int64_t expires_us;
};

/* Why not: its header names no key that there is, as far as was read. */
extern const char token_no_key[];

/* NULL: the token is good at this moment; else one phrase that says why not. */
const char *token_check(const struct token_keys *keys, const struct role *roles, struct text from,
    int64_t now_us, struct token *token);

/* Verified tokens, remembered until they expire, by their SHA-256. One per worker. */
struct token_memory;

struct token_memory *token_memory_new(void);
void token_memory_free(struct token_memory *memory);

/* Keys have changed: nothing remembered is worth anything. */
void token_memory_forget(struct token_memory *memory);

/* As token_check, but looks into the memory first; only caller and expires_us are filled, and the
 * scopes are the caller's. The result is the memory's and is valid until
 * its next use. NULL: *why says why not. */
const struct token *token_recall(struct token_memory *memory, const struct token_keys *keys,
    const struct role *roles, struct text from, int64_t now_us, const char **why);

#endif
