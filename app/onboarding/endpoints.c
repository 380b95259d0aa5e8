/*
 * onboarding: programmes, enrolments and what they ask for: documents and bank accounts.
 */
#include "iban.h"
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

#define REQUIREMENTS "identity right_to_work driving_licence vehicle insurance bank_account"

#define DOCUMENTS \
	"identity_card passport right_to_work driving_licence vehicle_registration " \
	"insurance_certificate"

/* A partner for its own, or an operator for any partner of the market. */
#define CALLED \
	{ "market_id", MARKET, INT }, \
	{ \
		"caller_id", CALLER, UUID, true \
	}

/* Who changes something, when, and the event that tells of it. */
#define CHANGING \
	{ "actor_id", ACCOUNT, UUID }, { "actor_role", ROLE, STRING }, { "now", CLOCK, INSTANT }, \
	{ \
		"event_id", FRESH, UUID \
	}

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
	    .takes = TAKES(CALLED, { "partner_id", PATH, UUID }, { "limit", LIMIT, INT },
		{ "after_kind", CURSOR, STRING }),
	    .gives = LIST,
	    .fails = "partner_unknown",
	},
	{
	    .says = "Enrol a partner in one more kind of work; a partner itself only.",
	    .method = POST,
	    .path = "/v1/partners/{partner_id}/enrolments",
	    .scope = SCOPE_ONBOARDING_WRITE,
	    .calls = "api.create_enrolment",
	    .takes = TAKES(CALLED, CHANGING, { "key", KEY, STRING }, { "digest", DIGEST, BYTES },
		{ "partner_id", PATH, UUID },
		{ "kind", BODY, STRING, .among = "courier driver co_creator" },
		{ "programme_id", BODY, UUID, .optional = true,
		    .says = "a programme of that kind; only operators may leave it out" }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "partner_unknown programme_required programme_unknown programme_kind_differs "
		     "enrolment_exists key_reused",
	},
	{
	    .says = "List what a partner's programmes ask for; a partner sees its own only.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/requirements",
	    .scope = SCOPE_PARTNERS_READ,
	    .calls = "api.list_requirements",
	    .takes = TAKES(CALLED, { "now", CLOCK, INSTANT }, { "partner_id", PATH, UUID },
		{ "limit", LIMIT, INT }, { "after_requirement", CURSOR, STRING }),
	    .gives = LIST,
	    .fails = "partner_unknown",
	},
	{
	    .says = "Submit a document of a partner, by the digest of its file.",
	    .method = POST,
	    .path = "/v1/partners/{partner_id}/documents",
	    .scope = SCOPE_ONBOARDING_WRITE,
	    .calls = "api.create_document",
	    .takes = TAKES(CALLED, CHANGING, { "document_id", FRESH, UUID }, { "key", KEY, STRING },
		{ "digest", DIGEST, BYTES }, { "partner_id", PATH, UUID },
		{ "kind", BODY, STRING, .among = DOCUMENTS },
		{ "sha256", BODY, STRING, .format = "sha256", .says = "SHA-256 of the file" },
		{ "expires_on", BODY, DATE, .optional = true,
		    .says = "the last date on which it is good; absent: it does not expire",
		    .example = "\"2031-05-31\"" }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "partner_unknown document_expired document_exists key_reused",
	},
	{
	    .says =
		"List the documents of a partner, the newest first; a partner sees its own only.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/documents",
	    .scope = SCOPE_PARTNERS_READ,
	    .calls = "api.list_documents",
	    .takes = TAKES(CALLED, { "partner_id", PATH, UUID }, { "limit", LIMIT, INT },
		{ "after_document_id", CURSOR, UUID }),
	    .gives = LIST,
	    .fails = "partner_unknown",
	},
	{
	    .says = "Show a document; a partner sees its own only.",
	    .method = GET,
	    .path = "/v1/documents/{document_id}",
	    .scope = SCOPE_PARTNERS_READ,
	    .calls = "api.get_partner_document",
	    .takes = TAKES(CALLED, { "document_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "document_unknown",
	},
	{
	    .says = "Review a submitted document: verify it, or reject it with a reason.",
	    .method = POST,
	    .path = "/v1/documents/{document_id}/reviews",
	    .scope = SCOPE_PARTNERS_WRITE,
	    .calls = "api.review_document",
	    .takes = TAKES({ "market_id", MARKET, INT }, CHANGING, { "key", KEY, STRING },
		{ "digest", DIGEST, BYTES }, { "document_id", PATH, UUID },
		{ "decision", BODY, STRING, .among = "verified rejected" },
		{ "reason", BODY, STRING, .optional = true, .max = 500,
		    .says = "of a rejection, in words that the partner reads",
		    .example = "\"The photo is cut off.\"" }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "document_unknown document_reviewed document_expired reason_required "
		     "key_reused",
	},
	{
	    .says = "Set or change where a partner is paid; another IBAN freezes payouts for 72 "
		    "hours.",
	    .method = PUT,
	    .path = "/v1/partners/{partner_id}/bank_account",
	    .scope = SCOPE_ONBOARDING_WRITE,
	    .fresh_totp = STEP_UP_OFFICES,
	    .calls = "api.put_bank_account",
	    .takes = TAKES(CALLED, CHANGING, { "partner_id", PATH, UUID },
		{ "if_match", IF_MATCH, STRING, .optional = true },
		{ "iban", BODY, STRING, .min = 5, .max = 42, .says = "ISO 13616, blanks allowed",
		    .example = "\"IT60 X054 2811 1010 0000 0123 456\"",
		    .seals = "onboarding.bank_account.iban", .person = "partner_id" },
		{ "holder_name", BODY, STRING, .max = 140, .example = "\"Ada Rossi\"",
		    .seals = "onboarding.bank_account.holder_name", .person = "partner_id" },
		{ "iban_key", PREPARED, STRING },
		{ "holder_key", BLIND, STRING, .of = "holder_name" },
		{ "country", PREPARED, STRING },
		{ "last_four", PREPARED, STRING, .seals = "onboarding.bank_account.last_four",
		    .person = "partner_id" }),
	    .gives = ONE,
	    .fails = "iban_wrong partner_unknown precondition_failed",
	    .asks = "api.ask_bank_account",
	    .prepares = iban_check,
	},
	{
	    .says = "Show where a partner is paid; a partner sees its own only.",
	    .method = GET,
	    .path = "/v1/partners/{partner_id}/bank_account",
	    .scope = SCOPE_PARTNERS_READ,
	    .calls = "api.get_bank_account",
	    .takes = TAKES(CALLED, { "now", CLOCK, INSTANT }, { "partner_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "partner_unknown bank_account_unknown",
	},
	{ 0 },
};

const struct room room_onboarding = {
	.name = "onboarding",
	.says = "Programmes, enrolments, requirements, documents and bank accounts.",
	.endpoints = endpoints,
};
