/*
 * sealing: person data that stands in clear becomes sealed: what a database of before it held, and
 * the made-up people of a seed.
 */
#ifndef APP_CTL_SEALING_H
#define APP_CTL_SEALING_H

#include "ctl.h"

/* Seals all of it, over a connection of the superuser's. Dies when the keys do not answer. */
void sealing_run(struct ctl *ctl, PGconn *connection);

/* libpq's connection string of the keys' database for a role. */
const char *sealing_conninfo(struct ctl *ctl, const char *user);

/* Connects to it; dies when it does not answer. */
PGconn *sealing_open_keys(struct ctl *ctl);

/* The folder of the key-encryption keys. */
const char *sealing_kek_folder(struct ctl *ctl);

/* What the database knows an e-mail address by. */
const char *sealing_email_key(struct ctl *ctl, const char *email);

#endif
