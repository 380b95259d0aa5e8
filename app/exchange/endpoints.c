/*
 * exchange: how the exchange between the platform and a partner reads.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct endpoint endpoints[] = {
	{
	    .says = "Show how the exchange with a partner reads, and why; a partner sees its own "
		    "only.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/archetype",
	    .scope = SCOPE_PARTNERS_READ,
	    .calls = "api.get_archetype",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "now", CLOCK, INSTANT }, { "partner_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "partner_unknown",
	},
	{ 0 },
};

const struct room room_exchange = {
	.name = "exchange",
	.says = "How the exchange with each partner reads.",
	.endpoints = endpoints,
};
