/*
 * scheduling_given: stations, slots and bookings for tests of scheduling, made through the API's
 * own functions.
 */
#ifndef TESTS_SCHEDULING_GIVEN_H
#define TESTS_SCHEDULING_GIVEN_H

#include <stdint.h>

/* What to make a slot from. Zero or NULL: absent; `now` and `rate_minor` have defaults. */
struct slot_plan {
	const char *starts_local, *ends_local;
	int minutes;
	const char *fold, *ends_fold; /* "0" or "1" */
	int capacity;                 /* default 1 */
	const char *rate_minor;       /* default "1800" */
	const char *kind, *release_at, *programme_id, *station_id, *repeat_days;
	const char *now; /* SQL; default SQL_NOW */
	const char *key, *digest;
};

/* A statement that makes a slot. */
const char *slot_call(int market_id, struct slot_plan plan);

/* Makes a slot (capacity and times as said) and gives its id. */
const char *given_slot(int market_id, struct slot_plan plan);

/* The market's station, made at the first call. */
const char *given_station(int market_id);

/* Statements of the hot lane. `now` is a timestamp in text. */
const char *book_call(
    int market_id, const char *partner_id, const char *slot_id, const char *key, const char *now);
const char *forfeit_call(int market_id, const char *partner_id, const char *booking_id,
    const char *key, const char *now);

/* Statements of the cold lane: check_in_booking, decline_booking or complete_booking. */
const char *act_call(const char *verb, int market_id, const char *partner_id,
    const char *booking_id, const char *key, const char *now);

/* Statements of operators: assign_booking and cancel_booking ("The station is closed."). */
const char *assign_call(
    int market_id, const char *partner_id, const char *slot_id, const char *key, const char *now);
const char *cancel_call(int market_id, const char *booking_id, const char *key, const char *now);

/* A booking that an operator assigned at SQL_NOW. */
const char *given_assigned(int market_id, const char *partner_id, const char *slot_id);

/* The station of a slot. */
const char *given_station_of(const char *slot_id);

/* A confirmed booking, made at SQL_NOW. */
const char *given_booking(int market_id, const char *partner_id, const char *slot_id);

/* A booking that is checked in at the start of its slot; one that is completed at its end. */
const char *given_checked_in(int market_id, const char *partner_id, const char *slot_id);
const char *given_completed(int market_id, const char *partner_id, const char *slot_id);

/* The state of a booking; the seats that a slot has taken; the seconds of a partner's days. */
const char *state_of(const char *booking_id);
int64_t booked_of(const char *slot_id);
int64_t seconds_of(const char *partner_id);

#endif
