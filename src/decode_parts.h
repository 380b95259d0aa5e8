/*
 * decode_parts: the steps of decode; nobody else's business.
 *
 * A step returns false when it has set request->problem, and no later step is made. Faulty fields
 * of path, query, headers and body are collected meanwhile and refused together.
 */
#ifndef SOCIUS_DECODE_PARTS_H
#define SOCIUS_DECODE_PARTS_H

#include "contract.h"
#include "decode_value.h"
#include "socius/request.h"

/* Sets the problem; returns false. */
bool decode_refuse(struct request *request, const char *slug, const char *detail);

void decode_fault(
    struct request *request, const char *pointer, const char *code, const char *detail);

struct place decode_place(struct request *request, const char *pointer);

/* The number of fields from `from`. */
int decode_count(const struct field *takes, enum source from);

/* decode_headers.c: IF_MATCH into the arguments; the Idempotency-Key unquoted, empty when absent.
 */
bool decode_headers(struct request *request, const struct operation *operation, struct text *key);

/* decode_query.c: PATH, QUERY and LIMIT into the arguments; ?cursor= as it was sent. */
void decode_path(struct request *request);
void decode_query(struct request *request, struct text *cursor);

/* decode_form.c: the body as an object of texts, of which the row knows every name; NULL: out of
 * memory. */
struct json_t *decode_form(struct request *request);

/* decode_derived.c: request->list_bound, from the market, the caller, the path and the filters. */
void decode_bind(struct request *request);

/* decode_derived.c: BLOB, KEY, KEYED and DIGEST, when the other arguments stand. */
bool decode_derived(struct request *request, const struct operation *operation, struct text key);

#endif
