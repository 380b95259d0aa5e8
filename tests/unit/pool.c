/* pool: jobs run elsewhere and come back here. */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>

#include "pool.h"

struct counted {
	struct pool_job job; /* first */
	pthread_t ran_in;
	int done;
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int done_count;

static void
run(struct pool_job *job)
{
	struct counted *counted = (struct counted *)job;

	counted->ran_in = pthread_self();
}

static void
run_behind_gate(struct pool_job *job)
{
	pthread_mutex_lock(&gate);
	run(job);
	pthread_mutex_unlock(&gate);
}

static void
done(struct pool_job *job)
{
	((struct counted *)job)->done++;
	done_count++;
}

static void
wait_for(struct pool *pool, int count)
{
	struct pollfd readable = { .fd = pool_fd(pool), .events = POLLIN };

	while (done_count < count) {
		cr_assert_eq(poll(&readable, 1, 10000), 1, "the pool says nothing");
		pool_collect(pool);
	}
}

Test(pool, runs_jobs_in_its_own_threads)
{
	struct pool *pool = pool_new(2);
	struct counted job = { .job = { .run = run, .done = done } };

	cr_assert(pool_give(pool, &job.job));
	wait_for(pool, 1);
	cr_assert_eq(job.done, 1);
	cr_assert_not(pthread_equal(job.ran_in, pthread_self()));
	cr_assert_eq(pool_waiting(pool), 0);
	pool_free(pool);
}

Test(pool, runs_each_job_once)
{
	enum { JOBS = 1000 };
	static struct counted jobs[JOBS];
	struct pool *pool = pool_new(4);

	for (int i = 0; i < JOBS; i++) {
		jobs[i].job = (struct pool_job){ .run = run, .done = done };
		while (!pool_give(pool, &jobs[i].job))
			wait_for(pool, done_count + 1);
	}
	wait_for(pool, JOBS);
	for (int i = 0; i < JOBS; i++)
		cr_assert_eq(jobs[i].done, 1);
	pool_free(pool);
}

Test(pool, says_no_when_it_is_full)
{
	static struct counted jobs[POOL_WAITING_MAX + 2];
	struct pool *pool = pool_new(1);
	int given = 0;

	pthread_mutex_lock(&gate);
	for (int i = 0; i < POOL_WAITING_MAX + 2; i++) {
		jobs[i].job = (struct pool_job){ .run = run_behind_gate, .done = done };
		given += pool_give(pool, &jobs[i].job);
	}
	/* one may be with the thread already */
	cr_assert(given == POOL_WAITING_MAX || given == POOL_WAITING_MAX + 1);
	cr_assert_eq(pool_waiting(pool), given);
	pthread_mutex_unlock(&gate);
	wait_for(pool, given);
	cr_assert_eq(done_count, given);
	pool_free(pool);
}

Test(pool, drops_what_waits_when_it_ends)
{
	static struct counted jobs[8];
	struct pool *pool = pool_new(1);

	for (int i = 0; i < 8; i++) {
		jobs[i].job = (struct pool_job){ .run = run, .done = done };
		cr_assert(pool_give(pool, &jobs[i].job));
	}
	pool_free(pool);
	cr_assert_eq(done_count, 0);
}
