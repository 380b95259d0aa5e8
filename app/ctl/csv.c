/* csv: see csv.h. */
#include "csv.h"

#include <string.h>

void
csv_init(struct csv *csv, struct text from)
{
	*csv = (struct csv){ .from = from, .line = 1 };
	if (from.bytes >= 3 && memcmp(from.at, "\xef\xbb\xbf", 3) == 0)
		csv->at = 3;
}

static int
peek(const struct csv *csv)
{
	return csv->at < csv->from.bytes ? (unsigned char)csv->from.at[csv->at] : -1;
}

static bool
at_line_end(const struct csv *csv)
{
	const char *at = csv->from.at + csv->at;
	size_t left = csv->from.bytes - csv->at;

	return left == 0 || *at == '\n' || (left > 1 && at[0] == '\r' && at[1] == '\n') ||
	       (left == 1 && *at == '\r');
}

static void
skip_line_end(struct csv *csv)
{
	if (peek(csv) == '\r')
		csv->at++;
	if (peek(csv) == '\n')
		csv->at++;
	csv->line++;
}

static struct text
read_plain(struct csv *csv, struct csv_record *record)
{
	size_t start = csv->at;

	while (!at_line_end(csv) && peek(csv) != ',') {
		if (peek(csv) == '"')
			record->fault = "a quote inside an unquoted field";
		csv->at++;
	}
	return (struct text){ csv->from.at + start, csv->at - start };
}

static struct text
undoubled(struct text from, struct arena *arena)
{
	char *to = arena_take(arena, from.bytes + 1);
	size_t bytes = 0;

	for (size_t i = 0; i < from.bytes; i++) {
		to[bytes++] = from.at[i];
		i += from.at[i] == '"';
	}
	return (struct text){ to, bytes };
}

/* Stands on the opening quote. */
static struct text
read_quoted(struct csv *csv, struct arena *arena, struct csv_record *record)
{
	size_t start = ++csv->at;
	bool doubled = false;
	struct text found;

	for (;; csv->at++) {
		int byte = peek(csv);

		if (byte < 0) {
			record->fault = "a quote that is never closed";
			return (struct text){ 0 };
		}
		csv->line += byte == '\n';
		if (byte != '"')
			continue;
		csv->at++;
		if (peek(csv) != '"')
			break;
		doubled = true;
	}
	found = (struct text){ csv->from.at + start, csv->at - 1 - start };
	if (!at_line_end(csv) && peek(csv) != ',')
		record->fault = "text after a closing quote";
	return doubled ? undoubled(found, arena) : found;
}

/* After a fault: the rest of the line cannot be trusted. */
static void
skip_line(struct csv *csv)
{
	while (!at_line_end(csv))
		csv->at++;
}

bool
csv_next(struct csv *csv, struct arena *arena, struct csv_record *record)
{
	while (csv->at < csv->from.bytes && at_line_end(csv))
		skip_line_end(csv);
	record->line = csv->line;
	record->count = 0;
	record->fault = NULL;
	if (csv->at >= csv->from.bytes)
		return false;
	for (;;) {
		struct text field =
		    peek(csv) == '"' ? read_quoted(csv, arena, record) : read_plain(csv, record);

		if (record->count == CSV_FIELDS_MAX)
			record->fault = "too many fields";
		if (record->fault != NULL)
			break;
		record->fields[record->count++] = field;
		if (peek(csv) != ',')
			break;
		csv->at++;
	}
	skip_line(csv);
	skip_line_end(csv);
	return true;
}
