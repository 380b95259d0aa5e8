/*
 * ledger: share agreements, wallets and ledger transactions.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct endpoint endpoints[] = {
	{ 0 },
};

const struct room room_ledger = {
	.name = "ledger",
	.says = "Share agreements, wallets and ledger transactions.",
	.endpoints = endpoints,
};
