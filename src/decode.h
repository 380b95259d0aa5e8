/*
 * decode: path, query, headers and body of a request into the arguments of its SQL call.
 *
 * Only what the row declares is taken: an unknown query parameter or body member is refused. Faulty
 * fields are collected, so that a client sees all of them at once.
 */
#ifndef SOCIUS_DECODE_H
#define SOCIUS_DECODE_H

#include <stdbool.h>

#include "contract.h"
#include "cursor.h"
#include "socius/request.h"

enum {
	DECODE_LIMIT_DEFAULT = 50,
	DECODE_LIMIT_MAX = 200,
	DECODE_KEY_BYTES_MAX = 255,
	DECODE_CHANCE_BYTES = 32
};

/* Fills request->args and request->page_limit for request->endpoint, which is the operation's.
 * Path parameters are in request->path_params, as route.c left them: in order, percent-decoded.
 * false: request->problem says why. Reads no clock (request->now_us is the clock) and no chance
 * but for FRESH and CHANCE. */
bool decode(struct request *request, const struct operation *operation,
    const struct cursor_key *cursor_key);

/* The list that a decoded request is of, as its cursors are bound to it. */
struct cursor_list decode_list(const struct request *request, const struct operation *operation);

/* Fills the CURSOR arguments from a cursor's text, as ?cursor= or Last-Event-ID do; empty: the
 * first page. false: request->problem is bad_cursor. A stream goes on with it after each batch. */
bool decode_cursor(struct request *request, const struct operation *operation,
    const struct cursor_key *cursor_key, struct text from);

#endif
