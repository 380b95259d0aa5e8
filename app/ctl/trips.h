/*
 * trips: the lines of a file of trips as reports to POST /v1/trips.
 *
 * Columns by name: pickup, dropoff (local wall times), distance (miles), fare, tip, tolls, total
 * (decimals), payment (credit card, card, cash or empty). What remains of the total is taxes and
 * fees. Other columns are not looked at.
 */
#ifndef APP_CTL_TRIPS_H
#define APP_CTL_TRIPS_H

#include <stdbool.h>
#include <stdint.h>

#include "csv.h"
#include "socius/arena.h"
#include "socius/text.h"
#include "socius/uuid.h"

enum { TRIPS_COLUMNS = 8 };

struct trips {
	struct csv csv;
	int columns[TRIPS_COLUMNS];
	int fields; /* of the header, and so of every line */
	int exponent;
	const char *currency;
	uint8_t digest[32]; /* SHA-256 of the file */
	int64_t count;      /* trips so far, good or bad */
};

struct trip {
	int64_t line;
	int64_t number; /* from 0, in the order of the file */
	struct uuid trip_id;
	int64_t started_us, ended_us;
	int64_t distance_m;
	int64_t fare_minor, tip_minor, tolls_minor, taxes_minor;
	const char *payment;
	const char *fault; /* NULL: good; else why not */
};

/* The file begins with its header; its amounts are in this currency, whose minor unit has
 * `exponent` digits. NULL: done; else what is wrong with the file, in the arena. */
const char *trips_init(
    struct trips *trips, struct text file, const char *currency, int exponent, struct arena *arena);

/* false: no more. */
bool trips_next(struct trips *trips, struct arena *arena, struct trip *trip);

/* The driver of a trip, or of any number: follows from the market's code and the number alone. */
struct uuid trips_driver(const char *market, int64_t number);

/* The body of the report. */
struct text trips_report(const struct trips *trips, const struct trip *trip,
    const struct uuid *driver, struct arena *arena);

#endif
