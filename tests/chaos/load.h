/*
 * load: many callers at once, each with one line and one request at a time; some hang up.
 */
#ifndef CHAOS_LOAD_H
#define CHAOS_LOAD_H

#include "chance.h"
#include "record.h"

enum { LOAD_CLIENTS_MAX = 2000 };

/* What `next` may say instead of an operation. */
enum { LOAD_LATER = -1, LOAD_END = -2 };

struct load {
	const struct city *city;
	struct record *record;
	struct chance *chance;
	int clients_count;
	int hang_ups; /* still to be done */
	void *of;     /* the callbacks' own */

	/* The next operation of this client. */
	int (*next)(struct load *load, int client);
	/* It has ended like this. `begun_us` is monotonic. */
	void (*ended)(struct load *load, int client, int operation, const struct answer *answer,
	    int64_t begun_us);
	/* Called again and again; may be NULL. */
	void (*turned)(struct load *load);

	int hang_ups_unsent, hang_ups_sent; /* done: before and after the request was out */
};

/* Until `next` has given LOAD_END to every client. */
void load_run(struct load *load);

#endif
