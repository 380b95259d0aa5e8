/*
 * identity: markets, accounts, partners and the test clock.
 */
#include "identity/thoughts.h"
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct field enrolment[] = {
	{ "kind", BODY, STRING, .among = "courier driver co_creator" },
	{ "programme_id", BODY, UUID, .optional = true, .says = "a programme of that kind" },
	{ 0 },
};

static const struct endpoint endpoints[] = {
	{
	    .says = "Make a market.",
	    .method = POST,
	    .path = "/v1/markets",
	    .scope = SCOPE_MARKETS_WRITE,
	    .calls = "api.create_market",
	    .takes = TAKES({ "actor_id", ACCOUNT, UUID }, { "actor_role", ROLE, STRING },
		{ "now", CLOCK, INSTANT }, { "event_id", FRESH, UUID }, { "key", KEY, STRING },
		{ "digest", DIGEST, BYTES },
		{ "code", BODY, STRING, .min = 2, .max = 32, .says = "identifies it in paths",
		    .example = "\"torino\"" },
		{ "name", BODY, STRING, .max = 200, .example = "\"Torino\"" },
		{ "currency", BODY, STRING, .format = "currency", .example = "\"EUR\"" },
		{ "time_zone", BODY, STRING, .format = "time_zone", .example = "\"Europe/Rome\"" },
		{ "is_test", BODY, BOOL, .optional = true, .says = "its clock can be moved" }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "market_code_taken market_code_shape currency_unknown currency_unusable "
		     "time_zone_unknown key_reused",
	},
	{
	    .says = "List markets.",
	    .method = GET,
	    .path = "/v1/markets",
	    .scope = SCOPE_SETUP_READ,
	    .calls = "api.list_markets",
	    .takes = TAKES({ "limit", LIMIT, INT }, { "after_code", CURSOR, STRING }),
	    .gives = LIST,
	},
	{
	    .says = "Show a market.",
	    .method = GET,
	    .path = "/v1/markets/{market_code}",
	    .scope = SCOPE_SETUP_READ,
	    .calls = "api.get_market",
	    .takes = TAKES({ "market_code", PATH, STRING, .max = 32 }),
	    .gives = ONE,
	    .fails = "market_unknown",
	},
	{
	    .says = "Change a market; what is not given stays.",
	    .method = PATCH,
	    .path = "/v1/markets/{market_code}",
	    .scope = SCOPE_MARKETS_WRITE,
	    .calls = "api.change_market",
	    .takes = TAKES({ "actor_id", ACCOUNT, UUID }, { "actor_role", ROLE, STRING },
		{ "now", CLOCK, INSTANT }, { "event_id", FRESH, UUID },
		{ "market_code", PATH, STRING, .max = 32 }, { "if_match", IF_MATCH, STRING },
		{ "posting_max_minor", BODY, LONG, .optional = true, .min = 1,
		    .max = INT64_C(1000000000000),
		    .says = "the largest amount of one posting, price or rate; at first "
			    "1,000,000 of the currency's units",
		    .example = "100000000" },
		{ "clears_posting_max_minor", CLEARED, BOOL, .of = "posting_max_minor" }),
	    .gives = ONE,
	    .fails = "market_unknown precondition_failed",
	},
	{
	    .says =
		"Make a test market: a city in mid-week and a token for everyone in it. It needs "
		"no token and is gone after 24 hours.",
	    .method = POST,
	    .path = "/v1/test/markets",
	    .calls = "api.create_test_market",
	    .takes = TAKES({ "now", CLOCK, INSTANT }, { "seed_id", FRESH, UUID },
		{ "test_markets", SETTING, INT, .max = 1000 }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "test_markets_off test_markets_full",
	},
	{
	    .says = "Make a partner; a customer applies for itself.",
	    .method = POST,
	    .path = "/v1/partners",
	    .scope = SCOPE_PARTNERS_APPLY,
	    .calls = "api.create_partner",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "actor_id", ACCOUNT, UUID },
		{ "actor_role", ROLE, STRING }, { "now", CLOCK, INSTANT },
		{ "event_id", FRESH, UUID }, { "new_partner_id", FRESH, UUID },
		{ "new_account_id", FRESH, UUID }, { "key", KEY, STRING },
		{ "digest", DIGEST, BYTES },
		{ "partner_id", BODY, UUID, .optional = true,
		    .says = "an id of the client's own, for imports" },
		{ "account_id", BODY, UUID, .optional = true,
		    .says = "the account behind it; absent: a new one, or the customer's own" },
		{ "name", BODY, STRING, .max = 200, .example = "\"Ada Rossi\"",
		    .seals = "identity.partner.name", .person = "partner_id new_partner_id" },
		{ "enrolments", BODY, ITEMS, .min = 1, .max = 3, .items = enrolment,
		    .says = "kinds of work, active at once where nothing is due",
		    .example = "[{\"kind\": \"courier\"}]" },
		{ "owner_id", PREPARED, UUID },
		{ "account_name", PREPARED, STRING, .seals = "identity.account.name",
		    .person = "owner_id" }),
	    .gives = ONE,
	    .status = 201,
	    .prepares = think_partner,
	    .fails = "account_foreign account_unknown partner_exists programme_required "
		     "programme_unknown "
		     "programme_kind_differs "
		     "enrolment_exists key_reused",
	},
	{
	    .says = "List partners; a partner sees itself.",
	    .method = GET,
	    .path = "/v1/partners",
	    .scope = SCOPE_PARTNERS_READ,
	    .calls = "api.list_partners",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "limit", LIMIT, INT }, { "after_partner_id", CURSOR, UUID },
		{ "kind", QUERY, STRING, .optional = true, .among = "courier driver co_creator" }),
	    .gives = LIST,
	},
	{
	    .says = "Show a partner; a partner sees itself only.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}",
	    .scope = SCOPE_PARTNERS_READ,
	    .calls = "api.get_partner",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "partner_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "partner_unknown",
	},
	{
	    .says = "Show the account of the token and what it is in this market.",
	    .method = GET,
	    .path = "/v1/me",
	    .scope = SCOPE_ME_READ,
	    .calls = "api.get_me",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "account_id", ACCOUNT, UUID },
		{ "role", ROLE, STRING }),
	    .gives = ONE,
	},
	{
	    .says =
		"Show what an app shows first: next booking, balance, what is due, offers, what "
		"to do.",
	    .method = GET,
	    .path = "/v1/me/home",
	    .scope = SCOPE_ME_READ,
	    .calls = "api.get_home",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "account_id", ACCOUNT, UUID },
		{ "now", CLOCK, INSTANT }),
	    .gives = ONE,
	},
	{
	    .says = "Show the market's clock.",
	    .method = GET,
	    .path = "/v1/test/clock",
	    .scope = SCOPE_SETUP_READ,
	    .calls = "api.get_test_clock",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "now", CLOCK, INSTANT }),
	    .gives = ONE,
	},
	{
	    .says = "Hold the clock of a test market, and move it forward.",
	    .method = POST,
	    .path = "/v1/test/clock",
	    .scope = SCOPE_CLOCK_WRITE,
	    .calls = "api.move_test_clock",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "actor_id", ACCOUNT, UUID },
		{ "actor_role", ROLE, STRING }, { "event_id", FRESH, UUID },
		{ "now", BODY, INSTANT, .says = "the market's new present" }),
	    .gives = ONE,
	    .fails = "clock_not_test clock_backwards",
	},
	{ 0 },
};

const struct room room_identity = {
	.name = "identity",
	.says = "Markets, accounts, partners and the test clock.",
	.endpoints = endpoints,
};
