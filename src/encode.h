/*
 * encode: rows into a reply, by the types of the columns; and problems into problem+json.
 *
 * int2, int4, int8 and bool as in JSON; text, uuid as strings; timestamptz as RFC 3339 with Z,
 * timestamp and date as their local text; numeric, xid8 as strings with all their digits; json and
 * jsonb as they are; bytea as hex; arrays and composites as arrays and objects; but
 * api.signed_token, which says whom a token is for, as that token; and core.sealed as its text.
 */
#ifndef SOCIUS_ENCODE_H
#define SOCIUS_ENCODE_H

#include "contract.h"
#include "cursor.h"
#include "keyring.h"
#include "link.h"
#include "reply.h"
#include "socius/request.h"
#include "token.h"

/* What every encoding needs; lives as long as the server. */
struct encoder {
	const struct contract *contract;
	const struct cursor_key *cursor_key;
	const struct token_keys *token_keys; /* signs the api.signed_token of a reply */
	const struct role *roles;
	struct keyring *keyring; /* opens what was sealed; what it misses is null in the reply */
};

/* The reply to an answered operation, whatever the answer: 2xx, 304, or the problem that the
 * function or PostgreSQL gave. Runs .finishes. A request->problem that is set already wins.
 * A STREAM's body is the answered events as text, each with its cursor as id. */
void encode_reply(const struct encoder *encoder, const struct operation *operation,
    struct request *request, const struct answer *answer, struct reply *reply);

/* The reply of request->problem, for any step that has refused. */
void encode_problem(struct request *request, struct reply *reply);

/* One row as a JSON object (without the leading columns): an event of a STREAM. */
void encode_item(const struct encoder *encoder, const struct operation *operation,
    const struct rows *rows, int row, struct buffer *to);

/* The cursor that goes on after this row: the id of a STREAM's event. Empty when the operation has
 * no CURSOR fields. */
struct text encode_cursor(const struct encoder *encoder, const struct operation *operation,
    const struct request *request, const struct rows *rows, int row);

#endif
