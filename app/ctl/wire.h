/*
 * wire: many requests to the API at once, over connections that stay open, each tried again until
 * it has an answer.
 *
 * 429, 503, a lost connection or none at all are no answer: the same request goes again after the
 * pause that Retry-After asks for, or a growing one. That is safe because each request carries its
 * own identity (an id in its body or an Idempotency-Key). An answer is given to `done`.
 */
#ifndef APP_CTL_WIRE_H
#define APP_CTL_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl.h"
#include "socius/request.h"

enum {
	WIRE_FLIGHTS_MAX = 128,
	WIRE_ANSWER_BYTES_MAX = 1024 * 1024,
	WIRE_PATIENCE_US = 120 * 1000 * 1000, /* for an answer to one request */
	WIRE_TOKEN_LIFE_S = 600
};

struct wire;

struct wire_request {
	const char *method; /* GET or POST */
	const char *path;
	const char *key;  /* Idempotency-Key, or NULL */
	struct text body; /* copied */
	int64_t line;     /* the caller's own mark */
};

struct wire_answer {
	int status; /* 0: none within WIRE_PATIENCE_US */
	bool replayed;
	struct text body;    /* valid during `done` */
	const char *failure; /* status 0: what went wrong last */
};

typedef void wire_done(
    void *of, const struct wire_request *request, const struct wire_answer *answer);

/* `caller` is who asks: tokens are signed for it as long as the wire lives. */
struct wire *wire_open(struct ctl *ctl, const char *url, const struct caller *caller, int flights,
    wire_done *done, void *of);

/* Sends as soon as a place is free: until then it waits, and `done` may be called for others. */
void wire_send(struct wire *wire, const struct wire_request *request);

/* Waits until every request has its answer. */
void wire_settle(struct wire *wire);

/* How many requests went out again. */
int64_t wire_retries(const struct wire *wire);

void wire_close(struct wire *wire);

#endif
