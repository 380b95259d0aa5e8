/*
 * archive: months of events that are past their time become files of JSON lines, and leave the
 * database. One file a month, events-YYYY-MM.jsonl: written, read again, on disk, and only then
 * told.
 */
#ifndef APP_RUN_ARCHIVE_H
#define APP_RUN_ARCHIVE_H

#include "run/lane.h"

/* A page takes tens of milliseconds; the count at the end is one pass over the month. */
#define ARCHIVE_OPTIONS \
	"-c statement_timeout=300000 -c lock_timeout=5000 " \
	"-c idle_in_transaction_session_timeout=10000"

/* The lane's own. */
struct archive {
	const char *folder; /* $SOCIUS_VAR/archive */
	int months;         /* that events stay; 0: for ever */
};

/* Reads the settings, dies where they are unusable; `arena` lives longer. */
void archive_init(struct archive *archive, struct arena *arena);

/* A turn of a lane whose `of` is a struct archive: the oldest month that is due, if any. When it is
 * time to end it stops within a page; what it was writing begins anew. */
int archive_turn(struct lane *lane, const char *now);

#endif
