/*
 * job: work of the runner. A job is a row of core.job; its kind names an SQL function
 * jobs.<kind>(p_market_id int, p_job_id uuid, p_now timestamptz) that does ONE step in its
 * transaction and returns the instant at which it wants to go on, or null when it is done.
 * A kill between two steps loses nothing: the next runner takes the row again.
 */
#ifndef SOCIUS_JOB_H
#define SOCIUS_JOB_H

#include <stdbool.h>

struct job {
	const char *kind; /* jobs.<kind> */
	const char *says;
	int every_s;      /* > 0: the runner makes sure that one is due in each market this often */
	bool of_platform; /* due once for all markets instead, by the real clock */
};

#endif
