/*
 * ctl: the command line behind the launcher ./socius: migrate, token, import, laws, supervise ...
 */
#include "ctl/ctl.h"

#include <sys/stat.h>

#include "socius/log.h"

static const struct command commands[] = {
	{ "supervise", "start PostgreSQL, the API, the runner and the edge, and keep them up",
	    supervise_run },
	{ "stop", "stop the instance and wait until all of it is down", stop_run },
	{ "status", "say what runs; exit code 0 when all does, 3 when nothing", status_run },
	{ "migrate", "bring the database to the state of sql/", migrate_run },
	{ "seed", "run a seed file: the demo market", seed_run },
	{ "token", "print an access token for local use", token_run },
	{ "admin", "give an account a role: admin, or operator or auditor of a market", admin_run },
	{ "keys", "list, rotate or remove the keys that sign access tokens", keys_run },
	{ "import", "send a file of trips through the API", import_run },
	{ "demo", "tell the story of a customer who becomes a partner, as curl lines", demo_run },
	{ "jobs", "list what of the runner's work fails; exit code 1 when some failed for good",
	    jobs_run },
	{ "laws", "run every law; exit code 1 when one is broken", laws_run },
	{ "backup", "write one consistent state into the file that is standard output",
	    backup_run },
	{ "restore", "make the backup that is standard input the instance's database",
	    restore_run },
	{ "backup-keys", "write the keys of persons into the file that is standard output",
	    backup_keys_run },
	{ "restore-keys", "add the keys of the backup that is standard input", restore_keys_run },
	{ "rotate-kek", "wrap all keys of persons under a new key-encryption key", rotate_kek_run },
	{ "psql", "open psql on the instance's database", psql_run },
	{ "conninfo", "print libpq's connection string for a role", conninfo_run },
	{ "document", "write the generated documents of the API into a folder", document_run,
	    true },
	{ "free-ports", "print ports that nobody listens on: for tests", free_ports_run, true },
	{ "check-settings", "read all settings and print them", check_settings_run },
	{ 0 },
};

static int
help(void)
{
	for (const struct command *command = commands; command->name != NULL; command++)
		(void)printf(
		    "%-16s %s\n", command->name, command->says); /* a closed pipe is fine */
	return 0;
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "help";
	struct ctl ctl = { .argc = argc > 2 ? argc - 2 : 0, .argv = argv + 2 };

	(void)umask(027); /* cannot fail */
	arena_init(&ctl.arena);
	if (strcmp(verb, "help") == 0)
		return help();
	for (const struct command *command = commands; command->name != NULL; command++) {
		if (strcmp(command->name, verb) != 0)
			continue;
		if (!command->alone)
			settings_read(&ctl.settings, &ctl.arena);
		return command->run(&ctl);
	}
	log_die("there is no verb \"%s\"; see help", verb);
}
