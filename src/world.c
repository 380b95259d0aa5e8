/* world: clock, chance and environment; see socius/world.h. */
#define SOCIUS_WORLD
#include "socius/world.h"

#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

#include "socius/log.h"
#include "socius/uuid.h"

#define US_PER_S INT64_C(1000000)

/* Tests hold the world still; -1: it turns. */
static int64_t still_us = -1;
static uint64_t still_chance;

static int64_t
clock_us(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0)
		log_die("clock_gettime: %s", strerror(errno));
	return now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t
world_now_us(void)
{
	return still_us >= 0 ? still_us : clock_us(CLOCK_REALTIME);
}

int64_t
world_monotonic_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

/* getrandom costs a system call; ids come from a pool of it, one for each thread. */
static __thread unsigned char pool[256];
static __thread size_t left;

static void
forget_pool(void)
{
	left = 0;
}

/* A child must not give out what its parent, and with it every sibling, holds. */
__attribute__((constructor)) static void
forget_pool_in_children(void)
{
	if (pthread_atfork(NULL, NULL, forget_pool) != 0)
		log_die("pthread_atfork failed");
}

static void
chance_from_pool(unsigned char *to, size_t bytes)
{
	while (bytes > 0) {
		size_t part;

		if (left == 0) {
			if (getrandom(pool, sizeof(pool), 0) != (ssize_t)sizeof(pool))
				log_die("getrandom: %s", strerror(errno));
			left = sizeof(pool);
		}
		part = bytes < left ? bytes : left;
		memcpy(to, pool + sizeof(pool) - left, part);
		memset(pool + sizeof(pool) - left, 0, part);
		left -= part;
		to += part;
		bytes -= part;
	}
}

void
world_chance(void *to, size_t bytes)
{
	unsigned char *at = to;

	if (still_us < 0) {
		chance_from_pool(to, bytes);
		return;
	}
	still_chance++;
	for (size_t i = 0; i < bytes; i++)
		at[bytes - 1 - i] = i < 8 ? (unsigned char)(still_chance >> (8 * i)) : 0;
}

struct uuid
world_fresh_id(void)
{
	uint8_t chance[10];

	world_chance(chance, sizeof(chance));
	return uuid_v7(world_now_us(), chance);
}

const char *
world_setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : otherwise;
}

int64_t
world_setting_int(const char *name, int64_t otherwise, int64_t least, int64_t most)
{
	const char *value = world_setting(name, NULL);
	char *end;
	long long number;

	if (value == NULL)
		return otherwise;
	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno != 0 || *end != '\0' || number < least || number > most)
		log_die("%s is \"%s\": it must be a whole number from %lld to %lld", name, value,
		    (long long)least, (long long)most);
	return number;
}

void
world_hold_still(int64_t now_us)
{
	still_us = now_us;
	still_chance = 0;
}
