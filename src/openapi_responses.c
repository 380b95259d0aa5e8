/* openapi_responses: what comes back, and every problem of an operation; see openapi_parts.h. */
#include "encode_parts.h"
#include "openapi_parts.h"
#include "socius/problem.h"

static const struct {
	const char *name, *says, *type;
} headers[] = {
	{ "Request-Id", "The request's id: the client's own, or a new one.", "string" },
	{ "ETag", "The version of the resource, for If-Match and If-None-Match.", "string" },
	{ "Location", "Where the new resource can be read.", "string" },
	{ "Idempotent-Replayed",
	    "`true` when an earlier request with the same key had the effect already.", "string" },
	{ "Link", "`rel=\"next\"`: the next page (RFC 8288).", "string" },
	{ "RateLimit-Policy",
	    "How many requests a caller may make (draft-ietf-httpapi-ratelimit-headers-10).",
	    "string" },
	{ "RateLimit", "How many are left, and when all are back.", "string" },
	{ "Retry-After", "Seconds after which the same request may succeed.", "integer" },
	{ "WWW-Authenticate", "The scheme of the access token (RFC 6750).", "string" },
	{ "Content-Disposition", "The name of the file.", "string" },
	{ "X-Row-Count", "The number of rows without the header row.", "integer" },
};

void
openapi_use_header(struct document *document, json_t *to, const char *name)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (strcmp(headers[i].name, name) == 0 &&
		    json_object_get(document->headers, name) == NULL)
			openapi_put(document->headers, name,
			    json_pack("{s:s, s:{s:s}}", "description", headers[i].says, "schema",
				"type", headers[i].type));
	openapi_put(to, name, openapi_ref(document, "headers", name));
}

/* --- success --- */

static bool
shows(const struct operation *operation, const char *name)
{
	const struct shape *shape = operation->gives;

	for (int i = 0; shape != NULL && i < shape->fields_count; i++)
		if (strcmp(shape->fields[i].name, name) == 0)
			return true;
	return false;
}

static bool
takes(const struct operation *operation, enum source from)
{
	const struct field *fields = operation->endpoint->takes;

	for (int i = 0; fields[i].name != NULL; i++)
		if (fields[i].from == from)
			return true;
	return false;
}

/* A CSV's columns of money are summed up in headers of their own. */
static void
put_sums(struct document *document, const struct operation *operation, json_t *used)
{
	for (int i = 0; i < operation->gives->fields_count; i++) {
		const struct shape_field *field = &operation->gives->fields[i];
		const char *name = encode_sum_name(field, document->arena);

		if (name != NULL)
			openapi_put(used, name,
			    json_pack("{s:s, s:{s:s, s:s}}", "description",
				arena_print(document->arena, "The sum of `%s`.", field->name),
				"schema", "type", "integer", "format", "int64"));
	}
}

static json_t *
success_headers(struct document *document, const struct operation *operation)
{
	enum gives gives = operation->endpoint->gives;
	json_t *used = json_object();

	openapi_use_header(document, used, "Request-Id");
	openapi_use_header(document, used, "RateLimit-Policy");
	openapi_use_header(document, used, "RateLimit");
	if (gives == ONE && shows(operation, "version"))
		openapi_use_header(document, used, "ETag");
	if (operation->located != NULL)
		openapi_use_header(document, used, "Location");
	if (operation->replays)
		openapi_use_header(document, used, "Idempotent-Replayed");
	if (gives == LIST && takes(operation, CURSOR))
		openapi_use_header(document, used, "Link");
	if (gives == DOWNLOAD)
		openapi_use_header(document, used, "Content-Disposition");
	if (gives == DOWNLOAD && operation->endpoint->finishes == NULL) {
		openapi_use_header(document, used, "X-Row-Count");
		put_sums(document, operation, used);
	}
	return used;
}

static json_t *
success_content(struct document *document, const struct operation *operation)
{
	const struct endpoint *endpoint = operation->endpoint;
	const char *media = "application/json";
	json_t *schema = json_object(), *content = json_object();

	if (endpoint->media != NULL)
		media = endpoint->media;
	else if (endpoint->gives == STREAM)
		media = "text/event-stream";
	if (endpoint->gives == DOWNLOAD || endpoint->gives == STREAM)
		openapi_put_text(schema, "type", "string");
	else if (endpoint->finishes != NULL && operation->gives == NULL)
		openapi_put_text(schema, "type", "object");
	else {
		json_decref(schema);
		schema = endpoint->gives == LIST ? openapi_page(document, operation->gives)
						 : openapi_shape(document, operation->gives);
	}
	openapi_put(content, media, json_pack("{s:o}", "schema", schema));
	return content;
}

static const char *
success_says(const struct operation *operation, int status)
{
	switch (operation->endpoint->gives) {
	case LIST:
		return "One page.";
	case DOWNLOAD:
		return "The file.";
	case STREAM:
		return "Events, each with its `id`; a comment every 15 s keeps the line open.";
	default:
		break;
	}
	if (operation->gives != NULL && operation->gives->says != NULL)
		return operation->gives->says;
	return status == 204 ? "Done." : "The result.";
}

static void
put_success(struct document *document, const struct operation *operation, json_t *responses)
{
	const struct endpoint *endpoint = operation->endpoint;
	bool empty = operation->gives == NULL && endpoint->finishes == NULL;
	int status = endpoint->status != 0 ? endpoint->status : empty ? 204 : 200;
	json_t *response = json_object(), *used;

	openapi_put_text(response, "description", success_says(operation, status));
	openapi_put(response, "headers", success_headers(document, operation));
	if (!empty)
		openapi_put(response, "content", success_content(document, operation));
	openapi_put(responses, arena_print(document->arena, "%d", status), response);
	if (endpoint->method != GET || endpoint->gives != ONE || !shows(operation, "version"))
		return;
	used = json_object();
	openapi_use_header(document, used, "Request-Id");
	openapi_use_header(document, used, "ETag");
	openapi_put(responses, "304",
	    json_pack("{s:s, s:o}", "description", "Unchanged.", "headers", used));
}

/* --- problems --- */

/* Adds a slug to a list of distinct ones, in the order of app.problems. */
static void
add_slug(const struct app *of, bool *wanted, struct text slug)
{
	for (int i = 0; of->problems[i].slug != NULL; i++)
		if (text_is(slug, of->problems[i].slug))
			wanted[i] = true;
}

static void
add_slugs(const struct app *of, bool *wanted, const char *list)
{
	while (list != NULL && *list != '\0') {
		size_t bytes = strcspn(list, " ");

		add_slug(of, wanted, (struct text){ list, bytes });
		list += bytes;
		list += strspn(list, " ");
	}
}

static bool
required(const struct operation *operation, enum source from)
{
	const struct field *fields = operation->endpoint->takes;

	for (int i = 0; fields[i].name != NULL; i++)
		if (fields[i].from == from && !fields[i].optional)
			return true;
	return false;
}

/* The engine's own refusals: each follows from something that the row says. */
static void
add_engine(const struct app *of, const struct operation *operation, bool *wanted)
{
	const struct endpoint *endpoint = operation->endpoint;

	add_slugs(of, wanted,
	    "malformed_request invalid_fields request_timeout path_too_long headers_too_large "
	    "quota_exceeded internal_error unavailable");
	if (endpoint->scope != NULL)
		add_slugs(of, wanted, "unauthenticated scope_missing");
	if (endpoint->fresh_totp)
		add_slugs(of, wanted, "step_up_needed");
	if (required(operation, MARKET))
		add_slugs(of, wanted, "market_required");
	if (required(operation, CALLER))
		add_slugs(of, wanted, "partner_required");
	if (takes(operation, CURSOR))
		add_slugs(of, wanted, "bad_cursor");
	if (operation->keyed)
		add_slugs(of, wanted, "key_required");
	if (required(operation, IF_MATCH))
		add_slugs(of, wanted, "precondition_required");
	if (operation->seals)
		add_slugs(of, wanted, "person_erased");
	if (endpoint->method != GET)
		add_slugs(of, wanted, "length_required body_too_large");
	if (takes(operation, BODY))
		add_slugs(of, wanted, "malformed_json media_type_unsupported");
}

static json_t *
problem_example(const struct problem_kind *kind, struct arena *arena)
{
	json_t *value = json_object(), *example = json_object();

	openapi_put_text(value, "type", arena_print(arena, "/problems/%s", kind->slug));
	openapi_put_text(value, "title", kind->title);
	openapi_put(value, "status", json_integer(kind->status));
	openapi_put_text(value, "detail", kind->title);
	openapi_put_text(value, "code", kind->slug);
	openapi_put(value, "retryable", json_boolean(kind->retryable));
	openapi_put_text(example, "summary", kind->title);
	openapi_put_text(example, "description", kind->remedy);
	openapi_put(example, "value", value);
	return example;
}

/* The response of all wanted problems of one status. */
static json_t *
problems_response(struct document *document, const bool *wanted, int status)
{
	json_t *response = json_object(), *used = json_object(), *examples = json_object();
	const char *says = "Problem:";
	bool retry = false;

	if (json_object_get(document->schemas, "Problem") == NULL)
		openapi_put(document->schemas, "Problem", openapi_problem_schema());
	for (int i = 0; document->of->problems[i].slug != NULL; i++) {
		const struct problem_kind *kind = &document->of->problems[i];

		if (!wanted[i] || kind->status != status)
			continue;
		if (json_object_get(document->examples, kind->slug) == NULL)
			openapi_put(
			    document->examples, kind->slug, problem_example(kind, document->arena));
		openapi_put(examples, kind->slug, openapi_ref(document, "examples", kind->slug));
		says = arena_print(document->arena, "%s%s `%s`", says,
		    json_object_size(examples) > 1 ? "," : "", kind->slug);
		retry |= kind->retry_after_s > 0 || kind->retry_at != NULL;
	}
	openapi_put_text(response, "description", arena_print(document->arena, "%s.", says));
	openapi_use_header(document, used, "Request-Id");
	if (retry)
		openapi_use_header(document, used, "Retry-After");
	if (status == 401)
		openapi_use_header(document, used, "WWW-Authenticate");
	openapi_put(response, "headers", used);
	openapi_put(response, "content",
	    json_pack("{s:{s:o, s:o}}", "application/problem+json", "schema",
		openapi_ref(document, "schemas", "Problem"), "examples", examples));
	return response;
}

/* The place in app.problems of the only wanted problem with this status; -1: none or many. */
static int
lone(const struct app *of, const bool *wanted, int status)
{
	int found = -1;

	for (int i = 0; of->problems[i].slug != NULL; i++) {
		if (!wanted[i] || of->problems[i].status != status)
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

static bool *
none_wanted(struct document *document)
{
	int count = 0;

	while (document->of->problems[count].slug != NULL)
		count++;
	return arena_take(document->arena, (size_t)count + 1);
}

json_t *
openapi_problem_response(struct document *document, const char *slug)
{
	bool *wanted = none_wanted(document);

	if (json_object_get(document->responses, slug) == NULL) {
		add_slugs(document->of, wanted, slug);
		openapi_put(document->responses, slug,
		    problems_response(document, wanted, problem_kind(slug)->status));
	}
	return openapi_ref(document, "responses", slug);
}

json_t *
openapi_responses(struct document *document, const struct operation *operation)
{
	bool *wanted = none_wanted(document);
	json_t *responses = json_object();

	put_success(document, operation, responses);
	add_engine(document->of, operation, wanted);
	add_slugs(document->of, wanted, operation->endpoint->fails);
	for (int status = 400; status < 600; status++) {
		const char *key = arena_print(document->arena, "%d", status);
		int alone = lone(document->of, wanted, status);
		bool any = false;

		for (int i = 0; document->of->problems[i].slug != NULL; i++)
			any |= wanted[i] && document->of->problems[i].status == status;
		if (alone >= 0)
			openapi_put(responses, key,
			    openapi_problem_response(document, document->of->problems[alone].slug));
		else if (any)
			openapi_put(responses, key, problems_response(document, wanted, status));
	}
	return responses;
}
