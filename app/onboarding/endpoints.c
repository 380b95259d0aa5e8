/*
 * onboarding: programmes and enrolments.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

#define REQUIREMENTS "identity right_to_work driving_licence vehicle insurance bank_account"

static const struct field requirement[] = {
	{ "requirement", BODY, STRING, .among = REQUIREMENTS },
	{ 0 },
};

static const struct endpoint endpoints[] = {
	{
	    .says = "Make a programme.",
	    .method = POST,
	    .path = "/v1/programmes",
	    .scope = SCOPE_SETUP_WRITE,
	    .calls = "api.create_programme",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "actor_id", ACCOUNT, UUID },
		{ "actor_role", ROLE, STRING }, { "now", CLOCK, INSTANT },
		{ "event_id", FRESH, UUID }, { "programme_id", FRESH, UUID },
		{ "key", KEY, STRING }, { "digest", DIGEST, BYTES },
		{ "name", BODY, STRING, .max = 200, .example = "\"City couriers\"" },
		{ "kind", BODY, STRING, .among = "courier driver co_creator" },
		{ "archetype", BODY, STRING, .among = "host companion advisor director",
		    .says = "the kind of exchange that the programme declares" },
		{ "requirements", BODY, ITEMS, .optional = true, .min = -1, .max = 6,
		    .items = requirement,
		    .says = "what it asks of its partners before they work or are paid; absent: "
			    "nothing",
		    .example = "[{\"requirement\": \"identity\"}]" }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "key_reused",
	},
	{
	    .says = "List programmes.",
	    .method = GET,
	    .path = "/v1/programmes",
	    .scope = SCOPE_SETUP_READ,
	    .calls = "api.list_programmes",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "limit", LIMIT, INT },
		{ "after_programme_id", CURSOR, UUID },
		{ "kind", QUERY, STRING, .optional = true, .among = "courier driver co_creator" }),
	    .gives = LIST,
	},
	{
	    .says = "List the enrolments of a partner; a partner sees its own only.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/enrolments",
	    .scope = SCOPE_PARTNERS_READ,
	    .calls = "api.list_enrolments",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "partner_id", PATH, UUID }, { "limit", LIMIT, INT },
		{ "after_kind", CURSOR, STRING }),
	    .gives = LIST,
	    .fails = "partner_unknown",
	},
	{ 0 },
};

const struct room room_onboarding = {
	.name = "onboarding",
	.says = "Programmes and enrolments.",
	.endpoints = endpoints,
};
