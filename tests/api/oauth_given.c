/* oauth_given: see oauth_given.h. */
#include "api/oauth_given.h"

#include <criterion/criterion.h>

const char *
given_app(const char *scope)
{
	struct story_reply *reply = story_post(story.platform, "/v1/clients",
	    "{\"name\":\"Shifts\",\"redirect_uris\":\"" REDIRECT " http://127.0.0.1/back\","
	    "\"scope\":\"%s\"}",
	    scope);

	return story_text(reply, "client_id");
}

const char *
given_consent(const char *token, const char *client_id)
{
	struct story_reply *reply = story_call("POST", "/v1/auth/authorizations", token, NULL,
	    "{\"client_id\":\"%s\",\"redirect_uri\":\"" REDIRECT "\",\"code_challenge\":"
	    "\"" CHALLENGE "\",\"code_challenge_method\":\"S256\"}",
	    client_id);

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	return story_text(reply, "code");
}

struct story_reply *
given_redeemed(const char *client_id, const char *code, const char *verifier)
{
	return story_form("/v1/auth/tokens", NULL,
	    "grant_type=authorization_code&code=%s&redirect_uri=" REDIRECT_ENCODED
	    "&client_id=%s&code_verifier=%s",
	    code, client_id, verifier);
}
