/*
 * import: a file of trips into a market, through the API.
 */
#ifndef APP_CTL_IMPORT_H
#define APP_CTL_IMPORT_H

#include <jansson.h>

#include "ctl.h"
#include "trips.h"
#include "wire.h"

enum { IMPORT_DRIVERS_MAX = 100000, IMPORT_FLIGHTS = 32 };

struct import {
	struct ctl *ctl;
	const char *name; /* of the file, for messages */
	struct text file;
	const char *url;
	const char *market;    /* its code */
	const char *currency;  /* NULL: not given; after import_market the market's */
	const char *time_zone; /* the same */
	int exponent;          /* digits of the currency's minor unit */
	int drivers;
	int32_t market_id;
	bool on_terminal;
};

/* Makes the market if there is none and fills in what it is. */
void import_market(struct import *import);

/* Sees to an agreement on fares that is in force at `first_us`, 80/20 where there is none, and to
 * the drivers. */
void import_setup(struct import *import, int64_t first_us);

/* Whether the market has a trip of this id. */
bool import_knows_trip(struct import *import, const struct uuid *trip_id);

/* A caller of this role in the market (0: the platform). */
struct caller import_caller(struct import *import, const char *role, int32_t market_id);

/* What a problem says, in one phrase. */
const char *import_problem(struct arena *arena, const struct wire_answer *answer);

#endif
