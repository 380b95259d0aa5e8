/*
 * scheduling: zones, stations, slots and bookings.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct endpoint endpoints[] = {
	{ 0 },
};

const struct room room_scheduling = {
	.name = "scheduling",
	.says = "Zones, stations, slots and bookings.",
	.endpoints = endpoints,
};
