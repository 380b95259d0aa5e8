/*
 * play: one run against an instance, storm or stampede: how much of everything, and what came of
 * it.
 *
 * SOCIUS_URL and SOCIUS_VAR name the instance. It must be on this machine, run without a rate limit
 * (SOCIUS_RATE_PER_S=0), and have nobody else on it who minds its being killed. SOCIUS_KEYS and
 * SOCIUS_STORM_CONNINFO (a superuser's) follow from SOCIUS_VAR. A play makes a market of its own.
 */
#ifndef CHAOS_PLAY_H
#define CHAOS_PLAY_H

#include "chance.h"
#include "city.h"
#include "record.h"
#include "strike.h"

struct play {
	long connections, seconds, hang_ups, kills[TARGETS]; /* of a storm */
	long callers, slots, capacity;                       /* of a stampede */
	long seed;                                           /* -1: a fresh one */

	/* made by play_begin */
	const char *var;
	struct chance chance;
	struct city city;
	struct record record;
};

/* Finds the instance, waits for other plays to end, prints the seed. */
void play_begin(struct play *play);

/* Both print figures and return how many faults there were: 0 means that all is as it was
 * acknowledged. */
int play_storm(struct play *play);
int play_stampede(struct play *play);

/* For the two plays: the folder of keys, the database, a UUID out of the seed, the figures, and
 * waiting until the instance can do everything again. */
const char *play_keys(const struct play *play);
const char *play_conninfo(const struct play *play);
void play_draw_key(struct chance *from, char to[UUID_TEXT_BYTES]);
void play_print_record(const struct record *of);
void play_await_ready(void);

#endif
