/*
 * trip: reports of trips for tests of SQL, and the scene in which they are sent.
 */
#ifndef TESTS_TRIP_H
#define TESTS_TRIP_H

#include <stdint.h>

/* The account of the app that reports. */
#define TRIP_SERVICE "00000000-0000-7000-8000-00000000000b"

struct report {
	int market;
	const char *trip_id, *partner_id;
	const char *digest;
	const char *status, *payment, *currency;
	const char *started_at, *ended_at;
	int64_t fare, tip, tolls, taxes, fee;
};

/* A completed trip by card of 10.03, 2.00 tip, 0.50 tolls, 0.80 taxes, this morning. */
struct report trip_of(int market, const char *partner_id);

/* A trip that the rider called off, for a fee. */
struct report trip_cancelled(int market, const char *partner_id, int64_t fee);

/* The call of api.create_trip: refused, detail, replayed and the trip's columns. */
const char *trip_call(const struct report *report);

/* Sends a report that must be taken, for the first time. */
void trip_send(const struct report *report);

struct trip_scene {
	int market;
	const char *driver;
};

/* A market with an agreement of 80/20 from 2026 on and one driver; the gate calls from here on. */
struct trip_scene trip_scene(void);

/* A further agreement for fares, from `from` on. */
void trip_agree(int market, const char *from, int partner_ppm);

/* What the driver's wallet holds. */
int64_t trip_balance(const struct trip_scene *scene);

/* Kind and entries of the driver's last transaction: "trip 1000:1333 2000:-1052 ...". */
const char *trip_last_entries(const struct trip_scene *scene);

#endif
