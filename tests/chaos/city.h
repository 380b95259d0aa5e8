/*
 * city: a market of its own for one run, made over the API: partners, slots, terms and tokens.
 */
#ifndef CHAOS_CITY_H
#define CHAOS_CITY_H

#include <stdint.h>

#include "socius/uuid.h"

enum {
	CITY_PARTNERS_MAX = 2000,
	CITY_SLOTS_MAX = 500,
	CITY_DISCOUNTS = 8,
	CITY_IDEAS = 8,
	CITY_VANS = 4
};

struct city {
	int32_t market_id;
	int partners_count, slots_count, capacity;
	char partners[CITY_PARTNERS_MAX][UUID_TEXT_BYTES];
	char *tokens[CITY_PARTNERS_MAX]; /* of the partners */
	char slots[CITY_SLOTS_MAX][UUID_TEXT_BYTES];
	char *operator_token, *service_token;
	/* made by city_stock */
	char discounts[CITY_DISCOUNTS][UUID_TEXT_BYTES], ideas[CITY_IDEAS][UUID_TEXT_BYTES];
	char rental[UUID_TEXT_BYTES], vans[CITY_VANS][UUID_TEXT_BYTES];
	int64_t rent_from_us;
	char trip_starts[32], trip_ends[32]; /* of every trip */
};

/* Slots lie in the days to come: `slots_at_once` of each four hours that overlap the next two. */
void city_make(struct city *city, const char *keys_folder, int partners, int slots,
    int slots_at_once, int capacity);

/* Adds goods: discounts of which there are `stock`, ideas of nobody who asks, vans to rent. */
void city_stock(struct city *city, int stock);

#endif
