/*
 * jobs: does the jobs of core.job, in two lanes: those of real markets, and those of test markets,
 * whose clocks anyone may move.
 */
#ifndef APP_RUN_JOBS_H
#define APP_RUN_JOBS_H

#include <stdint.h>

#include "run/lane.h"

/* A step must not hold its locks, or up its lane, for long: those of test markets not for 2 s. */
#define JOBS_OPTIONS(timeout_ms) \
	"-c statement_timeout=" timeout_ms " -c lock_timeout=1000 " \
	"-c idle_in_transaction_session_timeout=60000"
#define JOBS_OF_MARKETS_OPTIONS JOBS_OPTIONS("10000")
#define JOBS_OF_TESTS_OPTIONS JOBS_OPTIONS("1000")

struct jobs {
	bool of_tests;      /* which lane; the other one looks after the periodic jobs of both */
	int64_t ensured_us; /* when; 0: not yet */
	char error[1024];   /* what the last statement that failed said */
};

/* One step of one job; `lane->of` is a struct jobs. */
int jobs_turn(struct lane *lane, const char *now);

#endif
