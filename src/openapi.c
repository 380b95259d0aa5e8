/* openapi: the document of the API; see openapi.h. */
#include "openapi.h"

#include "openapi_parts.h"
#include "socius/log.h"

static const char about[] =
    "A marketplace of partners: slots, trips, shares, statements and payouts.\n\n"
    "Money is whole minor units in `*_minor` beside `currency`; times are RFC 3339 with `Z`; ids "
    "are UUIDs. A request field that an operation does not know is refused; a client ignores reply "
    "fields that it does not know, and takes unknown values of `state` and `kind` as they are. "
    "Every error is problem+json with a stable `code`. Lists are read with `cursor` until "
    "`has_more` is false. A write that names an `Idempotency-Key` has its effect once.";

void
openapi_put(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		log_die("the API document cannot hold %s: out of memory, or not UTF-8", name);
}

void
openapi_put_text(json_t *object, const char *name, const char *value)
{
	openapi_put(object, name, json_string(value));
}

void
openapi_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		log_die("the API document cannot hold an item: out of memory, or not UTF-8");
}

json_t *
openapi_ref(struct document *document, const char *kind, const char *name)
{
	return json_pack(
	    "{s:s}", "$ref", arena_print(document->arena, "#/components/%s/%s", kind, name));
}

static json_t *
tags(const struct app *of)
{
	json_t *list = json_array();

	for (const struct room *const *room = of->rooms; *room != NULL; room++)
		openapi_add(list,
		    json_pack("{s:s, s:s}", "name", (*room)->name, "description", (*room)->says));
	openapi_add(
	    list, json_pack("{s:s, s:s}", "name", "service", "description", "The service itself."));
	return list;
}

/* Names of the roles that hold the scope. */
static const char *
roles_with(const struct document *document, const char *scope)
{
	const char *names = "";

	for (const struct role *role = document->of->roles; role->name != NULL; role++)
		if (text_listed(role->scopes, text_of(scope)))
			names = arena_print(document->arena, "%s%s%s", names,
			    names[0] == '\0' ? "" : ", ", role->name);
	return names;
}

/* A sentence without its full stop, as a title. */
static json_t *
summary(const char *says)
{
	size_t bytes = strlen(says);

	return json_stringn(says, bytes > 0 && says[bytes - 1] == '.' ? bytes - 1 : bytes);
}

/* Of what may be null: there is no null in a form, only the text. */
static void
drop_null(json_t *property)
{
	json_t *types = json_object_get(property, "type"),
	       *among = json_object_get(property, "enum");
	size_t last = json_array_size(among);

	if (json_is_array(types))
		openapi_put(property, "type", json_incref(json_array_get(types, 0)));
	if (last > 0 && json_is_null(json_array_get(among, last - 1)))
		(void)json_array_remove(among, last - 1);
}

/* A form's members: those that no operation knows are passed over, as RFC 6749 section 3.2 wants.
 */
static json_t *
form_schema(struct document *document, const struct endpoint *endpoint)
{
	json_t *schema = openapi_fields_schema(document, endpoint->takes, endpoint), *property;
	const char *name;

	json_object_foreach (json_object_get(schema, "properties"), name, property)
		drop_null(property);
	openapi_put(schema, "additionalProperties", json_true());
	openapi_put_text(schema, "description",
	    "What is empty counts as absent, what is not known is passed over (RFC 6749, 3.2).");
	return schema;
}

static json_t *
request_body(struct document *document, const struct endpoint *endpoint)
{
	bool members = false, blob = false, required = false;
	json_t *content = json_object(), *body = json_object();

	for (int i = 0; endpoint->takes[i].name != NULL; i++) {
		members |= endpoint->takes[i].from == BODY;
		required |= endpoint->takes[i].from == BODY && !endpoint->takes[i].optional;
		blob |= endpoint->takes[i].from == BLOB;
	}
	openapi_put(body, "required", json_boolean(required || blob));
	if (members)
		openapi_put(content, "application/json",
		    json_pack("{s:o, s:o}", "schema",
			openapi_fields_schema(document, endpoint->takes, endpoint), "example",
			openapi_fields_example(endpoint->takes, false)));
	if (members && endpoint->form)
		openapi_put(content, "application/x-www-form-urlencoded",
		    json_pack("{s:o}", "schema", form_schema(document, endpoint)));
	if (blob)
		openapi_put(content, "application/octet-stream",
		    json_pack("{s:{s:s}}", "schema", "type", "string"));
	openapi_put(body, "content", content);
	if (members || blob)
		return body;
	json_decref(body);
	return NULL;
}

static json_t *
security(const char *scope)
{
	return scope == NULL ? json_array() : json_pack("[{s:[s]}]", "bearer", scope);
}

static void
put_operation(struct document *document, const struct operation *operation)
{
	static const char *const methods[] = { "get", "post", "put", "patch", "delete" };
	const struct endpoint *endpoint = operation->endpoint;
	json_t *path = json_object_get(document->paths, endpoint->path), *made = json_object();
	json_t *parameters, *body;

	if (path == NULL) {
		path = json_object();
		openapi_put(document->paths, endpoint->path, path);
	}
	openapi_put(path, methods[endpoint->method], made);
	openapi_put_text(made, "operationId", operation->id);
	openapi_put(made, "summary", summary(endpoint->says));
	if (endpoint->scope != NULL)
		openapi_put_text(made, "description",
		    arena_print(document->arena, "Needs the scope `%s` (%s)%s.", endpoint->scope,
			roles_with(document, endpoint->scope),
			endpoint->fresh_totp ? ", and a code of the authenticator lately" : ""));
	if (endpoint->fresh_totp)
		openapi_put(made, "x-fresh-totp", json_true());
	openapi_put(made, "tags", json_pack("[s]", operation->room->name));
	openapi_put(made, "security", security(endpoint->scope));
	parameters = openapi_parameters(document, operation);
	if (parameters != NULL)
		openapi_put(made, "parameters", parameters);
	body = request_body(document, endpoint);
	if (body != NULL)
		openapi_put(made, "requestBody", body);
	openapi_put(made, "responses", openapi_responses(document, operation));
}

/* The gate's own routes. */
static const struct {
	const char *path, *id, *says, *result, *problem;
} own[] = {
	{ "/healthz", "get_health", "Say whether the process runs", "It runs.", NULL },
	{ "/readyz", "get_readiness", "Say whether requests can be served",
	    "They can: the database takes writes.", "unavailable" },
	{ "/openapi.json", "get_document", "Show this document", "OpenAPI 3.1.", NULL },
};

static void
put_own(struct document *document)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		json_t *used = json_object(), *responses = json_object();

		openapi_use_header(document, used, "Request-Id");
		openapi_put(responses, "200",
		    json_pack("{s:s, s:o, s:{s:{s:{s:s}}}}", "description", own[i].result,
			"headers", used, "content", "application/json", "schema", "type",
			"object"));
		openapi_put(
		    responses, "400", openapi_problem_response(document, "malformed_request"));
		if (own[i].problem != NULL)
			openapi_put(
			    responses, "503", openapi_problem_response(document, own[i].problem));
		openapi_put(document->paths, own[i].path,
		    json_pack("{s:{s:s, s:s, s:[s], s:[], s:o}}", "get", "operationId", own[i].id,
			"summary", own[i].says, "tags", "service", "security", "responses",
			responses));
	}
}

static json_t *
components(const struct document *document)
{
	json_t *all = json_object(), *words = json_object();
	const struct scope *scope = document->of->scopes;

	for (; scope != NULL && scope->name != NULL; scope++)
		openapi_put_text(words, scope->name, scope->says);
	openapi_put(all, "securitySchemes",
	    json_pack("{s:{s:s, s:s, s:s, s:s, s:o}}", "bearer", "type", "http", "scheme", "bearer",
		"bearerFormat", "at+jwt", "description",
		"An access token; it is for one market and names scopes.", "x-scopes", words));
	openapi_put(all, "schemas", document->schemas);
	openapi_put(all, "parameters", document->parameters);
	openapi_put(all, "headers", document->headers);
	openapi_put(all, "responses", document->responses);
	openapi_put(all, "examples", document->examples);
	return all;
}

static void
put_head(const struct document *document)
{
	openapi_put_text(document->root, "openapi", "3.1.0");
	openapi_put(document->root, "info",
	    json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "title", "Socius", "version", "1.0.0",
		"description", about, "license", "name", "ISC", "identifier", "ISC"));
	openapi_put(document->root, "servers",
	    json_pack("[{s:s, s:s}]", "url", "http://127.0.0.1:8080", "description",
		"as `./socius run` starts it"));
	openapi_put(document->root, "tags", tags(document->of));
	openapi_put(document->root, "security", json_pack("[{s:[]}]", "bearer"));
}

static struct text
dump(const struct document *document)
{
	char *text = json_dumps(document->root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	struct text kept;

	if (text == NULL)
		log_die("the API document cannot be written");
	kept.bytes = strlen(text) + 1;
	kept.at = arena_print(document->arena, "%s\n", text);
	free(text);
	return kept;
}

struct text
openapi_write(const struct app *of, const struct contract *contract, struct arena *arena)
{
	struct document document = {
		.of = of,
		.contract = contract,
		.arena = arena,
		.root = json_object(),
		.paths = json_object(),
		.schemas = json_object(),
		.parameters = json_object(),
		.headers = json_object(),
		.responses = json_object(),
		.examples = json_object(),
	};
	struct text text;

	put_head(&document);
	for (int i = 0; i < contract->operations_count; i++)
		put_operation(&document, &contract->operations[i]);
	put_own(&document);
	openapi_put(document.root, "paths", document.paths);
	openapi_put(document.root, "components", components(&document));
	text = dump(&document);
	json_decref(document.root);
	return text;
}
