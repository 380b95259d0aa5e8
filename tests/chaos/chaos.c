/*
 * chaos: a storm or a stampede from the command line.
 *
 *	chaos [--connections N] [--seconds N] [--hangups N] [--kill-workers N] [--kill-postgres N]
 *	      [--kill-runner N] [--seed N]
 *	chaos --stampede [--callers N] [--slots N] [--capacity N] [--seed N]
 *
 * play.h says which instance. Exit code 0: all is as it was acknowledged.
 */
#include <stddef.h>

#include "load.h"
#include "play.h"
#include "socius/log.h"

static const struct {
	const char *name;
	size_t at;
	long most;
} options[] = {
	{ "--connections", offsetof(struct play, connections), LOAD_CLIENTS_MAX },
	{ "--seconds", offsetof(struct play, seconds), 3600 },
	{ "--hangups", offsetof(struct play, hang_ups), 1000000 },
	{ "--kill-workers", offsetof(struct play, kills[WORKER]), 10000 },
	{ "--kill-postgres", offsetof(struct play, kills[POSTGRES]), 10000 },
	{ "--kill-runner", offsetof(struct play, kills[RUNNER]), 10000 },
	{ "--callers", offsetof(struct play, callers), CITY_PARTNERS_MAX },
	{ "--slots", offsetof(struct play, slots), CITY_SLOTS_MAX },
	{ "--capacity", offsetof(struct play, capacity), 10000 },
	{ "--seed", offsetof(struct play, seed), INT32_MAX },
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static void
read_option(struct play *play, const char *name, const char *value)
{
	size_t known = 0;
	char *end = NULL;
	long number;

	while (known < OPTIONS && strcmp(name, options[known].name) != 0)
		known++;
	if (known == OPTIONS || value == NULL)
		log_die("chaos does not understand \"%s\"", name);
	number = strtol(value, &end, 10);
	if (*value == '\0' || *end != '\0' || number < 0 || number > options[known].most)
		log_die("%s takes 0 to %ld", name, options[known].most);
	*(long *)((char *)play + options[known].at) = number;
}

int
main(int argc, char **argv)
{
	static struct play play = { .connections = 64,
		.seconds = 10,
		.callers = 1000,
		.slots = 50,
		.capacity = 4,
		.seed = -1 };
	bool stampedes = false;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--stampede") == 0)
			stampedes = true;
		else {
			read_option(&play, argv[i], argv[i + 1]);
			i++;
		}
	play_begin(&play);
	return (stampedes ? play_stampede(&play) : play_storm(&play)) == 0 ? 0 : 1;
}
