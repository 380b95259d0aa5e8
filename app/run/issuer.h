/*
 * issuer: brings the keys of OpenID issuers (OpenID Connect Discovery 1.0) into access.issuer_key.
 *
 * The last good set stays as long as no other comes. No transaction is open meanwhile.
 */
#ifndef APP_RUN_ISSUER_H
#define APP_RUN_ISSUER_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "run/fetch.h"
#include "socius/arena.h"

/* The URL of an issuer's document; the issuer is a URL without query and fragment. */
const char *issuer_document_url(struct arena *arena, const char *issuer);

/* Fetches the keys of one issuer: JSON as jwks_read gives it. false: `why` says why not. */
bool issuer_fetch_keys(const struct fetch *fetch, struct arena *arena, const char *issuer,
    struct text *keys, char why[CURL_ERROR_SIZE]);

enum issuer_turn { ISSUER_NONE, ISSUER_DONE, ISSUER_FAILED };

/* Looks after the issuer that is most due. DONE also where its keys did not come: that has been
 * said. FAILED: the database did not answer. */
enum issuer_turn issuer_refresh_one(
    PGconn *pg, const struct fetch *fetch, struct arena *arena, const char *now);

#endif
