/* token: prints an access token signed with the instance's newest key, for local use. */
#include "token.h"

#include "ctl.h"
#include "signing_keys.h"
#include "minting.h"
#include "socius/log.h"
#include "socius/world.h"

static bool
is_role(const char *name)
{
	for (const struct role *role = app.roles; role->name != NULL; role++)
		if (strcmp(role->name, name) == 0)
			return true;
	return false;
}

static struct uuid
read_uuid(const char *from, const char *option)
{
	struct uuid uuid;

	if (!uuid_read(text_of(from), &uuid))
		log_die("%s is \"%s\": a UUID is needed", option, from);
	return uuid;
}

/* The account behind a partner of this market. */
static struct uuid
account_of(PGconn *connection, int32_t market_id, const char *partner_id)
{
	char market[16];
	PGresult *result;
	struct uuid account;

	(void)snprintf(market, sizeof(market), "%d", market_id); /* fits */
	result = database_ask(connection,
	    "select account_id from identity.partner where market_id = $1 and partner_id = $2", 2,
	    (const char *const[]){ market, partner_id });
	if (PQntuples(result) == 0)
		log_die("there is no partner %s in this market", partner_id);
	account = read_uuid(PQgetvalue(result, 0, 0), "account_id");
	PQclear(result);
	return account;
}

/* People of the office have no accounts until the identity issue: their ids follow from role and
 * market, so that what they did yesterday and today is one person's. */
struct uuid
minting_account(struct arena *arena, const char *role, const char *market)
{
	const char *name = arena_print(arena, "socius account %s %s", role, market);

	return uuid_of_digest(name, strlen(name));
}

char *
minting_sign(struct ctl *ctl, const struct caller *caller, int64_t life_s)
{
	const char *folder = arena_print(&ctl->arena, "%s/keys", ctl->settings.var);
	struct caller owner = *caller;
	struct token_keys keys;
	const char *why = token_keys_load(&keys, folder);
	int64_t now_us = world_now_us();
	char *token;

	if (why != NULL)
		log_die("the keys in %s are not usable: %s", folder, why);
	owner.totp_us = now_us + life_s * INT64_C(1000000); /* asked for no code; see token.h */
	token = token_mint(&keys, app.roles, &owner, now_us, life_s);
	if (token == NULL)
		log_die("there is no key in %s: the first ./socius run makes one", folder);
	keys_note(ctl, keys.keys[keys.newest].kid, now_us + life_s * INT64_C(1000000));
	return token;
}

static void
find_caller(struct ctl *ctl, struct caller *caller, const char *market, const char *partner,
    const char *account)
{
	PGconn *connection;

	if (account != NULL)
		caller->account_id = read_uuid(account, "--account");
	else
		caller->account_id = minting_account(
		    &ctl->arena, caller->role, market != NULL ? market : "platform");
	if (market == NULL)
		return;
	connection = database_open(ctl, "postgres", "socius");
	caller->market_id = database_market(connection, market);
	if (partner != NULL) {
		caller->has_partner = true;
		caller->partner_id = read_uuid(partner, "--partner");
		caller->account_id = account_of(connection, caller->market_id, partner);
	}
	PQfinish(connection);
}

int
token_run(struct ctl *ctl)
{
	struct caller caller = { .known = true, .role = options_needed(ctl, "--role") };
	const char *market = options_value(ctl, "--market");
	const char *partner = options_value(ctl, "--partner");
	const char *account = options_value(ctl, "--account");
	int64_t life_s = options_int(ctl, "--ttl", TOKEN_LIFE_S, 1, TOKEN_LIFE_S_MAX);
	bool is_partner = strcmp(caller.role, "partner") == 0;
	char *token;

	options_end(ctl);
	if (!is_role(caller.role))
		log_die("there is no role \"%s\": partner, customer, operator, auditor, service or "
			"admin",
		    caller.role);
	if (is_partner != (partner != NULL))
		log_die("--partner ID is for --role partner, which needs it");
	if (account != NULL && strcmp(caller.role, "customer") != 0)
		log_die("--account ID is for --role customer, which may do without it");
	if ((market == NULL) != (strcmp(caller.role, "admin") == 0))
		log_die("--market CODE is for every role but admin, which is of no market");
	find_caller(ctl, &caller, market, partner, account);
	token = minting_sign(ctl, &caller, life_s);
	(void)puts(token);
	free(token);
	return 0;
}
