/*
 * payouts: statements, payout runs and payouts.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct endpoint endpoints[] = {
	{ 0 },
};

const struct room room_payouts = {
	.name = "payouts",
	.says = "Statements, payout runs and payouts.",
	.endpoints = endpoints,
};
