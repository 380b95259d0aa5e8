/* lane: see lane.h. */
#include "run/lane.h"

#include <errno.h>
#include <poll.h>

#include "socius/instant.h"
#include "socius/log.h"
#include "socius/world.h"

enum { BACKOFF_LEAST_MS = 50, BACKOFF_MOST_MS = 2000 };

/* Until the time is over or a signal, which stays unread for the other lanes, asks to end. */
static bool
ends_within(const struct lane *lane, int timeout_ms)
{
	struct pollfd polled = { .fd = lane->signals, .events = POLLIN };
	int ready = poll(&polled, 1, timeout_ms);

	if (ready < 0 && errno != EINTR)
		log_die("poll: %s", strerror(errno));
	return ready > 0;
}

bool
lane_is_over(void *lane)
{
	return ends_within(lane, 0);
}

/* What a job says on the way belongs into the log, like everything else. */
static void
log_notice(void *arg, const char *message)
{
	const struct lane *lane = arg;

	log_line(LOG_LEVEL_INFO, "runner.notice", "lane", lane->name, "message", message, NULL);
}

static bool
connect_again(struct lane *lane)
{
	const char *const keywords[] = { "connect_timeout", "tcp_user_timeout", "dbname",
		"application_name", "client_encoding", "options", NULL };
	const char *const values[] = { "5", "10000", lane->conninfo, lane->name, "UTF8",
		lane->options, NULL };
	PGconn *pg = PQconnectdbParams(keywords, values, 1);

	if (PQstatus(pg) == CONNECTION_OK) {
		(void)PQsetNoticeProcessor(pg, log_notice, lane); /* the old one is nobody's */
		lane->pg = pg;
		lane->failures = 0;
		log_line(LOG_LEVEL_INFO, "runner.ready", "lane", lane->name, NULL);
		return true;
	}
	if (lane->failures++ == 0)
		log_line(LOG_LEVEL_WARN, "runner.not_connected", "lane", lane->name, "error",
		    PQerrorMessage(pg), NULL);
	PQfinish(pg);
	return false;
}

static int
backoff_ms(const struct lane *lane)
{
	int wait_ms = BACKOFF_LEAST_MS << (lane->failures < 8 ? lane->failures : 8);

	return wait_ms < BACKOFF_MOST_MS ? wait_ms : BACKOFF_MOST_MS;
}

/* One turn; returns how long to wait before the next. */
static int
turn(struct lane *lane)
{
	char now[INSTANT_TEXT_BYTES_MAX];
	int wait_ms;

	if (lane->pg == NULL && !connect_again(lane))
		return backoff_ms(lane);
	(void)instant_write(world_now_us(), now); /* its length does not matter here */
	wait_ms = lane->turn(lane, now);
	arena_clear(&lane->arena);
	if (PQstatus(lane->pg) == CONNECTION_OK)
		return wait_ms;
	log_line(LOG_LEVEL_WARN, "runner.lost", "lane", lane->name, "error",
	    PQerrorMessage(lane->pg), NULL);
	PQfinish(lane->pg);
	lane->pg = NULL;
	lane->failures = 1; /* it has been said */
	return BACKOFF_LEAST_MS;
}

static void *
run(void *of)
{
	struct lane *lane = of;

	while (!lane_is_over(lane))
		(void)ends_within(lane, turn(lane)); /* lane_is_over asks anew */
	return NULL;
}

void
lane_start(struct lane *lane)
{
	int fault;

	arena_init(&lane->arena);
	fault = pthread_create(&lane->thread, NULL, run, lane);
	if (fault != 0)
		log_die("pthread_create: %s", strerror(fault));
}

void
lane_join(struct lane *lane)
{
	(void)pthread_join(lane->thread, NULL); /* it is ours and was joined by nobody */
	PQfinish(lane->pg);
	arena_release(&lane->arena);
}
