/* finishes: replies with what SQL does not know: codes, secrets, tokens; see thoughts.h. */
#include "access/thoughts.h"
#include "args.h"
#include "oauth/thoughts.h"
#include "socius/arena.h"
#include "socius/instant.h"
#include "socius/json.h"
#include "socius/uuid.h"

/* A column as it is: text, UUID, number or time; null is null. */
static void
put_column(struct json *json, const struct rows *rows, const char *name, enum type type)
{
	int column = rows_column(rows, name);
	char text[UUID_TEXT_BYTES + INSTANT_TEXT_BYTES_MAX];
	struct uuid uuid;

	json_name(json, name);
	if (rows_null(rows, 0, column)) {
		json_write_null(json);
		return;
	}
	switch (type) {
	case UUID:
		uuid = rows_uuid(rows, 0, column);
		uuid_write(&uuid, text);
		json_write_text(json, text_of(text));
		break;
	case INSTANT:
		(void)instant_write(rows_instant(rows, 0, column), text); /* NUL-terminated */
		json_write_text(json, text_of(text));
		break;
	case LONG:
		json_write_int(json, rows_int(rows, 0, column));
		break;
	default:
		json_write_text(json, rows_text(rows, 0, column));
	}
}

struct column {
	const char *name; /* NULL: the end */
	enum type type;
};

static void
put_columns(struct json *json, const struct rows *rows, const struct column *columns)
{
	for (; columns->name != NULL; columns++)
		put_column(json, rows, columns->name, columns->type);
}

bool
finish_consent(struct request *request, const struct rows *rows, struct buffer *body)
{
	static const struct column columns[] = { { "iss", STRING }, { "expires_at", INSTANT },
		{ 0 } };
	struct json json;

	json_init(&json, body);
	json_open_object(&json);
	json_name(&json, "code");
	json_write_text(&json, args_of(request, "code")->bytes);
	put_columns(&json, rows, columns);
	json_close_object(&json);
	return true;
}

/* .prepares has put the refresh token in the place of what was presented. */
bool
finish_tokens(struct request *request, const struct rows *rows, struct buffer *body)
{
	struct text grant = args_of(request, "grant_type")->bytes, refresh = { NULL, 0 };

	if (text_is(grant, "refresh_token"))
		refresh = args_of(request, "refresh_token")->bytes;
	if (text_is(grant, "authorization_code"))
		refresh = args_of(request, "code")->bytes;
	return finish_pair(request, rows, refresh, (struct text){ NULL, 0 }, body);
}

/* RFC 7662 section 2.2: nothing is said of a token that is not active. */
bool
finish_introspect(struct request *request, const struct rows *rows, struct buffer *body)
{
	static const struct column columns[] = { { "scope", STRING }, { "client_id", UUID },
		{ "sub", UUID }, { "token_type", STRING }, { "exp", LONG }, { "iss", STRING },
		{ "sid", UUID }, { "market_id", LONG }, { "role", STRING }, { "partner_id", UUID },
		{ 0 } };
	bool active = rows_bool(rows, 0, rows_column(rows, "active"));
	struct json json;

	(void)request; /* all is in the row */
	json_init(&json, body);
	json_open_object(&json);
	json_put_bool(&json, "active", active);
	if (active)
		put_columns(&json, rows, columns);
	json_close_object(&json);
	return true;
}

bool
finish_secret(struct request *request, const struct rows *rows, struct buffer *body)
{
	static const struct column before[] = { { "service_key_id", UUID }, { "name", STRING },
		{ "scope", STRING }, { 0 } };
	static const struct column after[] = { { "expires_at", INSTANT },
		{ "old_secret_until", INSTANT }, { 0 } };
	struct json json;

	json_init(&json, body);
	json_open_object(&json);
	put_columns(&json, rows, before);
	json_name(&json, "secret");
	if (rows_null(rows, 0, rows_column(rows, "secret")))
		json_write_null(&json);
	else
		json_write_text(&json, args_of(request, "secret")->bytes);
	put_columns(&json, rows, after);
	json_close_object(&json);
	return true;
}
