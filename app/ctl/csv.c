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

static size_t
count_in_line(struct text from, char sought)
{
	size_t count = 0;

	for (size_t i = 0; i < from.bytes && from.at[i] != '\n' && from.at[i] != '\r'; i++)
		count += from.at[i] == sought;
	return count;
}

const char *
csv_foreign(struct text from)
{
	size_t commas = count_in_line(from, ',');

	/* its byte order mark, or a character of which one byte is nothing */
	if (from.bytes >= 2 &&
	    (memcmp(from.at, "\xff\xfe", 2) == 0 || memcmp(from.at, "\xfe\xff", 2) == 0 ||
		from.at[0] == '\0' || from.at[1] == '\0'))
		return "the file is UTF-16: save it as UTF-8";
	if (count_in_line(from, ';') > commas)
		return "its fields are separated by semicolons: save it with commas";
	if (count_in_line(from, '\t') > commas)
		return "its fields are separated by tabs: save it with commas";
	return NULL;
}

static int
peek(const struct csv *csv)
{
	return csv->at < csv->from.bytes ? (unsigned char)csv->from.at[csv->at] : -1;
}

static bool
at_line_end(const struct csv *csv)
{
	int byte = peek(csv);

	return byte < 0 || byte == '\n' || byte == '\r';
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
		csv->line +=
		    byte == '\n' || (byte == '\r' && (csv->at + 1 == csv->from.bytes ||
							 csv->from.at[csv->at + 1] != '\n'));
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
