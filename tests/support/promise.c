/* promise: a small reader of the parts of JSON Schema that our document uses; see promise.h. */
#include "promise.h"

#include <stdbool.h>
#include <ctype.h>

static char why[512];

static const char *
broken(const char *where, const char *what, const char *which)
{
	(void)snprintf(why, sizeof(why), "%s: %s %s", where, what, which); /* cut is fine */
	return why;
}

/* Follows a $ref within the document. */
static json_t *
resolve(json_t *document, json_t *value)
{
	const char *reference = json_string_value(json_object_get(value, "$ref"));
	char *copy, *rest, *part;

	if (reference == NULL)
		return value;
	copy = strdup(reference + 2);
	rest = copy;
	value = document;
	while ((part = strsep(&rest, "/")) != NULL)
		value = json_object_get(value, part);
	free(copy);
	return value;
}

/* Whether a path is one of a template: /v1/slots/{slot_id}. */
static bool
path_fits(const char *template, const char *path)
{
	while (*template != '\0' && *path != '\0' && *path != '?') {
		if (*template == '{') {
			template += strcspn(template, "/");
			path += strcspn(path, "/?");
		} else if (*template ++ != *path++) {
			return false;
		}
	}
	return *template == '\0' && (*path == '\0' || *path == '?');
}

static json_t *
find_operation(json_t *document, const char *method, const char *path)
{
	json_t *item, *found = NULL;
	const char *template;
	char lower[8] = "";

	for (size_t i = 0; i < sizeof(lower) - 1 && method[i] != '\0'; i++)
		lower[i] = (char)tolower((unsigned char)method[i]);
	json_object_foreach (json_object_get(document, "paths"), template, item)
		if (path_fits(template, path) && (found == NULL || strchr(template, '{') == NULL))
			found = json_object_get(item, lower);
	return found;
}

static bool
type_is(const char *type, json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return strcmp(type, "object") == 0;
	case JSON_ARRAY:
		return strcmp(type, "array") == 0;
	case JSON_STRING:
		return strcmp(type, "string") == 0;
	case JSON_INTEGER:
		return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
	case JSON_REAL:
		return strcmp(type, "number") == 0;
	case JSON_TRUE:
	case JSON_FALSE:
		return strcmp(type, "boolean") == 0;
	default:
		return strcmp(type, "null") == 0;
	}
}

static bool
types_allow(json_t *types, json_t *value)
{
	json_t *type;
	size_t i;

	if (types == NULL)
		return true;
	if (json_is_string(types))
		return type_is(json_string_value(types), value);
	json_array_foreach (types, i, type)
		if (type_is(json_string_value(type), value))
			return true;
	return false;
}

static const char *value_broken(json_t *document, json_t *schema, json_t *value, const char *where);

static const char *
object_broken(json_t *document, json_t *schema, json_t *value, const char *where)
{
	json_t *properties = json_object_get(schema, "properties"), *member, *name;
	const char *key, *fault;
	size_t i;

	json_array_foreach (json_object_get(schema, "required"), i, name)
		if (json_object_get(value, json_string_value(name)) == NULL)
			return broken(where, "lacks", json_string_value(name));
	if (properties == NULL)
		return NULL;
	json_object_foreach (value, key, member) {
		json_t *property = json_object_get(properties, key);

		/* a problem may carry business data beside what it always has */
		if (property == NULL && strcmp(where, "problem") != 0)
			return broken(where, "has a member that is not in the document:", key);
		fault = property == NULL ? NULL : value_broken(document, property, member, key);
		if (fault != NULL)
			return fault;
	}
	return NULL;
}

static const char *
value_broken(json_t *document, json_t *schema, json_t *value, const char *where)
{
	json_t *choices, *item;
	const char *fault = NULL;
	size_t i;

	schema = resolve(document, schema);
	choices = json_object_get(schema, "anyOf");
	if (choices == NULL)
		choices = json_object_get(schema, "oneOf");
	json_array_foreach (choices, i, item)
		if ((fault = value_broken(document, item, value, where)) == NULL)
			return NULL;
	if (fault != NULL)
		return fault;
	if (!types_allow(json_object_get(schema, "type"), value))
		return broken(where, "is of another type than the document says", "");
	if (json_is_object(value))
		return object_broken(document, schema, value, where);
	if (json_is_array(value))
		json_array_foreach (value, i, item) {
			fault =
			    value_broken(document, json_object_get(schema, "items"), item, where);
			if (fault != NULL)
				return fault;
		}
	return NULL;
}

/* The code of a problem must be among the response's examples. */
static const char *
problem_broken(json_t *media, json_t *body, const char *where)
{
	const char *code = json_string_value(json_object_get(body, "code"));
	json_t *examples = json_object_get(media, "examples");

	if (code == NULL || examples == NULL || json_object_get(examples, code) == NULL)
		return broken(where, "does not name the problem", code == NULL ? "(none)" : code);
	return NULL;
}

const char *
promise_broken(json_t *document, const char *method, const char *path, int status, json_t *body)
{
	json_t *operation = find_operation(document, method, path), *response, *content, *media;
	const char *fault;
	char text[8];

	if (operation == NULL)
		return NULL;
	(void)snprintf(text, sizeof(text), "%d", status); /* three digits */
	response =
	    resolve(document, json_object_get(json_object_get(operation, "responses"), text));
	if (response == NULL)
		return broken(path, "may not answer", text);
	content = json_object_get(response, "content");
	if (content == NULL || body == NULL)
		return NULL;
	media = json_object_get(content, "application/problem+json");
	if (media != NULL) {
		fault = problem_broken(media, body, path);
		return fault != NULL ? fault
				     : value_broken(document, json_object_get(media, "schema"),
					   body, "problem");
	}
	media = json_object_get(content, "application/json");
	return media == NULL ? NULL
			     : value_broken(document, json_object_get(media, "schema"), body, path);
}
