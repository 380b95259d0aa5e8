/*
 * run: the runner, a plain process that does the jobs of core.job and what waits outside.
 *
 * One step of one job is one transaction: take the job, run jobs.<kind>, say when it goes on,
 * commit. So a kill at any moment loses nothing and does nothing twice, and several runners may run
 * side by side. Each lane is a thread: what is slow or fails in one is not felt in another. TERM
 * and INT end each after the turn at hand.
 */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "run/archive.h"
#include "run/jobs.h"
#include "run/outside.h"
#include "socius/log.h"
#include "socius/world.h"

enum { LANES = 6, OUTSIDE_LANES = 3 };

struct runner {
	struct arena arena;
	struct jobs of_markets, of_tests;
	struct outside outside[OUTSIDE_LANES];
	struct archive archive;
	struct lane lanes[LANES];
};

static int
ending_signals(void)
{
	sigset_t set;
	int signals;

	/* Neither can fail with these arguments. */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		log_die("sigprocmask: %s", strerror(errno));
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		log_die("signalfd: %s", strerror(errno));
	return signals;
}

static void
runner_init(struct runner *runner)
{
	const struct lane lanes[LANES] = {
		{ .name = "socius-run-jobs",
		    .turn = jobs_turn,
		    .of = &runner->of_markets,
		    .options = JOBS_OF_MARKETS_OPTIONS },
		{ .name = "socius-run-test-jobs",
		    .turn = jobs_turn,
		    .of = &runner->of_tests,
		    .options = JOBS_OF_TESTS_OPTIONS },
		{ .name = "socius-run-letters",
		    .turn = outside_letter,
		    .of = &runner->outside[0],
		    .options = OUTSIDE_OPTIONS },
		{ .name = "socius-run-persons",
		    .turn = outside_person,
		    .of = &runner->outside[1],
		    .options = OUTSIDE_OPTIONS },
		{ .name = "socius-run-issuers",
		    .turn = outside_issuer,
		    .of = &runner->outside[2],
		    .options = OUTSIDE_OPTIONS },
		{ .name = "socius-run-archive",
		    .turn = archive_turn,
		    .of = &runner->archive,
		    .options = ARCHIVE_OPTIONS },
	};

	arena_init(&runner->arena);
	runner->of_tests.of_tests = true;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		log_die("libcurl cannot be used");
	for (int i = 0; i < OUTSIDE_LANES; i++)
		outside_init(&runner->outside[i], &runner->arena);
	archive_init(&runner->archive, &runner->arena);
	memcpy(runner->lanes, lanes, sizeof(lanes));
}

static void
runner_release(struct runner *runner)
{
	for (int i = 0; i < OUTSIDE_LANES; i++)
		outside_release(&runner->outside[i]);
	curl_global_cleanup();
	arena_release(&runner->arena);
}

int
main(void)
{
	struct runner runner = { 0 };
	const char *conninfo;
	int signals = ending_signals();

	runner_init(&runner);
	conninfo = world_setting(
	    "SOCIUS_RUNNER_CONNINFO", arena_print(&runner.arena, "%s user=socius_runner",
					  world_setting("SOCIUS_PG_CONNINFO", "dbname=socius")));
	for (int i = 0; i < LANES; i++) {
		runner.lanes[i].conninfo = conninfo;
		runner.lanes[i].signals = signals;
		lane_start(&runner.lanes[i]);
	}
	for (int i = 0; i < LANES; i++)
		lane_join(&runner.lanes[i]);
	runner_release(&runner);
	log_line(LOG_LEVEL_INFO, "runner.stopped", NULL);
	return 0;
}
