/*
 * laws: every law against a database.
 */
#ifndef APP_CTL_LAWS_H
#define APP_CTL_LAWS_H

#include "ctl.h"

/* Runs every law in one snapshot and prints those that are broken, or all of them; returns how many
 * are broken. */
int laws_broken(struct ctl *ctl, const char *database, bool prints_all);

#endif
