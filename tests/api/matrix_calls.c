/* matrix_calls: how a request of an operation is filled in and sent; see matrix.h. */
#include <criterion/criterion.h>

#include "api/matrix.h"

static const char *
value_of(const struct city *city, const char *name, struct instead instead)
{
	const struct thing *thing = matrix_thing(city, name);

	if (instead.name != NULL && instead.value != NULL && strcmp(instead.name, name) == 0)
		return instead.value;
	return thing == NULL ? NULL : thing->id;
}

const char *
matrix_query(const char *path, const char *name, const char *value)
{
	return story_print("%s%c%s=%s", path, strchr(path, '?') == NULL ? '?' : '&', name, value);
}

/* What stands in the document for a parameter. */
static const char *
example_of(json_t *parameter)
{
	json_t *schema = json_object_get(parameter, "schema");
	json_t *example = json_object_get(parameter, "example");

	if (example == NULL)
		example = json_array_get(json_object_get(schema, "examples"), 0);
	if (example == NULL)
		example = json_array_get(json_object_get(schema, "enum"), 0);
	return json_is_string(example) ? json_string_value(example) : NULL;
}

/* The parameters of the query that must be there. */
static const char *
with_query(const struct city *city, const struct operation *operation, const char *path,
    struct instead instead)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(operation->json, "parameters"), i, one) {
		json_t *parameter = matrix_resolve(city->operations->document, one);
		const char *name = json_string_value(json_object_get(parameter, "name"));
		const char *value = value_of(city, name, instead);

		if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") != 0 ||
		    !json_is_true(json_object_get(parameter, "required")))
			continue;
		value = value != NULL ? value : example_of(parameter);
		path = matrix_query(path, name, value != NULL ? value : "example");
	}
	return path;
}

const char *
matrix_path(const struct city *city, const struct operation *operation, struct instead instead,
    const char **lacks)
{
	const char *path = "", *rest = operation->path;

	while (*rest != '\0') {
		size_t plain = strcspn(rest, "{"), bytes;
		const char *name, *value;

		path = story_print("%s%.*s", path, (int)plain, rest);
		rest += plain;
		if (*rest == '\0')
			break;
		bytes = strcspn(rest, "}") - 1;
		name = story_print("%.*s", (int)bytes, rest + 1);
		value = value_of(city, name, instead);
		if (value == NULL) {
			*lacks = name;
			return NULL;
		}
		path = story_print("%s%s", path, value);
		rest += bytes + 2;
	}
	return with_query(city, operation, path, instead);
}

/* Puts the city's ids into members that are called as its things. */
static void
fill_in(const struct city *city, json_t *value, struct instead instead)
{
	const char *name;
	json_t *one;
	size_t i;
	void *next;

	json_array_foreach (value, i, one)
		fill_in(city, one, instead);
	json_object_foreach_safe(value, next, name, one)
	{
		const char *id = value_of(city, name, instead);

		if (json_is_string(one) && id != NULL)
			json_object_set_new(value, name, json_string(id));
		else
			fill_in(city, one, instead);
	}
}

/* A member that may be there and is not in the example. */
static void
put_in(const struct operation *operation, json_t *body, const char *name, const char *value)
{
	json_t *properties = json_object_get(operation->schema, "properties");

	if (json_object_get(properties, name) != NULL && json_object_get(body, name) == NULL)
		json_object_set_new(body, name, json_string(value));
}

json_t *
matrix_body(const struct city *city, const struct operation *operation, struct instead instead)
{
	json_t *body = json_deep_copy(operation->example);

	if (body == NULL)
		return NULL;
	fill_in(city, body, instead);
	if (instead.name != NULL)
		put_in(operation, body, instead.name, instead.value);
	for (int i = 0; i < city->things_count; i++)
		if (city->things[i].always)
			put_in(operation, body, city->things[i].name, city->things[i].id);
	return body;
}

struct story_reply *
matrix_call(const struct operation *operation, const char *path, const char *token, json_t *body)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	struct story_reply *reply;

	if (operation->needs_match)
		story_header("If-Match: \"1\"");
	reply = story_call(operation->method, path, token,
	    operation->needs_key ? story_key() : NULL, text == NULL ? NULL : "%s", text);
	free(text);
	matrix_probes++;
	return reply;
}

struct story_reply *
matrix_probe(const struct city *city, const struct operation *operation, const char *token,
    struct instead instead)
{
	json_t *body = matrix_body(city, operation, instead);
	const char *lacks = NULL, *path = matrix_path(city, operation, instead, &lacks);
	struct story_reply *reply;

	cr_assert_not_null(path, "%s %s: nothing for {%s}: see matrix_given.c", operation->method,
	    operation->path, lacks);
	reply = matrix_call(operation, path, token, body);
	json_decref(body);
	return reply;
}

const char *
matrix_masked(const struct story_reply *reply, const char *id)
{
	json_t *body = json_deep_copy(reply->body);
	char *text, *at;

	if (body == NULL)
		return story_print("%s", reply->text);
	json_object_del(body, "request_id");
	json_object_del(body, "instance");
	text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	while (id != NULL && (at = strstr(text, id)) != NULL)
		memset(at, '*', strlen(id));
	const char *kept = story_print("%s", text);

	free(text);
	json_decref(body);
	return kept;
}

static const char *
seen_by(const struct city *city, const char *name)
{
	const struct person *person = matrix_person(city, name);
	const char *all = "";

	for (int i = 0; i < city->operations->count; i++) {
		const struct operation *operation = &city->operations->at[i];
		const char *path, *lacks;

		/* other tests make markets meanwhile */
		if (!operation->lists || !matrix_opens(operation, person->role) ||
		    strcmp(operation->path, "/v1/markets") == 0)
			continue;
		path = matrix_path(city, operation, (struct instead){ NULL }, &lacks);
		if (path == NULL)
			continue;
		all = story_print(
		    "%s\n%s %s", all, path, story_get(person->token, "%s?limit=200", path)->text);
	}
	return all;
}

const char *
matrix_snapshot(const struct city *city)
{
	return story_print("%s%s", seen_by(city, "operator"), seen_by(city, "courier"));
}
