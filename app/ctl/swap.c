/*
 * swap: a restored database takes the place of the instance's; see restore.h.
 *
 * From the first step to the last nobody can connect, so that no process of before meets the new
 * database: the API answers 503. Both names change in one transaction; if we die in the middle, the
 * next start (migrate) opens the door again and everything is either as before or as after.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "identities.h"
#include "instance.h"
#include "prepare.h"
#include "restore.h"
#include "socius/log.h"
#include "socius/world.h"

enum {
	END_PATIENCE_US = 60 * 1000 * 1000,
	READY_PATIENCE_US = 60 * 1000 * 1000,
	GLANCE_US = 20 * 1000
};

static void
run(PGconn *connection, const char *sql)
{
	PQclear(database_ask(connection, sql, 0, NULL));
}

static void
glance(void)
{
	const struct timespec pause = { .tv_nsec = GLANCE_US * 1000 };

	(void)nanosleep(&pause, NULL); /* early is fine */
}

/* The process of a service, or 0: it is down, or not of this instance. */
static pid_t
service_pid(struct ctl *ctl, const char *name)
{
	struct text services = files_read_if_there(&ctl->arena, instance_services_path(ctl));
	size_t bytes = strlen(name);

	for (const char *line = services.at; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');

		if (strncmp(line, name, bytes) == 0 && line[bytes] == ' ')
			return (pid_t)strtol(line + bytes, NULL, 10);
		line = end != NULL ? end + 1 : NULL;
	}
	return 0;
}

/* Whether there is such a process, ours or of another user. */
static bool
is_there(pid_t pid)
{
	return pid != 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* The supervisor, who may, ends the API and the runner and starts them again, on the new database.
 */
static void
renew_services(struct ctl *ctl, pid_t api, pid_t runner)
{
	int64_t until_us = world_monotonic_us() + END_PATIENCE_US;
	pid_t supervisor = instance_supervisor(ctl);

	if (supervisor != 0 && kill(supervisor, SIGUSR1) != 0)
		log_die("the database is restored, but the supervisor cannot be told (%s): "
			"./socius stop, ./socius run",
		    strerror(errno));
	while (is_there(api) || is_there(runner)) {
		if (world_monotonic_us() > until_us)
			log_die("the database is restored, but the API and the runner do not end: "
				"./socius stop, ./socius run");
		glance();
	}
}

static bool
is_worth_keeping(struct ctl *ctl)
{
	PGconn *connection = database_open(ctl, "postgres", "socius");
	PGresult *result = database_ask(connection, "select from core.market limit 1", 0, NULL);
	bool any = PQntuples(result) > 0;

	PQclear(result);
	PQfinish(connection);
	return any;
}

static void
name_kept(PGconn *connection, char kept[RESTORE_NAME_BYTES_MAX])
{
	PGresult *name = database_ask(connection,
	    "select 'socius_before_' || to_char(now() at time zone 'UTC', 'YYYYMMDD_HH24MISS')", 0,
	    NULL);

	(void)snprintf(kept, RESTORE_NAME_BYTES_MAX, "%s", PQgetvalue(name, 0, 0)); /* fits */
	PQclear(name);
}

/* A session that is being ended may take a moment. */
static void
change_names(struct ctl *ctl, PGconn *connection, const char *kept)
{
	PGresult *result;

	run(connection, "select pg_terminate_backend(pid, 5000) from pg_catalog.pg_stat_activity "
			"where datname = 'socius'");
	result = PQexec(
	    connection, arena_print(&ctl->arena,
			    "begin; alter database socius rename to %s;"
			    "alter database " RESTORE_DATABASE " with allow_connections false;"
			    "alter database " RESTORE_DATABASE " rename to socius; commit",
			    kept));
	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		const char *why = arena_print(&ctl->arena, "%s", database_fault(connection));

		run(connection, "rollback");
		run(connection, "alter database socius with allow_connections true");
		log_die(
		    "the restored database cannot take its place, nothing has changed: %s", why);
	}
	PQclear(result);
}

static void
wait_until_ready(struct ctl *ctl)
{
	int64_t until_us = world_monotonic_us() + READY_PATIENCE_US;

	while (!prepare_api_is_up(ctl)) {
		if (world_monotonic_us() > until_us)
			log_die("the database is restored, but the API does not get ready: %s",
			    prepare_last_log_line(ctl, "api"));
		glance();
	}
}

void
swap_databases(struct ctl *ctl, struct text secret, char kept[RESTORE_NAME_BYTES_MAX])
{
	PGconn *connection = database_open(ctl, "postgres", "postgres");
	pid_t api = service_pid(ctl, "api"), runner = service_pid(ctl, "runner");
	bool keeps = is_worth_keeping(ctl);

	name_kept(connection, kept);
	run(connection, "alter database socius with allow_connections false");
	change_names(ctl, connection, kept);
	if (secret.bytes > 0)
		files_write(&ctl->arena,
		    arena_print(&ctl->arena, "%s/keys/cursor.secret", ctl->settings.var), secret,
		    0600);
	identities_share_keys(ctl);
	renew_services(ctl, api, runner);
	run(connection, "alter database socius with allow_connections true");
	run(connection,
	    arena_print(&ctl->arena,
		keeps ? "alter database %s with allow_connections true" : "drop database %s",
		kept));
	if (!keeps)
		kept[0] = '\0';
	PQfinish(connection);
	if (api != 0)
		wait_until_ready(ctl);
}
