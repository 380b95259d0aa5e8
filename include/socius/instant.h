/*
 * instant: a moment, int64 microseconds since 1970-01-01T00:00:00Z, proleptic Gregorian.
 *
 * Text form: RFC 3339 section 5.6; we write `Z` and as many fraction digits as needed (none, 3 or
 * 6); we read any offset and turn it into UTC. Range: years 0001 to 9999; what lies beyond is
 * written as the first or the last moment of it.
 */
#ifndef SOCIUS_INSTANT_H
#define SOCIUS_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/text.h"

enum { INSTANT_TEXT_BYTES_MAX = 28 }; /* 2026-11-22T10:00:00.123456Z and NUL */

/* Microseconds between 1970-01-01 and 2000-01-01, PostgreSQL's epoch. */
#define INSTANT_OF_2000 INT64_C(946684800000000)

/* What requests may say: nothing here happened before, and nobody plans for later. */
#define INSTANT_LEAST_US INT64_C(0)               /* 1970-01-01T00:00:00Z */
#define INSTANT_MOST_US INT64_C(7258118400000000) /* 2200-01-01T00:00:00Z */

/* false: not an RFC 3339 date-time, or out of range; *us is untouched. A second 60 is taken where a
 * leap second can be, 23:59:60Z on the last day of a month (RFC 3339 section 5.7), and counts as
 * the first moment of the next day. */
bool instant_read(struct text from, int64_t *us);

/* Writes NUL-terminated text; returns its length without the NUL. */
int instant_write(int64_t us, char to[INSTANT_TEXT_BYTES_MAX]);

/* A local wall time without offset, `YYYY-MM-DDTHH:MM[:SS]`, as microseconds as if it were UTC. It
 * has no second 60: whether one could be there is not known without the offset. */
bool instant_read_local(struct text from, int64_t *us);
int instant_write_local(int64_t us, char to[INSTANT_TEXT_BYTES_MAX]);

/* A calendar date `YYYY-MM-DD` as days since 1970-01-01. */
bool instant_read_date(struct text from, int32_t *days);
int instant_write_date(int32_t days, char to[INSTANT_TEXT_BYTES_MAX]);

#endif
