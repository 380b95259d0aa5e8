/* instance: the lock, and the verbs that ask about a running instance; see instance.h. */
#include "instance.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socius/log.h"
#include "socius/world.h"

enum { STOP_PATIENCE_S = 120, STOP_GLANCE_US = 20000, STAT_BYTES_MAX = 1024 };

static int
lock_open(struct ctl *ctl, int flags)
{
	return open(
	    arena_print(&ctl->arena, "%s/run/lock", ctl->settings.var), flags | O_CLOEXEC, 0640);
}

void
instance_lock(struct ctl *ctl)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	(void)mkdir(arena_print(&ctl->arena, "%s/run", ctl->settings.var), 0750); /* may be there */
	fd = lock_open(ctl, O_RDWR | O_CREAT);
	if (fd < 0)
		log_die("cannot write in %s: %s", ctl->settings.var, strerror(errno));
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return; /* the descriptor stays open: closing it would give the lock back */
	log_die("an instance runs already in %s (process %d): ./socius stop", ctl->settings.var,
	    (int)instance_supervisor(ctl));
}

pid_t
instance_supervisor(struct ctl *ctl)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = lock_open(ctl, O_RDWR);
	pid_t pid = 0;

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		pid = lock.l_pid;
	(void)close(fd); /* this process holds no lock on it */
	return pid;
}

const char *
instance_services_path(struct ctl *ctl)
{
	return arena_print(&ctl->arena, "%s/run/services", ctl->settings.var);
}

/* The parent in /proc/<pid>/stat: the second field after the name, which may hold anything but
 * ends with the last parenthesis (proc(5)). */
static pid_t
parent_of(const char *pid)
{
	char path[64], stat[STAT_BYTES_MAX];
	const char *end;
	ssize_t got;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/stat", pid); /* fits */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = read(fd, stat, sizeof(stat) - 1);
	(void)close(fd); /* only read */
	if (got <= 0)
		return 0;
	stat[got] = '\0';
	end = strrchr(stat, ')');
	return end != NULL && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : 0;
}

int
instance_children(pid_t parent, pid_t *children, int room)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	if (processes == NULL)
		return 0;
	while ((entry = readdir(processes)) != NULL && count < room)
		if (isdigit((unsigned char)entry->d_name[0]) && parent_of(entry->d_name) == parent)
			children[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
	(void)closedir(processes); /* only read */
	return count;
}

int
status_run(struct ctl *ctl)
{
	pid_t supervisor = instance_supervisor(ctl);
	struct text services;

	options_end(ctl);
	if (supervisor == 0) {
		(void)printf("nothing runs in %s\n", ctl->settings.var);
		return 3;
	}
	services = files_read_if_there(&ctl->arena, instance_services_path(ctl));
	(void)printf("%.*s", (int)services.bytes, services.bytes > 0 ? services.at : "");
	(void)printf("%-12s http://%s\n", "url",
	    settings_reach(&ctl->arena, ctl->settings.address, ctl->settings.port));
	if (services.bytes > 0 && strstr(services.at, "edge ") != NULL)
		(void)printf("%-12s https://%s\n", "url",
		    settings_reach(
			&ctl->arena, ctl->settings.edge_address, ctl->settings.edge_port));
	(void)printf("%-12s %s\n", "folder", ctl->settings.var);
	return services.bytes > 0 && strstr(services.at, " down") != NULL ? 4 : 0;
}

int
stop_run(struct ctl *ctl)
{
	pid_t supervisor = instance_supervisor(ctl);
	int64_t until_us = world_monotonic_us() + STOP_PATIENCE_S * INT64_C(1000000);
	const struct timespec glance = { .tv_nsec = STOP_GLANCE_US * 1000 };

	options_end(ctl);
	if (supervisor == 0) {
		(void)printf("nothing runs in %s\n", ctl->settings.var);
		return 0;
	}
	if (kill(supervisor, SIGTERM) != 0)
		log_die("cannot stop process %d: %s", (int)supervisor, strerror(errno));
	while (instance_supervisor(ctl) == supervisor) {
		if (world_monotonic_us() > until_us)
			log_die("process %d does not stop; see %s/log", (int)supervisor,
			    ctl->settings.var);
		(void)nanosleep(&glance, NULL); /* early is fine */
	}
	(void)puts("stopped");
	return 0;
}
