/* tool: see tool.h. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prepare.h"
#include "socius/log.h"

static int
log_open(struct ctl *ctl, const char *name)
{
	const char *path = arena_print(&ctl->arena, "%s/log/%s.log", ctl->settings.var, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0)
		log_die("cannot write %s: %s", path, strerror(errno));
	return fd;
}

/* In the child, between fork and exec. */
static void
become(const char *const *args, int theirs, bool speaks, int log)
{
	int nothing = open("/dev/null", O_RDWR);
	int in = speaks ? nothing : theirs, out = speaks ? theirs : log;

	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		_exit(126);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execv(args[0], (char *const *)args); /* returns when it failed */
	(void)dprintf(STDERR_FILENO, "cannot start %s: %s\n", args[0], strerror(errno));
	_exit(127);
}

void
tool_start(
    struct ctl *ctl, struct tool *tool, const char *name, const char *const *args, bool speaks)
{
	int log = log_open(ctl, name);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0 || (tool->pid = fork()) < 0)
		log_die("cannot start %s: %s", args[0], strerror(errno));
	if (tool->pid == 0)
		become(args, ends[speaks ? 1 : 0], speaks, log);
	(void)close(log); /* these two are the child's */
	(void)close(ends[speaks ? 1 : 0]);
	(void)signal(SIGPIPE, SIG_IGN);
	tool->fd = ends[speaks ? 0 : 1];
	tool->name = name;
}

bool
tool_give(const struct tool *tool, const char *at, size_t bytes)
{
	while (bytes > 0) {
		ssize_t given = write(tool->fd, at, bytes);

		if (given < 0 && errno == EPIPE)
			return false;
		if (given < 0)
			log_die("cannot write to a pipe: %s", strerror(errno));
		at += given;
		bytes -= (size_t)given;
	}
	return true;
}

const char *
tool_end(struct ctl *ctl, struct tool *tool)
{
	int status;

	(void)close(tool->fd); /* a pipe keeps nothing back */
	while (waitpid(tool->pid, &status, 0) < 0)
		if (errno != EINTR)
			log_die("waitpid: %s", strerror(errno));
	return status == 0 ? NULL : prepare_last_log_line(ctl, tool->name);
}
