/*
 * room: a room that only test instances have, for the forms of a row that no real room needs yet:
 * a body spooled to disk, and a slow thought in the pool on what one read has asked.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/arena.h"
#include "socius/endpoint.h"
#include "socius/request.h"

enum { STRETCH_ROUNDS = 50000 };

/* Replaces the secret by a digest of it and the salt that .asks has brought: many rounds, as a
 * password would take. */
static bool
stretch(struct request *request)
{
	struct value *secret = request_arg(request, "secret");
	struct text salt = rows_text(&request->asked, 0, rows_column(&request->asked, "salt"));
	char text[UUID_TEXT_BYTES];
	struct uuid digest = uuid_of_digest(salt.at, salt.bytes);
	char *both = arena_print(request->arena, "%.*s%.*s", (int)salt.bytes, salt.at,
	    (int)secret->bytes.bytes, secret->bytes.at);

	digest = uuid_of_digest(both, salt.bytes + secret->bytes.bytes);
	for (int i = 0; i < STRETCH_ROUNDS; i++)
		digest = uuid_of_digest(digest.byte, sizeof(digest.byte));
	uuid_write(&digest, text);
	secret->bytes =
	    (struct text){ arena_copy(request->arena, text, sizeof(text) - 1), sizeof(text) - 1 };
	return true;
}

static const struct endpoint endpoints[] = {
	{
	    .says = "Keep the digest of a body of any kind.",
	    .method = POST,
	    .path = "/test/blobs",
	    .scope = SCOPE_SETUP_WRITE,
	    .calls = "api.keep_test_blob",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "account_id", ACCOUNT, UUID },
		{ "digest", BLOB, BYTES }),
	    .gives = ONE,
	    .status = 201,
	},
	{
	    .says = "Keep a secret, stretched with the salt of the account.",
	    .method = POST,
	    .path = "/test/secrets",
	    .scope = SCOPE_SETUP_WRITE,
	    .calls = "api.keep_test_secret",
	    .takes = TAKES({ "market_id", MARKET, INT }, { "account_id", ACCOUNT, UUID },
		{ "secret", BODY, STRING, .max = 128, .says = "what nobody may read" }),
	    .gives = ONE,
	    .status = 201,
	    .asks = "api.ask_test_salt",
	    .prepares = stretch,
	    .pool = true,
	},
	{ 0 },
};

const struct room room_test = {
	.name = "test",
	.says = "Forms of a row that no real room needs yet; test instances only.",
	.endpoints = endpoints,
};
