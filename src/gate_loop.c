/* gate_loop: the link's event loop on Kore's, and the end of a turn; see gate_private.h. */
#include <kore/kore.h>
#include <sys/epoll.h>

#include "gate_private.h"
#include "socius/log.h"
#include "socius/world.h"

enum { EVENTS_OF_TURN = 64 };

/* Kore dies when a descriptor that libpq has closed already is taken off its epoll. So those of the
 * link stand in an epoll of our own, of which Kore watches one descriptor. */
struct watch {
	void (*ready)(void *arg, int events); /* NULL: not watched */
	void *arg;
};

static struct watch *watches; /* by descriptor */
static int watches_room;
static int inner = -1;
static struct kore_event inner_event;

static struct watch *
watch_of(int fd)
{
	int room = watches_room > 0 ? watches_room : 64;

	while (room <= fd)
		room *= 2;
	if (room > watches_room) {
		watches = realloc(watches, (size_t)room * sizeof(*watches));
		if (watches == NULL)
			log_die("out of memory for the event loop");
		memset(watches + watches_room, 0, (size_t)(room - watches_room) * sizeof(*watches));
		watches_room = room;
	}
	return &watches[fd];
}

static void
happened(void *arg, int error)
{
	struct epoll_event events[EVENTS_OF_TURN];
	int count = epoll_wait(inner, events, EVENTS_OF_TURN, 0);

	(void)arg; /* there is one inner epoll */
	(void)error;
	inner_event.flags = 0;
	for (int i = 0; i < count; i++) {
		struct watch *watch = watch_of(events[i].data.fd);
		uint32_t what = events[i].events;
		bool broken = (what & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
		int ready = ((what & EPOLLIN) != 0 || broken ? LOOP_READ : 0) |
			    ((what & EPOLLOUT) != 0 || broken ? LOOP_WRITE : 0);

		if (watch->ready != NULL)
			watch->ready(watch->arg, ready);
	}
	gate_turn_soon();
}

static void
inner_open(void)
{
	inner = epoll_create1(EPOLL_CLOEXEC);
	if (inner < 0)
		log_die("epoll_create1: %s", strerror(errno));
	inner_event.type = KORE_TYPE_TASK; /* Kore does not look at it */
	inner_event.handle = happened;
	kore_platform_event_schedule(inner, EPOLLIN, 0, &inner_event);
}

static void
loop_watch(void *of, int fd, int events, void (*ready)(void *arg, int events), void *arg)
{
	struct epoll_event event = { .data.fd = fd };

	(void)of; /* there is one loop */
	if (inner < 0)
		inner_open();
	if ((events & LOOP_READ) != 0)
		event.events |= EPOLLIN | EPOLLRDHUP;
	if ((events & LOOP_WRITE) != 0)
		event.events |= EPOLLOUT;
	*watch_of(fd) = (struct watch){ ready, arg };
	if (epoll_ctl(inner, EPOLL_CTL_MOD, fd, &event) != 0 &&
	    epoll_ctl(inner, EPOLL_CTL_ADD, fd, &event) != 0)
		log_die("epoll_ctl: %s", strerror(errno));
}

static void
loop_unwatch(void *of, int fd)
{
	(void)of; /* there is one loop */
	*watch_of(fd) = (struct watch){ NULL, NULL };
	(void)epoll_ctl(
	    inner, EPOLL_CTL_DEL, fd, NULL); /* where it is closed, it is gone already */
}

static int64_t
loop_now_us(void *of)
{
	(void)of; /* there is one clock */
	return world_monotonic_us();
}

struct loop
gate_loop(void)
{
	return (struct loop){ NULL, loop_watch, loop_unwatch, loop_now_us };
}

void
gate_watch(int fd, void (*ready)(void *arg, int events), void *arg)
{
	loop_watch(NULL, fd, LOOP_READ, ready, arg);
}

/* --- the end of a turn --- */

static bool turn_awaited;
static bool resume_awaited;

static void
turn_end(void *arg, u_int64_t now)
{
	(void)arg; /* there is one gate */
	(void)now;
	turn_awaited = false;
	link_flush(gate.link);
	link_flush(gate.keys_link);
	gate_log_flush();
	client_free_gone();
}

/* Kore has no hook at the end of a turn, but it runs the timers that are due after all events: one
 * that is due at once ends the turn. */
void
gate_turn_soon(void)
{
	if (turn_awaited)
		return;
	turn_awaited = true;
	(void)kore_timer_add(turn_end, 0, NULL, KORE_TIMER_ONESHOT);
}

static void
resume(void *arg, u_int64_t now)
{
	struct client *client, *next;

	(void)arg; /* there is one gate */
	(void)now;
	resume_awaited = false;
	for (client = gate.clients; client != NULL; client = next) {
		next = client->next;
		if (!client->resumes)
			continue;
		client->resumes = false;
		client_run(client);
	}
}

void
gate_resume(struct client *client)
{
	client->resumes = true;
	if (resume_awaited)
		return;
	resume_awaited = true;
	(void)kore_timer_add(resume, 1, NULL, KORE_TIMER_ONESHOT);
}
