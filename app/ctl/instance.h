/*
 * instance: which processes make up the instance of a folder, told by files in $SOCIUS_VAR/run.
 *
 * run/lock is held with a POSIX lock by the supervisor as long as it lives; the kernel says whose
 * it is. run/services names what runs: a line `name pid` each, the supervisor first.
 */
#ifndef APP_CTL_INSTANCE_H
#define APP_CTL_INSTANCE_H

#include "ctl.h"

/* Takes the lock for this process until it ends; dies with one line when another has it. */
void instance_lock(struct ctl *ctl);

/* The supervisor's process id, or 0: nothing runs in this folder. */
pid_t instance_supervisor(struct ctl *ctl);

const char *instance_services_path(struct ctl *ctl);

/* The processes whose parent is `parent`, at most `room`; returns how many. */
int instance_children(pid_t parent, pid_t *children, int room);

#endif
