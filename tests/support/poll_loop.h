/*
 * poll_loop: the event loop of the link, as tests see it: poll(), one turn at a time.
 */
#ifndef TESTS_POLL_LOOP_H
#define TESTS_POLL_LOOP_H

#include "link.h"

enum { POLL_LOOP_WATCHES_MAX = 64 };

struct poll_loop_watch {
	int fd, events;
	void (*ready)(void *arg, int events);
	void *arg;
};

struct poll_loop {
	struct loop loop; /* for link_open */
	struct poll_loop_watch watches[POLL_LOOP_WATCHES_MAX];
	int watches_count;
	int64_t ahead_us; /* added to the clock: makes time pass without waiting */
};

void poll_loop_init(struct poll_loop *poll_loop);

/* Waits up to `timeout_ms` for an event and handles what is there; then flushes and ticks. */
void poll_loop_turn(struct poll_loop *poll_loop, struct link *link, int timeout_ms);

/* Turns until `*done` is at least `wanted`; false after `timeout_s` seconds without. */
bool poll_loop_until(
    struct poll_loop *poll_loop, struct link *link, const int *done, int wanted, int timeout_s);

/* Turns until the link is ready. */
bool poll_loop_ready(struct poll_loop *poll_loop, struct link *link, int timeout_s);

#endif
