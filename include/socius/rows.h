/*
 * rows: what an SQL function returned, as PostgreSQL's binary cells with names and types.
 *
 * A cell's bytes belong to the answer and are valid until its callback returns.
 */
#ifndef SOCIUS_ROWS_H
#define SOCIUS_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/text.h"
#include "socius/uuid.h"

struct pg_result; /* libpq */

struct rows {
	const struct pg_result *result; /* NULL: no rows */
	int first, count;               /* this call's part of it */
};

/* Column number by name, or -1. */
int rows_column(const struct rows *rows, const char *name);

bool rows_null(const struct rows *rows, int row, int column);
struct text rows_bytes(const struct rows *rows, int row, int column); /* raw binary cell */
bool rows_bool(const struct rows *rows, int row, int column);
int64_t rows_int(const struct rows *rows, int row, int column);     /* int2, int4, int8 */
int64_t rows_instant(const struct rows *rows, int row, int column); /* us since 1970 UTC */
struct uuid rows_uuid(const struct rows *rows, int row, int column);
struct text rows_text(const struct rows *rows, int row, int column); /* text, or jsonb as text */

#endif
