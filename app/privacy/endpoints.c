/*
 * privacy: leaving, and taking along what is known.
 */
#include "access/thoughts.h"
#include "fields.h"
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

/* Whoever found a phone that is signed in neither ends an account nor carries it off. */
#define PROVEN \
	{ "account_id", ACCOUNT, UUID }, { "role", ROLE, STRING }, \
	    { "password", BODY, STRING, .optional = true, .max = 128, \
		    .format = "current-password", .says = "of the account, once more" }, \
	    { "totp", BODY, STRING, .optional = true, .max = 16, \
		    .says = "instead of the password: a fresh code of the authenticator", \
		    .example = "\"123456\"" }, \
	    { "totp_step", PREPARED, LONG }, WITNESSED

static const struct endpoint endpoints[] = {
	{
	    .says = "Close the account: its sessions end, its data and its money stay.",
	    .method = POST,
	    .path = "/v1/me/closing",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.close_account",
	    .takes = TAKES(PROVEN),
	    .gives = ONE,
	    .fails = "password_wrong totp_not_enrolled totp_wrong account_in_use sign_in_delayed "
		     "account_unknown",
	    .asks = "api.ask_password",
	    .prepares = think_proof,
	    .pool = true,
	},
	{
	    .says = "Erase the person: nothing says any more whose the account was; its money "
		    "stays.",
	    .method = POST,
	    .path = "/v1/me/erasure",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.erase_account",
	    .takes = TAKES(PROVEN),
	    .gives = ONE,
	    .fails = "password_wrong totp_not_enrolled totp_wrong account_in_use sign_in_delayed "
		     "account_unknown",
	    .asks = "api.ask_password",
	    .prepares = think_proof,
	    .pool = true,
	},
	{
	    .says = "Ask for everything about the account.",
	    .method = POST,
	    .path = "/v1/me/data_exports",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.create_data_export",
	    .takes = TAKES(PROVEN, { "export_id", KEYED, UUID }),
	    .gives = ONE,
	    .status = 202,
	    .fails = "password_wrong totp_not_enrolled totp_wrong account_unknown sign_in_delayed",
	    .asks = "api.ask_password",
	    .prepares = think_proof,
	    .pool = true,
	},
	{
	    .says = "Show an export; the runner makes it within a minute.",
	    .method = GET,
	    .path = "/v1/me/data_exports/{export_id}",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.get_data_export",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "export_id", PATH, UUID },
		{ "now", CLOCK, INSTANT }),
	    .gives = ONE,
	    .fails = "export_unknown",
	},
	{ 0 },
};

const struct room room_privacy = {
	.name = "privacy",
	.says = "Closing an account, erasing a person, and the export of everything about it.",
	.endpoints = endpoints,
};
