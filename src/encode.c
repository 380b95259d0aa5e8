/* encode: answers into replies; see encode.h. */
#include "encode.h"

#include <assert.h>
#include <inttypes.h>
#include <libpq-fe.h>

#include "catalog.h"
#include "encode_parts.h"
#include "etag.h"

int
encode_first_column(const struct operation *operation)
{
	return (operation->refuses ? 2 : 0) + (operation->replays ? 1 : 0);
}

int
encode_column(const struct operation *operation, const char *name)
{
	const struct shape *shape = operation->gives;

	for (int i = 0; shape != NULL && i < shape->fields_count; i++)
		if (strcmp(shape->fields[i].name, name) == 0)
			return encode_first_column(operation) + i;
	return -1;
}

uint32_t
encode_type(const struct operation *operation, int column)
{
	return operation->gives->fields[column - encode_first_column(operation)].oid;
}

/* --- problems --- */

static void
add_problem_headers(const struct request *request, struct reply *reply)
{
	const struct problem_kind *kind = request->problem.kind;
	int retry_after_s = problem_retry_after_s(&request->problem);

	if (retry_after_s > 0)
		reply_add_header(reply, "Retry-After",
		    text_of(arena_print(request->arena, "%d", retry_after_s)));
	if (kind->status == 401)
		reply_add_header(reply, "WWW-Authenticate", TEXT("Bearer"));
	if (strcmp(kind->slug, "step_up_needed") == 0) /* RFC 9470 section 3 */
		reply_add_header(reply, "WWW-Authenticate",
		    text_of(arena_print(request->arena,
			"Bearer error=\"insufficient_user_authentication\", max_age=\"%d\"",
			TOKEN_FRESH_S)));
	if (kind->status == 405 && request->allow != NULL)
		reply_add_header(reply, "Allow", text_of(request->allow));
}

void
encode_problem(struct request *request, struct reply *reply)
{
	struct buffer buffer;

	assert(request->problem.kind != NULL);
	buffer_init(&buffer, request->arena, 512);
	problem_write(&request->problem, request->id, &buffer);
	*reply = (struct reply){
		.status = request->problem.kind->status,
		.media = TEXT("application/problem+json"),
		.body = buffer_text(&buffer),
	};
	add_problem_headers(request, reply);
}

/* A hot function says no in its first row instead of raising. */
static void
take_refusal(struct request *request, const struct operation *operation, const struct rows *rows)
{
	struct text detail = { NULL, 0 };

	if (!operation->refuses || rows->count == 0 || rows_null(rows, 0, 0))
		return;
	if (!rows_null(rows, 0, 1))
		detail = rows_text(rows, 0, 1);
	problem_of_refusal(&request->problem, request->arena, rows_text(rows, 0, 0), detail);
}

static const char *
unavailable_detail(const struct request *request, const struct answer *answer)
{
	if (answer->outcome == OUTCOME_BUSY)
		return "Too many requests wait already; this one had no effect.";
	if (answer->sent && request->method != GET)
		return "The request may have had its effect; the same key tells.";
	return NULL;
}

/* Whether the answer holds rows to show; else the problem is set. */
static bool
accepted(struct request *request, const struct operation *operation, const struct answer *answer)
{
	switch (answer->outcome) {
	case OUTCOME_ROWS:
		take_refusal(request, operation, &answer->rows);
		break;
	case OUTCOME_FAILED:
		problem_of_sql(&request->problem, request->arena, answer->sqlstate, answer->message,
		    answer->constraint, answer->detail);
		break;
	case OUTCOME_UNAVAILABLE:
	case OUTCOME_BUSY:
		problem_set(&request->problem, "unavailable", unavailable_detail(request, answer));
		break;
	}
	if (operation->gives != NULL && operation->endpoint->gives == ONE &&
	    answer->outcome == OUTCOME_ROWS && answer->rows.count == 0)
		problem_set(&request->problem, "not_found", NULL);
	return request->problem.kind == NULL;
}

/* --- one object --- */

void
encode_item(const struct encoder *encoder, const struct operation *operation,
    const struct rows *rows, int row, struct buffer *to)
{
	const struct shape *shape = operation->gives;
	int first = encode_first_column(operation);
	struct json json;

	json_init(&json, to);
	json_open_object(&json);
	for (int i = 0; i < shape->fields_count; i++) {
		json_name(&json, shape->fields[i].name);
		if (rows_null(rows, row, first + i))
			json_write_null(&json);
		else
			encode_cell(
			    encoder, shape->fields[i].oid, rows_bytes(rows, row, first + i), &json);
	}
	json_close_object(&json);
}

/* The row's version as ETag. true: the client has this version already. */
static bool
add_tag(struct request *request, const struct operation *operation, const struct rows *rows,
    struct reply *reply)
{
	int column = encode_column(operation, "version");
	struct text tag;

	if (column < 0 || rows_null(rows, 0, column))
		return false;
	tag = text_of(arena_print(request->arena, "\"%" PRId64 "\"", rows_int(rows, 0, column)));
	reply_add_header(reply, "ETag", tag);
	return request->method == GET && etag_is_known(request, tag);
}

static bool
unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static void
add_percent_encoded(struct buffer *to, struct text from)
{
	for (size_t i = 0; i < from.bytes; i++) {
		if (unreserved(from.at[i]))
			buffer_add(to, from.at + i, 1);
		else
			buffer_print(to, "%%%02X", (unsigned char)from.at[i]);
	}
}

/* Where what was made can be read: the path of its GET with the row's own columns filled in. */
static void
add_location(const struct encoder *encoder, const struct operation *operation,
    const struct rows *rows, struct arena *arena, struct reply *reply)
{
	const char *at = operation->located->path;
	struct buffer path;

	buffer_init(&path, arena, 128);
	while (*at != '\0') {
		size_t bytes = strcspn(at, "{");
		int column;

		buffer_add(&path, at, bytes);
		at += bytes;
		if (*at == '\0')
			break;
		bytes = strcspn(++at, "}");
		column = encode_column(operation, arena_copy(arena, at, bytes));
		assert(column >= 0);
		if (rows_null(rows, 0, column))
			return;
		add_percent_encoded(&path, encode_plain(encoder, encode_type(operation, column),
					       rows_bytes(rows, 0, column), arena));
		at += bytes + 1;
	}
	reply_add_header(reply, "Location", buffer_text(&path));
}

static void
encode_one(const struct encoder *encoder, const struct operation *operation,
    struct request *request, const struct rows *rows, struct reply *reply)
{
	struct buffer buffer;

	if (add_tag(request, operation, rows, reply)) {
		reply->status = 304;
		return;
	}
	if (operation->located != NULL)
		add_location(encoder, operation, rows, request->arena, reply);
	buffer_init(&buffer, request->arena, 1024);
	encode_item(encoder, operation, rows, 0, &buffer);
	reply->media = TEXT("application/json");
	reply->body = buffer_text(&buffer);
}

/* --- files --- */

static const char *
file_name(const struct operation *operation, struct arena *arena)
{
	static const char *const endings[][2] = { { "text/csv", "csv" }, { "text/calendar", "ics" },
		{ "application/pdf", "pdf" }, { "application/xml", "xml" },
		{ "application/json", "json" } };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcmp(operation->endpoint->media, endings[i][0]) == 0)
			return arena_print(
			    arena, "attachment; filename=\"%s.%s\"", operation->id, endings[i][1]);
	return arena_print(arena, "attachment; filename=\"%s\"", operation->id);
}

/* What .finishes has written. false: it has set the problem. */
static bool
finish(const struct operation *operation, struct request *request, const struct rows *rows,
    struct reply *reply)
{
	const char *media = operation->endpoint->media;
	struct buffer buffer;

	buffer_init(&buffer, request->arena, 4096);
	if (!operation->endpoint->finishes(request, rows, &buffer)) {
		assert(request->problem.kind != NULL);
		return false;
	}
	reply->media = media == NULL ? TEXT("application/json") : text_of(media);
	reply->body = buffer_text(&buffer);
	return true;
}

static void
encode_rows(const struct encoder *encoder, const struct operation *operation,
    struct request *request, const struct rows *rows, struct reply *reply)
{
	switch (operation->endpoint->gives) {
	case ONE:
		if (operation->gives != NULL)
			encode_one(encoder, operation, request, rows, reply);
		break;
	case LIST:
		encode_list(encoder, operation, request, rows, reply);
		break;
	case DOWNLOAD:
		encode_csv(encoder, operation, rows, request->arena, reply);
		break;
	case STREAM:
		encode_events(encoder, operation, request, rows, reply);
		break;
	}
}

static int
status_of(const struct operation *operation)
{
	if (operation->endpoint->status != 0)
		return operation->endpoint->status;
	return operation->gives == NULL && operation->endpoint->finishes == NULL ? 204 : 200;
}

static void
add_replayed(const struct operation *operation, const struct rows *rows, struct reply *reply)
{
	int column = operation->refuses ? 2 : 0;

	if (!operation->replays || rows->count == 0 || rows_null(rows, 0, column))
		return;
	reply->replayed = rows_bool(rows, 0, column);
	if (reply->replayed)
		reply_add_header(reply, "Idempotent-Replayed", TEXT("true"));
}

void
encode_reply(const struct encoder *encoder, const struct operation *operation,
    struct request *request, const struct answer *answer, struct reply *reply)
{
	*reply = (struct reply){ .status = status_of(operation) };
	if (request->problem.kind != NULL || !accepted(request, operation, answer)) {
		encode_problem(request, reply);
		return;
	}
	add_replayed(operation, &answer->rows, reply);
	if (operation->endpoint->gives == DOWNLOAD)
		reply_add_header(
		    reply, "Content-Disposition", text_of(file_name(operation, request->arena)));
	if (operation->endpoint->finishes == NULL)
		encode_rows(encoder, operation, request, &answer->rows, reply);
	else if (!finish(operation, request, &answer->rows, reply))
		encode_problem(request, reply);
}
