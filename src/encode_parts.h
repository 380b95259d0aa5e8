/*
 * encode_parts: the parts of encode; nobody else's business.
 */
#ifndef SOCIUS_ENCODE_PARTS_H
#define SOCIUS_ENCODE_PARTS_H

#include <stdint.h>

#include "contract.h"
#include "encode.h"
#include "reply.h"
#include "socius/json.h"

/* encode_cell.c: whether a scalar of this type can be encoded at all. */
bool encode_knows(uint32_t oid);

/* encode_cell.c: one binary cell of a type as JSON. */
void encode_cell(const struct encoder *encoder, uint32_t oid, struct text cell, struct json *json);

/* encode_cell.c: the same as bare text, as a CSV cell or a path segment has it: no quotes around
 * strings; arrays and composites as JSON. */
struct text encode_plain(
    const struct encoder *encoder, uint32_t oid, struct text cell, struct arena *arena);

/* encode.c: the first column of the result that belongs to the reply. */
int encode_first_column(const struct operation *operation);

/* encode.c: the column of the result that holds this field of the reply, or -1; and its type. */
int encode_column(const struct operation *operation, const char *name);
uint32_t encode_type(const struct operation *operation, int column);

/* encode_list.c: a page of a LIST; the events of a STREAM. */
void encode_list(const struct encoder *encoder, const struct operation *operation,
    struct request *request, const struct rows *rows, struct reply *reply);
void encode_events(const struct encoder *encoder, const struct operation *operation,
    struct request *request, const struct rows *rows, struct reply *reply);

/* encode_csv.c: the header that holds the sum of this column; NULL: it is not summed up. */
const char *encode_sum_name(const struct shape_field *field, struct arena *arena);

/* encode_csv.c: all rows as RFC 4180 text, and the headers that sum them up. */
void encode_csv(const struct encoder *encoder, const struct operation *operation,
    const struct rows *rows, struct arena *arena, struct reply *reply);

#endif
