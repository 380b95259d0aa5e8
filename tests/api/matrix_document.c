/* matrix_document: the operations of the served document; see matrix.h. */
#include <criterion/criterion.h>
#include <ctype.h>

#include "api/matrix.h"
#include "socius/endpoint.h"
#include "socius/text.h"

json_t *
matrix_resolve(json_t *document, json_t *value)
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

/* The first reply of a success. */
static json_t *
success(const struct operations *operations, json_t *json)
{
	const char *status;
	json_t *response;

	json_object_foreach (json_object_get(json, "responses"), status, response)
		if (status[0] == '2')
			return matrix_resolve(operations->document, response);
	return NULL;
}

static json_t *
content(json_t *of, const char *media)
{
	return json_object_get(json_object_get(of, "content"), media);
}

json_t *
matrix_answer(const struct operations *operations, const struct operation *operation)
{
	json_t *media = content(success(operations, operation->json), "application/json");

	return media == NULL
		   ? NULL
		   : matrix_resolve(operations->document, json_object_get(media, "schema"));
}

static const char *
scope_of(json_t *json)
{
	json_t *needs = json_array_get(json_object_get(json, "security"), 0);
	const char *scheme;
	json_t *scopes;

	json_object_foreach (needs, scheme, scopes)
		return json_string_value(json_array_get(scopes, 0));
	return NULL;
}

static void
read_parameters(const struct operations *operations, struct operation *operation)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(operation->json, "parameters"), i, one) {
		json_t *parameter = matrix_resolve(operations->document, one);
		const char *name = json_string_value(json_object_get(parameter, "name"));

		if (strcmp(name, "cursor") == 0 || strcmp(name, "after") == 0)
			operation->cursor = name;
		if (!json_is_true(json_object_get(parameter, "required")))
			continue;
		operation->needs_key |= strcmp(name, "Idempotency-Key") == 0;
		operation->needs_match |= strcmp(name, "If-Match") == 0;
	}
}

static void
read_body(const struct operations *operations, struct operation *operation)
{
	json_t *media;

	json_object_foreach (
	    json_object_get(json_object_get(operation->json, "requestBody"), "content"),
	    operation->media, media) {
		operation->schema =
		    matrix_resolve(operations->document, json_object_get(media, "schema"));
		operation->example = json_object_get(media, "example");
		return;
	}
	operation->media = NULL;
}

static void
read_operation(struct operations *operations, const char *method, const char *path, json_t *json)
{
	struct operation *operation = &operations->at[operations->count++];
	char *upper = (char *)(uintptr_t)story_print("%s", method);
	json_t *answer;

	cr_assert_lt(operations->count, OPERATIONS_MAX);
	for (char *c = upper; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	*operation = (struct operation){ .method = upper, .path = path, .json = json };
	operation->scope = scope_of(json);
	read_parameters(operations, operation);
	read_body(operations, operation);
	operation->streams = content(success(operations, json), "text/event-stream") != NULL;
	answer = matrix_answer(operations, operation);
	operation->lists =
	    strcmp(upper, "GET") == 0 &&
	    json_object_get(json_object_get(answer, "properties"), "has_more") != NULL;
}

void
matrix_read(struct operations *operations)
{
	const char *path, *method;
	json_t *item, *json;

	*operations = (struct operations){ .document = story_get(NULL, "/openapi.json")->body };
	json_object_foreach (json_object_get(operations->document, "paths"), path, item)
		json_object_foreach (item, method, json)
			if (json_is_object(json))
				read_operation(operations, method, path, json);
}

bool
matrix_opens(const struct operation *operation, const char *role)
{
	if (operation->scope == NULL)
		return true;
	for (const struct role *one = app.roles; one->name != NULL; one++)
		if (strcmp(one->name, role) == 0)
			return text_listed(one->scopes, text_of(operation->scope));
	return false;
}

bool
matrix_writes(const struct operation *operation)
{
	const char *scope = operation->scope;
	size_t bytes = scope == NULL ? 0 : strlen(scope);

	if (scope == NULL || strcmp(operation->method, "GET") == 0)
		return false;
	return strcmp(scope, "account") != 0 && strncmp(scope, "me.", 3) != 0 &&
	       (bytes < 5 || strcmp(scope + bytes - 5, ".read") != 0);
}
