/* thoughts: apps of others and services, before SQL; see thoughts.h. */
#include "oauth/thoughts.h"

#include "args.h"
#include "oauth/redirect_uri.h"
#include "socius/arena.h"
#include "socius/endpoint.h"
#include "socius/problem.h"
#include "socius/vault.h"
#include "socius/world.h"

/* --- scopes and addresses --- */

static bool
askable(struct text scope)
{
	for (const struct scope *of = app.scopes; of->name != NULL; of++)
		if (of->asks != NULL && text_is(scope, of->name))
			return true;
	return false;
}

static bool
for_services(struct text scope)
{
	for (const struct role *role = app.roles; role->name != NULL; role++)
		if (strcmp(role->name, "service") == 0)
			return text_listed(role->scopes, scope);
	return false;
}

/* The next word of a list that is separated by single blanks. */
static struct text
next_word(struct text *list)
{
	const char *blank = memchr(list->at, ' ', list->bytes);
	struct text word = { list->at, blank == NULL ? list->bytes : (size_t)(blank - list->at) };

	list->at += word.bytes + (blank != NULL);
	list->bytes -= word.bytes + (blank != NULL);
	return word;
}

/* false, with the problem set: one of the words is none of these. */
static bool
check_words(
    struct request *request, const char *name, const char *slug, bool (*right)(struct text word))
{
	struct text list = args_of(request, name)->bytes;

	while (list.bytes > 0) {
		struct text word = next_word(&list);

		if (right(word))
			continue;
		problem_set(&request->problem, slug,
		    arena_print(
			request->arena, "It cannot be \"%.*s\".", (int)word.bytes, word.at));
		return false;
	}
	return true;
}

bool
think_client(struct request *request)
{
	return check_words(request, "scope", "scope_wrong", askable) &&
	       check_words(request, "redirect_uris", "redirect_uri_shape", redirect_uri_right);
}

/* --- asking --- */

/* As the instance is known to others: RFC 8414 section 2. */
static void
put_issuer(struct request *request)
{
	args_put(
	    request, "issuer", text_of(world_setting("SOCIUS_ISSUER", "http://127.0.0.1:8080")));
}

bool
think_request(struct request *request)
{
	struct buffer lines;

	buffer_init(&lines, request->arena, 2048);
	for (const struct scope *of = app.scopes; of->name != NULL; of++)
		if (of->asks != NULL)
			buffer_print(
			    &lines, "%s%s\t%s", lines.bytes > 0 ? "\n" : "", of->name, of->asks);
	args_put(request, "words", buffer_text(&lines));
	put_issuer(request);
	return true;
}

bool
think_consent(struct request *request)
{
	struct value *code = args_of(request, "code");

	code->bytes = vault_text(request->arena, code->bytes.at, code->bytes.bytes);
	args_put_digest(request, "code_hash", code->bytes);
	args_hide(request, "code");
	put_issuer(request);
	return true;
}

/* --- tokens in, tokens out --- */

bool
think_revoke(struct request *request)
{
	struct text token = args_of(request, "token")->bytes;
	struct caller caller;
	int64_t expires_us;

	args_put_digest(request, "token_hash", token);
	if (vault_read(request->arena, token, request->now_us, &caller, &expires_us) &&
	    caller.has_session)
		args_put_uuid(request, "session_id", &caller.session_id);
	args_hide(request, "token");
	return true;
}

bool
think_introspect(struct request *request)
{
	struct text token = args_of(request, "token")->bytes;
	struct caller caller;
	int64_t expires_us;

	args_put_digest(request, "token_hash", token);
	put_issuer(request);
	args_hide(request, "token");
	if (!vault_read(request->arena, token, request->now_us, &caller, &expires_us))
		return true;
	args_put_uuid(request, "sub", &caller.account_id);
	if (caller.has_session)
		args_put_uuid(request, "session_id", &caller.session_id);
	if (caller.has_partner)
		args_put_uuid(request, "partner_id", &caller.partner_id);
	args_put_long(request, "token_market", caller.market_id);
	args_put(request, "token_scope", text_of(caller.scopes));
	args_put(request, "token_role", text_of(caller.role));
	args_put_long(request, "exp", expires_us / 1000000);
	return true;
}

/* --- services --- */

/* sk_<market>_<chance>: so that it is looked up within its market. */
bool
think_secret(struct request *request)
{
	struct value *secret = args_of(request, "secret");
	struct text chance = vault_text(request->arena, secret->bytes.at, secret->bytes.bytes);
	const char *text = arena_print(request->arena, "sk_%d_%.*s", (int)request->caller.market_id,
	    (int)chance.bytes, chance.at);

	secret->bytes = text_of(text);
	args_put_digest(request, "secret_hash", secret->bytes);
	args_copy(request, "prefix", text, strlen(text) - chance.bytes + 6);
	args_hide(request, "secret");
	return true;
}

bool
think_service_key(struct request *request)
{
	return check_words(request, "scope", "scope_wrong", for_services) && think_secret(request);
}
