/*
 * json: a writer that escapes, onto a buffer; and strict reading through jansson.
 * No name here is a name of jansson's: both are linked into one process.
 */
#ifndef SOCIUS_JSON_H
#define SOCIUS_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/text.h"

enum { JSON_DEPTH_MAX = 16, JSON_STRING_BYTES_MAX = 4096, JSON_ITEMS_MAX = 1000 };

/* A writer puts commas by itself. Open and close in pairs; depth is asserted. */
struct json {
	struct buffer *to;
	int depth;
	bool needs_comma[JSON_DEPTH_MAX + 8];
};

void json_init(struct json *json, struct buffer *to);
void json_open_object(struct json *json);
void json_close_object(struct json *json);
void json_open_array(struct json *json);
void json_close_array(struct json *json);
void json_name(struct json *json, const char *name);
void json_write_text(struct json *json, struct text value);
void json_write_int(struct json *json, int64_t value);
void json_write_bool(struct json *json, bool value);
void json_write_null(struct json *json);
void json_write_raw(struct json *json, struct text already_json);

/* name and value at once */
void json_put_text(struct json *json, const char *name, const char *value); /* NULL: null */
void json_put_int(struct json *json, const char *name, int64_t value);
void json_put_bool(struct json *json, const char *name, bool value);

/* Strict parse: UTF-8, no duplicate names, depth and sizes as above. The result is a jansson
 * value of any kind (json_decref it), or NULL with a reason in `why` (static text) and its offset.
 */
struct json_t;
struct json_t *json_read(struct text from, const char **why, long *offset);

#endif
