/*
 * reply: what goes back to the client; made by encode.c, sent by the gate.
 */
#ifndef SOCIUS_REPLY_H
#define SOCIUS_REPLY_H

#include <stdbool.h>

#include "socius/request.h"
#include "socius/text.h"

enum { REPLY_HEADERS_MAX = 24 };

struct reply {
	int status;
	struct text media; /* Content-Type; empty: none */
	struct text body;  /* in the request's arena; empty: none (204, 304) */
	bool replayed;     /* also a header; here for the log */
	/* All headers but Content-Type, Content-Length, Request-Id and Connection, ready to be
	 * sent: ETag, Link, Location, Idempotent-Replayed, Retry-After, X-Row-Count and so on.
	 * Names and values hold no control characters. */
	struct header headers[REPLY_HEADERS_MAX];
	int headers_count;
};

/* Adds a header; `value` must live as long as the reply. Asserts that there is room and that the
 * value is free of control characters. */
void reply_add_header(struct reply *reply, const char *name, struct text value);

#endif
