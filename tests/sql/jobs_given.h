/*
 * jobs_given: jobs in the queue, and how a runner takes and ends them.
 */
#ifndef TESTS_SQL_JOBS_GIVEN_H
#define TESTS_SQL_JOBS_GIVEN_H

#include <stdbool.h>

/* Tests of the queue go one after the other: some commit jobs. */
#define ONE_BY_ONE "77005051"

/* Queues a job; due by the market's clock. */
const char *jobs_queue(int market, const char *kind, const char *due_at);

/* Jobs that are in the database anyway are put out of the way, until this test ends. */
void jobs_quiet(void);

/* What is taken at that instant from the lane of test markets, or of real ones; or NULL. */
const char *jobs_take_from(bool of_tests, const char *now);
const char *jobs_take(const char *now);

void jobs_finish(int market, const char *job_id, const char *again_at, const char *now);
void jobs_fail(int market, const char *job_id, const char *now);

#endif
