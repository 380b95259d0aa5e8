/*
 * events: what happened, in order.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct endpoint endpoints[] = {
	{
	    .says = "List events; a partner sees its own.",
	    .method = GET,
	    .path = "/v1/events",
	    .scope = SCOPE_EVENTS_READ,
	    .calls = "api.list_events",
	    .follows = true,
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "limit", LIMIT, INT }, { "after_epoch", CURSOR, INT },
		{ "after_xid", CURSOR, LONG }, { "after_event_id", CURSOR, UUID }),
	    .gives = LIST,
	    .fails = "cursor_expired",
	},
	{
	    .says = "Send events as they happen; a partner gets its own.",
	    .method = GET,
	    .path = "/v1/events/stream",
	    .scope = SCOPE_EVENTS_READ,
	    .calls = "api.stream_events",
	    .follows = true,
	    .cursors_of = "list_events",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "limit", LIMIT, INT }, { "after_epoch", CURSOR, INT },
		{ "after_xid", CURSOR, LONG }, { "after_event_id", CURSOR, UUID }),
	    .gives = STREAM,
	    .fails = "cursor_expired",
	},
	{ 0 },
};

const struct room room_events = {
	.name = "events",
	.says = "What happened, in order.",
	.endpoints = endpoints,
};
