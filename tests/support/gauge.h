/*
 * gauge: what GET /metrics of the running instance says (SOCIUS_METRICS_URL).
 */
#ifndef TESTS_GAUGE_H
#define TESTS_GAUGE_H

/* All of it; to be freed. */
char *gauge_text(void);

/* The sum of a metric over the workers. */
long gauge_sum(const char *name);

#endif
