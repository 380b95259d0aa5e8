/*
 * openapi: the documents that are made of the tables and the catalog: docs/api/openapi.json
 * (OpenAPI 3.1.0), docs/api/problems.md and docs/api/roles.md. The same input gives the same bytes.
 */
#ifndef SOCIUS_OPENAPI_H
#define SOCIUS_OPENAPI_H

#include "contract.h"
#include "socius/arena.h"
#include "socius/endpoint.h"
#include "socius/text.h"

/* All are NUL-terminated and live in the arena. */
struct text openapi_write(
    const struct app *of, const struct contract *contract, struct arena *arena);
struct text openapi_problems(const struct app *of, struct arena *arena);
struct text openapi_roles(const struct app *of, struct arena *arena);

#endif
