/* openapi_shapes: schemas of what replies show; see openapi_parts.h. */
#include <assert.h>

#include "catalog.h"
#include "openapi_parts.h"

/* The JSON form of each scalar; see encode.h. */
static const struct {
	uint32_t oid;
	const char *type, *format, *pattern;
} forms[] = {
	{ OID_BOOL, "boolean" },
	{ OID_INT2, "integer", "int32" },
	{ OID_INT4, "integer", "int32" },
	{ OID_INT8, "integer", "int64" },
	{ OID_TEXT, "string" },
	{ OID_VARCHAR, "string" },
	{ OID_BPCHAR, "string" },
	{ OID_NAME, "string" },
	{ OID_UUID, "string", "uuid" },
	{ OID_TIMESTAMPTZ, "string", "date-time" },
	{ OID_TIMESTAMP, "string", NULL, "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?$" },
	{ OID_DATE, "string", "date" },
	{ OID_NUMERIC, "string", NULL, "^-?\\d+(\\.\\d+)?$" },
	{ OID_XID8, "string", NULL, "^\\d+$" },
	{ OID_BYTEA, "string", NULL, "^([0-9a-f]{2})*$" },
};

static json_t *
scalar(uint32_t oid)
{
	json_t *schema = json_object();

	/* json and jsonb can be anything: the empty schema */
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].oid != oid)
			continue;
		openapi_put_text(schema, "type", forms[i].type);
		if (forms[i].format != NULL)
			openapi_put_text(schema, "format", forms[i].format);
		if (forms[i].pattern != NULL)
			openapi_put_text(schema, "pattern", forms[i].pattern);
	}
	return schema;
}

static json_t *
type_schema(struct document *document, uint32_t oid)
{
	const struct shape *shape = contract_shape(document->contract, oid);
	json_t *schema;

	if (shape == NULL || shape->kind == SHAPE_SCALAR)
		return scalar(oid);
	if (contract_is_sealed(shape) && strcmp(shape->name, "core.sealed") != 0)
		return scalar(OID_JSON);
	if (contract_is_token(shape) || contract_is_sealed(shape))
		return scalar(OID_TEXT);
	if (shape->kind == SHAPE_COMPOSITE)
		return openapi_shape(document, shape);
	schema = json_object();
	openapi_put_text(schema, "type", "array");
	openapi_put(schema, "items", type_schema(document, shape->element_oid));
	return schema;
}

/* The same schema, or null. */
static json_t *
or_null(json_t *schema)
{
	const char *type = json_string_value(json_object_get(schema, "type"));
	json_t *types = json_array(), *either;

	if (type != NULL) {
		openapi_add(types, json_string(type));
		openapi_add(types, json_string("null"));
		openapi_put(schema, "type", types);
		return schema;
	}
	if (json_object_size(schema) == 0) {
		json_decref(types);
		return schema;
	}
	openapi_add(types, schema);
	openapi_add(types, json_pack("{s:s}", "type", "null"));
	either = json_object();
	openapi_put(either, "anyOf", types);
	return either;
}

/* api.share_party becomes ShareParty. */
static const char *
component_name(struct arena *arena, const char *name)
{
	const char *dot = strrchr(name, '.');
	struct buffer buffer;
	bool capital = true;

	buffer_init(&buffer, arena, 64);
	for (const char *at = dot == NULL ? name : dot + 1; *at != '\0'; at++) {
		char c = capital && *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;

		capital = *at == '_';
		if (!capital)
			buffer_add(&buffer, &c, 1);
	}
	buffer_add(&buffer, "", 1);
	return buffer.at;
}

static json_t *
composite(struct document *document, const struct shape *shape, json_t *schema)
{
	json_t *required = json_array(), *properties = json_object();

	openapi_put_text(schema, "type", "object");
	if (shape->says != NULL)
		openapi_put_text(schema, "description", shape->says);
	for (int i = 0; i < shape->fields_count; i++) {
		const struct shape_field *field = &shape->fields[i];
		json_t *property = type_schema(document, field->oid);

		if (!field->not_null)
			property = or_null(property);
		else
			openapi_add(required, json_string(field->name));
		if (field->says != NULL)
			openapi_put_text(property, "description", field->says);
		openapi_put(properties, field->name, property);
	}
	if (json_array_size(required) > 0)
		openapi_put(schema, "required", required);
	else
		json_decref(required);
	openapi_put(schema, "properties", properties);
	return schema;
}

json_t *
openapi_shape(struct document *document, const struct shape *shape)
{
	const char *name = component_name(document->arena, shape->name);
	json_t *schema;

	assert(shape->kind == SHAPE_COMPOSITE);
	if (json_object_get(document->schemas, name) == NULL) {
		schema = json_object();
		openapi_put(document->schemas, name, schema);
		(void)composite(document, shape, schema); /* fills what stands there already */
	}
	return openapi_ref(document, "schemas", name);
}

static json_t *
page(struct document *document, const struct shape *shape)
{
	json_t *data = json_object(), *properties = json_object(), *schema = json_object();
	json_t *cursor = json_pack("{s:[s,s], s:s}", "type", "string", "null", "description",
	    "what follows: send it as `cursor`; on the last page it asks for what is new, and on "
	    "an "
	    "empty page it is null");
	json_t *more = json_pack(
	    "{s:s, s:s}", "type", "boolean", "description", "whether there is another page");

	openapi_put_text(data, "type", "array");
	openapi_put(data, "items", openapi_shape(document, shape));
	openapi_put(properties, "data", data);
	openapi_put(properties, "has_more", more);
	openapi_put(properties, "next_cursor", cursor);
	openapi_put_text(schema, "type", "object");
	openapi_put(schema, "required", json_pack("[s,s,s]", "data", "has_more", "next_cursor"));
	openapi_put(schema, "properties", properties);
	return schema;
}

json_t *
openapi_page(struct document *document, const struct shape *shape)
{
	const char *name =
	    arena_print(document->arena, "%sPage", component_name(document->arena, shape->name));

	if (json_object_get(document->schemas, name) == NULL)
		openapi_put(document->schemas, name, page(document, shape));
	return openapi_ref(document, "schemas", name);
}
