/* admin: gives an account a role from the command line, and so makes the first admin. */
#include "ctl.h"

#include "sealing.h"
#include "socius/instant.h"
#include "socius/log.h"
#include "socius/uuid.h"
#include "socius/world.h"

/* Asks for the account's id; dies where there is none. */
static void
ask(struct ctl *ctl, const char *sql, int count, const char *const *params, const char *none)
{
	PGconn *connection = database_open(ctl, "postgres", "socius");
	PGresult *result = database_ask(connection, sql, count, params);

	if (PQgetisnull(result, 0, 0))
		log_die("%s", none);
	(void)puts(PQgetvalue(result, 0, 0));
	PQclear(result);
	PQfinish(connection);
}

static const char *
market_of(struct ctl *ctl, const char *code)
{
	PGconn *connection = database_open(ctl, "postgres", "socius");
	int32_t market_id = database_market(connection, code);

	PQfinish(connection);
	return arena_print(&ctl->arena, "%d", market_id);
}

static void
check_office(const char *role, const char *code)
{
	if (strcmp(role, "admin") != 0 && strcmp(role, "operator") != 0 &&
	    strcmp(role, "auditor") != 0)
		log_die("there is no office \"%s\": admin, operator or auditor", role);
	if ((code == NULL) != (strcmp(role, "admin") == 0))
		log_die("--market CODE is for operators and auditors, who need it");
}

/* The first way in: whoever may run this owns the instance. */
int
admin_run(struct ctl *ctl)
{
	const char *role = options_value(ctl, "--role"), *code = options_value(ctl, "--market");
	bool withdraws = options_flag(ctl, "--withdraw");
	bool resets = options_flag(ctl, "--reset-authenticator");
	const char *email = options_word(ctl);
	char id[UUID_TEXT_BYTES], now[INSTANT_TEXT_BYTES_MAX];
	struct uuid fresh = world_fresh_id();

	options_end(ctl);
	role = role != NULL ? role : "admin";
	if (email == NULL)
		log_die("whose? ./socius admin EMAIL");
	email = sealing_email_key(ctl, email);
	uuid_write(&fresh, id);
	(void)instant_write(world_now_us(), now); /* its length does not matter here */
	if (resets) {
		ask(ctl, "select access.reset_totp($1, $2, $3)", 3,
		    (const char *const[]){ email, id, now }, "there is no such account");
		return 0;
	}
	check_office(role, code);
	ask(ctl,
	    withdraws ? "select access.withdraw_role($1, $2, $3, $4, $5)"
		      : "select access.grant_role($1, $2, $3, $4, $5)",
	    5,
	    (const char *const[]){
		code == NULL ? "0" : market_of(ctl, code), email, role, id, now },
	    withdraws ? "the account does not hold that role"
		      : "there is no such account: sign up and confirm the address first");
	return 0;
}
