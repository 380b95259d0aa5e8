/*
 * args: what .prepares does with the arguments of its call.
 */
#ifndef APP_ARGS_H
#define APP_ARGS_H

#include <stddef.h>

#include "socius/request.h"
#include "socius/text.h"

/* The argument of this name; asserts that the row has it. */
struct value *args_of(struct request *request, const char *name);

/* Sets a STRING or BYTES. args_put keeps the text where it is, args_copy copies it. */
void args_put(struct request *request, const char *name, struct text bytes);
void args_copy(struct request *request, const char *name, const void *from, size_t bytes);

void args_put_uuid(struct request *request, const char *name, const struct uuid *uuid);
void args_put_long(struct request *request, const char *name, int64_t number);

/* Sets a BYTES to the SHA-256 of a text. */
void args_put_digest(struct request *request, const char *name, struct text of);

/* SQL gets null; .finishes may still read what it was. */
void args_hide(struct request *request, const char *name);

#endif
