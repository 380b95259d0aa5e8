/*
 * csv: records of comma-separated values as RFC 4180 describes them, read in place.
 *
 * Lines end with LF, CRLF or CR; a quoted field may hold commas, line ends and doubled quotes. A
 * byte order mark at the beginning is skipped, and so are empty lines.
 */
#ifndef APP_CTL_CSV_H
#define APP_CTL_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/arena.h"
#include "socius/text.h"

enum { CSV_FIELDS_MAX = 64 };

struct csv {
	struct text from; /* the whole file */
	size_t at;
	int64_t line; /* of the next record; the first is 1 */
};

struct csv_record {
	int64_t line; /* on which it begins */
	int count;
	struct text
	    fields[CSV_FIELDS_MAX]; /* in the file, or in the arena where quotes were doubled */
	const char *fault;          /* NULL: well-formed; else why not, in a few words */
};

void csv_init(struct csv *csv, struct text from);

/* What else the file is: UTF-16, or separated by something else than commas; NULL: nothing tells.
 */
const char *csv_foreign(struct text from);

/* false: no more records. After a fault the next record begins on the next line. */
bool csv_next(struct csv *csv, struct arena *arena, struct csv_record *record);

#endif
