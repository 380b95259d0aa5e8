/*
 * route: path and method to the operation, by a tree of path segments built once.
 */
#ifndef SOCIUS_ROUTE_H
#define SOCIUS_ROUTE_H

#include "contract.h"

struct route;

/* Builds the tree; lives as long as the process. Two operations never share method and path: the
 * contract has seen to it. A literal segment wins over a {parameter}. */
const struct route *route_build(const struct contract *contract);

/* The operation of request->method and request->path, with request->path_params filled
 * (percent-decoded); or NULL with the problem set: not_found, or method_not_allowed with
 * request->allow. */
const struct operation *route_find(const struct route *route, struct request *request);

/* Decodes %xx of `from` into the arena. false: a malformed escape, or one that decodes to NUL. */
struct arena;
bool route_percent_decode(
    struct arena *arena, struct text from, bool plus_is_blank, struct text *to);

#endif
