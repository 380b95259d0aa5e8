/*
 * oauth: apps of others, services, and their tokens (RFC 6749 as RFC 9700 has it).
 */
#include "oauth/thoughts.h"
#include "fields.h"
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

#define SCOPE_FIELD(source, is_optional, phrase) \
	{ \
		"scope", source, STRING, .optional = is_optional, .max = 511, .says = phrase, \
					 .example = "\"bookings.read earnings.read\"" \
	}
#define REDIRECT_URI(source) \
	{ \
		"redirect_uri", source, STRING, .max = 500, \
						.says = "one that the app has registered", \
						.example = "\"com.example.shifts:/callback\"" \
	}
#define ACTOR \
	{ "actor_id", ACCOUNT, UUID }, \
	{ \
		"actor_role", ROLE, STRING \
	}
#define HINT \
	{ \
		"token_type_hint", BODY, STRING, .optional = true, .max = 64, \
						 .says = "it is found out without" \
	}
#define SECRET \
	{ "secret", CHANCE, BYTES }, { "secret_id", FRESH, UUID }, \
	    { "secret_hash", PREPARED, BYTES }, \
	{ \
		"prefix", PREPARED, STRING \
	}

static const struct endpoint endpoints[] = {
	{
	    .says = "Say what OAuth's libraries want to know.",
	    .method = GET,
	    .path = "/.well-known/oauth-authorization-server",
	    .calls = "api.get_authorization_server",
	    .takes = TAKES({ "issuer", PREPARED, STRING }, { "words", PREPARED, STRING }),
	    .gives = ONE,
	    .prepares = think_request,
	},
	{
	    .says = "Register an app of others.",
	    .method = POST,
	    .path = "/v1/clients",
	    .scope = SCOPE_CLIENTS_WRITE,
	    .fresh_totp = STEP_UP_OFFICES,
	    .calls = "api.create_client",
	    .takes = TAKES(ACTOR, { "key", KEY, STRING }, { "digest", DIGEST, BYTES },
		{ "client_id", FRESH, UUID },
		{ "name", BODY, STRING, .max = 100, .says = "as people read it when they are asked",
		    .example = "\"Shifts by Example\"" },
		{ "redirect_uris", BODY, STRING, .max = 2000,
		    .says = "blank-separated; where answers may go, compared as they stand",
		    .example = "\"com.example.shifts:/callback\"" },
		SCOPE_FIELD(BODY, false, "blank-separated; what it may ask for at the most"),
		WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "key_reused redirect_uri_shape scope_wrong",
	    .prepares = think_client,
	},
	{
	    .says = "List the apps of others.",
	    .method = GET,
	    .path = "/v1/clients",
	    .scope = SCOPE_CLIENTS_WRITE,
	    .calls = "api.list_clients",
	    .takes = TAKES({ "limit", LIMIT, INT }, { "after_client_id", CURSOR, UUID }),
	    .gives = LIST,
	},
	{
	    .says = "Remove an app of others; all its sessions end.",
	    .method = DELETE,
	    .path = "/v1/clients/{client_id}",
	    .scope = SCOPE_CLIENTS_WRITE,
	    .calls = "api.end_client",
	    .takes = TAKES(ACTOR, { "client_id", PATH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "client_unknown",
	},
	{
	    .says = "Show what an app asks an account for: what the page /oauth/authorize shows.",
	    .method = GET,
	    .path = "/v1/auth/authorizations",
	    .calls = "api.get_authorization_request",
	    .takes = TAKES({ "response_type", QUERY, STRING, .optional = true, .max = 64 },
		{ "client_id", QUERY, UUID }, REDIRECT_URI(QUERY),
		SCOPE_FIELD(QUERY, true, "absent: all that the app may ask for"),
		{ "code_challenge", QUERY, STRING, .optional = true, .max = 128 },
		{ "code_challenge_method", QUERY, STRING, .optional = true, .max = 64 },
		{ "words", PREPARED, STRING }, { "issuer", PREPARED, STRING }),
	    .gives = ONE,
	    .fails = "client_unknown redirect_uri_wrong",
	    .prepares = think_request,
	},
	{
	    .says = "Let an app do what it asks for; gives the code that goes to it.",
	    .method = POST,
	    .path = "/v1/auth/authorizations",
	    .scope = SCOPE_ACCOUNT,
	    .calls = "api.create_authorization",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "account_id", ACCOUNT, UUID },
		{ "role", ROLE, STRING }, { "client_id", BODY, UUID }, REDIRECT_URI(BODY),
		SCOPE_FIELD(BODY, true, "absent: all that the app may ask for"),
		{ "code_challenge", BODY, STRING, .max = 128,
		    .says = "of the app's request (RFC 7636)",
		    .example = "\"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\"" },
		{ "code_challenge_method", BODY, STRING, .among = "S256" },
		{ "code", CHANCE, BYTES }, { "code_hash", PREPARED, BYTES },
		{ "issuer", PREPARED, STRING }, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "client_unknown redirect_uri_wrong scope_wrong code_challenge_shape "
		     "account_unknown",
	    .prepares = think_consent,
	    .finishes = finish_consent,
	},
	{
	    .says = "Get tokens: the next pair, those of a code, or one for a service.",
	    .method = POST,
	    .path = "/v1/auth/tokens",
	    .form = true,
	    .calls = "api.give_tokens",
	    .takes = TAKES({ "grant_type", BODY, STRING, .max = 64,
			       .says = "refresh_token, authorization_code or client_credentials",
			       .example = "\"refresh_token\"" },
		{ "refresh_token", BODY, STRING, .optional = true, .max = 64 },
		{ "device_secret", BODY, STRING, .optional = true, .max = 64,
		    .says = "what a sign-in on this device has given out" },
		{ "code", BODY, STRING, .optional = true, .max = 64 },
		{ "redirect_uri", BODY, STRING, .optional = true, .max = 500,
		    .says = "with a code: the one that it was asked with" },
		{ "code_verifier", BODY, STRING, .optional = true, .min = 43, .max = 128,
		    .says = "with a code: what its code_challenge was made of (RFC 7636)" },
		{ "client_id", BODY, UUID, .optional = true,
		    .says = "an app of others, or the key of a service" },
		{ "client_secret", BODY, STRING, .optional = true, .max = 128,
		    .says = "of a service; it may come as HTTP Basic instead" },
		SCOPE_FIELD(BODY, true, "absent: all that there is"),
		{ "token_hash", PREPARED, BYTES }, { "successor_hash", PREPARED, BYTES },
		{ "code_challenge", PREPARED, STRING }, { "secret_market", PREPARED, LONG },
		{ "session_id", FRESH, UUID }, { "device_id", FRESH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "grant_type_unknown refresh_wrong grant_wrong secret_wrong scope_wrong",
	    .prepares = think_tokens,
	    .finishes = finish_tokens,
	},
	{
	    .says = "Sign out: the session of a token ends, if there is one.",
	    .method = POST,
	    .path = "/v1/auth/revoke",
	    .form = true,
	    .calls = "api.revoke_token",
	    .takes = TAKES({ "token", BODY, STRING, .max = 4096,
			       .says = "a refresh token, or an access token of a session" },
		HINT, { "client_id", BODY, UUID, .optional = true, .says = "is not looked at" },
		{ "token_hash", PREPARED, BYTES }, { "session_id", PREPARED, UUID }, WITNESSED),
	    .gives = ONE,
	    .prepares = think_revoke,
	},
	{
	    .says = "Say what a token of this market is worth.",
	    .method = POST,
	    .path = "/v1/auth/introspect",
	    .form = true,
	    .scope = SCOPE_TOKENS_INTROSPECT,
	    .calls = "api.introspect_token",
	    .takes = TAKES({ "market_id", MARKET, INT },
		{ "token", BODY, STRING, .max = 4096, .says = "an access or a refresh token" },
		HINT, { "token_hash", PREPARED, BYTES }, { "issuer", PREPARED, STRING },
		{ "sub", PREPARED, UUID }, { "session_id", PREPARED, UUID },
		{ "token_market", PREPARED, LONG }, { "token_scope", PREPARED, STRING },
		{ "token_role", PREPARED, STRING }, { "partner_id", PREPARED, UUID },
		{ "exp", PREPARED, LONG }, { "now", CLOCK, INSTANT }),
	    .gives = ONE,
	    .prepares = think_introspect,
	    .finishes = finish_introspect,
	},
	{
	    .says = "Make the key of a service.",
	    .method = POST,
	    .path = "/v1/service_keys",
	    .scope = SCOPE_SERVICE_KEYS_WRITE,
	    .fresh_totp = STEP_UP_OFFICES,
	    .calls = "api.create_service_key",
	    .takes = TAKES({ "market_id", MARKET, INT }, ACTOR, { "key", KEY, STRING },
		{ "digest", DIGEST, BYTES }, { "service_key_id", FRESH, UUID },
		{ "name", BODY, STRING, .max = 100, .example = "\"Ride app\"" },
		{ "scope", BODY, STRING, .max = 511,
		    .says = "blank-separated, of what services may do",
		    .example = "\"trips.write trips.read\"" },
		{ "expires_at", BODY, INSTANT, .says = "within 366 days",
		    .example = "\"2027-03-01T00:00:00Z\"" },
		SECRET, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "key_reused scope_wrong expiry_wrong service_key_lives_a_year",
	    .prepares = think_service_key,
	    .finishes = finish_secret,
	},
	{
	    .says = "List the keys of services.",
	    .method = GET,
	    .path = "/v1/service_keys",
	    .scope = SCOPE_SERVICE_KEYS_READ,
	    .calls = "api.list_service_keys",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "now", CLOCK, INSTANT },
		{ "limit", LIMIT, INT }, { "after_service_key_id", CURSOR, UUID }),
	    .gives = LIST,
	},
	{
	    .says = "Give a service a new secret; the one before lives on for a while.",
	    .method = POST,
	    .path = "/v1/service_keys/{service_key_id}/rotate",
	    .scope = SCOPE_SERVICE_KEYS_WRITE,
	    .fresh_totp = STEP_UP_OFFICES,
	    .calls = "api.rotate_service_key",
	    .takes = TAKES({ "market_id", MARKET, INT }, ACTOR, { "key", KEY, STRING },
		{ "digest", DIGEST, BYTES }, { "service_key_id", PATH, UUID },
		{ "overlap_s", BODY, INT, .optional = true, .max = 604800,
		    .says = "seconds for which the secret before works; absent: a day; 0: it and "
			    "its tokens end now",
		    .example = "3600" },
		SECRET, WITNESSED),
	    .gives = ONE,
	    .status = 201,
	    .fails = "key_reused service_key_unknown service_key_ended",
	    .prepares = think_secret,
	    .finishes = finish_secret,
	},
	{
	    .says = "End the key of a service; its tokens are worth nothing within five seconds.",
	    .method = DELETE,
	    .path = "/v1/service_keys/{service_key_id}",
	    .scope = SCOPE_SERVICE_KEYS_WRITE,
	    .calls = "api.end_service_key",
	    .takes = TAKES(
		{ "market_id", MARKET, INT }, ACTOR, { "service_key_id", PATH, UUID }, WITNESSED),
	    .gives = ONE,
	    .fails = "service_key_unknown",
	},
	{ 0 },
};

const struct room room_oauth = {
	.name = "oauth",
	.says = "Apps of others, services, and their tokens.",
	.endpoints = endpoints,
};
