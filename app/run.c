/*
 * run: the runner, a plain process that does the jobs of core.job.
 *
 * One step of one job is one transaction: take the job, run jobs.<kind>, say when it goes on,
 * commit. So a kill at any moment loses nothing and does nothing twice, and several runners may run
 * side by side. TERM and INT end it after the step at hand.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "run/archive.h"
#include "run/outside.h"
#include "socius/arena.h"
#include "socius/endpoint.h"
#include "socius/instant.h"
#include "socius/job.h"
#include "socius/log.h"
#include "socius/world.h"

enum {
	IDLE_MS = 200,           /* between looks when nothing is due */
	FAILED_MS = 1000,        /* after a failure */
	ENSURE_EVERY_MS = 10000, /* periodic jobs of new markets */
	BACKOFF_LEAST_MS = 50,
	BACKOFF_MOST_MS = 2000
};

/* A step may take long, but must not hold its locks for ever. */
#define RUNNER_OPTIONS \
	"-c statement_timeout=60000 -c lock_timeout=5000 " \
	"-c idle_in_transaction_session_timeout=60000"

struct runner {
	const char *conninfo;
	PGconn *pg;  /* NULL: not connected */
	int signals; /* signalfd */
	bool stopping;
	int failures; /* to connect, in a row */
	int64_t
	    ensured_us;   /* when the periodic jobs were looked after; 0: not on this connection */
	char error[1024]; /* what the last statement that failed said */
	struct outside outside;
	struct archive archive;
};

/* A job as taken; its text is the row's. */
struct taken {
	PGresult *row;
	const char *market_id, *job_id, *kind;
};

static void runner_init(struct runner *runner, struct arena *arena);
static int runner_turn(struct runner *runner);
static void runner_wait(struct runner *runner, int timeout_ms);
static void runner_connect(struct runner *runner);
static void runner_ensure(struct runner *runner, const char *now);
static int runner_step(struct runner *runner, const char *now);

int
main(void)
{
	struct runner runner = { 0 };
	struct arena arena;

	arena_init(&arena);
	runner_init(&runner, &arena);
	outside_start(&runner.outside, runner.conninfo, runner.signals, &arena);
	archive_start(&runner.archive, runner.conninfo, runner.signals, &arena);
	while (!runner.stopping)
		runner_wait(&runner, runner_turn(&runner));
	PQfinish(runner.pg);
	outside_end(&runner.outside);
	archive_end(&runner.archive);
	arena_release(&arena);
	log_line(LOG_LEVEL_INFO, "runner.stopped", NULL);
	return 0;
}

static void
runner_init(struct runner *runner, struct arena *arena)
{
	sigset_t set;

	/* Neither can fail with these arguments. */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		log_die("sigprocmask: %s", strerror(errno));
	runner->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (runner->signals < 0)
		log_die("signalfd: %s", strerror(errno));
	runner->conninfo = world_setting(
	    "SOCIUS_RUNNER_CONNINFO", arena_print(arena, "%s user=socius_runner",
					  world_setting("SOCIUS_PG_CONNINFO", "dbname=socius")));
}

/* Until the time is over or a signal asks to stop. */
static void
runner_wait(struct runner *runner, int timeout_ms)
{
	struct pollfd polled = { .fd = runner->signals, .events = POLLIN };
	int ready = poll(&polled, 1, timeout_ms);

	if (ready < 0 && errno != EINTR)
		log_die("poll: %s", strerror(errno));
	if (ready > 0)
		runner->stopping = true;
}

/* One step of one job; returns how long to wait before the next. */
static int
runner_turn(struct runner *runner)
{
	char now[INSTANT_TEXT_BYTES_MAX];
	int wait_ms;

	if (runner->pg == NULL)
		runner_connect(runner);
	if (runner->pg == NULL) {
		wait_ms = BACKOFF_LEAST_MS << (runner->failures < 8 ? runner->failures : 8);
		return wait_ms < BACKOFF_MOST_MS ? wait_ms : BACKOFF_MOST_MS;
	}
	(void)instant_write(world_now_us(), now); /* its length does not matter here */
	runner_ensure(runner, now);
	wait_ms = runner_step(runner, now);
	if (PQstatus(runner->pg) != CONNECTION_OK) {
		log_line(LOG_LEVEL_WARN, "runner.lost", "error", runner->error, NULL);
		PQfinish(runner->pg);
		runner->pg = NULL;
		runner->failures = 1; /* it has been said */
		wait_ms = BACKOFF_LEAST_MS;
	}
	return wait_ms;
}

/* What a job says on the way belongs into the log, like everything else. */
static void
log_notice(void *arg, const char *message)
{
	(void)arg;
	log_line(LOG_LEVEL_INFO, "runner.notice", "message", message, NULL);
}

static void
runner_connect(struct runner *runner)
{
	const char *const keywords[] = { "connect_timeout", "tcp_user_timeout", "dbname",
		"application_name", "client_encoding", "options", NULL };
	const char *const values[] = { "5", "10000", runner->conninfo, "socius-run", "UTF8",
		RUNNER_OPTIONS, NULL };
	PGconn *pg = PQconnectdbParams(keywords, values, 1);

	if (PQstatus(pg) == CONNECTION_OK) {
		(void)PQsetNoticeProcessor(pg, log_notice, NULL); /* the old one is nobody's */
		runner->pg = pg;
		runner->failures = 0;
		runner->ensured_us = 0;
		log_line(LOG_LEVEL_INFO, "runner.ready", NULL);
		return;
	}
	if (runner->failures++ == 0)
		log_line(LOG_LEVEL_WARN, "runner.not_connected", "error", PQerrorMessage(pg), NULL);
	PQfinish(pg);
}

/* Runs one statement; all its parameters are text. NULL: it failed, runner->error says why. */
static PGresult *
ask(struct runner *runner, const char *sql, int count, const char *const params[])
{
	PGresult *result = PQexecParams(runner->pg, sql, count, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	if (message == NULL)
		message = PQerrorMessage(runner->pg);
	(void)snprintf(runner->error, sizeof(runner->error), "%.*s", (int)strcspn(message, "\n"),
	    message); /* the first line, cut where it is long */
	PQclear(result);
	return NULL;
}

/* The same where nothing is to be read. */
static bool
tell(struct runner *runner, const char *sql, int count, const char *const params[])
{
	PGresult *result = ask(runner, sql, count, params);

	PQclear(result);
	return result != NULL;
}

/* Sees to it that each market, and the platform, has its periodic jobs. */
static void
runner_ensure(struct runner *runner, const char *now)
{
	int64_t now_us = world_monotonic_us();
	const char *sql;
	char every_s[16];

	if (runner->ensured_us != 0 &&
	    now_us - runner->ensured_us < ENSURE_EVERY_MS * INT64_C(1000))
		return;
	runner->ensured_us = now_us;
	for (const struct job *job = app.jobs; job->kind != NULL; job++) {
		const char *params[] = { job->kind, every_s, now };

		if (job->every_s <= 0)
			continue;
		sql = job->of_platform
			  ? "select core.ensure_platform_job($1, $2::int, $3::timestamptz)"
			  : "select core.ensure_jobs($1, $2::int, $3::timestamptz)";
		(void)snprintf(every_s, sizeof(every_s), "%d", job->every_s); /* fits any int */
		if (!tell(runner, sql, 3, params))
			log_line(LOG_LEVEL_ERROR, "job.not_ensured", "kind", job->kind, "error",
			    runner->error, NULL);
	}
}

/* Locks the job that is most due. false: the statement failed; row NULL: nothing is due. */
static bool
take(struct runner *runner, struct taken *job, const char *now)
{
	const char *params[] = { now };
	PGresult *row;

	if (!tell(runner, "begin", 0, NULL))
		return false;
	row =
	    ask(runner, "select t.market_id, t.job_id, t.kind from core.take_job($1) t", 1, params);
	if (row == NULL)
		return false;
	if (PQntuples(row) == 0) {
		PQclear(row);
		return tell(runner, "rollback", 0, NULL);
	}
	*job = (struct taken){ row, PQgetvalue(row, 0, 0), PQgetvalue(row, 0, 1),
		PQgetvalue(row, 0, 2) };
	return true;
}

static const struct job *
kind_of(const struct taken *taken)
{
	for (const struct job *job = app.jobs; job->kind != NULL; job++)
		if (strcmp(job->kind, taken->kind) == 0)
			return job;
	return NULL;
}

/* Runs the step and commits it; `finished` says whether it was the last. */
static bool
run_step(struct runner *runner, const struct taken *taken, const char *now, bool *finished)
{
	const char *params[] = { taken->market_id, taken->job_id, now, NULL };
	const struct job *job = kind_of(taken);
	PGresult *again;
	char sql[128];
	bool done;

	if (job == NULL) {
		(void)snprintf(
		    runner->error, sizeof(runner->error), "there is no such kind of job");
		return false;
	}
	(void)snprintf(sql, sizeof(sql), "select jobs.%s($1, $2, $3)", job->kind); /* our names */
	again = ask(runner, sql, 3, params);
	if (again == NULL)
		return false;
	*finished = PQgetisnull(again, 0, 0);
	params[2] = *finished ? NULL : PQgetvalue(again, 0, 0);
	params[3] = now;
	done = tell(runner, "select core.finish_step($1, $2, $3, $4)", 4, params) &&
	       tell(runner, "commit", 0, NULL);
	PQclear(again);
	return done;
}

/* Undoes the step and counts the failure in a transaction of its own, which backs off. A lost
 * connection has undone it already; the job is then taken again at once. */
static bool
count_failure(struct runner *runner, const struct taken *taken, const char *now)
{
	char error[sizeof(runner->error)];
	const char *params[] = { taken->market_id, taken->job_id, error, now };

	memcpy(error, runner->error, sizeof(error));
	log_line(LOG_LEVEL_ERROR, "job.failed", "kind", taken->kind, "market_id", taken->market_id,
	    "job_id", taken->job_id, "error", error, NULL);
	if (tell(runner, "rollback", 0, NULL) &&
	    tell(runner, "select core.fail_job($1, $2, $3, $4)", 4, params))
		return true;
	log_line(LOG_LEVEL_ERROR, "job.failure_not_counted", "error", runner->error, NULL);
	return false;
}

static int
runner_step(struct runner *runner, const char *now)
{
	int64_t started_us = world_monotonic_us();
	struct taken taken = { 0 };
	bool finished = false, well;
	char ms[24];

	if (!take(runner, &taken, now)) {
		if (PQstatus(runner->pg) == CONNECTION_OK)
			log_line(
			    LOG_LEVEL_ERROR, "runner.cannot_take", "error", runner->error, NULL);
		(void)tell(runner, "rollback", 0, NULL); /* a lost connection is seen next */
		return FAILED_MS;
	}
	if (taken.row == NULL)
		return IDLE_MS;
	well = run_step(runner, &taken, now, &finished);
	(void)snprintf(ms, sizeof(ms), "%lld",
	    (long long)((world_monotonic_us() - started_us) / 1000)); /* fits any */
	if (!well)
		well = count_failure(runner, &taken, now);
	else if (finished)
		log_line(LOG_LEVEL_INFO, "job.finished", "kind", taken.kind, "market_id",
		    taken.market_id, "job_id", taken.job_id, "last_step_ms", ms, NULL);
	PQclear(taken.row);
	return well ? 0 : FAILED_MS;
}
