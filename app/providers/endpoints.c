/*
 * providers: signing in with another provider (OpenID Connect).
 */
#include "providers/thoughts.h"
#include "access/thoughts.h"
#include "fields.h"
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

#define PROVIDER_ID \
	{ \
		"provider_id", BODY, UUID, .says = "one of the market's" \
	}
/* What the provider has given to the app. */
#define ID_TOKEN \
	{ "id_token", BODY, STRING, .max = 4096, .says = "asked for with the nonce" }, \
	{ \
		"nonce", BODY, STRING, .max = 64, .says = "that we gave out for it" \
	}
/* What was verified of it. */
#define VERIFIED \
	{ "key_unknown", PREPARED, BOOL }, { "identity_hash", PREPARED, BYTES }, \
	{ \
		"nonce_hash", PREPARED, BYTES \
	}

static const struct endpoint endpoints[] = {
	{
	    .says = "List the providers with which people of a market may sign in.",
	    .method = GET,
	    .path = "/v1/identity_providers",
	    .calls = "api.list_identity_providers",
	    .takes = TAKES({ "market_code", QUERY, STRING, .max = 32, .example = "\"torino\"" },
		{ "limit", LIMIT, INT }, { "after_provider_id", CURSOR, UUID }),
	    .gives = LIST,
	},
	{
	    .says = "Set up a provider in a market, or change it.",
	    .method = PUT,
	    .path = "/v1/identity_providers/{provider_id}",
	    .scope = SCOPE_MARKETS_WRITE,
	    .fresh_totp = STEP_UP_OFFICES,
	    .calls = "api.put_identity_provider",
	    .takes = TAKES({ "actor_id", ACCOUNT, UUID }, { "actor_role", ROLE, STRING },
		{ "provider_id", PATH, UUID, .says = "a fresh one sets it up" },
		{ "market_code", BODY, STRING, .max = 32, .example = "\"torino\"" },
		{ "name", BODY, STRING, .max = 100, .says = "for the button",
		    .example = "\"Example\"" },
		{ "issuer", BODY, STRING, .max = 255,
		    .says = "https URL, exactly as its tokens say it",
		    .example = "\"https://accounts.example.com\"" },
		{ "client_ids", BODY, STRING, .max = 2000,
		    .says = "blank-separated: tokens for these clients are ours",
		    .example = "\"socius-android socius-ios\"" },
		{ "signs_up", BODY, BOOL,
		    .says = "whether people without an account get one, by a verified address" },
		{ "providers_on_loopback", SETTING, INT, .max = 1 }, WITNESSED),
	    .gives = ONE,
	    .fails = "market_unknown issuer_shape provider_taken",
	},
	{
	    .says = "Show a provider, and whether its keys could be fetched.",
	    .method = GET,
	    .path = "/v1/identity_providers/{provider_id}",
	    .scope = SCOPE_MARKETS_WRITE,
	    .calls = "api.get_identity_provider",
	    .takes = TAKES({ "provider_id", PATH, UUID }),
	    .gives = ONE,
	    .fails = "provider_unknown",
	},
	{
	    .says = "Remove a provider: nobody signs in with it any more.",
	    .method = DELETE,
	    .path = "/v1/identity_providers/{provider_id}",
	    .scope = SCOPE_MARKETS_WRITE,
	    .fresh_totp = STEP_UP_OFFICES,
	    .calls = "api.delete_identity_provider",
	    .takes = TAKES({ "actor_id", ACCOUNT, UUID }, { "actor_role", ROLE, STRING },
		{ "provider_id", PATH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "provider_unknown",
	},
	{
	    .says = "Get a nonce to ask a provider for an ID token with.",
	    .method = POST,
	    .path = "/v1/auth/nonces",
	    .calls = "api.create_nonce",
	    .takes = TAKES({ "nonce_hash", PREPARED, BYTES }, { "chance", CHANCE, BYTES },
		{ "peer", PEER, STRING }, { "now", CLOCK, INSTANT }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "sign_in_delayed",
	    .prepares = think_nonce,
	    .finishes = finish_nonce,
	},
	{
	    .says = "Sign in by a provider's ID token, in the market where the provider is set up.",
	    .method = POST,
	    .path = "/v1/auth/external_sessions",
	    .calls = "api.create_external_session",
	    .takes = TAKES(PROVIDER_ID, ID_TOKEN,
		{ "totp", BODY, STRING, .optional = true, .max = 16,
		    .says = "code of the authenticator, or a recovery code",
		    .example = "\"123456\"" },
		{ "device_name", BODY, STRING, .max = 100, .says = "shown among the sessions",
		    .example = "\"Ada's phone\"", .seals = "access.device.name",
		    .person = "known_id new_account_id", .row = "device_row" },
		{ "role", BODY, STRING, .optional = true, .among = "partner operator auditor",
		    .says = "an office that the account holds; absent: as partner, or customer" },
		{ "device_secret", BODY, STRING, .optional = true, .max = 64,
		    .says = "what a sign-in on this device has given out" },
		{ "locale", BODY, STRING, .optional = true, .among = "en it",
		    .says = "language of the mail to a new account; English where absent" },
		VERIFIED,
		{ "email", PREPARED, STRING, .seals = "access.credential.email",
		    .person = "new_account_id" },
		{ "email_key", PREPARED, STRING }, { "email_verified", PREPARED, BOOL },
		{ "name", PREPARED, STRING, .seals = "identity.account.name",
		    .person = "new_account_id" },
		{ "totp_step", PREPARED, LONG }, { "recovery_mac", PREPARED, BYTES },
		{ "refresh_hash", PREPARED, BYTES }, { "device_hash", PREPARED, BYTES },
		{ "session_id", FRESH, UUID }, { "device_id", FRESH, UUID },
		{ "new_account_id", FRESH, UUID }, { "identity_id", FRESH, UUID },
		{ "refresh", CHANCE, BYTES }, { "device", CHANCE, BYTES }, WITNESSED,
		{ "known_id", PREPARED, UUID }, { "device_row", PREPARED, UUID }),
	    .gives = ONE,
	    .status = 201,
	    .fails = "provider_unknown provider_key_unknown id_token_wrong nonce_wrong "
		     "person_unknown email_needed link_needed totp_needed totp_wrong "
		     "totp_enrolment_needed role_not_held sign_in_delayed",
	    .asks = "api.ask_external_session",
	    .prepares = think_external_session,
	    .pool = true,
	    .finishes = finish_session,
	},
	{
	    .says = "Link a provider's word to the account: from now on it signs in.",
	    .method = POST,
	    .path = "/v1/me/identities",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.create_external_identity",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "account_role", ROLE, STRING },
		PROVIDER_ID, ID_TOKEN, VERIFIED, { "identity_id", FRESH, UUID },
		{ "mail_id", FRESH, UUID }, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "provider_unknown provider_key_unknown id_token_wrong nonce_wrong "
		     "identity_taken account_unknown sign_in_delayed",
	    .asks = "api.ask_external_identity",
	    .prepares = think_external_identity,
	    .pool = true,
	},
	{
	    .says = "List the providers' words that are linked to the account.",
	    .method = GET,
	    .path = "/v1/me/identities",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.list_external_identities",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "limit", LIMIT, INT },
		{ "after_identity_id", CURSOR, UUID }),
	    .gives = LIST,
	},
	{
	    .says = "Take a link off the account.",
	    .method = DELETE,
	    .path = "/v1/me/identities/{identity_id}",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.delete_external_identity",
	    .takes = TAKES({ "account_id", ACCOUNT, UUID }, { "account_role", ROLE, STRING },
		{ "identity_id", PATH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "identity_unknown last_way_in",
	},
	{ 0 },
};

const struct room room_providers = {
	.name = "providers",
	.says = "Signing in with another provider: OpenID Connect.",
	.endpoints = endpoints,
};
