/*
 * offices: who may act as operator, auditor or admin, and the code that they show for it.
 */
#include "access/thoughts.h"
#include "offices/thoughts.h"
#include "fields.h"
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

/* Whose act it is, and who asks, for the audit log. */
#define OF_ACCOUNT \
	{ "account_id", ACCOUNT, UUID }, \
	{ \
		"role", ROLE, STRING \
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

#define EMAIL(id) \
	{ "email", BODY, STRING, .max = 254, .format = "email", .example = "\"ada@example.com\"", \
		.seals = "access.credential.email", .person = id }, \
	{ \
		"email_key", BLIND, STRING, .of = "email" \
	}
#define LOCALE \
	{ \
		"locale", BODY, STRING, .optional = true, .among = "en it", \
					.says = "language of the mail; English where absent" \
	}
#define ACTOR \
	{ "actor_id", ACCOUNT, UUID }, \
	{ \
		"actor_role", ROLE, STRING \
	}
#define OFFICE(source) \
	{ \
		"role", source, STRING, .among = "operator auditor admin", \
					.example = "\"operator\"" \
	}
#define OF_MARKET(source) \
	{ \
		"market_code", source, STRING, .optional = true, .max = 32, \
					       .says = "where; absent: the platform, of admins", \
					       .example = "\"torino\"" \
	}
#define INVITED \
	{ "code", BODY, STRING, .max = 64, .says = "of the letter", \
		.example = "\"kQ0mX3bTz1c4h9VtW8s2LQrN7pJdYfGeAuKiRoZb6xM\"" }, \
	{ \
		"code_hash", PREPARED, BYTES \
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
	{
	    .says = "Invite somebody to an office: a code goes to the address, for a week.",
	    .method = POST,
	    .path = "/v1/invitations",
	    .scope = SCOPE_OFFICES_WRITE,
	    .fresh_totp = STEP_UP_OFFICES,
	    .calls = "api.create_invitation",
	    .takes = TAKES(ACTOR, EMAIL("invitation_id"), OFFICE(BODY), OF_MARKET(BODY), LOCALE,
		{ "invitation_id", FRESH, UUID }, { "hint", PREPARED, STRING },
		{ "chance", CHANCE, BYTES }, { "code", PREPARED, STRING },
		{ "code_hash", PREPARED, BYTES }, { "mail_id", FRESH, UUID }, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "market_unknown invitation_fits_market sign_in_delayed",
	    .prepares = think_invitation,
	},
	{
	    .says = "List invitations to offices of a market, or of the platform.",
	    .method = GET,
	    .path = "/v1/invitations",
	    .scope = SCOPE_OFFICES_WRITE,
	    .calls = "api.list_invitations",
	    .takes = TAKES(OF_MARKET(QUERY), { "now", CLOCK, INSTANT }, { "limit", LIMIT, INT },
		{ "after_invitation_id", CURSOR, UUID }),
	    .gives = LIST,
	    .fails = "market_unknown",
	},
	{
	    .says = "Withdraw an invitation; its code is worth nothing any more.",
	    .method = DELETE,
	    .path = "/v1/invitations/{invitation_id}",
	    .scope = SCOPE_OFFICES_WRITE,
	    .fresh_totp = STEP_UP_OFFICES,
	    .calls = "api.withdraw_invitation",
	    .takes = TAKES(ACTOR, OF_MARKET(QUERY), { "invitation_id", PATH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "market_unknown invitation_unknown",
	},
	{
	    .says = "Take the office that a letter offers to the own address.",
	    .method = POST,
	    .path = "/v1/invitations/acceptances",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.accept_invitation",
	    .takes = TAKES(OF_ACCOUNT, INVITED, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "code_wrong",
	    .prepares = think_invited,
	},
	{
	    .says = "Make an account in the office that a letter offers.",
	    .method = POST,
	    .path = "/v1/invitations/sign_ups",
	    .calls = "api.create_invited_account",
	    .takes = TAKES(EMAIL("new_account_id"),
		{ "password", BODY, STRING, .min = 8, .max = 128, .format = "password",
		    .says = "any characters; what everybody tries first is refused",
		    .example = "\"correct horse battery staple\"" },
		{ "name", BODY, STRING, .max = 200, .example = "\"Ada Rossi\"",
		    .seals = "identity.account.name", .person = "new_account_id" },
		LOCALE, INVITED, { "new_account_id", FRESH, UUID }, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "code_wrong account_exists password_common sign_in_delayed",
	    .asks = "api.weigh_password",
	    .prepares = think_invited_account,
	    .pool = true,
	},
	{
	    .says = "List who acts, or acted, in offices of a market, or of the platform.",
	    .method = GET,
	    .path = "/v1/role_grants",
	    .scope = SCOPE_OFFICES_WRITE,
	    .calls = "api.list_role_grants",
	    .takes = TAKES(OF_MARKET(QUERY), { "limit", LIMIT, INT },
		{ "after_account_id", CURSOR, UUID }, { "after_role", CURSOR, STRING }),
	    .gives = LIST,
	    .fails = "market_unknown",
	},
	{
	    .says = "Take an office from an account; its sessions there end within five seconds.",
	    .method = DELETE,
	    .path = "/v1/role_grants/{account_id}/{role}",
	    .scope = SCOPE_OFFICES_WRITE,
	    .fresh_totp = STEP_UP_OFFICES,
	    .calls = "api.withdraw_role_grant",
	    .takes = TAKES(
		ACTOR, OF_MARKET(QUERY), { "account_id", PATH, UUID }, OFFICE(PATH), WITNESSED),
	    .gives = ONE,
	    .fails = "market_unknown role_grant_unknown last_admin",
	},
	{ 0 },
};

const struct room room_offices = {
	.name = "offices",
	.says = "Step-up, authenticators, and who may act as operator, auditor or admin.",
	.endpoints = endpoints,
};
