/*
 * tokens: what the check of an access token costs in CPU time: the first time, when its signature
 * is verified, and later, when the worker remembers it. Prints "first_ns later_ns".
 *
 * Usage: tokens COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "socius/log.h"
#include "socius/world.h"
#include "token.h"

enum { ROUNDS = 200, COUNT_MAX = 20000 };

static struct token_keys keys = { .keys = { { .kid = "bench", .secret_bytes = 64 } }, .count = 1 };
static char *tokens[COUNT_MAX];

static double
cpu_ns(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		log_die("getrusage failed");
	return 1e9 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e3 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Checks every token once; nanoseconds a token. */
static double
check_all(struct token_memory *memory, int count, int64_t now_us)
{
	double before = cpu_ns();
	const char *why;

	for (int i = 0; i < count; i++)
		if (token_recall(memory, &keys, app.roles, text_of(tokens[i]), now_us, &why) ==
		    NULL)
			log_die("%s", why);
	return (cpu_ns() - before) / count;
}

int
main(int argc, char **argv)
{
	struct token_memory *memory = token_memory_new();
	int64_t now_us = world_now_us();
	int count = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;
	double first, later = 0;

	if (count < 1 || count > COUNT_MAX)
		log_die("usage: tokens COUNT, at most %d", COUNT_MAX);
	for (int i = 0; i < count; i++) {
		struct caller caller = { .known = true,
			.role = "partner",
			.market_id = 9001,
			.has_partner = true,
			.partner_id = world_fresh_id(),
			.account_id = world_fresh_id() };

		tokens[i] = token_mint(&keys, app.roles, &caller, now_us, TOKEN_LIFE_S);
		if (tokens[i] == NULL)
			log_die("cannot mint a token");
	}
	first = check_all(memory, count, now_us);
	for (int i = 0; i < ROUNDS; i++)
		later += check_all(memory, count, now_us) / ROUNDS;
	(void)printf("%.0f %.0f\n", first, later);
	token_memory_free(memory);
	return 0;
}
