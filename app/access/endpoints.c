/*
 * access: accounts, sign-in, sessions, second factors and the audit log.
 */
#include "access/thoughts.h"
#include "fields.h"
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

#define EMAIL(...) \
	{ "email", BODY, STRING, .max = 254, .format = "email", .example = "\"ada@example.com\"", \
		__VA_ARGS__ }, \
	{ \
		"email_key", BLIND, STRING, .of = "email" \
	}
/* Sealed as the address of this person. */
#define EMAIL_OF(id) EMAIL(.seals = "access.credential.email", .person = id)
#define NEW_PASSWORD \
	{ \
		"password", BODY, STRING, \
		    .min = 8, .max = 128, .format = "password", \
		    .says = "any characters; what everybody tries first is refused", \
		    .example = "\"correct horse battery staple\"" \
	}
#define CODE \
	{ \
		"code", BODY, STRING, .min = 8, .max = 8, .format = "digits", \
				      .says = "the eight digits of the mail", \
				      .example = "\"20260302\"" \
	}
#define DEVICE_SECRET \
	{ \
		"device_secret", BODY, STRING, \
		    .optional = true, .max = 64, \
		    .says = "what a sign-in on this device has given out" \
	}

static const struct endpoint endpoints[] = {
	{
	    .says = "Ask for an account: a code goes to the address.",
	    .method = POST,
	    .path = "/v1/accounts",
	    .calls = "api.create_account",
	    .takes = TAKES(EMAIL_OF("new_account_id"), NEW_PASSWORD,
		{ "name", BODY, STRING, .max = 200, .example = "\"Ada Rossi\"",
		    .seals = "identity.account.name", .person = "new_account_id" },
		{ "locale", BODY, STRING, .optional = true, .among = "en it",
		    .says = "language of the mail; English where absent" },
		{ "confirmation_id", FRESH, UUID }, { "new_account_id", FRESH, UUID },
		{ "code", PREPARED, STRING }, { "code_mac", PREPARED, BYTES },
		{ "chance", CHANCE, BYTES }, { "mail_id", FRESH, UUID }, { "peer", PEER, STRING },
		{ "now", CLOCK, INSTANT }),
	    .gives = ONE,
	    .status = 202,
	    .fails = "sign_in_delayed password_common",
	    .asks = "api.weigh_sign_up",
	    .prepares = think_sign_up,
	    .pool = true,
	},
	{
	    .says = "Confirm the address; the account is made.",
	    .method = POST,
	    .path = "/v1/accounts/confirmations",
	    .calls = "api.confirm_account",
	    .takes = TAKES({ "confirmation_id", BODY, UUID }, CODE, { "code_mac", PREPARED, BYTES },
		WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "code_wrong",
	    .prepares = think_code,
	},
	{
	    .says = "Ask for a code with which a forgotten password is set anew.",
	    .method = POST,
	    .path = "/v1/accounts/password_resets",
	    .calls = "api.start_password_reset",
	    .takes = TAKES(EMAIL_OF("nobody_id"), { "confirmation_id", FRESH, UUID },
		{ "nobody_id", FRESH, UUID }, { "code", PREPARED, STRING },
		{ "code_mac", PREPARED, BYTES }, { "chance", CHANCE, BYTES },
		{ "mail_id", FRESH, UUID }, { "peer", PEER, STRING }, { "now", CLOCK, INSTANT }),
	    .gives = ONE,
	    .status = 202,
	    .fails = "sign_in_delayed",
	    .prepares = think_reset,
	},
	{
	    .says = "Set a forgotten password anew; all sessions end.",
	    .method = POST,
	    .path = "/v1/accounts/password_resets/confirmations",
	    .calls = "api.confirm_password_reset",
	    .takes = TAKES({ "confirmation_id", BODY, UUID }, CODE, { "code_mac", PREPARED, BYTES },
		NEW_PASSWORD, { "mail_id", FRESH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "code_wrong password_common sign_in_delayed",
	    .asks = "api.weigh_password",
	    .prepares = think_new_password,
	    .pool = true,
	},
	{
	    .says = "Change the password; all other sessions end.",
	    .method = POST,
	    .path = "/v1/accounts/password",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.change_password",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "role", ROLE, STRING },
		{ "session_id", SESSION, UUID },
		{ "old_password", BODY, STRING, .max = 128, .format = "current-password" },
		NEW_PASSWORD, { "mail_id", FRESH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "password_wrong password_common sign_in_delayed account_unknown",
	    .asks = "api.ask_password",
	    .prepares = think_change,
	    .pool = true,
	},
	{
	    .says = "Ask for another address; a code goes there.",
	    .method = POST,
	    .path = "/v1/accounts/email",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.change_email",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "role", ROLE, STRING },
		{ "password", BODY, STRING, .max = 128, .format = "current-password" },
		EMAIL_OF("account_id"), { "confirmation_id", FRESH, UUID },
		{ "code", PREPARED, STRING }, { "code_mac", PREPARED, BYTES },
		{ "chance", CHANCE, BYTES }, { "mail_id", FRESH, UUID }, WITNESSED),
	    .gives = ONE,
	    .status = 202,
	    .fails = "password_wrong sign_in_delayed account_unknown",
	    .asks = "api.ask_password",
	    .prepares = think_email,
	    .pool = true,
	},
	{
	    .says = "Confirm the other address; the old one hears of it, and sessions stay.",
	    .method = POST,
	    .path = "/v1/accounts/email/confirmations",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.confirm_email",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "role", ROLE, STRING },
		{ "confirmation_id", BODY, UUID }, CODE, { "code_mac", PREPARED, BYTES },
		{ "mail_id", FRESH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "code_wrong",
	    .prepares = think_code,
	},
	{
	    .says = "Sign in on a device.",
	    .method = POST,
	    .path = "/v1/auth/sessions",
	    .calls = "api.create_session",
	    .takes = TAKES(EMAIL(0),
		{ "password", BODY, STRING, .max = 128, .format = "current-password" },
		{ "totp", BODY, STRING, .optional = true, .max = 16,
		    .says = "code of the authenticator, or a recovery code",
		    .example = "\"123456\"" },
		{ "device_name", BODY, STRING, .max = 100, .says = "shown among the sessions",
		    .example = "\"Ada's phone\"", .seals = "access.device.name",
		    .person = "known_id", .row = "device_row" },
		{ "market_code", BODY, STRING, .optional = true, .max = 32,
		    .says = "where; absent: where the account was last", .example = "\"torino\"" },
		{ "role", BODY, STRING, .optional = true, .among = "partner operator auditor admin",
		    .says = "an office that the account holds; absent: as partner, or customer" },
		DEVICE_SECRET, { "rehashed", PREPARED, STRING }, { "totp_step", PREPARED, LONG },
		{ "recovery_mac", PREPARED, BYTES }, { "refresh_hash", PREPARED, BYTES },
		{ "device_hash", PREPARED, BYTES }, { "session_id", FRESH, UUID },
		{ "device_id", FRESH, UUID }, { "refresh", CHANCE, BYTES },
		{ "device", CHANCE, BYTES }, WITNESSED, { "known_id", PREPARED, UUID },
		{ "device_row", PREPARED, UUID }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "sign_in_wrong sign_in_delayed totp_needed totp_wrong totp_enrolment_needed "
		     "market_needed market_unknown role_not_held",
	    .asks = "api.weigh_sign_in",
	    .prepares = think_sign_in,
	    .pool = true,
	    .finishes = finish_session,
	},
	{
	    .says = "List the sign-ins of the account.",
	    .method = GET,
	    .path = "/v1/auth/sessions",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.list_sessions",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "session_id", SESSION, UUID },
		{ "now", CLOCK, INSTANT }, { "limit", LIMIT, INT },
		{ "after_session_id", CURSOR, UUID }),
	    .gives = LIST,
	},
	{
	    .says = "End a sign-in; its tokens are worth nothing within five seconds.",
	    .method = DELETE,
	    .path = "/v1/auth/sessions/{session_id}",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.end_session",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "role", ROLE, STRING },
		{ "session_id", PATH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "session_unknown",
	},
	{
	    .says = "Begin to enrol an authenticator.",
	    .method = POST,
	    .path = "/v1/auth/totp",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.enrol_totp",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "role", ROLE, STRING },
		{ "password", BODY, STRING, .max = 128, .format = "current-password" },
		{ "totp_id", FRESH, UUID }, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "password_wrong totp_enrolled sign_in_delayed account_unknown",
	    .asks = "api.ask_password",
	    .prepares = think_enrol,
	    .pool = true,
	    .finishes = finish_totp,
	},
	{
	    .says = "Enrol the authenticator by a first code; gives ten recovery codes.",
	    .method = POST,
	    .path = "/v1/auth/totp/confirmations",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.confirm_totp",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "role", ROLE, STRING },
		{ "code", BODY, STRING, .min = 6, .max = 6, .format = "digits",
		    .example = "\"123456\"" },
		{ "totp_step", PREPARED, LONG }, { "recovery_macs", PREPARED, BYTES },
		{ "chance", CHANCE, BYTES }, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "totp_wrong totp_not_begun sign_in_delayed",
	    .asks = "api.ask_totp",
	    .prepares = think_totp,
	    .finishes = finish_recovery,
	},
	{
	    .says = "List audit records; without a market, those of none.",
	    .method = GET,
	    .path = "/v1/audit_records",
	    .scope = SCOPE_AUDIT_READ,
	    .calls = "api.list_audit_records",
	    .takes = TAKES({ "market_id", MARKET, INT, .optional = true },
		{ "now", CLOCK, INSTANT }, { "limit", LIMIT, INT },
		{ "after_occurred_at", CURSOR, INSTANT }, { "after_record_id", CURSOR, UUID },
		{ "account_id", QUERY, UUID, .optional = true, .says = "of this account" },
		{ "act", QUERY, STRING, .optional = true, .max = 50, .says = "of this kind" },
		{ "outcome", QUERY, STRING, .optional = true, .max = 50,
		    .says = "done, replayed, or the code of a refusal" },
		{ "role", QUERY, STRING, .optional = true, .max = 50, .says = "in this role" },
		{ "subject_id", QUERY, UUID, .optional = true, .says = "about this" },
		{ "from", QUERY, INSTANT, .optional = true,
		    .says =
			"at or after this; absent: 92 days before the earlier of `to` and now" },
		{ "to", QUERY, INSTANT, .optional = true, .says = "before this" }),
	    .gives = LIST,
	},
	{ 0 },
};

const struct room room_access = {
	.name = "access",
	.says = "Accounts, sign-in, sessions, second factors and the audit log.",
	.endpoints = endpoints,
};
