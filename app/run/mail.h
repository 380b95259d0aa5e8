/*
 * mail: sends letters of access.mail: to a submission server, or, where none is set, as .eml files
 * into a folder for developers to read.
 *
 * No transaction is open while a letter is on its way: readers of events wait for those that write.
 * Taking a letter puts its next attempt off; whoever is killed on the way leaves it to that.
 */
#ifndef APP_RUN_MAIL_H
#define APP_RUN_MAIL_H

#include <curl/curl.h>
#include <stdbool.h>

#include <libpq-fe.h>

#include "run/keyhole.h"
#include "run/smtp.h"
#include "socius/arena.h"

enum mail_turn { MAIL_NONE, MAIL_SENT, MAIL_FAILED };

struct mail {
	PGconn *pg;
	CURL *curl;
	struct arena *arena; /* of one letter */
	const struct smtp *smtp;
	struct keyhole *keyhole; /* opens addresses; NULL: they are in clear */
	const char *folder;      /* where smtp->url is NULL */
	bool (*stops)(void *of); /* ends a letter on its way */
	void *of;
};

/* Sends the letter that has waited for longest. FAILED: why has been logged; a lost connection is
 * seen by its state. */
enum mail_turn mail_send_one(const struct mail *mail, const char *now);

#endif
