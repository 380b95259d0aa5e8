/* thoughts: ID tokens and nonces; see thoughts.h. */
#include "providers/thoughts.h"

#include "access/thoughts.h"
#include "args.h"
#include "socius/arena.h"
#include "socius/id_token.h"
#include "socius/instant.h"
#include "socius/json.h"
#include "socius/problem.h"
#include "socius/vault.h"

static void
put_bool(struct request *request, const char *name, bool value)
{
	args_of(request, name)->null = false;
	args_of(request, name)->number = value;
}

bool
think_nonce(struct request *request)
{
	struct value *chance = args_of(request, "chance");

	chance->bytes = vault_text(request->arena, chance->bytes.at, chance->bytes.bytes);
	args_put_digest(request, "nonce_hash", chance->bytes);
	args_hide(request, "chance");
	return true;
}

/* Whose token it is: the issuer, which has no line end, a line end, and its sub. */
static void
put_identity(struct request *request, const struct id_token *said)
{
	struct buffer both;

	buffer_init(&both, request->arena, 512);
	buffer_add(&both, said->issuer.at, said->issuer.bytes);
	buffer_add_text(&both, "\n");
	buffer_add(&both, said->subject.at, said->subject.bytes);
	args_put_digest(request, "identity_hash", buffer_text(&both));
}

/* Verifies the token. false: request->problem says why not. */
static bool
read_token(struct request *request, struct id_token *said)
{
	struct value *token = args_of(request, "id_token"), *nonce = args_of(request, "nonce");
	struct text provider =
	    rows_text(&request->asked, 0, rows_column(&request->asked, "provider"));
	const char *why = id_token_check(
	    request->arena, provider, token->bytes, nonce->bytes, request->now_us, said);

	if (why != NULL && why != id_token_key_unknown) {
		problem_set(&request->problem, "id_token_wrong", why);
		return false;
	}
	put_bool(request, "key_unknown", why != NULL);
	args_put_digest(request, "nonce_hash", nonce->bytes);
	if (why == NULL)
		put_identity(request, said);
	args_hide(request, "id_token");
	args_hide(request, "nonce");
	return true;
}

/* A person whom we may not know yet: its address, and how it is called. */
static void
put_person(struct request *request, const struct id_token *said)
{
	const char *at;

	put_bool(request, "email_verified", said->email_verified);
	if (said->email.at == NULL)
		return;
	args_put(request, "email", said->email);
	think_address(request);
	args_put(request, "email_key", vault_blind(request->arena, "email", said->email));
	at = memchr(said->email.at, '@', said->email.bytes);
	args_put(request, "name",
	    said->name.at != NULL ? said->name
				  : (struct text){ said->email.at, (size_t)(at - said->email.at) });
}

static const struct uuid *
asked_id(struct request *request, const char *column)
{
	int at = rows_column(&request->asked, column);
	struct uuid *id;

	if (rows_null(&request->asked, 0, at))
		return NULL;
	id = arena_take(request->arena, sizeof(*id));
	*id = rows_uuid(&request->asked, 0, at);
	return id;
}

/* Whom the device's name is sealed for, and in which row. Nothing else is kept of who is known. */
static void
put_device(struct request *request)
{
	const struct uuid *known = asked_id(request, "account_id"),
			  *device = asked_id(request, "device_id");

	args_put_uuid(
	    request, "device_row", device != NULL ? device : &args_of(request, "device_id")->uuid);
	if (known == NULL)
		return;
	args_put_uuid(request, "known_id", known);
	args_hide(request, "email");
	args_hide(request, "name");
}

bool
think_external_session(struct request *request)
{
	struct id_token said;

	if (!read_token(request, &said))
		return false;
	if (args_of(request, "key_unknown")->number) {
		args_hide(request, "device_name");
		return true;
	}
	put_person(request, &said);
	put_device(request);
	(void)think_second(request); /* SQL says what is wrong with it */
	think_new_tokens(request);
	return true;
}

bool
think_external_identity(struct request *request)
{
	struct id_token said;

	return read_token(request, &said);
}

bool
finish_nonce(struct request *request, const struct rows *rows, struct buffer *body)
{
	char expires_at[INSTANT_TEXT_BYTES_MAX];
	struct json json;

	(void)instant_write(
	    rows_instant(rows, 0, rows_column(rows, "expires_at")), expires_at); /* as it is */
	json_init(&json, body);
	json_open_object(&json);
	json_name(&json, "nonce");
	json_write_text(&json, args_of(request, "chance")->bytes);
	json_put_text(&json, "expires_at", expires_at);
	json_close_object(&json);
	return true;
}
