/* pool: a few threads with a bounded queue; see pool.h. */
#include "pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "socius/log.h"

enum { NICENESS = 10 };

/* First in, first out. */
struct queue {
	struct pool_job *first, **last;
};

struct pool {
	pthread_mutex_t mutex; /* guards all below but the constants */
	pthread_cond_t given;
	struct queue waiting, done;
	int waiting_count, unfinished_count;
	bool ends;
	int fd; /* constant */
	int threads_count;
	pthread_t threads[POOL_THREADS_MAX];
};

static void
queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void
queue_put(struct queue *queue, struct pool_job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct pool_job *
queue_take(struct queue *queue)
{
	struct pool_job *job = queue->first;

	if (job != NULL)
		queue->first = job->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
	return job;
}

/* Waits for a job; NULL: the pool ends. The mutex is held. */
static struct pool_job *
wait_for_job(struct pool *pool)
{
	while (pool->waiting.first == NULL && !pool->ends)
		(void)pthread_cond_wait(&pool->given, &pool->mutex); /* cannot fail */
	if (pool->ends)
		return NULL;
	pool->waiting_count--;
	return queue_take(&pool->waiting);
}

static void *
work(void *of)
{
	static const uint64_t one = 1;
	struct pool *pool = of;
	struct pool_job *job;

	/* of this thread alone, as Linux has it; where it is not allowed, thought is as urgent */
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	(void)pthread_mutex_lock(&pool->mutex); /* cannot fail, here and below: it is ours */
	while ((job = wait_for_job(pool)) != NULL) {
		(void)pthread_mutex_unlock(&pool->mutex);
		job->run(job);
		(void)pthread_mutex_lock(&pool->mutex);
		queue_put(&pool->done, job);
		if (write(pool->fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
			log_die("pool: eventfd: %s", strerror(errno));
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	return NULL;
}

struct pool *
pool_new(int threads)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	sigset_t all, before;

	assert(threads > 0 && threads <= POOL_THREADS_MAX);
	if (pool == NULL)
		log_die("out of memory for the pool");
	queue_init(&pool->waiting);
	queue_init(&pool->done);
	pool->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pool->fd < 0)
		log_die("pool: eventfd: %s", strerror(errno));
	if (pthread_mutex_init(&pool->mutex, NULL) != 0 ||
	    pthread_cond_init(&pool->given, NULL) != 0)
		log_die("pool: no mutex");
	(void)sigfillset(&all);                            /* cannot fail */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* cannot fail */
	for (; pool->threads_count < threads; pool->threads_count++)
		if (pthread_create(&pool->threads[pool->threads_count], NULL, work, pool) != 0)
			log_die("pool: no thread: %s", strerror(errno));
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool;
}

int
pool_fd(const struct pool *pool)
{
	return pool->fd;
}

bool
pool_give(struct pool *pool, struct pool_job *job)
{
	bool room;

	(void)pthread_mutex_lock(&pool->mutex);
	room = pool->waiting_count < POOL_WAITING_MAX;
	if (room) {
		queue_put(&pool->waiting, job);
		pool->waiting_count++;
		pool->unfinished_count++;
		(void)pthread_cond_signal(&pool->given);
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	return room;
}

void
pool_collect(struct pool *pool)
{
	struct pool_job *job;
	uint64_t count;

	(void)!read(pool->fd, &count, sizeof(count)); /* empty: there was nothing to collect */
	for (;;) {
		(void)pthread_mutex_lock(&pool->mutex);
		job = queue_take(&pool->done);
		if (job != NULL)
			pool->unfinished_count--;
		(void)pthread_mutex_unlock(&pool->mutex);
		if (job == NULL)
			return;
		job->done(job);
	}
}

int
pool_waiting(struct pool *pool)
{
	int count;

	(void)pthread_mutex_lock(&pool->mutex);
	count = pool->unfinished_count;
	(void)pthread_mutex_unlock(&pool->mutex);
	return count;
}

void
pool_free(struct pool *pool)
{
	(void)pthread_mutex_lock(&pool->mutex);
	pool->ends = true;
	(void)pthread_cond_broadcast(&pool->given);
	(void)pthread_mutex_unlock(&pool->mutex);
	for (int i = 0; i < pool->threads_count; i++)
		(void)pthread_join(pool->threads[i], NULL); /* they end by themselves */
	(void)pthread_mutex_destroy(&pool->mutex);
	(void)pthread_cond_destroy(&pool->given);
	(void)close(pool->fd);
	free(pool);
}
