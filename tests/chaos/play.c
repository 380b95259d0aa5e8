/* play: what storm and stampede begin with and share; see play.h. */
#include "play.h"

#include <fcntl.h>
#include <poll.h>

#include <sys/file.h>

#include "socius/log.h"
#include "socius/world.h"

enum { READY_PATIENCE_US = 60 * 1000 * 1000, GLANCE_MS = 50 };

/* One play at a time: what one kills, another would miss. Held until the process ends. */
static void
wait_for_turn(const char *var)
{
	int folder = open(var, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || flock(folder, LOCK_EX) != 0)
		log_die("SOCIUS_VAR (%s) cannot be opened", var);
}

void
play_begin(struct play *play)
{
	uint32_t fresh;

	play->var = world_setting("SOCIUS_VAR", NULL);
	if (play->var == NULL)
		log_die("SOCIUS_VAR does not name an instance's folder");
	http_go_to(world_setting("SOCIUS_URL", NULL));
	wait_for_turn(play->var);
	play_await_ready();
	world_chance(&fresh, sizeof(fresh));
	play->chance.state = play->seed >= 0 ? (uint64_t)play->seed : fresh & INT32_MAX;
	(void)printf("seed %llu\n", (unsigned long long)play->chance.state);
	record_init(&play->record);
}

const char *
play_keys(const struct play *play)
{
	static char folder[512];

	(void)snprintf(folder, sizeof(folder), "%s/keys", play->var); /* a cut one does not open */
	return world_setting("SOCIUS_KEYS", folder);
}

const char *
play_conninfo(const struct play *play)
{
	static char conninfo[512];

	(void)snprintf(conninfo, sizeof(conninfo), /* a cut one does not connect */
	    "host=%s/run dbname=socius user=postgres", play->var);
	return world_setting("SOCIUS_STORM_CONNINFO", conninfo);
}

void
play_draw_key(struct chance *from, char to[UUID_TEXT_BYTES])
{
	uint64_t halves[2] = { chance_next(from), chance_next(from) };
	struct uuid uuid;

	memcpy(uuid.byte, halves, sizeof(uuid.byte));
	uuid.byte[6] = (uint8_t)((uuid.byte[6] & 0x0f) | 0x40); /* version 4 */
	uuid.byte[8] = (uint8_t)((uuid.byte[8] & 0x3f) | 0x80);
	uuid_write(&uuid, to);
}

void
play_print_record(const struct record *of)
{
	int counts[KINDS][OUTCOMES] = { 0 };

	for (int i = 0; i < of->count; i++)
		counts[of->operations[i].kind][of->operations[i].outcome]++;
	for (int kind = 0; kind < KINDS; kind++) {
		(void)printf("%-12s", record_kinds[kind]);
		for (int outcome = DONE; outcome < OUTCOMES; outcome++)
			(void)printf("%8d %s", counts[kind][outcome], record_outcomes[outcome]);
		(void)printf("\n");
	}
}

void
play_await_ready(void)
{
	int64_t until_us = world_monotonic_us() + READY_PATIENCE_US;
	struct http http;

	http_init(&http);
	while (http_try(&http, "GET", "/readyz", NULL, NULL, "") != 200) {
		if (world_monotonic_us() > until_us)
			log_die("the instance does not get ready");
		(void)poll(NULL, 0, GLANCE_MS); /* it is starting */
	}
	http_hang_up(&http);
	free(http.reply);
}
