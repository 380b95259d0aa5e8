/*
 * outside: what waits for other machines or for the keys' database, in a thread and over a
 * connection of its own: letters, keys of OpenID issuers, keys that are destroyed, exports.
 */
#ifndef APP_RUN_OUTSIDE_H
#define APP_RUN_OUTSIDE_H

#include <curl/curl.h>
#include <pthread.h>

#include <libpq-fe.h>

#include "run/keyhole.h"
#include "run/smtp.h"
#include "socius/arena.h"

struct outside {
	pthread_t thread;
	const char *conninfo;
	int signals; /* readable: it is time to end */
	const char *mail_folder;
	struct smtp smtp;
	struct keyhole keyhole;
	bool loopback;      /* OpenID issuers may be on this machine: for tests */
	struct arena arena; /* of what is at hand */
	PGconn *pg;         /* NULL: not connected */
	CURL *curl;
};

/* Reads the settings (dies where they are unusable) and starts the thread; `arena` lives longer. */
void outside_start(struct outside *outside, const char *conninfo, int signals, struct arena *arena);

/* Waits for the thread, which ends within a second of `signals`. */
void outside_end(struct outside *outside);

#endif
