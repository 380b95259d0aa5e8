/*
 * cocreation: ideas, who supports them, and the royalties of those that are sold.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

#define MONEY_MAX INT64_C(9007199254740991)

/* Supporting is the account's own, be it a partner's or a customer's: no CALLER. */
#define OF_SUPPORT \
	{ "market_id", MARKET, INT }, { "account_id", ACCOUNT, UUID }, \
	    { "actor_role", ROLE, STRING }, { "now", CLOCK, INSTANT }, \
	    { "event_id", FRESH, UUID }, \
	{ \
		"idea_id", PATH, UUID \
	}

static const struct endpoint endpoints[] = {
	{
	    .says = "Submit an idea; it gathers supporters from now on: 100 within 60 days.",
	    .method = POST,
	    .path = "/v1/ideas",
	    .scope = SCOPE_IDEAS_WRITE,
	    .calls = "api.create_idea",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "partner_id", CALLER, UUID },
		{ "account_id", ACCOUNT, UUID }, { "now", CLOCK, INSTANT }, { "key", KEY, STRING },
		{ "digest", DIGEST, BYTES }, { "idea_id", FRESH, UUID },
		{ "event_id", FRESH, UUID },
		{ "title", BODY, STRING, .max = 120, .example = "\"A bag that folds flat\"" },
		{ "summary", BODY, STRING, .max = 2000, .format = "lines",
		    .example = "\"The insulated bag folds to the size of a book.\"" },
		{ "authors", BODY, ITEMS, .optional = true, .min = 1, .max = 20,
		    .says = "who made it; absent: the submitter alone",
		    .items = ITEM_FIELDS({ "partner_id", BODY, UUID },
			{ "share_ppm", BODY, INT, .min = 1, .max = 1000000,
			    .says = "part of the idea's royalties; all sum to 1,000,000" }) }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "authors_wrong partner_unknown key_reused",
	},
	{
	    .says = "List ideas, the newest first.",
	    .method = GET,
	    .path = "/v1/ideas",
	    .scope = SCOPE_IDEAS_READ,
	    .calls = "api.list_ideas",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "account_id", ACCOUNT, UUID },
		{ "role", ROLE, STRING },
		{ "state", QUERY, STRING, .optional = true,
		    .among = "gathering qualified expired withdrawn" },
		{ "limit", LIMIT, INT }, { "after_idea_id", CURSOR, UUID }),
	    .gives = LIST,
	},
	{
	    .says = "Show an idea.",
	    .method = GET,
	    .path = "/v1/ideas/{idea_id}",
	    .scope = SCOPE_IDEAS_READ,
	    .calls = "api.get_idea",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "account_id", ACCOUNT, UUID },
		{ "role", ROLE, STRING }, { "idea_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "idea_unknown",
	},
	{
	    .says = "Support an idea; again changes nothing.",
	    .method = PUT,
	    .path = "/v1/ideas/{idea_id}/support",
	    .scope = SCOPE_IDEAS_SUPPORT,
	    .calls = "api.support_idea",
	    .batch = true,
	    .takes = TAKES(OF_SUPPORT),
	    .gives = ONE,
	    .fails = "idea_unknown own_idea idea_not_gathering",
	},
	{
	    .says = "Take the support of an idea back; without any, changes nothing.",
	    .method = DELETE,
	    .path = "/v1/ideas/{idea_id}/support",
	    .scope = SCOPE_IDEAS_SUPPORT,
	    .calls = "api.withdraw_support",
	    .batch = true,
	    .takes = TAKES(OF_SUPPORT),
	    .gives = ONE,
	    .fails = "idea_unknown",
	},
	{
	    .says = "Withdraw an idea that still gathers; its submitter alone.",
	    .method = POST,
	    .path = "/v1/ideas/{idea_id}/withdraw",
	    .scope = SCOPE_IDEAS_WRITE,
	    .calls = "api.withdraw_idea",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "partner_id", CALLER, UUID },
		{ "account_id", ACCOUNT, UUID }, { "now", CLOCK, INSTANT }, { "key", KEY, STRING },
		{ "digest", DIGEST, BYTES }, { "event_id", FRESH, UUID },
		{ "idea_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "idea_unknown idea_of_another idea_not_gathering key_reused",
	},
	{
	    .says = "Report an idea's sales in a month, or restate them; the royalty is posted.",
	    .method = POST,
	    .path = "/v1/sales_reports",
	    .scope = SCOPE_SALES_REPORTS_WRITE,
	    .calls = "api.create_sales_report",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "actor_id", ACCOUNT, UUID },
		{ "actor_role", ROLE, STRING }, { "now", CLOCK, INSTANT }, { "key", KEY, STRING },
		{ "digest", DIGEST, BYTES }, { "sales_report_id", FRESH, UUID },
		{ "event_id", FRESH, UUID }, { "idea_id", BODY, UUID },
		{ "period", BODY, STRING, .format = "month",
		    .says = "a month that is over by the market's wall clock",
		    .example = "\"2026-02\"" },
		{ "gross_minor", BODY, LONG, .min = 0, .max = MONEY_MAX,
		    .says = "sold; minor units of the market's currency", .example = "1000000" },
		{ "returns_minor", BODY, LONG, .min = 0, .max = MONEY_MAX,
		    .says = "given back; at most gross_minor", .example = "50000" },
		{ "restates", BODY, UUID, .optional = true,
		    .says = "the report in force of this idea and month, whose place this one "
			    "takes: what it posted is reversed" }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "idea_unknown idea_closed returns_exceed_gross period_not_over "
		     "sales_report_exists sales_report_unknown sales_report_of_another "
		     "sales_report_restated_already agreement_missing key_reused"
		     " amount_too_large balance_out_of_range",
	},
	{
	    .says = "List reports of sales, the newest first; a partner sees those of its ideas.",
	    .method = GET,
	    .path = "/v1/sales_reports",
	    .scope = SCOPE_SALES_REPORTS_READ,
	    .calls = "api.list_sales_reports",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "idea_id", QUERY, UUID, .optional = true, .says = "of this idea only" },
		{ "limit", LIMIT, INT }, { "after_sales_report_id", CURSOR, UUID }),
	    .gives = LIST,
	},
	{
	    .says = "Show a report of sales; a partner sees those of its ideas.",
	    .method = GET,
	    .path = "/v1/sales_reports/{sales_report_id}",
	    .scope = SCOPE_SALES_REPORTS_READ,
	    .calls = "api.get_sales_report",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "caller_id", CALLER, UUID, true },
		{ "sales_report_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "sales_report_unknown",
	},
	{ 0 },
};

const struct room room_cocreation = {
	.name = "cocreation",
	.says = "Ideas, their supporters, and royalties.",
	.endpoints = endpoints,
};
