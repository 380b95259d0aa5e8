/*
 * strike: kill -9 at random moments, on processes of one instance and of no other.
 */
#ifndef CHAOS_STRIKE_H
#define CHAOS_STRIKE_H

#include <stdbool.h>
#include <stdint.h>

#include "chance.h"

enum { STRIKE_KILLS_MAX = 10000 }; /* of each kind */

enum target { WORKER, POSTGRES, RUNNER, TARGETS };

struct strike {
	struct chance *chance;
	const char *var;   /* SOCIUS_VAR */
	int left[TARGETS]; /* still to be done */
	int done[TARGETS];
	int64_t next_us;   /* when the next one falls, monotonic */
	int64_t struck_us; /* the last one; 0: it is got over */
	enum target last;
	/* until something begun after it was acknowledged: of each strike */
	int64_t recovery_us[TARGETS][STRIKE_KILLS_MAX];
};

/* Strikes when it is time to. */
void strike_turn(struct strike *strike);

/* Something that had begun then was acknowledged: the last strike is got over. */
void strike_done(struct strike *strike, int64_t begun_us);

bool strike_is_over(const struct strike *strike);

/* How long it took to get over most strikes, and over the worst: milliseconds. */
void strike_recovery(struct strike *strike, enum target target, double *median_ms, double *most_ms);

#endif
