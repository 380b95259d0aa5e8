/*
 * decode_value: one text or JSON value against its field; a part of decode.
 */
#ifndef SOCIUS_DECODE_VALUE_H
#define SOCIUS_DECODE_VALUE_H

#include <stdint.h>

#include "socius/arena.h"
#include "socius/endpoint.h"
#include "socius/problem.h"
#include "socius/request.h"

struct json_t;
struct json;

/* What a field's numbers mean: the bounds of its value, its code points or its items. */
struct bounds {
	int64_t min, max;
};

struct bounds decode_bounds(const struct field *field);

/* Where a value stands and whom to tell when it is not as described. */
struct place {
	struct arena *arena;
	struct problem *problem;
	const char *pointer;
};

/* Both fill `value` or add errors to the problem. An absent or null value is one of the caller's
 * cases; here a JSON null is a wrong type. */
void decode_text(
    const struct place *place, const struct field *field, struct text from, struct value *value);
void decode_json(const struct place *place, const struct field *field, const struct json_t *from,
    struct value *value);

/* decode_string.c: the texts among them; normalized, and trimmed unless it is a password. */
void decode_string(
    const struct place *place, const struct field *field, struct text from, struct value *value);

/* Adds an error about this place. */
void decode_tell(const struct place *place, const char *code, const char *detail);

/* The members of a JSON object against fields with from == BODY (any, when `items`). Values come in
 * the order of the fields; the pointer of the object is place->pointer. */
void decode_members(const struct place *place, const struct field *fields, bool items,
    const struct json_t *object, struct value *values);

/* Whether a null in a PATCH takes this field of the body away: a CLEARED argument is of it. */
bool decode_clears(const struct field *fields, const char *name);

#endif
