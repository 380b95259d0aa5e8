/*
 * trips: the lines of a file of trips as reports to POST /v1/trips.
 *
 * Columns by name: pickup, dropoff (local wall times), distance (miles), fare, tip, tolls, total
 * (decimals), payment (credit card, card, cash or empty). What remains of the total is taxes and
 * fees. Other columns are not looked at. Blanks around a field are none of it.
 *
 * A trip's id follows from what its line says and from how many good lines before it say the same:
 * whoever saves the file anew, in another order, with more lines or with a line put right, sends
 * each trip under the id that it had.
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

/* How often the content of an id was met. */
struct trips_met {
	struct uuid content;
	int64_t times;
};

struct trips {
	struct csv csv;
	struct csv begin; /* behind the header */
	struct arena *arena;
	struct trips_met *met; /* open addressing; a power of two of places */
	size_t met_room, met_count;
	int columns[TRIPS_COLUMNS];
	int fields; /* of the header, and so of every line */
	int exponent;
	const char *currency;
	uint8_t digest[32]; /* SHA-256 of the file */
	bool by_line;       /* ids of the first release: of the file's digest and the line */
	int64_t count;      /* trips so far, good or bad */
};

struct trip {
	int64_t line;
	int64_t number; /* from 0, in the order of the file */
	struct uuid trip_id;
	int64_t started_us, ended_us;
	int64_t started_local_us, ended_local_us; /* as the clocks showed them */
	int64_t distance_m;
	int64_t fare_minor, tip_minor, tolls_minor, taxes_minor;
	const char *payment;
	const char *fault; /* NULL: good; else why not */
};

/* The file begins with its header; its amounts are in this currency, whose minor unit has
 * `exponent` digits. NULL: done; else what is wrong with the file, in the arena. */
const char *trips_init(
    struct trips *trips, struct text file, const char *currency, int exponent, struct arena *arena);

/* false: no more. Good trips have ids, bad ones have none. */
bool trips_next(struct trips *trips, struct arena *arena, struct trip *trip);

/* Back to the first trip. */
void trips_rewind(struct trips *trips);

/* The id that the first release gave to the trip of a line. */
struct uuid trips_old_id(const struct trips *trips, int64_t line);

/* Which of so many drivers drove: follows from the trip's id alone. */
int64_t trips_driver_of(const struct trips *trips, const struct trip *trip, int drivers);

/* The driver of a number: follows from the market's code and the number alone. */
struct uuid trips_driver(const char *market, int64_t number);

/* The body of the report. */
struct text trips_report(const struct trips *trips, const struct trip *trip,
    const struct uuid *driver, struct arena *arena);

#endif
