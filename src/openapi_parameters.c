/* openapi_parameters: what a request carries beside its body; see openapi_parts.h. */
#include "decode.h"
#include "openapi_parts.h"

static json_t *
parameter(const char *name, const char *in, bool required, const char *says, json_t *schema)
{
	json_t *made = json_object();

	openapi_put_text(made, "name", name);
	openapi_put_text(made, "in", in);
	openapi_put(made, "required", json_boolean(required));
	if (says != NULL)
		openapi_put_text(made, "description", says);
	openapi_put(made, "schema", schema);
	return made;
}

/* One to 255 printable characters without blanks around them, or a String of RFC 9651. */
#define KEY_PATTERN "^([!#-~]([ -~]{0,253}[!-~])?|\"([ !#-\\[\\]-~]|\\\\[\"\\\\]){1,255}\")$"
/* A list of entity tags, RFC 9110 sections 5.6.1.2 and 8.8.3, or any. */
#define TAG "(W/)?\"[!#-~]*\"[ \\t]*"
#define MATCH_PATTERN "^(\\*|[ \\t,]*" TAG "(,[ \\t]*(" TAG ")?)*)$"
#define CURSOR_PATTERN "^[A-Za-z0-9_-]*$"

/* Parameters that are the same everywhere. */
static const struct shared {
	const char *component, *name, *in;
	bool required;
	const char *says, *pattern;
	int length_max; /* 0: whatever a header can hold */
} shared[] = {
	{ "Cursor", "cursor", "query", false,
	    "Where the page begins: `next_cursor` of the page before.", CURSOR_PATTERN,
	    CURSOR_TEXT_BYTES_MAX },
	{ "After", "after", "query", false,
	    "Where the page begins: `next_cursor` of the page before, or the id of a streamed "
	    "event.",
	    CURSOR_PATTERN, CURSOR_TEXT_BYTES_MAX },
	{ "LastEventId", "Last-Event-ID", "header", false,
	    "The id of the last event that was seen; the stream goes on after it.", CURSOR_PATTERN,
	    CURSOR_TEXT_BYTES_MAX },
	{ "IdempotencyKey", "Idempotency-Key", "header", true,
	    "Names this request: sent again with the same key it has no second effect and gets the "
	    "same resource. A UUID will do; printable ASCII, bare or in double quotes.",
	    KEY_PATTERN, 2 * DECODE_KEY_BYTES_MAX + 2 },
	{ "OptionalIdempotencyKey", "Idempotency-Key", "header", false,
	    "Names this request: sent again with the same key it has no second effect and gets the "
	    "same resource. Without one each request is a new one.",
	    KEY_PATTERN, 2 * DECODE_KEY_BYTES_MAX + 2 },
	{ "IfMatch", "If-Match", "header", true,
	    "The ETag that the resource was read with, a list of them, or `*`: strong comparison, "
	    "a weak one matches nothing.",
	    MATCH_PATTERN },
	{ "OptionalIfMatch", "If-Match", "header", false,
	    "The ETag that the resource was read with, a list of them, or `*`: strong comparison, "
	    "a weak one matches nothing.",
	    MATCH_PATTERN },
	{ "IfNoneMatch", "If-None-Match", "header", false,
	    "ETags that the client has, or `*`: an unchanged resource is answered with 304. What "
	    "is no ETag is passed over.",
	    NULL },
};

static void
add_shared(struct document *document, json_t *parameters, const char *component)
{
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		json_t *schema;

		if (strcmp(shared[i].component, component) != 0)
			continue;
		openapi_add(parameters, openapi_ref(document, "parameters", component));
		if (json_object_get(document->parameters, component) != NULL)
			return;
		schema = json_pack("{s:s}", "type", "string");
		if (shared[i].pattern != NULL)
			openapi_put_text(schema, "pattern", shared[i].pattern);
		if (shared[i].length_max > 0)
			openapi_put(schema, "maxLength", json_integer(shared[i].length_max));
		openapi_put(document->parameters, component,
		    parameter(
			shared[i].name, shared[i].in, shared[i].required, shared[i].says, schema));
		return;
	}
}

static void
add_limit(json_t *parameters, const struct field *field)
{
	int64_t most = field->max > 0 ? field->max : DECODE_LIMIT_MAX;
	json_t *schema = json_object();

	openapi_put_text(schema, "type", "integer");
	openapi_put(schema, "minimum", json_integer(1));
	openapi_put(schema, "maximum", json_integer(most));
	openapi_put(schema, "default",
	    json_integer(most < DECODE_LIMIT_DEFAULT ? most : DECODE_LIMIT_DEFAULT));
	openapi_add(parameters,
	    parameter("limit", "query", false, "The most rows that one page may have.", schema));
}

static void
add_field(struct document *document, json_t *parameters, const struct field *field)
{
	switch (field->from) {
	case PATH:
		openapi_add(parameters, parameter(field->name, "path", true, NULL,
					    openapi_field_schema(document, field)));
		break;
	case QUERY:
		openapi_add(parameters, parameter(field->name, "query", !field->optional, NULL,
					    openapi_field_schema(document, field)));
		break;
	case LIMIT:
		add_limit(parameters, field);
		break;
	case IF_MATCH:
		add_shared(document, parameters, field->optional ? "OptionalIfMatch" : "IfMatch");
		break;
	default:
		break;
	}
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

json_t *
openapi_parameters(struct document *document, const struct operation *operation)
{
	const struct endpoint *endpoint = operation->endpoint;
	json_t *parameters = json_array();

	for (int i = 0; endpoint->takes[i].name != NULL; i++)
		add_field(document, parameters, &endpoint->takes[i]);
	if (takes(operation, CURSOR))
		add_shared(document, parameters, endpoint->follows ? "After" : "Cursor");
	if (endpoint->gives == STREAM)
		add_shared(document, parameters, "LastEventId");
	if (operation->keyed)
		add_shared(document, parameters, "IdempotencyKey");
	else if (takes(operation, KEY) || takes(operation, KEYED))
		add_shared(document, parameters, "OptionalIdempotencyKey");
	for (int i = 0; endpoint->method == GET && endpoint->gives == ONE &&
			operation->gives != NULL && i < operation->gives->fields_count;
	     i++)
		if (strcmp(operation->gives->fields[i].name, "version") == 0)
			add_shared(document, parameters, "IfNoneMatch");
	if (json_array_size(parameters) > 0)
		return parameters;
	json_decref(parameters);
	return NULL;
}
