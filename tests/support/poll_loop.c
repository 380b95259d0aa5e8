/* poll_loop: an event loop on poll(); see poll_loop.h. */
#include "support/poll_loop.h"

#include <assert.h>
#include <poll.h>

#include "socius/world.h"

static struct poll_loop_watch *
watch_of(struct poll_loop *poll_loop, int fd)
{
	for (int i = 0; i < poll_loop->watches_count; i++)
		if (poll_loop->watches[i].fd == fd)
			return &poll_loop->watches[i];
	return NULL;
}

static void
watch(void *of, int fd, int events, void (*ready)(void *arg, int events), void *arg)
{
	struct poll_loop *poll_loop = of;
	struct poll_loop_watch *found = watch_of(poll_loop, fd);

	if (found == NULL) {
		assert(poll_loop->watches_count < POLL_LOOP_WATCHES_MAX);
		found = &poll_loop->watches[poll_loop->watches_count++];
	}
	*found = (struct poll_loop_watch){ fd, events, ready, arg };
}

static void
unwatch(void *of, int fd)
{
	struct poll_loop *poll_loop = of;
	struct poll_loop_watch *found = watch_of(poll_loop, fd);

	assert(found != NULL);
	*found = poll_loop->watches[--poll_loop->watches_count];
}

static int64_t
now_us(void *of)
{
	const struct poll_loop *poll_loop = of;

	return world_monotonic_us() + poll_loop->ahead_us;
}

void
poll_loop_init(struct poll_loop *poll_loop)
{
	*poll_loop = (struct poll_loop){ 0 };
	poll_loop->loop = (struct loop){ poll_loop, watch, unwatch, now_us };
}

static void
handle(struct poll_loop *poll_loop, const struct pollfd *polled)
{
	const struct poll_loop_watch *found = watch_of(poll_loop, polled->fd);
	int events = 0;

	if (polled->revents & (POLLIN | POLLHUP | POLLERR))
		events |= LOOP_READ;
	if (polled->revents & (POLLOUT | POLLHUP | POLLERR))
		events |= LOOP_WRITE;
	/* An earlier event of this turn may have ended the watch. */
	if (found != NULL && (events & found->events) != 0)
		found->ready(found->arg, events & found->events);
}

void
poll_loop_turn(struct poll_loop *poll_loop, struct link *link, int timeout_ms)
{
	struct pollfd polled[POLL_LOOP_WATCHES_MAX];
	int count = poll_loop->watches_count;

	for (int i = 0; i < count; i++) {
		const struct poll_loop_watch *one = &poll_loop->watches[i];

		polled[i] = (struct pollfd){ .fd = one->fd };
		if (one->events & LOOP_READ)
			polled[i].events |= POLLIN;
		if (one->events & LOOP_WRITE)
			polled[i].events |= POLLOUT;
	}
	if (poll(polled, (nfds_t)count, timeout_ms) > 0)
		for (int i = 0; i < count; i++)
			if (polled[i].revents != 0)
				handle(poll_loop, &polled[i]);
	link_flush(link);
	link_tick(link);
}

static bool
too_late(int64_t started_us, int timeout_s)
{
	return world_monotonic_us() - started_us > timeout_s * INT64_C(1000000);
}

bool
poll_loop_until(
    struct poll_loop *poll_loop, struct link *link, const int *done, int wanted, int timeout_s)
{
	int64_t started_us = world_monotonic_us();

	link_flush(link);
	while (*done < wanted) {
		if (too_late(started_us, timeout_s))
			return false;
		poll_loop_turn(poll_loop, link, 20);
	}
	return true;
}

bool
poll_loop_ready(struct poll_loop *poll_loop, struct link *link, int timeout_s)
{
	int64_t started_us = world_monotonic_us();

	while (!link_ready(link)) {
		if (too_late(started_us, timeout_s))
			return false;
		poll_loop_turn(poll_loop, link, 20);
	}
	return true;
}
