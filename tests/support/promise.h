/*
 * promise: holds a reply against the OpenAPI document: its status is one of the operation's, a
 * problem is one that the operation names, and a body is what its schema says, no member more.
 */
#ifndef TESTS_PROMISE_H
#define TESTS_PROMISE_H

#include <jansson.h>

/* NULL: the document allows the reply, or does not know the path. Otherwise what is wrong, in
 * static memory that the next call writes over. `body` may be NULL where the reply has no JSON. */
const char *promise_broken(
    json_t *document, const char *method, const char *path, int status, json_t *body);

#endif
