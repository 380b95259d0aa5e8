/*
 * tool: a program of PostgreSQL's that runs to its end, with its output or its input in our hand.
 */
#ifndef APP_CTL_TOOL_H
#define APP_CTL_TOOL_H

#include <sys/types.h>

#include "ctl.h"

struct tool {
	const char *name; /* its log is log/<name>.log */
	pid_t pid;
	int fd; /* our end of the pipe */
};

/* Starts it; its standard output is ours to read (`speaks`), or its standard input ours to write.
 */
void tool_start(
    struct ctl *ctl, struct tool *tool, const char *name, const char *const *args, bool speaks);

/* Gives it all of these bytes; false: it reads no more. */
bool tool_give(const struct tool *tool, const char *at, size_t bytes);

/* Waits for its end. NULL: all went well; else what it said last. */
const char *tool_end(struct ctl *ctl, struct tool *tool);

#endif
