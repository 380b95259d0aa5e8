/*
 * offices: who may act as operator, auditor or admin, and the code that they show for it.
 */
#include "access/thoughts.h"
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

/* Whose act it is, and who asks, for the audit log. */
#define OF_ACCOUNT \
	{ "account_id", ACCOUNT, UUID }, \
	{ \
		"role", ROLE, STRING \
	}
#define WITNESSED \
	{ "audit_id", FRESH, UUID }, { "peer", PEER, STRING }, { "request_id", REQUEST, STRING }, \
	{ \
		"now", CLOCK, INSTANT \
	}
/* A code of the authenticator, and what is made of it. */
#define SECOND \
	{ "totp", BODY, STRING, .max = 16, \
		.says = "code of the authenticator, or a recovery code", \
		.example = "\"123456\"" }, \
	    { "totp_step", PREPARED, LONG }, \
	{ \
		"recovery_mac", PREPARED, BYTES \
	}

static const struct endpoint endpoints[] = {
	{
	    .says = "Step up: show a code and get an access token that says so.",
	    .method = POST,
	    .path = "/v1/auth/step_ups",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.step_up",
	    .takes = TAKES(OF_ACCOUNT, { "session_id", SESSION, UUID }, SECOND, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "session_unknown totp_not_enrolled totp_wrong sign_in_delayed",
	    .asks = "api.ask_second",
	    .prepares = think_second,
	    .finishes = finish_step_up,
	},
	{
	    .says = "Make ten new recovery codes; those before are worth nothing.",
	    .method = POST,
	    .path = "/v1/auth/totp/recovery_codes",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.create_recovery_codes",
	    .takes = TAKES(OF_ACCOUNT, SECOND, { "recovery_macs", PREPARED, BYTES },
		{ "chance", CHANCE, BYTES }, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "totp_not_enrolled totp_wrong sign_in_delayed",
	    .asks = "api.ask_second",
	    .prepares = think_recovery,
	    .finishes = finish_recovery,
	},
	{
	    .says = "Take the authenticator off, after a code; who holds an office cannot.",
	    .method = DELETE,
	    .path = "/v1/auth/totp",
	    .scope = SCOPE_ACCOUNT,
	    .fresh_totp = STEP_UP_EVERYONE,
	    .calls = "api.remove_totp",
	    .takes = TAKES(OF_ACCOUNT, WITNESSED),
	    .gives = ONE,
	    .fails = "totp_required totp_not_enrolled",
	},
	{ 0 },
};

const struct room room_offices = {
	.name = "offices",
	.says = "Step-up, authenticators, and who may act as operator, auditor or admin.",
	.endpoints = endpoints,
};
