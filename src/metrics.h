/*
 * metrics: counters and histograms of all workers, in Prometheus' text format.
 *
 * Each worker writes a slab of its own in memory that all share, so that counting is a plain add;
 * reading sums the slabs up. A restarted worker goes on with its slab.
 */
#ifndef SOCIUS_METRICS_H
#define SOCIUS_METRICS_H

#include <stdint.h>

#include "socius/text.h"

enum {
	METRICS_WORKERS_MAX = 64,
	METRICS_ROUTES_MAX = 528, /* operations and the engine's own routes */
	METRICS_STATUSES_MAX = 40,
	METRICS_PROBLEMS_MAX = 256,
	METRICS_BUCKETS = 14
};

/* What there is once per worker. Gauges say how much there is now; counters only grow. */
enum metric {
	METRIC_CONNECTIONS,         /* gauge: open */
	METRIC_REQUESTS_IN_FLIGHT,  /* gauge */
	METRIC_STREAMS,             /* gauge: subscribers of server-sent events */
	METRIC_LINK_WAITING,        /* gauge: calls queued or in flight */
	METRIC_LINK_READY,          /* gauge: 1 or 0 */
	METRIC_POOL_WAITING,        /* gauge: jobs queued or running */
	METRIC_ACCEPTED,            /* counter: connections */
	METRIC_CONNECTIONS_REFUSED, /* counter: their network holds as many as it may, or all do */
	METRIC_CONNECTIONS_EVICTED, /* counter: silent ones that gave way */
	METRIC_STARTS,              /* counter: starts of a worker */
	METRIC_SENT_BYTES,          /* counter */
	METRIC_TOKENS_VERIFIED,     /* counter: not remembered */
	METRIC_EVENTS_SENT,         /* counter: server-sent events */
	METRIC_PASSWORDS,           /* counter: passwords hashed, to make or to check a hash */
	METRICS_COUNT
};

struct metrics;

/* A route's labels; lives as long as the metrics. */
struct metrics_route {
	const char *method, *pattern;
};

/* In memory shared with all children; dies when the machine has none. Ends of both lists are marked
 * by an empty row and by NULL. */
struct metrics *metrics_new(const struct metrics_route *routes, const char *const *problems);
void metrics_free(struct metrics *metrics);

/* The slab that this process writes; gauges start at zero. */
void metrics_enter(struct metrics *metrics, int worker);

void metrics_add(struct metrics *metrics, enum metric metric, int64_t by);
void metrics_set(struct metrics *metrics, enum metric metric, int64_t to);

/* One answered request. `problem` is the index in the list of problems, or -1. */
void metrics_count(
    struct metrics *metrics, int route, int status, int problem, int64_t duration_us);

/* All of it as text, version 0.0.4. */
void metrics_write(const struct metrics *metrics, struct buffer *to);

#endif
