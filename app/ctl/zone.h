/*
 * zone: local wall time into UTC, by the machine's IANA time zone database (tzdata).
 */
#ifndef APP_CTL_ZONE_H
#define APP_CTL_ZONE_H

#include <stdbool.h>
#include <stdint.h>

/* Makes this the process' time zone; false: the database has no zone of this name. */
bool zone_use(const char *name);

/* A wall time (microseconds as if it were UTC) as an instant. Where clocks go back over it there
 * are two: the first, or the first that is not before `earliest_us`. false: it does not exist,
 * clocks jump over it. */
bool zone_instant(int64_t local_us, int64_t earliest_us, int64_t *us);

#endif
