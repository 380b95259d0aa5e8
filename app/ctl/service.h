/*
 * service: one program that the supervisor keeps up.
 *
 * A service runs in a session of its own, so that Ctrl-C reaches the supervisor alone, and gets
 * its stop signal from the kernel when the supervisor dies. What it prints goes to log/<name>.log.
 * When it ends unasked, whatever it leaves behind is killed and it is started again: at once, then
 * after 0.1 s, 0.2 s ... 5 s, until it has stayed up for a while.
 */
#ifndef APP_CTL_SERVICE_H
#define APP_CTL_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ctl.h"
#include "identities.h"

enum {
	SERVICE_ARGS_MAX = 32,
	SERVICE_ENV_MAX = 8,
	SERVICE_STEADY_US = 10 * 1000 * 1000, /* up this long: earlier failures are forgotten */
	SERVICE_PAUSE_US = 100 * 1000,        /* the first pause between two starts; doubles */
	SERVICE_PAUSE_US_MAX = 5 * 1000 * 1000
};

struct service {
	const char *name;
	const char *args[SERVICE_ARGS_MAX];
	const char *env[SERVICE_ENV_MAX]; /* NAME=value, on top of the supervisor's own */
	enum identity as;                 /* the owner, unless said */
	int stop_signal;
	int patience_s; /* after it: SIGKILL */
	bool once;      /* runs to its end and is not started again */

	pid_t pid;  /* 0: down */
	int status; /* of the last end, as waitpid gives it */
	int failures;
	int64_t started_us;
	int64_t start_us; /* down: when to start again; 0: not at all */
};

/* Starts it now. A program that cannot be started counts as one that ended. */
void service_start(struct ctl *ctl, struct service *service);

/* It ended: says so on standard error and plans the next start. */
void service_ended(struct service *service, int status);

/* In words: "exit code 1", "signal 9 (Killed)". */
const char *service_end_text(struct arena *arena, int status);

#endif
