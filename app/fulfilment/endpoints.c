/*
 * fulfilment: trips.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct endpoint endpoints[] = {
	{ 0 },
};

const struct room room_fulfilment = {
	.name = "fulfilment",
	.says = "Trips.",
	.endpoints = endpoints,
};
