/*
 * lane: work of one kind that waits for no other: a thread with a connection of its own, which
 * takes turn after turn until it is time to end.
 */
#ifndef APP_RUN_LANE_H
#define APP_RUN_LANE_H

#include <pthread.h>
#include <stdbool.h>

#include <libpq-fe.h>

#include "socius/arena.h"

enum {
	LANE_IDLE_MS = 200,   /* between looks when nothing waits */
	LANE_FAILED_MS = 1000 /* after a failure */
};

struct lane {
	const char *name;                                /* application_name, and in the log */
	const char *conninfo, *options;                  /* of the connection */
	int signals;                                     /* readable: it is time to end */
	int (*turn)(struct lane *lane, const char *now); /* returns how many ms to wait */
	void *of;                                        /* the turn's own */
	struct arena arena;                              /* of one turn */
	PGconn *pg;   /* NULL: not connected; where a turn has lost it, the next gets a new one */
	int failures; /* to connect, in a row */
	pthread_t thread;
};

void lane_start(struct lane *lane);

/* Waits for the thread, which ends after the turn at hand. */
void lane_join(struct lane *lane);

/* Whether it is time to end; `lane` is a struct lane. */
bool lane_is_over(void *lane);

#endif
