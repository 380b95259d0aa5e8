/* service: see service.h. */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "socius/log.h"
#include "socius/world.h"

enum { LOG_BYTES_MAX = 256 * 1024 * 1024 };

/* At a start, a log that has grown large makes way for a new one. */
static int
log_open(struct ctl *ctl, const char *name, enum identity as)
{
	const char *path = arena_print(&ctl->arena, "%s/log/%s.log", ctl->settings.var, name);
	struct stat about;
	int fd;

	if (stat(path, &about) == 0 && about.st_size > LOG_BYTES_MAX)
		(void)rename(path, arena_print(&ctl->arena, "%s.1", path)); /* else it grows on */
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd >= 0)
		identities_share_log(fd, as);
	return fd;
}

/* Says why into the log, which may not be standard error yet, and ends the child. */
static void
fail_to_become(const struct service *service, const char *what, int log)
{
	(void)dprintf(log, "cannot start %s: %s: %s\n", service->name, what, strerror(errno));
	_exit(126);
}

/* In the child, between fork and exec. */
static void
become(const struct service *service, pid_t supervisor, int log)
{
	sigset_t none;
	int nothing = open("/dev/null", O_RDONLY);

	(void)sigemptyset(&none); /* cannot fail */
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid(); /* a fresh child leads no group */
	/* the signal is forgotten when the user changes: so it comes after */
	if (!identities_become(service->as))
		fail_to_become(service, "it cannot become its user", log);
	if (prctl(PR_SET_PDEATHSIG, service->stop_signal) != 0)
		fail_to_become(service, "prctl", log);
	if (getppid() != supervisor)
		_exit(126); /* nobody is left to start it for */
	if (dup2(nothing, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0)
		fail_to_become(service, "standard streams", log);
	for (int i = 0; i < SERVICE_ENV_MAX && service->env[i] != NULL; i++)
		if (putenv((char *)service->env[i]) != 0)
			fail_to_become(service, "its environment", log);
	(void)execv(service->args[0], (char *const *)service->args); /* returns when it failed */
	(void)dprintf(STDERR_FILENO, "cannot start %s: %s\n", service->args[0], strerror(errno));
	_exit(127);
}

void
service_start(struct ctl *ctl, struct service *service)
{
	int log = log_open(ctl, service->name, service->as);
	pid_t supervisor = getpid();
	pid_t pid;

	if (log < 0)
		log_die("cannot write %s/log/%s.log: %s", ctl->settings.var, service->name,
		    strerror(errno));
	pid = fork();
	if (pid == 0)
		become(service, supervisor, log);
	(void)close(log); /* the child has it */
	service->started_us = world_monotonic_us();
	service->start_us = 0;
	if (pid > 0)
		service->pid = pid;
	else
		service->start_us = service->started_us + SERVICE_PAUSE_US_MAX;
}

static int64_t
pause_us(int failures)
{
	int64_t us = SERVICE_PAUSE_US;

	if (failures <= 1)
		return 0;
	while (--failures > 1 && us < SERVICE_PAUSE_US_MAX)
		us *= 2;
	return us < SERVICE_PAUSE_US_MAX ? us : SERVICE_PAUSE_US_MAX;
}

void
service_ended(struct service *service, int status)
{
	int64_t now_us = world_monotonic_us();

	service->pid = 0;
	service->status = status;
	if (service->once)
		return;
	if (now_us - service->started_us > SERVICE_STEADY_US)
		service->failures = 0;
	service->failures++;
	service->start_us = now_us + pause_us(service->failures);
}

const char *
service_end_text(struct arena *arena, int status)
{
	if (WIFSIGNALED(status))
		return arena_print(
		    arena, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return arena_print(arena, "exit code %d", WEXITSTATUS(status));
}
