/* rows: cells of a libpq result in binary format; see socius/rows.h. */
#include "socius/rows.h"

#include <assert.h>
#include <libpq-fe.h>

#include "catalog.h"
#include "socius/instant.h"

int
rows_column(const struct rows *rows, const char *name)
{
	return rows->result == NULL ? -1 : PQfnumber(rows->result, name);
}

/* The row's number in the whole result, of which these rows may be a part. */
static int
row_of(const struct rows *rows, int row)
{
	assert(rows->result != NULL && row >= 0 && row < rows->count);
	return rows->first + row;
}

bool
rows_null(const struct rows *rows, int row, int column)
{
	return PQgetisnull(rows->result, row_of(rows, row), column) == 1;
}

struct text
rows_bytes(const struct rows *rows, int row, int column)
{
	int of = row_of(rows, row);

	return (struct text){ PQgetvalue(rows->result, of, column),
		(size_t)PQgetlength(rows->result, of, column) };
}

bool
rows_bool(const struct rows *rows, int row, int column)
{
	struct text cell = rows_bytes(rows, row, column);

	assert(PQftype(rows->result, column) == OID_BOOL);
	return cell.bytes == 1 && cell.at[0] != 0;
}

int64_t
rows_int(const struct rows *rows, int row, int column)
{
	struct text cell = rows_bytes(rows, row, column);

	assert(cell.bytes == 2 || cell.bytes == 4 || cell.bytes == 8);
	return catalog_integer(cell.at, (int)cell.bytes);
}

int64_t
rows_instant(const struct rows *rows, int row, int column)
{
	int64_t since_2000 = rows_int(rows, row, column), us;

	assert(PQftype(rows->result, column) == OID_TIMESTAMPTZ ||
	       PQftype(rows->result, column) == OID_TIMESTAMP);
	/* infinity is the largest number there is */
	return __builtin_add_overflow(since_2000, INSTANT_OF_2000, &us) ? INT64_MAX : us;
}

struct uuid
rows_uuid(const struct rows *rows, int row, int column)
{
	struct text cell = rows_bytes(rows, row, column);
	struct uuid uuid;

	assert(cell.bytes == UUID_BYTES);
	memcpy(uuid.byte, cell.at, UUID_BYTES);
	return uuid;
}

struct text
rows_text(const struct rows *rows, int row, int column)
{
	struct text cell = rows_bytes(rows, row, column);

	/* jsonb is sent as a version byte and its text. */
	if (PQftype(rows->result, column) == OID_JSONB && cell.bytes > 0) {
		cell.at++;
		cell.bytes--;
	}
	return cell;
}
