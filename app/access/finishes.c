/* finishes: replies with what SQL does not know: tokens, secrets, recovery codes; see thoughts.h.
 */
#include <assert.h>

#include "access/thoughts.h"
#include "access/totp.h"
#include "socius/arena.h"
#include "socius/endpoint.h"
#include "socius/instant.h"
#include "socius/json.h"
#include "socius/problem.h"
#include "socius/vault.h"

static void
put_text(struct json *json, const char *name, struct text value)
{
	json_name(json, name);
	if (value.at == NULL)
		json_write_null(json);
	else
		json_write_text(json, value);
}

static void
put_uuid(struct json *json, const char *name, const struct uuid *value)
{
	char text[UUID_TEXT_BYTES];

	if (value != NULL)
		uuid_write(value, text);
	json_put_text(json, name, value != NULL ? text : NULL);
}

static void
put_instant(struct json *json, const char *name, int64_t us)
{
	char text[INSTANT_TEXT_BYTES_MAX];

	(void)instant_write(us, text); /* its length does not matter here */
	json_put_text(json, name, text);
}

/* 0: it is null. */
static int64_t
moment_of(const struct rows *rows, const char *name)
{
	int column = rows_column(rows, name);

	return rows_null(rows, 0, column) ? 0 : rows_instant(rows, 0, column);
}

/* Whom the tokens speak for, as SQL says; the role is one of ours. */
static struct caller
caller_of(struct arena *arena, const struct rows *rows)
{
	struct text role = rows_text(rows, 0, rows_column(rows, "role"));
	int partner = rows_column(rows, "partner_id");
	struct caller caller = { .known = true,
		.account_id = rows_uuid(rows, 0, rows_column(rows, "account_id")),
		.market_id = (int32_t)rows_int(rows, 0, rows_column(rows, "market_id")),
		.has_session = true,
		.session_id = rows_uuid(rows, 0, rows_column(rows, "session_id")),
		.totp_us = moment_of(rows, "totp_at"),
		.role = arena_copy(arena, role.at, role.bytes),
		.has_partner = !rows_null(rows, 0, partner) };

	if (caller.has_partner)
		caller.partner_id = rows_uuid(rows, 0, partner);
	return caller;
}

/* Of the scopes of the caller's role those that the row holds; null: all. */
static const char *
scopes_of(struct arena *arena, const struct rows *rows, const char *role_name)
{
	int column = rows_column(rows, "scope");
	const struct role *role = app.roles;
	struct buffer both;
	const char *held;

	while (role->name != NULL && strcmp(role->name, role_name) != 0)
		role++;
	if (role->name == NULL || rows_null(rows, 0, column))
		return role->scopes;
	held = arena_print(
	    arena, "%.*s", (int)rows_text(rows, 0, column).bytes, rows_text(rows, 0, column).at);
	buffer_init(&both, arena, 256);
	for (const char *at = role->scopes; *at != '\0';) {
		struct text scope = { at, strcspn(at, " ") };

		if (text_listed(held, scope))
			buffer_print(
			    &both, "%s%.*s", both.bytes > 0 ? " " : "", (int)scope.bytes, scope.at);
		at += scope.bytes;
		at += strspn(at, " ");
	}
	buffer_add(&both, "", 1);
	return both.at;
}

bool
finish_pair(struct request *request, const struct rows *rows, struct text refresh,
    struct text device, struct buffer *body)
{
	struct caller caller = caller_of(request->arena, rows);
	const char *token;
	struct json json;

	caller.scopes = scopes_of(request->arena, rows, caller.role);
	token = vault_sign(request->arena, &caller, request->now_us);
	if (token == NULL) {
		problem_set(&request->problem, "unavailable", "Tokens cannot be signed.");
		return false;
	}
	json_init(&json, body);
	json_open_object(&json);
	json_put_text(&json, "access_token", token);
	json_put_text(&json, "token_type", "Bearer");
	json_put_int(&json, "expires_in", VAULT_TOKEN_LIFE_S);
	put_text(&json, "refresh_token", refresh);
	put_text(&json, "device_secret", device);
	put_uuid(&json, "session_id", &caller.session_id);
	put_uuid(&json, "account_id", &caller.account_id);
	json_put_int(&json, "market_id", caller.market_id);
	json_put_text(&json, "role", caller.role);
	put_uuid(&json, "partner_id", caller.has_partner ? &caller.partner_id : NULL);
	put_instant(&json, "expires_at", rows_instant(rows, 0, rows_column(rows, "expires_at")));
	json_put_text(&json, "scope", caller.scopes);
	if (caller.totp_us > 0)
		put_instant(&json, "totp_at", caller.totp_us);
	else
		json_put_text(&json, "totp_at", NULL);
	json_close_object(&json);
	return true;
}

/* The same caller with the same scopes, who has shown a code. */
bool
finish_step_up(struct request *request, const struct rows *rows, struct buffer *body)
{
	struct caller caller = request->caller;
	const char *token;
	struct json json;

	caller.totp_us = moment_of(rows, "totp_at");
	token = vault_sign(request->arena, &caller, request->now_us);
	if (token == NULL) {
		problem_set(&request->problem, "unavailable", "Tokens cannot be signed.");
		return false;
	}
	json_init(&json, body);
	json_open_object(&json);
	json_put_text(&json, "access_token", token);
	json_put_text(&json, "token_type", "Bearer");
	json_put_int(&json, "expires_in", VAULT_TOKEN_LIFE_S);
	put_instant(&json, "totp_at", caller.totp_us);
	put_instant(&json, "fresh_until", moment_of(rows, "fresh_until"));
	json_close_object(&json);
	return true;
}

bool
finish_session(struct request *request, const struct rows *rows, struct buffer *body)
{
	bool known = rows_null(rows, 0, rows_column(rows, "device_secret"));
	struct text none = { NULL, 0 };

	return finish_pair(request, rows, request_arg(request, "refresh")->bytes,
	    known ? none : request_arg(request, "device")->bytes, body);
}

bool
finish_totp(struct request *request, const struct rows *rows, struct buffer *body)
{
	struct text email = vault_reveal(request->arena, rows, 0, "uri"), secret;
	char bytes[TOTP_SECRET_BYTES];
	struct buffer uri;
	struct json json;

	totp_secret(&request_arg(request, "totp_id")->uuid, bytes);
	secret = totp_base32(request->arena, bytes, sizeof(bytes));
	buffer_init(&uri, request->arena, 256);
	buffer_add_text(&uri, "otpauth://totp/Socius:");
	for (size_t i = 0; i < email.bytes; i++) {
		unsigned char c = (unsigned char)email.at[i];

		if ((c >= '0' && c <= '9') || (c >= '@' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '.' || c == '-' || c == '_')
			buffer_add(&uri, &c, 1);
		else
			buffer_print(&uri, "%%%02X", c);
	}
	buffer_print(&uri, "?secret=%.*s&issuer=Socius", (int)secret.bytes, secret.at);
	json_init(&json, body);
	json_open_object(&json);
	put_text(&json, "secret", secret);
	put_text(&json, "uri", buffer_text(&uri));
	json_close_object(&json);
	return true;
}

bool
finish_recovery(struct request *request, const struct rows *rows, struct buffer *body)
{
	struct text codes = request_arg(request, "chance")->bytes;
	struct json json;

	json_init(&json, body);
	json_open_object(&json);
	put_instant(
	    &json, "confirmed_at", rows_instant(rows, 0, rows_column(rows, "confirmed_at")));
	json_name(&json, "recovery_codes");
	json_open_array(&json);
	for (; codes.bytes >= 10; codes.at += 10, codes.bytes -= 10)
		json_write_text(&json,
		    text_of(arena_print(request->arena, "%.5s-%.5s", codes.at, codes.at + 5)));
	json_close_array(&json);
	json_close_object(&json);
	return true;
}
