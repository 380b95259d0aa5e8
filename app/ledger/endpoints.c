/*
 * ledger: share agreements, wallets and ledger transactions.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

#define BASES "fare slot_pay net_sales price"

static const struct field party[] = {
	{ "party", BODY, STRING, .among = "partner platform" },
	{ "share_ppm", BODY, INT, .min = 0, .max = 1000000,
	    .says = "parts of a million: 200000 is 20 %" },
	{ 0 },
};

static const struct endpoint endpoints[] = {
	{
	    .says = "Make a share agreement: a new version for its base.",
	    .method = POST,
	    .path = "/v1/share_agreements",
	    .scope = SCOPE_SETUP_WRITE,
	    .calls = "api.create_share_agreement",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "actor_id", ACCOUNT, UUID },
		{ "actor_role", ROLE, STRING }, { "now", CLOCK, INSTANT },
		{ "event_id", FRESH, UUID }, { "key", KEY, STRING }, { "digest", DIGEST, BYTES },
		{ "share_agreement_id", FRESH, UUID },
		{ "name", BODY, STRING, .max = 200, .example = "\"80/20\"" },
		{ "base", BODY, STRING, .among = BASES, .says = "what is split" },
		{ "effective_from", BODY, INSTANT,
		    .says = "in force from here until the next version of the base",
		    .example = "\"2026-01-01T00:00:00Z\"" },
		{ "parties", BODY, ITEMS, .min = 1, .max = 8, .items = party,
		    .says = "sum to 1,000,000 ppm; a split goes in this order",
		    .example = "[{\"party\": \"partner\", \"share_ppm\": 800000}, "
			       "{\"party\": \"platform\", \"share_ppm\": 200000}]" }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "agreement_parts_wrong agreement_overlaps key_reused",
	},
	{
	    .says = "List share agreements, all versions, by base.",
	    .method = GET,
	    .path = "/v1/share_agreements",
	    .scope = SCOPE_SETUP_READ,
	    .calls = "api.list_share_agreements",
	    .takes = TAKES({ "market_id", MARKET, INT },
		{ "base", QUERY, STRING, .optional = true, .among = BASES },
		{ "limit", LIMIT, INT }, { "after_base", CURSOR, STRING },
		{ "after_effective_from", CURSOR, INSTANT }),
	    .gives = LIST,
	},
	{
	    .says = "Show a share agreement.",
	    .method = GET,
	    .path = "/v1/share_agreements/{share_agreement_id}",
	    .scope = SCOPE_SETUP_READ,
	    .calls = "api.get_share_agreement",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "share_agreement_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "agreement_unknown",
	},
	{
	    .says = "Show what the platform owes a partner; a partner sees its own only.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/balance",
	    .scope = SCOPE_EARNINGS_READ,
	    .calls = "api.get_balance",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "now", CLOCK, INSTANT }, { "partner_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "partner_unknown",
	},
	{
	    .says = "List the lines of a partner's wallet, the newest first.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/earnings",
	    .scope = SCOPE_EARNINGS_READ,
	    .calls = "api.list_earnings",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "partner_id", PATH, UUID },
		{ "from", QUERY, INSTANT, .optional = true, .says = "happened then or later" },
		{ "to", QUERY, INSTANT, .optional = true, .says = "happened before" },
		{ "limit", LIMIT, INT }, { "after_posted_month", CURSOR, DATE },
		{ "after_entry_no", CURSOR, LONG }),
	    .gives = LIST,
	    .fails = "partner_unknown",
	},
	{
	    .says = "List ledger transactions, by wallet and entry.",
	    .method = GET,
	    .path = "/v1/ledger/transactions",
	    .scope = SCOPE_LEDGER_READ,
	    .calls = "api.list_ledger_transactions",
	    .slow = true,
	    .takes = TAKES({ "market_id", MARKET, INT },
		{ "owner_id", QUERY, UUID, .optional = true, .says = "of this wallet" },
		{ "cause_id", QUERY, UUID, .optional = true,
		    .says = "of this trip, booking, payout, ..." },
		{ "from", QUERY, INSTANT, .optional = true, .says = "happened then or later" },
		{ "to", QUERY, INSTANT, .optional = true, .says = "happened before" },
		{ "limit", LIMIT, INT }, { "after_owner_id", CURSOR, UUID },
		{ "after_posted_month", CURSOR, DATE }, { "after_entry_no", CURSOR, LONG }),
	    .gives = LIST,
	},
	{
	    .says = "List the accounts of the ledger with their sums.",
	    .method = GET,
	    .path = "/v1/ledger/accounts",
	    .scope = SCOPE_LEDGER_READ,
	    .calls = "api.list_ledger_accounts",
	    .slow = true,
	    .takes = TAKES({ "market_id", MARKET, INT }, { "limit", LIMIT, INT },
		{ "after_account", CURSOR, INT }),
	    .gives = LIST,
	},
	{ 0 },
};

const struct room room_ledger = {
	.name = "ledger",
	.says = "Share agreements, wallets and ledger transactions.",
	.endpoints = endpoints,
};
