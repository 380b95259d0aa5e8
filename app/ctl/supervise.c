/*
 * supervise: starts PostgreSQL, brings the database up to date, starts the API, the runner and the
 * edge, and keeps all of them up until it is told to stop; then it stops them in order: edge, API
 * (which answers what it has begun), runner, PostgreSQL.
 *
 * It is one process that sleeps in sigtimedwait. Being a subreaper it inherits what a killed
 * service leaves behind, and ends that before it starts the service again.
 */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "instance.h"
#include "service.h"
#include "socius/log.h"
#include "socius/world.h"

enum {
	SERVICES_MAX = 8,
	ORPHANS_MAX = 1024,
	FAILURES_AT_START_MAX = 4, /* of one service, before the instance was ever ready */
	READY_PATIENCE_US = 60 * 1000 * 1000,
	DATABASE_PATIENCE_US =
	    10 * 60 * 1000 * 1000LL, /* recovery after a crash may take a while */
	GLANCE_MS = 20,
	IDLE_MS = 60 * 1000,
	LAUNCHER_FD = 9 /* ./socius has it open on us; no service needs it */
};

struct supervisor {
	struct ctl *ctl;
	struct plan plan;
	struct service *services[SERVICES_MAX]; /* in the order of starting */
	int services_count;
	sigset_t signals;
	int told;    /* how often somebody asked us to stop */
	bool ready;  /* all has been up once */
	bool renews; /* somebody asked for the database's clients to be started anew */
	bool leaving;
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *format, ...)
{
	va_list list;

	(void)fputs("socius: ", stderr); /* where nobody reads, nobody misses it */
	va_start(list, format);
	(void)vfprintf(stderr, format, list);
	va_end(list);
	(void)fputs("\n", stderr);
}

/* Tells ./socius status what runs. */
static void
write_services(struct supervisor *supervisor)
{
	struct arena arena;
	struct buffer buffer;

	arena_init(&arena);
	buffer_init(&buffer, &arena, 512);
	buffer_print(&buffer, "%-12s %d\n", "supervisor", (int)getpid());
	for (int i = 0; i < supervisor->services_count; i++) {
		const struct service *service = supervisor->services[i];

		if (service->pid != 0)
			buffer_print(&buffer, "%-12s %d\n", service->name, (int)service->pid);
		else
			buffer_print(&buffer, "%-12s down\n", service->name);
	}
	files_write(&arena, instance_services_path(supervisor->ctl), buffer_text(&buffer), 0640);
	arena_release(&arena);
}

static bool
is_service(const struct supervisor *supervisor, pid_t pid)
{
	for (int i = 0; i < supervisor->services_count; i++)
		if (supervisor->services[i]->pid == pid)
			return true;
	return false;
}

/* Kills what ended services have left behind; returns how many still were there. */
static int
kill_orphans(struct supervisor *supervisor)
{
	pid_t children[ORPHANS_MAX];
	int count = instance_children(getpid(), children, ORPHANS_MAX);
	int orphans = 0;

	for (int i = 0; i < count; i++) {
		if (is_service(supervisor, children[i]))
			continue;
		(void)kill(children[i], SIGKILL); /* it may be gone by now */
		orphans++;
	}
	return orphans;
}

static void
end_of(struct supervisor *supervisor, struct service *service, int status)
{
	service_ended(service, status);
	if (!service->once && !supervisor->leaving && supervisor->ready)
		say("%s ended with %s; starting it again", service->name,
		    service_end_text(&supervisor->ctl->arena, status));
}

static void
reap(struct supervisor *supervisor)
{
	bool changed = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < supervisor->services_count; i++) {
			if (supervisor->services[i]->pid != pid)
				continue;
			end_of(supervisor, supervisor->services[i], status);
			changed = true;
		}
	}
	if (changed)
		write_services(supervisor);
}

static void
start(struct supervisor *supervisor, struct service *service)
{
	service_start(supervisor->ctl, service);
	write_services(supervisor);
}

static void
start_due(struct supervisor *supervisor)
{
	int64_t now_us = world_monotonic_us();

	for (int i = 0; i < supervisor->services_count && !supervisor->leaving; i++) {
		struct service *service = supervisor->services[i];

		if (service->pid != 0 || service->start_us == 0 || service->start_us > now_us)
			continue;
		if (kill_orphans(supervisor) > 0)
			service->start_us = now_us + GLANCE_MS * 1000;
		else
			start(supervisor, service);
	}
}

/* Milliseconds until the next start is due, at most `most`. */
static int64_t
pause_ms(const struct supervisor *supervisor, int64_t most)
{
	int64_t now_us = world_monotonic_us();

	for (int i = 0; i < supervisor->services_count; i++) {
		const struct service *service = supervisor->services[i];
		int64_t ms = (service->start_us - now_us) / 1000 + 1;

		if (service->pid == 0 && service->start_us != 0 && !supervisor->leaving &&
		    ms < most)
			most = ms > 0 ? ms : 0;
	}
	return most;
}

/* Waits for a signal, at most so long, and does what it asks for. */
static void
turn(struct supervisor *supervisor, int64_t most_ms)
{
	int64_t ms = pause_ms(supervisor, most_ms);
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };
	int signal_no = sigtimedwait(&supervisor->signals, NULL, &pause);

	if (signal_no == SIGINT || signal_no == SIGTERM || signal_no == SIGHUP)
		supervisor->told++;
	else if (signal_no == SIGUSR1)
		supervisor->renews = true;
	reap(supervisor);
	start_due(supervisor);
}

static void
add(struct supervisor *supervisor, struct service *service)
{
	supervisor->services[supervisor->services_count++] = service;
}

static void
stop(struct supervisor *supervisor, struct service *service)
{
	int64_t until_us = world_monotonic_us() + service->patience_s * INT64_C(1000000);
	int told = supervisor->told;

	if (service->pid != 0)
		(void)kill(service->pid, service->stop_signal); /* it is our child */
	while (service->pid != 0) {
		if (world_monotonic_us() > until_us || supervisor->told > told + 1)
			(void)kill(service->pid, SIGKILL);
		turn(supervisor, GLANCE_MS);
	}
	while (kill_orphans(supervisor) > 0)
		turn(supervisor, GLANCE_MS);
}

/* Ends a service of a user of its own for who may not; it is started again like any that ends. */
static void
renew(struct supervisor *supervisor, struct service *service)
{
	int64_t until_us = world_monotonic_us() + service->patience_s * INT64_C(1000000);
	pid_t before = service->pid;

	if (before != 0)
		(void)kill(before, service->stop_signal); /* it is our child */
	while (before != 0 && service->pid == before && supervisor->told == 0) {
		if (world_monotonic_us() > until_us)
			(void)kill(before, SIGKILL);
		turn(supervisor, GLANCE_MS);
	}
}

/* Who asks the database is to ask another one: API and runner. */
static void
renew_clients(struct supervisor *supervisor)
{
	supervisor->renews = false;
	for (int i = 0; i < supervisor->services_count; i++)
		if (supervisor->services[i]->as == IDENTITY_API ||
		    supervisor->services[i]->as == IDENTITY_RUNNER)
			renew(supervisor, supervisor->services[i]);
}

static void
stop_all(struct supervisor *supervisor)
{
	supervisor->leaving = true;
	for (int i = supervisor->services_count - 1; i >= 0; i--)
		stop(supervisor, supervisor->services[i]);
	(void)unlink(instance_services_path(supervisor->ctl)); /* a stale one is not read */
	(void)rmdir(supervisor->ctl->settings.sockets); /* goes when it is empty: outside of var */
}

/* Ends the whole instance before it was ready. */
static void give_up(struct supervisor *supervisor, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

static void
give_up(struct supervisor *supervisor, const char *format, ...)
{
	char why[2048];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(why, sizeof(why), format, list); /* a longer line may be cut */
	va_end(list);
	stop_all(supervisor);
	log_die("%s", why);
}

/* Asked to stop before it was ready: that is no failure. */
static void
leave_when_told(struct supervisor *supervisor)
{
	if (supervisor->told == 0)
		return;
	stop_all(supervisor);
	exit(0);
}

/* Runs a program to its end. */
static void
run_once(struct supervisor *supervisor, struct service *service)
{
	add(supervisor, service);
	start(supervisor, service);
	while (service->pid != 0 && supervisor->told == 0)
		turn(supervisor, IDLE_MS);
	leave_when_told(supervisor);
	supervisor->services_count--;
	write_services(supervisor);
	if (service->status != 0)
		give_up(supervisor, "%s failed: %s", service->name,
		    prepare_last_log_line(supervisor->ctl, service->name));
}

static void
check_failures(struct supervisor *supervisor)
{
	for (int i = 0; i < supervisor->services_count; i++) {
		const struct service *service = supervisor->services[i];

		if (service->failures >= FAILURES_AT_START_MAX)
			give_up(supervisor, "%s does not start: %s", service->name,
			    prepare_last_log_line(supervisor->ctl, service->name));
	}
}

static void
wait_for(struct supervisor *supervisor, bool (*is_up)(struct ctl *), const char *name,
    int64_t patience_us)
{
	int64_t until_us = world_monotonic_us() + patience_us;

	while (!is_up(supervisor->ctl)) {
		leave_when_told(supervisor);
		check_failures(supervisor);
		if (world_monotonic_us() > until_us)
			give_up(supervisor, "%s does not get ready: %s", name,
			    prepare_last_log_line(supervisor->ctl, name));
		turn(supervisor, GLANCE_MS);
	}
}

static void
start_all(struct supervisor *supervisor)
{
	struct plan *plan = &supervisor->plan;

	if (plan->clears.args[0] != NULL)
		run_once(supervisor, &plan->clears);
	if (plan->makes_cluster.args[0] != NULL) {
		run_once(supervisor, &plan->makes_cluster);
		prepare_keep_cluster(supervisor->ctl);
	}
	add(supervisor, &plan->database);
	start(supervisor, &plan->database);
	wait_for(supervisor, prepare_database_is_up, plan->database.name, DATABASE_PATIENCE_US);
	run_once(supervisor, &plan->migrates);
	if (plan->seeds.args[0] != NULL)
		run_once(supervisor, &plan->seeds);
	if (plan->database_only)
		return;
	if (plan->makes_certificate.args[0] != NULL)
		run_once(supervisor, &plan->makes_certificate);
	identities_share(supervisor->ctl); /* what was made by now, too */
	for (int i = 0; i < plan->fronts_count; i++) {
		add(supervisor, &plan->fronts[i]);
		start(supervisor, &plan->fronts[i]);
	}
	wait_for(supervisor, prepare_api_is_up, "api", READY_PATIENCE_US);
	if (plan->edge)
		wait_for(supervisor, prepare_edge_is_up, "edge", READY_PATIENCE_US);
}

/* The parent of a detached supervisor: waits until that is ready, or gone with its own line. */
static int
await_ready(int from)
{
	char byte;

	return read(from, &byte, 1) == 1 ? 0 : 1;
}

/* Leaves the terminal to whoever has it. */
static void
let_go(struct ctl *ctl, int to)
{
	int log = open(arena_print(&ctl->arena, "%s/log/supervisor.log", ctl->settings.var),
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (log < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0)
		log_die("cannot write %s/log: %s", ctl->settings.var, strerror(errno));
	if (write(to, "", 1) != 1)
		say("whoever started this instance did not wait for it");
	(void)close(to); /* nothing more to say */
}

static void
watch_signals(struct supervisor *supervisor)
{
	(void)sigemptyset(&supervisor->signals); /* none of these can fail */
	(void)sigaddset(&supervisor->signals, SIGINT);
	(void)sigaddset(&supervisor->signals, SIGTERM);
	(void)sigaddset(&supervisor->signals, SIGHUP);
	(void)sigaddset(&supervisor->signals, SIGUSR1);
	(void)sigaddset(&supervisor->signals, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &supervisor->signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		log_die("prctl: %s", strerror(errno));
}

/* Goes on as a child in a session of its own; returns the pipe to tell the parent by. */
static int
detach(void)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0)
		log_die("cannot start a process: %s", strerror(errno));
	if (child > 0) {
		(void)close(ends[1]); /* so that the child's end is the only one */
		exit(await_ready(ends[0]));
	}
	(void)close(ends[0]); /* the parent's */
	(void)setsid();       /* a fresh child leads no group */
	return ends[1];
}

int
supervise_run(struct ctl *ctl)
{
	struct supervisor supervisor = { .ctl = ctl };
	bool detached = options_flag(ctl, "--detach");
	int to_parent;

	prepare_options(ctl, &supervisor.plan);
	options_end(ctl);
	(void)fcntl(LAUNCHER_FD, F_SETFD, FD_CLOEXEC); /* where it is open */
	to_parent = detached ? detach() : -1;
	instance_lock(ctl);
	watch_signals(&supervisor);
	prepare(ctl, &supervisor.plan);
	start_all(&supervisor);
	supervisor.ready = true;
	prepare_announce(ctl, &supervisor.plan, detached);
	prepare_notify();
	if (detached)
		let_go(ctl, to_parent);
	while (supervisor.told == 0) {
		turn(&supervisor, IDLE_MS);
		if (supervisor.renews)
			renew_clients(&supervisor);
	}
	say("stopping");
	stop_all(&supervisor);
	say("stopped");
	return 0;
}
