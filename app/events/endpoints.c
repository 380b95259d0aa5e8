/*
 * events: what happened, in order.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct endpoint endpoints[] = {
	{ 0 },
};

const struct room room_events = {
	.name = "events",
	.says = "What happened, in order.",
	.endpoints = endpoints,
};
