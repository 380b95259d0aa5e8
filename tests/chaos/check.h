/*
 * check: holds the record against the database. Every acknowledged effect exists once, refused and
 * unsent ones not at all, unknown ones once or not at all; nothing else exists; all laws hold.
 */
#ifndef CHAOS_CHECK_H
#define CHAOS_CHECK_H

#include "city.h"
#include "record.h"

/* Connects to the instance's database, when it takes connections again. */
void check_open(const char *conninfo);

/* Waits until the market's payout runs have finished. */
void check_await_payouts(const struct city *city);

/* Looks up every operation and sets .is_there; returns how many are not as recorded, each said on
 * standard error. */
int check_record(const struct city *city, struct record *record);

/* Bookings and trips of the market that the record does not know of, seats, open transactions,
 * laws; returns how many faults there are. */
int check_rest(const struct city *city, const struct record *record);

#endif
