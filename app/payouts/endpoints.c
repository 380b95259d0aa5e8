/*
 * payouts: statements, payout runs and payouts.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

#define OF_STATEMENT \
	{ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true }, \
	    { "partner_id", PATH, UUID }, \
	{ \
		"week", PATH, DATE, .says = "Monday of the week", .example = "\"2026-03-02\"" \
	}

static const struct endpoint endpoints[] = {
	{
	    .says = "List the weekly statements of a partner, the newest first.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/statements",
	    .scope = SCOPE_EARNINGS_READ,
	    .calls = "api.list_statements",
	    .slow = true,
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "partner_id", PATH, UUID }, { "limit", LIMIT, INT },
		{ "after_week", CURSOR, DATE }),
	    .gives = LIST,
	    .fails = "partner_unknown",
	},
	{
	    .says = "Show the statement of one week.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/statements/{week}",
	    .scope = SCOPE_EARNINGS_READ,
	    .calls = "api.get_statement",
	    .slow = true,
	    .takes = TAKES(OF_STATEMENT),
	    .gives = ONE,
	    .fails = "week_wrong partner_unknown statement_unknown",
	},
	{
	    .says = "List the lines of a statement, in the order of posting.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/statements/{week}/lines",
	    .scope = SCOPE_EARNINGS_READ,
	    .calls = "api.list_statement_lines",
	    .slow = true,
	    .takes =
		TAKES(OF_STATEMENT, { "limit", LIMIT, INT }, { "after_entry_no", CURSOR, LONG }),
	    .gives = LIST,
	    .fails = "week_wrong partner_unknown statement_unknown",
	},
	{
	    .says = "Download a statement's lines as CSV.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/statements/{week}/csv",
	    .scope = SCOPE_EARNINGS_READ,
	    .calls = "api.export_statement",
	    .slow = true,
	    .takes = TAKES(OF_STATEMENT),
	    .gives = DOWNLOAD,
	    .media = "text/csv",
	    .fails = "week_wrong partner_unknown statement_unknown",
	},
	{
	    .says = "Start a payout run: every partner's wallet with enough on it is paid out.",
	    .method = POST,
	    .path = "/v1/payout_runs",
	    .scope = SCOPE_PAYOUTS_PREPARE,
	    .calls = "api.create_payout_run",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "actor_id", ACCOUNT, UUID },
		{ "actor_role", ROLE, STRING }, { "now", CLOCK, INSTANT },
		{ "event_id", FRESH, UUID }, { "payout_run_id", FRESH, UUID },
		{ "key", KEY, STRING }, { "digest", DIGEST, BYTES },
		{ "minimum_minor", BODY, LONG, .optional = true, .min = 1,
		    .max = INT64_C(9007199254740991),
		    .says = "smaller balances are left for a later run; by default all above zero",
		    .example = "100" }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "payout_run_open key_reused",
	},
	{
	    .says = "List payout runs, the newest first.",
	    .method = GET,
	    .path = "/v1/payout_runs",
	    .scope = SCOPE_LEDGER_READ,
	    .calls = "api.list_payout_runs",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "limit", LIMIT, INT },
		{ "after_payout_run_id", CURSOR, UUID }),
	    .gives = LIST,
	},
	{
	    .says = "Show a payout run and how far it is.",
	    .method = GET,
	    .path = "/v1/payout_runs/{payout_run_id}",
	    .scope = SCOPE_LEDGER_READ,
	    .calls = "api.get_payout_run",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "payout_run_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "payout_run_unknown",
	},
	{
	    .says = "List the payouts of a run, by partner.",
	    .method = GET,
	    .path = "/v1/payout_runs/{payout_run_id}/payouts",
	    .scope = SCOPE_LEDGER_READ,
	    .calls = "api.list_payouts_of_run",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "payout_run_id", PATH, UUID },
		{ "limit", LIMIT, INT }, { "after_partner_id", CURSOR, UUID }),
	    .gives = LIST,
	    .fails = "payout_run_unknown",
	},
	{
	    .says = "List payouts, the newest first; a partner sees its own.",
	    .method = GET,
	    .path = "/v1/payouts",
	    .scope = SCOPE_EARNINGS_READ,
	    .calls = "api.list_payouts",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "partner_id", QUERY, UUID, .optional = true, .says = "of this partner" },
		{ "limit", LIMIT, INT }, { "after_payout_run_id", CURSOR, UUID },
		{ "after_partner_id", CURSOR, UUID }, { "after_first_entry_no", CURSOR, LONG }),
	    .gives = LIST,
	},
	{
	    .says = "Show a payout; a partner sees its own.",
	    .method = GET,
	    .path = "/v1/payouts/{payout_id}",
	    .scope = SCOPE_EARNINGS_READ,
	    .calls = "api.get_payout",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "payout_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "payout_unknown",
	},
	{
	    .says = "List the entries that a payout settles: they sum to its amount.",
	    .method = GET,
	    .path = "/v1/payouts/{payout_id}/entries",
	    .scope = SCOPE_EARNINGS_READ,
	    .calls = "api.list_entries_of_payout",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "payout_id", PATH, UUID }, { "limit", LIMIT, INT },
		{ "after_entry_no", CURSOR, LONG }),
	    .gives = LIST,
	    .fails = "payout_unknown",
	},
	{ 0 },
};

const struct room room_payouts = {
	.name = "payouts",
	.says = "Statements, payout runs and payouts.",
	.endpoints = endpoints,
};
