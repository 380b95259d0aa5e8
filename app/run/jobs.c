/* jobs: see jobs.h. */
#include "run/jobs.h"

#include "socius/endpoint.h"
#include "socius/job.h"
#include "socius/log.h"
#include "socius/world.h"

enum { ENSURE_EVERY_MS = 10000 /* periodic jobs of new markets */ };

/* A job as taken; its text is the row's. */
struct taken {
	PGresult *row;
	const char *market_id, *job_id, *kind;
	int64_t taken_us; /* by the monotonic clock */
};

enum { MS_TEXT_BYTES_MAX = 24 };

/* Runs one statement; all its parameters are text. NULL: it failed, and struct jobs says why. */
static PGresult *
ask(struct lane *lane, const char *sql, int count, const char *const params[])
{
	PGresult *result = PQexecParams(lane->pg, sql, count, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	struct jobs *jobs = lane->of;

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	if (message == NULL)
		message = PQerrorMessage(lane->pg);
	(void)snprintf(jobs->error, sizeof(jobs->error), "%.*s", (int)strcspn(message, "\n"),
	    message); /* the first line, cut where it is long */
	PQclear(result);
	return NULL;
}

/* The same where nothing is to be read. */
static bool
tell(struct lane *lane, const char *sql, int count, const char *const params[])
{
	PGresult *result = ask(lane, sql, count, params);

	PQclear(result);
	return result != NULL;
}

/* Sees to it that each market, and the platform, has its periodic jobs. */
static void
ensure(struct lane *lane, const char *now)
{
	struct jobs *jobs = lane->of;
	int64_t now_us = world_monotonic_us();
	const char *sql;
	char every_s[16];

	if (jobs->of_tests ||
	    (jobs->ensured_us != 0 && now_us - jobs->ensured_us < ENSURE_EVERY_MS * INT64_C(1000)))
		return;
	jobs->ensured_us = now_us;
	for (const struct job *job = app.jobs; job->kind != NULL; job++) {
		const char *params[] = { job->kind, every_s, now };

		if (job->every_s <= 0)
			continue;
		sql = job->of_platform
			  ? "select core.ensure_platform_job($1, $2::int, $3::timestamptz)"
			  : "select core.ensure_jobs($1, $2::int, $3::timestamptz)";
		(void)snprintf(every_s, sizeof(every_s), "%d", job->every_s); /* fits any int */
		if (!tell(lane, sql, 3, params))
			log_line(LOG_LEVEL_ERROR, "job.not_ensured", "kind", job->kind, "error",
			    jobs->error, NULL);
	}
}

/* Locks a job that is due. false: the statement failed; row NULL: nothing is due. */
static bool
take(struct lane *lane, struct taken *job, const char *now)
{
	const struct jobs *jobs = lane->of;
	const char *params[] = { now, jobs->of_tests ? "true" : "false" };
	PGresult *row;

	if (!tell(lane, "begin", 0, NULL))
		return false;
	row = ask(
	    lane, "select t.market_id, t.job_id, t.kind from core.take_job($1, $2) t", 2, params);
	if (row == NULL)
		return false;
	if (PQntuples(row) == 0) {
		PQclear(row);
		return tell(lane, "rollback", 0, NULL);
	}
	*job = (struct taken){ row, PQgetvalue(row, 0, 0), PQgetvalue(row, 0, 1),
		PQgetvalue(row, 0, 2), world_monotonic_us() };
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

/* How long it has taken so far. */
static const char *
took_ms(const struct taken *taken, char text[MS_TEXT_BYTES_MAX])
{
	(void)snprintf(text, MS_TEXT_BYTES_MAX, "%d",
	    (int)((world_monotonic_us() - taken->taken_us) / 1000)); /* a step is timed out */
	return text;
}

/* Runs the step and commits it; `finished` says whether it was the last. */
static bool
run_step(struct lane *lane, const struct taken *taken, const char *now, bool *finished)
{
	const char *params[] = { taken->market_id, taken->job_id, now, now, NULL };
	char ms[MS_TEXT_BYTES_MAX];
	const struct job *job = kind_of(taken);
	struct jobs *jobs = lane->of;
	PGresult *again;
	char sql[128];
	bool done;

	if (job == NULL) {
		(void)snprintf(jobs->error, sizeof(jobs->error), "there is no such kind of job");
		return false;
	}
	(void)snprintf(sql, sizeof(sql), "select jobs.%s($1, $2, $3)", job->kind); /* our names */
	again = ask(lane, sql, 3, params);
	if (again == NULL)
		return false;
	*finished = PQgetisnull(again, 0, 0);
	params[2] = *finished ? NULL : PQgetvalue(again, 0, 0);
	params[4] = took_ms(taken, ms);
	done = tell(lane, "select core.finish_step($1, $2, $3, $4, $5)", 5, params) &&
	       tell(lane, "commit", 0, NULL);
	PQclear(again);
	return done;
}

/* Undoes the step and counts the failure in a transaction of its own, which backs off. A lost
 * connection has undone it already; the job is then taken again at once. */
static bool
count_failure(struct lane *lane, const struct taken *taken, const char *now)
{
	const struct jobs *jobs = lane->of;
	char error[sizeof(jobs->error)];
	char ms[MS_TEXT_BYTES_MAX];
	const char *params[] = { taken->market_id, taken->job_id, error, now, took_ms(taken, ms) };

	memcpy(error, jobs->error, sizeof(error));
	log_line(LOG_LEVEL_ERROR, "job.failed", "kind", taken->kind, "market_id", taken->market_id,
	    "job_id", taken->job_id, "error", error, NULL);
	if (tell(lane, "rollback", 0, NULL) &&
	    tell(lane, "select core.fail_job($1, $2, $3, $4, $5)", 5, params))
		return true;
	log_line(LOG_LEVEL_ERROR, "job.failure_not_counted", "error", jobs->error, NULL);
	return false;
}

int
jobs_turn(struct lane *lane, const char *now)
{
	const struct jobs *jobs = lane->of;
	struct taken taken = { 0 };
	bool finished = false, well;
	char ms[MS_TEXT_BYTES_MAX];

	ensure(lane, now);
	if (!take(lane, &taken, now)) {
		if (PQstatus(lane->pg) == CONNECTION_OK)
			log_line(LOG_LEVEL_ERROR, "runner.cannot_take", "lane", lane->name, "error",
			    jobs->error, NULL);
		(void)tell(lane, "rollback", 0, NULL); /* a lost connection is seen next */
		return LANE_FAILED_MS;
	}
	if (taken.row == NULL)
		return LANE_IDLE_MS;
	well = run_step(lane, &taken, now, &finished);
	if (!well)
		well = count_failure(lane, &taken, now);
	else if (finished)
		log_line(LOG_LEVEL_INFO, "job.finished", "kind", taken.kind, "market_id",
		    taken.market_id, "job_id", taken.job_id, "last_step_ms", took_ms(&taken, ms),
		    NULL);
	PQclear(taken.row);
	return well ? 0 : LANE_FAILED_MS;
}
