/* problem: errors into RFC 9457 problem details; see socius/problem.h. */
#include "socius/problem.h"

#include <assert.h>
#include <jansson.h>

#include "socius/arena.h"
#include "socius/endpoint.h"
#include "socius/json.h"
#include "socius/log.h"

/* Members that every problem has; business data never takes their place. */
static const char reserved[] = "type title status detail instance code retryable retry_after "
			       "retry_at request_id errors";

const struct problem_kind *
problem_kind_or_null(struct text slug)
{
	for (const struct problem_kind *kind = app.problems; kind->slug != NULL; kind++)
		if (text_is(slug, kind->slug))
			return kind;
	return NULL;
}

const struct problem_kind *
problem_kind(const char *slug)
{
	const struct problem_kind *kind = problem_kind_or_null(text_of(slug));

	assert(kind != NULL);
	return kind;
}

void
problem_set(struct problem *problem, const char *slug, const char *detail)
{
	if (problem->kind != NULL)
		return;
	problem->kind = problem_kind(slug);
	problem->detail = detail;
}

void
problem_add_error(
    struct problem *problem, const char *pointer, const char *code, const char *detail)
{
	if (problem->errors_count == PROBLEM_ERRORS_MAX)
		return;
	problem->errors[problem->errors_count++] =
	    (struct problem_error){ .pointer = pointer, .code = code, .detail = detail };
}

/* When the same request may succeed: core.explain_wait has said it. */
static void
take_wait(struct problem *problem, struct arena *arena, struct json_t *object)
{
	const char *name = problem->kind->retry_at;
	const char *at = name == NULL ? NULL : json_string_value(json_object_get(object, name));
	json_int_t after_s = json_integer_value(json_object_get(object, "retry_after_s"));

	if (!problem->kind->retryable)
		return;
	problem->retry_after_s = after_s < INT32_MAX ? (int)after_s : INT32_MAX;
	if (at != NULL)
		problem->retry_at = arena_copy(arena, at, strlen(at));
}

/* Splits a JSON object into the sentence `detail` and the business data beside it. */
static void
take_members(struct problem *problem, struct arena *arena, struct text from)
{
	const char *why, *sentence;
	long offset;
	struct json_t *object = from.bytes > 0 ? json_read(from, &why, &offset) : NULL;
	char *members;

	if (!json_is_object(object)) {
		json_decref(object);
		return;
	}
	sentence = json_string_value(json_object_get(object, "detail"));
	if (sentence != NULL)
		problem->detail = arena_copy(arena, sentence, strlen(sentence));
	take_wait(problem, arena, object);
	(void)json_object_del(object, "detail"); /* -1: it was not there */
	(void)json_object_del(object, "retry_after_s");
	members = json_object_size(object) > 0 ? json_dumps(object, JSON_COMPACT) : NULL;
	if (members != NULL)
		problem->members = text_of(arena_copy(arena, members, strlen(members)));
	free(members);
	json_decref(object);
}

void
problem_of_refusal(
    struct problem *problem, struct arena *arena, struct text slug, struct text detail)
{
	const struct problem_kind *kind = problem_kind_or_null(slug);

	if (problem->kind != NULL)
		return;
	if (kind == NULL) {
		log_line(LOG_LEVEL_ERROR, "problem.unknown", "slug",
		    arena_copy(arena, slug.at, slug.bytes), NULL);
		problem->kind = problem_kind("internal_error");
		return;
	}
	problem->kind = kind;
	take_members(problem, arena, detail);
}

/* A constraint's name without a trailing _<digits>: partitions number the names of their copies. */
static struct text
constraint_slug(const char *constraint)
{
	struct text slug = text_of(constraint);
	size_t bytes = slug.bytes;

	while (bytes > 0 && slug.at[bytes - 1] >= '0' && slug.at[bytes - 1] <= '9')
		bytes--;
	if (bytes > 1 && bytes < slug.bytes && slug.at[bytes - 1] == '_')
		slug.bytes = bytes - 1;
	return slug;
}

/* SQLSTATEs and classes after which the same request may succeed: query_canceled (our
 * statement_timeout), lock_not_available, serialization_failure, deadlock_detected,
 * read_only_sql_transaction (a fail-over), connection exceptions, insufficient resources, operator
 * intervention. */
static bool
passes_over(const char *sqlstate)
{
	static const char *const starts[] = { "57014", "55P03", "40001", "40P01", "25006", "08",
		"53", "57P" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(sqlstate, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

void
problem_of_sql(struct problem *problem, struct arena *arena, const char *sqlstate,
    const char *message, const char *constraint, const char *detail)
{
	const struct problem_kind *kind = NULL;

	if (problem->kind != NULL)
		return;
	sqlstate = sqlstate == NULL ? "" : sqlstate;
	message = message == NULL ? "" : message;
	if (strcmp(sqlstate, "SO001") == 0) {
		problem_of_refusal(problem, arena, text_of(message),
		    detail == NULL ? (struct text){ NULL, 0 } : text_of(detail));
		return;
	}
	if (sqlstate[0] == '2' && sqlstate[1] == '3' && constraint != NULL)
		kind = problem_kind_or_null(constraint_slug(constraint));
	if (kind == NULL)
		kind = problem_kind(passes_over(sqlstate) ? "unavailable" : "internal_error");
	problem->kind = kind;
	if (kind->status >= 500)
		log_line(LOG_LEVEL_ERROR, "sql.failed", "sqlstate", sqlstate, "message", message,
		    "constraint", constraint == NULL ? "" : constraint, NULL);
}

static void
write_errors(const struct problem *problem, struct json *json)
{
	json_name(json, "errors");
	json_open_array(json);
	for (int i = 0; i < problem->errors_count; i++) {
		json_open_object(json);
		json_put_text(json, "pointer", problem->errors[i].pointer);
		json_put_text(json, "code", problem->errors[i].code);
		json_put_text(json, "detail", problem->errors[i].detail);
		json_close_object(json);
	}
	json_close_array(json);
}

static void
write_members(struct text members, struct json *json)
{
	const char *why, *name;
	long offset;
	struct json_t *object = json_read(members, &why, &offset), *value;

	json_object_foreach (object, name, value) {
		char *raw;

		if (text_listed(reserved, text_of(name)))
			continue;
		raw = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		if (raw == NULL)
			continue;
		json_name(json, name);
		json_write_raw(json, text_of(raw));
		free(raw);
	}
	json_decref(object);
}

int
problem_retry_after_s(const struct problem *problem)
{
	return problem->retry_after_s > 0 ? problem->retry_after_s : problem->kind->retry_after_s;
}

static void
write_retry(const struct problem *problem, struct json *json)
{
	int after_s = problem_retry_after_s(problem);

	json_put_bool(json, "retryable", problem->kind->retryable);
	if (after_s > 0)
		json_put_int(json, "retry_after", after_s);
	if (problem->retry_at != NULL)
		json_put_text(json, "retry_at", problem->retry_at);
}

void
problem_write(const struct problem *problem, const char *request_id, struct buffer *to)
{
	const struct problem_kind *kind = problem->kind;
	struct json json;

	assert(kind != NULL);
	json_init(&json, to);
	json_open_object(&json);
	json_put_text(&json, "type", arena_print(to->arena, "/problems/%s", kind->slug));
	json_put_text(&json, "title", kind->title);
	json_put_int(&json, "status", kind->status);
	json_put_text(&json, "detail", problem->detail == NULL ? kind->title : problem->detail);
	if (request_id != NULL && request_id[0] != '\0') {
		json_put_text(
		    &json, "instance", arena_print(to->arena, "/requests/%s", request_id));
		json_put_text(&json, "request_id", request_id);
	}
	json_put_text(&json, "code", kind->slug);
	write_retry(problem, &json);
	if (problem->errors_count > 0)
		write_errors(problem, &json);
	if (problem->members.bytes > 0)
		write_members(problem->members, &json);
	json_close_object(&json);
}
