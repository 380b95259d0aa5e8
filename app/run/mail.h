/*
 * mail: letters of access.mail, written as .eml files (RFC 5322, lines as files have them) into a
 * folder for developers to read.
 */
#ifndef APP_RUN_MAIL_H
#define APP_RUN_MAIL_H

#include <stdbool.h>

#include <libpq-fe.h>

enum mail_turn { MAIL_NONE, MAIL_SENT, MAIL_FAILED };

/* Sends the letter that has waited for longest. FAILED: why has been logged; a lost connection is
 * seen by its state. */
enum mail_turn mail_send_one(PGconn *pg, const char *folder, const char *now);

#endif
