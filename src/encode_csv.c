/*
 * encode_csv: rows as a file of RFC 4180: a header row, CRLF, quotes where needed.
 *
 * A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers of ours
 * stay as they are. X-Row-Count is the number of rows without the header row. Each column of whole
 * numbers whose name ends in _minor is summed up in X-Sum-<Column>, so that whoever gets the file
 * can tell that it is whole.
 */
#include <assert.h>
#include <inttypes.h>

#include "catalog.h"
#include "encode_parts.h"

/* Room for X-Row-Count and the headers of any reply. */
enum { SUMS_MAX = REPLY_HEADERS_MAX - 8 };

static bool
text_like(uint32_t oid)
{
	return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_BPCHAR || oid == OID_NAME;
}

static bool
needs_quotes(struct text cell)
{
	for (size_t i = 0; i < cell.bytes; i++)
		if (cell.at[i] == '"' || cell.at[i] == ',' || cell.at[i] == '\r' ||
		    cell.at[i] == '\n')
			return true;
	return false;
}

static void
add_field(struct buffer *to, struct text cell, bool guarded)
{
	bool quotes = needs_quotes(cell);

	if (quotes)
		buffer_add(to, "\"", 1);
	if (guarded && cell.bytes > 0 && memchr("=+-@\t\r", cell.at[0], 6) != NULL)
		buffer_add(to, "'", 1);
	for (size_t i = 0; i < cell.bytes; i++) {
		if (cell.at[i] == '"')
			buffer_add(to, "\"", 1);
		buffer_add(to, cell.at + i, 1);
	}
	if (quotes)
		buffer_add(to, "\"", 1);
}

static void
add_names(struct buffer *to, const struct shape *shape)
{
	for (int i = 0; i < shape->fields_count; i++) {
		if (i > 0)
			buffer_add(to, ",", 1);
		add_field(to, text_of(shape->fields[i].name), false);
	}
	buffer_add(to, "\r\n", 2);
}

static void
add_row(const struct encoder *encoder, const struct operation *operation, const struct rows *rows,
    int row, struct buffer *to)
{
	const struct shape *shape = operation->gives;
	int first = encode_first_column(operation);

	for (int i = 0; i < shape->fields_count; i++) {
		uint32_t oid = shape->fields[i].oid;

		if (i > 0)
			buffer_add(to, ",", 1);
		if (!rows_null(rows, row, first + i))
			add_field(to,
			    encode_plain(encoder, oid, rows_bytes(rows, row, first + i), to->arena),
			    text_like(oid));
	}
	buffer_add(to, "\r\n", 2);
}

static bool
is_summed(const struct shape_field *field)
{
	size_t bytes = strlen(field->name);

	return (field->oid == OID_INT8 || field->oid == OID_INT4) && bytes > 6 &&
	       strcmp(field->name + bytes - 6, "_minor") == 0;
}

/* tip_minor becomes X-Sum-Tip-Minor. */
const char *
encode_sum_name(const struct shape_field *field, struct arena *arena)
{
	char *name;

	if (!is_summed(field))
		return NULL;
	name = arena_print(arena, "X-Sum-%s", field->name);
	for (char *at = name + sizeof("X-Sum-") - 1; *at != '\0'; at++) {
		if (*at == '_')
			*at = '-';
		else if (at[-1] == '-' && *at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	}
	return name;
}

/* false: the sum does not fit 64 bits; then there is none. */
static bool
sum_of(const struct rows *rows, int column, int64_t *sum)
{
	*sum = 0;
	for (int row = 0; row < rows->count; row++)
		if (!rows_null(rows, row, column) &&
		    __builtin_add_overflow(*sum, rows_int(rows, row, column), sum))
			return false;
	return true;
}

static void
add_sums(const struct operation *operation, const struct rows *rows, struct arena *arena,
    struct reply *reply)
{
	const struct shape *shape = operation->gives;
	int first = encode_first_column(operation), sums = 0;
	int64_t sum;

	for (int i = 0; i < shape->fields_count && sums < SUMS_MAX; i++) {
		const char *name = encode_sum_name(&shape->fields[i], arena);

		if (name == NULL || !sum_of(rows, first + i, &sum))
			continue;
		reply_add_header(reply, name, text_of(arena_print(arena, "%" PRId64, sum)));
		sums++;
	}
}

void
encode_csv(const struct encoder *encoder, const struct operation *operation,
    const struct rows *rows, struct arena *arena, struct reply *reply)
{
	struct buffer buffer;

	buffer_init(&buffer, arena, 4096);
	add_names(&buffer, operation->gives);
	for (int row = 0; row < rows->count; row++)
		add_row(encoder, operation, rows, row, &buffer);
	reply->body = buffer_text(&buffer);
	reply->media = TEXT("text/csv; charset=utf-8; header=present");
	reply_add_header(reply, "X-Row-Count", text_of(arena_print(arena, "%d", rows->count)));
	add_sums(operation, rows, arena, reply);
}
