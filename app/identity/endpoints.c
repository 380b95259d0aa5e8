/*
 * identity: markets, accounts, partners and the test clock.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct endpoint endpoints[] = {
	{ 0 },
};

const struct room room_identity = {
	.name = "identity",
	.says = "Markets, accounts, partners and the test clock.",
	.endpoints = endpoints,
};
