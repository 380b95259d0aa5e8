/*
 * migrate: a database is brought to the state of a folder sql/.
 */
#ifndef APP_CTL_MIGRATE_H
#define APP_CTL_MIGRATE_H

#include "ctl.h"

/* Applies what is missing and returns how many files that were; `says`: prints each. Dies with one
 * line when it cannot. */
int migrate_database(struct ctl *ctl, const char *database, const char *folder, bool says);

#endif
