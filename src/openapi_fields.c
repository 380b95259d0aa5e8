/* openapi_fields: schemas and examples of what a client sends; see openapi_parts.h. */
#include "decode_value.h"
#include "openapi_parts.h"
#include "socius/text.h"

/* The JSON type and format of each type of ours. */
static const struct {
	const char *type, *format, *pattern, *example;
} forms[] = {
	[INT] = { "integer", "int32" },
	[LONG] = { "integer", "int64" },
	[BOOL] = { "boolean", NULL, NULL, "true" },
	[STRING] = { "string" },
	[UUID] = { "string", "uuid", NULL, "\"0193a0c4-5e00-7000-8000-000000000001\"" },
	[INSTANT] = { "string", "date-time", NULL, "\"2026-03-02T08:00:00Z\"" },
	[LOCAL_TIME] = { "string", NULL,
	    "^(19[7-9][0-9]|2[01][0-9]{2}|2200(?=-01-01.00:00(:00(\\.0+)?)?$))-"
	    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
	    "02-(0[1-9]|[12][0-9]))[Tt]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?$",
	    "\"2026-03-02T08:00\"" },
	[DATE] = { "string", "date", NULL, "\"2026-03-02\"" },
	[BYTES] = { "string" },
	[ITEMS] = { "array" },
};

static void
put_bounds(json_t *schema, const struct field *field)
{
	struct bounds bounds = decode_bounds(field);

	switch (field->type) {
	case INT:
	case LONG:
		openapi_put(schema, "minimum", json_integer(bounds.min));
		openapi_put(schema, "maximum", json_integer(bounds.max));
		break;
	case STRING:
		/* a list or a pattern says it already */
		if (field->among != NULL ||
		    (field->format != NULL &&
			!text_listed("digits email lines password", text_of(field->format))))
			break;
		openapi_put(schema, "minLength", json_integer(bounds.min));
		openapi_put(schema, "maxLength", json_integer(bounds.max));
		break;
	case ITEMS:
		openapi_put(schema, "minItems", json_integer(bounds.min));
		openapi_put(schema, "maxItems", json_integer(bounds.max));
		break;
	default:
		break;
	}
}

static json_t *
words(const char *list)
{
	json_t *array = json_array();

	while (*list != '\0') {
		size_t bytes = strcspn(list, " ");

		if (bytes > 0)
			openapi_add(array, json_stringn(list, bytes));
		list += bytes;
		list += strspn(list, " ");
	}
	return array;
}

/* Only in a body can an optional value be null as well as absent. */
static bool
takes_null(const struct field *field)
{
	return field->optional && field->from == BODY;
}

static void
put_enum(json_t *schema, const struct field *field)
{
	json_t *allowed = words(field->among);

	if (takes_null(field))
		openapi_add(allowed, json_null());
	openapi_put(schema, "enum", allowed);
}

static json_t *
type_of(const struct field *field)
{
	json_t *types;

	if (!takes_null(field))
		return json_string(forms[field->type].type);
	types = json_array();
	openapi_add(types, json_string(forms[field->type].type));
	openapi_add(types, json_string("null"));
	return types;
}

static const char *
pattern_of(struct arena *arena, const struct field *field)
{
	return field->type == STRING ? openapi_text_pattern(arena, field)
				     : forms[field->type].pattern;
}

/* What the row says of it, and what cannot be said in a schema. */
static void
put_description(struct document *document, json_t *schema, const struct field *field)
{
	bool is_time = field->type == INSTANT || field->type == LOCAL_TIME || field->type == DATE;
	const char *says = field->says == NULL ? "" : field->says;

	if (is_time)
		says = arena_print(document->arena, "%s%sfrom 1970 to the beginning of 2200", says,
		    says[0] == '\0' ? "" : "; ");
	if (says[0] != '\0')
		openapi_put_text(schema, "description", says);
}

json_t *
openapi_field_schema(struct document *document, const struct field *field)
{
	const char *pattern = pattern_of(document->arena, field);
	json_t *schema = json_object(), *example;

	openapi_put(schema, "type", type_of(field));
	if (forms[field->type].format != NULL)
		openapi_put_text(schema, "format", forms[field->type].format);
	else if (field->format != NULL && (strcmp(field->format, "password") == 0 ||
					      strcmp(field->format, "current-password") == 0))
		openapi_put_text(schema, "format", "password");
	if (pattern != NULL)
		openapi_put_text(schema, "pattern", pattern);
	if (field->among != NULL)
		put_enum(schema, field);
	put_bounds(schema, field);
	if (field->type == ITEMS)
		openapi_put(schema, "items", openapi_fields_schema(document, field->items, NULL));
	put_description(document, schema, field);
	if (field->example != NULL) {
		example = json_array();
		openapi_add(example, openapi_field_example(field));
		openapi_put(schema, "examples", example);
	}
	return schema;
}

/* A text of allowed length. */
static json_t *
text_example(const struct field *field)
{
	static const char sample[] = "example";
	struct bounds bounds = decode_bounds(field);
	size_t bytes = sizeof(sample) - 1;
	json_t *text;
	char *at;

	if (bounds.max < (int64_t)bytes)
		bytes = (size_t)bounds.max;
	if (bounds.min > (int64_t)bytes)
		bytes = (size_t)bounds.min;
	at = malloc(bytes + 1);
	if (at == NULL)
		abort();
	for (size_t i = 0; i < bytes; i++)
		at[i] = sample[i % (sizeof(sample) - 1)];
	text = json_stringn(at, bytes);
	free(at);
	return text;
}

json_t *
openapi_field_example(const struct field *field)
{
	struct bounds bounds = decode_bounds(field);
	const char *text = field->example != NULL ? field->example : forms[field->type].example;
	json_t *array;

	if (text == NULL)
		text = openapi_text_example(field);
	if (text != NULL)
		return json_loads(text, JSON_DECODE_ANY, NULL);
	if (field->among != NULL)
		return json_stringn(field->among, strcspn(field->among, " "));
	if (field->type == STRING)
		return text_example(field);
	if (field->type != ITEMS)
		return json_integer(bounds.min > 1 ? bounds.min : bounds.max < 1 ? bounds.max : 1);
	array = json_array();
	for (int64_t i = 0; i < (bounds.min > 1 ? bounds.min : 1); i++)
		openapi_add(array, openapi_fields_example(field->items, true));
	return array;
}

json_t *
openapi_fields_schema(
    struct document *document, const struct field *fields, const struct endpoint *endpoint)
{
	json_t *schema = json_object(), *required = json_array(), *properties = json_object();

	openapi_put_text(schema, "type", "object");
	for (int i = 0; fields[i].name != NULL; i++) {
		/* .from of an item's field is ignored elsewhere too */
		struct field field = fields[i];

		if (endpoint != NULL && field.from != BODY)
			continue;
		field.from = BODY;
		if (endpoint != NULL && endpoint->method == PATCH &&
		    !decode_clears(fields, field.name))
			field.from = QUERY; /* it may be absent, and never null */
		openapi_put(properties, field.name, openapi_field_schema(document, &field));
		if (!field.optional)
			openapi_add(required, json_string(field.name));
	}
	if (json_array_size(required) > 0)
		openapi_put(schema, "required", required);
	else
		json_decref(required);
	openapi_put(schema, "properties", properties);
	openapi_put(schema, "additionalProperties", json_false());
	return schema;
}

json_t *
openapi_fields_example(const struct field *fields, bool items)
{
	json_t *example = json_object();

	for (int i = 0; fields[i].name != NULL; i++) {
		if (!items && fields[i].from != BODY)
			continue;
		if (!fields[i].optional || fields[i].example != NULL)
			openapi_put(example, fields[i].name, openapi_field_example(&fields[i]));
	}
	return example;
}
