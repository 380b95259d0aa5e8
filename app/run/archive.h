/*
 * archive: months of events that are past their time become files of JSON lines, and leave the
 * database. One file a month, events-YYYY-MM.jsonl: written, read again, on disk, and only then
 * told.
 */
#ifndef APP_RUN_ARCHIVE_H
#define APP_RUN_ARCHIVE_H

#include <pthread.h>
#include <stdbool.h>

#include <libpq-fe.h>

#include "socius/arena.h"

struct archive {
	pthread_t thread;
	const char *conninfo;
	const char *folder; /* $SOCIUS_VAR/archive */
	int signals;        /* readable: it is time to end */
	int months;         /* that events stay; 0: for ever */
	PGconn *pg;         /* NULL: not connected */
};

/* Reads the settings (dies where they are unusable) and starts the thread; `arena` lives longer. */
void archive_start(struct archive *archive, const char *conninfo, int signals, struct arena *arena);

/* Waits for the thread, which ends within a page of `signals`; what it was writing begins anew. */
void archive_end(struct archive *archive);

#endif
