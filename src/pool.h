/*
 * pool: a few threads for thought that would hold up the event loop, such as hashing a secret.
 *
 * The threads give way to all else: a crowd of sign-ins slows sign-ins down, not bookings.
 * Jobs wait in a bounded queue; where it is full the answer is no, at once. When a job is done the
 * pool's eventfd becomes readable, and pool_collect hands the jobs back in the loop's own thread.
 */
#ifndef SOCIUS_POOL_H
#define SOCIUS_POOL_H

#include <stdbool.h>

enum { POOL_THREADS_MAX = 16, POOL_WAITING_MAX = 64 };

/* The giver's memory, from pool_give until `done`. */
struct pool_job {
	void (*run)(struct pool_job *job);  /* in a thread of the pool: touches only its own */
	void (*done)(struct pool_job *job); /* in the thread that calls pool_collect */
	struct pool_job *next;              /* the pool's own */
};

struct pool;

/* Starts the threads; dies when the machine cannot. Signals are left to the main thread. */
struct pool *pool_new(int threads);

/* Readable when there is something to collect. */
int pool_fd(const struct pool *pool);

/* false: the queue is full; the job was not taken. */
bool pool_give(struct pool *pool, struct pool_job *job);

/* Calls `done` of every job that has run. */
void pool_collect(struct pool *pool);

int pool_waiting(struct pool *pool); /* queued or running */

/* Waits for the running jobs and drops the queued ones, whose `done` is never called. */
void pool_free(struct pool *pool);

#endif
