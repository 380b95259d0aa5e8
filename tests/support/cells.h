/*
 * cells: results of PostgreSQL in binary format, made without a server.
 */
#ifndef TESTS_CELLS_H
#define TESTS_CELLS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "catalog.h"

struct cells_column {
	const char *name; /* NULL ends the list */
	uint32_t oid;
};

/* A result without rows. PQclear it. */
static inline PGresult *
cells_new(const struct cells_column *columns)
{
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc attributes[64] = { 0 };
	char names[64][64];
	int count = 0;

	for (; columns[count].name != NULL; count++) {
		(void)snprintf(names[count], sizeof(names[count]), "%s", columns[count].name);
		attributes[count] = (PGresAttDesc){
			.name = names[count], .format = 1, .typid = columns[count].oid, .typlen = -1
		};
	}
	if (result == NULL || PQsetResultAttrs(result, count, attributes) == 0)
		abort();
	return result;
}

static inline void
cells_put(PGresult *result, int row, int column, const void *from, size_t bytes)
{
	if (PQsetvalue(result, row, column, (char *)(uintptr_t)from, (int)bytes) == 0)
		abort();
}

static inline void
cells_put_null(PGresult *result, int row, int column)
{
	if (PQsetvalue(result, row, column, NULL, -1) == 0)
		abort();
}

static inline void
cells_put_text(PGresult *result, int row, int column, const char *text)
{
	cells_put(result, row, column, text, strlen(text));
}

/* Writes a big-endian number; returns the place behind it. */
static inline uint8_t *
cells_number(uint8_t *to, int64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (uint8_t)((uint64_t)number >> (8 * (bytes - 1 - i)));
	return to + bytes;
}

static inline void
cells_put_int(PGresult *result, int row, int column, int64_t number, int bytes)
{
	uint8_t cell[8];

	(void)cells_number(cell, number, bytes); /* the end is known */
	cells_put(result, row, column, cell, (size_t)bytes);
}

static inline void
cells_put_jsonb(PGresult *result, int row, int column, const char *json)
{
	char cell[512];
	int bytes = snprintf(cell, sizeof(cell), "\001%s", json);

	cells_put(result, row, column, cell, (size_t)bytes);
}

#endif
