/*
 * fulfilment: trips.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

#define STATUSES "completed cancelled_by_rider cancelled_by_partner no_show"
#define PAYMENTS "card cash unspecified"
#define MONEY_MAX INT64_C(9007199254740991)

static const struct endpoint endpoints[] = {
	{
	    .says = "Report a finished trip; it is split and posted at once.",
	    .method = POST,
	    .path = "/v1/trips",
	    .scope = SCOPE_TRIPS_WRITE,
	    .calls = "api.create_trip",
	    .batch = true,
	    .takes = TAKES({ "market_id", MARKET, INT }, { "actor_id", ACCOUNT, UUID },
		{ "actor_role", ROLE, STRING }, { "now", CLOCK, INSTANT },
		{ "event_id", FRESH, UUID }, { "transaction_id", FRESH, UUID },
		{ "digest", DIGEST, BYTES },
		{ "trip_id", BODY, UUID,
		    .says = "the reporting app's own id; the same report again changes nothing" },
		{ "partner_id", BODY, UUID, .says = "the driver" },
		{ "status", BODY, STRING, .among = STATUSES },
		{ "origin", BODY, STRING, .optional = true, .among = "self offer reserved assigned",
		    .says = "how it came to the driver; absent: offer" },
		{ "payment", BODY, STRING, .among = PAYMENTS,
		    .says = "cash: the driver has the money; else the platform" },
		{ "started_at", BODY, INSTANT, .example = "\"2026-03-02T08:00:00Z\"" },
		{ "ended_at", BODY, INSTANT, .example = "\"2026-03-02T08:20:00Z\"" },
		{ "distance_m", BODY, INT, .min = 0, .max = 100000000, .says = "metres",
		    .example = "5200" },
		{ "currency", BODY, STRING, .format = "currency", .example = "\"EUR\"" },
		{ "fare_minor", BODY, LONG, .min = 0, .max = MONEY_MAX,
		    .says = "split by the agreement in force at the start", .example = "1003" },
		{ "tip_minor", BODY, LONG, .min = 0, .max = MONEY_MAX, .example = "200" },
		{ "tolls_minor", BODY, LONG, .min = 0, .max = MONEY_MAX, .example = "0" },
		{ "taxes_and_fees_minor", BODY, LONG, .min = 0, .max = MONEY_MAX, .example = "80" },
		{ "cancellation_fee_minor", BODY, LONG, .optional = true, .min = 0,
		    .max = MONEY_MAX, .says = "of a cancelled trip; split like a fare" }),
	    .gives = ONE,
	    .status = 201,
	    .fails =
		"partner_unknown not_enrolled requirements_due agreement_missing trip_times_wrong "
		"trip_in_the_future trip_amounts_wrong trip_currency_differs key_reused"
		" amount_too_large balance_out_of_range",
	},
	{
	    .says = "List trips, the newest first; a partner sees its own.",
	    .method = GET,
	    .path = "/v1/trips",
	    .scope = SCOPE_TRIPS_READ,
	    .calls = "api.list_trips",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "partner_id", QUERY, UUID, .optional = true, .says = "trips of this driver" },
		{ "from", QUERY, INSTANT, .optional = true, .says = "started then or later" },
		{ "to", QUERY, INSTANT, .optional = true, .says = "started before" },
		{ "limit", LIMIT, INT }, { "after_started_at", CURSOR, INSTANT },
		{ "after_trip_id", CURSOR, UUID }),
	    .gives = LIST,
	},
	{
	    .says = "Show a trip; a partner sees its own only.",
	    .method = GET,
	    .path = "/v1/trips/{trip_id}",
	    .scope = SCOPE_TRIPS_READ,
	    .calls = "api.get_trip",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "trip_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "trip_unknown",
	},
	{
	    .says = "Quote what a trip would come to; nothing is posted.",
	    .method = POST,
	    .path = "/v1/earnings/quote",
	    .scope = SCOPE_TRIPS_READ,
	    .calls = "api.quote_earnings",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "now", CLOCK, INSTANT },
		{ "started_at", BODY, INSTANT, .optional = true, .says = "absent: now" },
		{ "status", BODY, STRING, .optional = true, .among = STATUSES,
		    .says = "absent: completed" },
		{ "payment", BODY, STRING, .optional = true, .among = PAYMENTS,
		    .says = "absent: card" },
		{ "currency", BODY, STRING, .format = "currency", .example = "\"EUR\"" },
		{ "fare_minor", BODY, LONG, .min = 0, .max = MONEY_MAX, .example = "1003" },
		{ "tip_minor", BODY, LONG, .optional = true, .min = 0, .max = MONEY_MAX },
		{ "tolls_minor", BODY, LONG, .optional = true, .min = 0, .max = MONEY_MAX },
		{ "taxes_and_fees_minor", BODY, LONG, .optional = true, .min = 0,
		    .max = MONEY_MAX },
		{ "cancellation_fee_minor", BODY, LONG, .optional = true, .min = 0,
		    .max = MONEY_MAX }),
	    .gives = ONE,
	    .fails = "trip_amounts_wrong trip_currency_differs agreement_missing"
		     " amount_too_large",
	},
	{ 0 },
};

const struct room room_fulfilment = {
	.name = "fulfilment",
	.says = "Trips.",
	.endpoints = endpoints,
};
