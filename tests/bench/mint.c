/*
 * mint: prints access tokens for the partners of the bench, a line each: all of the first market,
 * then all of the second, and so on. Usage: mint KEYS_FOLDER MARKETS PARTNERS
 */
#include <inttypes.h>

#include "socius/log.h"
#include "socius/world.h"
#include "token.h"

enum { FIRST_MARKET = 9001, LIFE_S = 6 * 3600 };

/* The number written as a UUID, as tests/bench/market.sql does. */
static struct uuid
id_of(long number)
{
	struct uuid id = uuid_nil;

	for (int i = 0; i < 8; i++)
		id.byte[UUID_BYTES - 1 - i] = (uint8_t)((uint64_t)number >> (8 * i));
	return id;
}

static void
print_token(const struct token_keys *keys, int market, long partner)
{
	struct caller caller = { .known = true,
		.role = "partner",
		.market_id = FIRST_MARKET + market,
		.has_partner = true };
	char *token;

	caller.account_id = caller.partner_id = id_of(partner);
	token = token_mint(keys, app.roles, &caller, world_now_us(), LIFE_S);
	if (token == NULL || puts(token) == EOF)
		log_die("cannot mint or print a token");
	free(token);
}

int
main(int argc, char **argv)
{
	static struct token_keys keys;
	const char *why;

	if (argc != 4)
		log_die("usage: mint KEYS_FOLDER MARKETS PARTNERS");
	why = token_keys_load(&keys, argv[1]);
	if (why != NULL)
		log_die("%s: %s", argv[1], why);
	for (int market = 0; market < strtol(argv[2], NULL, 10); market++)
		for (long partner = 1; partner <= strtol(argv[3], NULL, 10); partner++)
			print_token(&keys, market, partner);
	return 0;
}
