/*
 * outside: what waits for other machines or for the keys' database, each in a lane of its own, so
 * that none waits for another: letters; what is done for persons; keys of OpenID issuers.
 */
#ifndef APP_RUN_OUTSIDE_H
#define APP_RUN_OUTSIDE_H

#include <curl/curl.h>

#include "run/keyhole.h"
#include "run/lane.h"
#include "run/smtp.h"

/* Statements are short; none stays open while something is on its way. */
#define OUTSIDE_OPTIONS \
	"-c statement_timeout=10000 -c lock_timeout=5000 " \
	"-c idle_in_transaction_session_timeout=10000"

/* A lane's own: a keyhole and a handle each, as both are one thread's. */
struct outside {
	struct smtp smtp;
	const char *mail_folder;
	bool loopback; /* OpenID issuers may be on this machine: for tests */
	struct keyhole keyhole;
	CURL *curl;
};

/* Reads the settings, dies where they are unusable; `arena` lives longer. */
void outside_init(struct outside *outside, struct arena *arena);
void outside_release(struct outside *outside);

/* Turns of lanes whose `of` is a struct outside. */
int outside_letter(struct lane *lane, const char *now);
int outside_person(struct lane *lane, const char *now);
int outside_issuer(struct lane *lane, const char *now);

#endif
