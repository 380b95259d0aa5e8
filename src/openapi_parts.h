/*
 * openapi_parts: the parts of openapi; nobody else's business.
 */
#ifndef SOCIUS_OPENAPI_PARTS_H
#define SOCIUS_OPENAPI_PARTS_H

#include <jansson.h>

#include "contract.h"
#include "socius/arena.h"

/* The document under construction. Components come in when something refers to them. */
struct document {
	const struct app *of;
	const struct contract *contract;
	struct arena *arena;
	json_t *root, *paths;
	json_t *schemas, *parameters, *headers, *responses, *examples;
};

/* Puts a new value into an object, or appends it to an array; the container owns it then. */
void openapi_put(json_t *object, const char *name, json_t *value);
void openapi_put_text(json_t *object, const char *name, const char *value);
void openapi_add(json_t *array, json_t *value);

/* {"$ref": "#/components/<kind>/<name>"} */
json_t *openapi_ref(struct document *document, const char *kind, const char *name);

/* openapi_fields.c: what a client sends. */
json_t *openapi_field_schema(struct document *document, const struct field *field);
json_t *openapi_field_example(const struct field *field);
/* Of the fields from BODY; of all, where they are those of an item. */
/* endpoint NULL: members of items */
json_t *openapi_fields_schema(
    struct document *document, const struct field *fields, const struct endpoint *endpoint);
json_t *openapi_fields_example(const struct field *fields, bool items);

/* openapi_texts.c: of a STRING; NULL: a list says it already, or there is none. */
const char *openapi_text_pattern(struct arena *arena, const struct field *field);
const char *openapi_text_example(const struct field *field);

/* openapi_shapes.c: what a reply shows. References to components that they make. */
json_t *openapi_shape(struct document *document, const struct shape *shape);
json_t *openapi_page(struct document *document, const struct shape *shape);

/* openapi_parameters.c: all of an operation's parameters; NULL: none. */
json_t *openapi_parameters(struct document *document, const struct operation *operation);

/* openapi_responses.c: the header of this name, made where it is missing. */
void openapi_use_header(struct document *document, json_t *headers, const char *name);
json_t *openapi_responses(struct document *document, const struct operation *operation);
/* A reference to the response of one problem. */
json_t *openapi_problem_response(struct document *document, const char *slug);

/* openapi_problems.c: the schema of all problems. */
json_t *openapi_problem_schema(void);

#endif
