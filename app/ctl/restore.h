/*
 * restore: names and steps shared by restore.c (makes a database of a backup and looks whether it
 * stands) and swap.c (puts it in the place of the instance's).
 */
#ifndef APP_CTL_RESTORE_H
#define APP_CTL_RESTORE_H

#include "ctl.h"

#define RESTORE_DATABASE "socius_restoring"

enum { RESTORE_NAME_BYTES_MAX = 64 };

/* Puts RESTORE_DATABASE in the place of the instance's database, which is kept under another name
 * unless it held no market, and starts API and runner anew on it. `secret` becomes the cursors'
 * secret, unless it is empty. Writes the kept database's name; empty: none was kept. */
void swap_databases(struct ctl *ctl, struct text secret, char kept[RESTORE_NAME_BYTES_MAX]);

#endif
