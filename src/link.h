/*
 * link: the way to PostgreSQL. Pipelined reads and batched writes over a few connections.
 *
 * The link knows neither Kore nor HTTP: it is driven through `struct loop`, by the gate's event
 * loop or by a test's poll(). Every statement is prepared when a connection opens; parameters and
 * results are binary. It reconnects by itself with back-off and jitter.
 *
 * Reads share a connection, each batch of waiting reads under one Sync; where a neighbour fails,
 * the aborted ones are sent again alone. Writes have lanes of their own: calls of one batched
 * statement and one market that wait while the last batch is in flight go as one call of
 * api.<f>_batch, at most LINK_BATCH_MAX; if the batch raises, its calls run one by one. A write
 * that is not batched has its own Sync on connections of their own, so that one that waits for a
 * lock holds up no batch; of these connections one market takes all but one. A serialization
 * failure, deadlock or lock timeout of a single call is tried again at most LINK_RETRIES_MAX times.
 * An answer is given only after the Sync that commits it.
 */
#ifndef SOCIUS_LINK_H
#define SOCIUS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/request.h"
#include "socius/rows.h"

enum {
	LINK_BATCH_MAX = 128,
	LINK_RETRIES_MAX = 3,
	LINK_WAITING_MAX = 4096, /* calls queued or in flight; more are refused as busy */
	LINK_READ_CONNECTIONS = 2,
	LINK_WRITE_CONNECTIONS = 2,
	LINK_COLD_CONNECTIONS = 3,
	LINK_SLOW_CONNECTIONS = 1
};

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* The event loop, as the link sees it. */
struct loop {
	void *of;
	/* Watch fd for LOOP_READ and LOOP_WRITE, level-triggered; a second call replaces the
	 * interest. When ready, `ready(arg, events)` is called. */
	void (*watch)(
	    void *of, int fd, int events, void (*ready)(void *arg, int events), void *arg);
	void (*unwatch)(void *of, int fd);
	int64_t (*now_us)(void *of); /* monotonic */
};

/* LANE_COLD is the link's own choice for what asks for LANE_WRITE and is not batched. */
enum lane { LANE_READ, LANE_WRITE, LANE_SLOW, LANE_COLD };

/* One SQL statement, derived from an endpoint row and the catalog by contract.c. */
struct statement {
	const char *name;      /* the function's, for log lines */
	const char *sql;       /* select ... from api.f($1, $2, ...) */
	const char *batch_sql; /* select ... from api.f_batch($1, $2[], ...), or NULL */
	enum lane lane;
	int args_count;
	enum type types[REQUEST_ARGS_MAX];
	int market_arg; /* index of the MARKET argument, or -1; a batch's scalar */
};

enum outcome {
	OUTCOME_ROWS,        /* rows is the result */
	OUTCOME_FAILED,      /* sqlstate and the rest say why; nothing was changed */
	OUTCOME_UNAVAILABLE, /* not sent; or sent and the connection lost: effect unknown */
	OUTCOME_BUSY         /* too many calls wait */
};

struct answer {
	enum outcome outcome;
	bool sent; /* UNAVAILABLE: it may have had its effect */
	struct rows rows;
	/* FAILED; valid during the callback; constraint and detail may be NULL */
	const char *sqlstate, *message, *constraint, *detail;
};

/* A question. The caller owns the memory of the call and its values until `done` ran, or until
 * link_orphan returned: the link copies nothing. `done` is called exactly once, never from inside
 * link_ask, unless the call was orphaned. */
struct call {
	const struct statement *statement;
	const struct value *args;
	void (*done)(struct call *call, const struct answer *answer);
	void *of;

	struct link_slot *slot; /* the link's own */
};

struct link;

struct link *link_open(const struct loop *loop, const char *conninfo,
    const struct statement *const *statements, int statements_count);
/* The same with one connection for reads and one for all writes, whatever the settings. */
struct link *link_open_small(const struct loop *loop, const char *conninfo,
    const struct statement *const *statements, int statements_count);
void link_ask(struct link *link, struct call *call);

/* The asker is gone. After this the link never touches the call again; if it was already sent, its
 * effect stands, and the result is dropped. */
void link_orphan(struct link *link, struct call *call);

/* Call at the end of each turn of the loop: sends what has queued up. */
void link_flush(struct link *link);

/* Call about every 100 ms: reconnects, times out. */
void link_tick(struct link *link);

bool link_ready(const struct link *link);  /* reads and writes have a connection that is up */
int link_waiting(const struct link *link); /* calls queued or in flight */
void link_close(struct link *link);

#endif
