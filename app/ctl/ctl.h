/*
 * ctl: what the parts of the command line share: the settings, the arguments, files, the database.
 *
 * A command runs to its end and exits: memory is taken from the one arena of struct ctl, and what
 * the machine refuses ends the program with one clear line (log_die).
 */
#ifndef APP_CTL_H
#define APP_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "run/smtp.h"
#include "socius/arena.h"
#include "socius/text.h"

enum {
	CTL_OPTIONS_MAX = 64,
	CTL_FILE_BYTES_MAX = 64 * 1024 * 1024,
	CTL_SOCKET_PATH_MAX = 107 /* sun_path without its NUL */
};

/* The settings of an instance; conf/socius.env says what each is. */
struct settings {
	const char *var;     /* absolute folder of everything the instance keeps */
	const char *sockets; /* folder of PostgreSQL's socket; in var unless its path is too long */
	const char *address, *edge_address;
	int port, metrics_port, edge_port, workers;
	int connections;     /* of PostgreSQL, at most */
	int api_connections; /* of one worker */
	int shared_mib;
	const char *log_level;
	const char *issuer; /* NULL: where it listens */
	struct smtp smtp;
};

struct ctl {
	struct arena arena;
	struct settings settings;
	int argc; /* what stands after the verb */
	char **argv;
};

/* A verb of the command line. */
struct command {
	const char *name;
	const char *says;
	int (*run)(struct ctl *ctl); /* the exit code */
	bool alone;                  /* needs no instance, and so no settings */
};

int backup_run(struct ctl *ctl);
int backup_keys_run(struct ctl *ctl);
int restore_keys_run(struct ctl *ctl);
int rotate_kek_run(struct ctl *ctl);
int admin_run(struct ctl *ctl);
int check_settings_run(struct ctl *ctl);
int conninfo_run(struct ctl *ctl);
int demo_run(struct ctl *ctl);
int document_run(struct ctl *ctl);
int free_ports_run(struct ctl *ctl);
int import_run(struct ctl *ctl);
int jobs_run(struct ctl *ctl);
int keys_run(struct ctl *ctl);
int laws_run(struct ctl *ctl);
int migrate_run(struct ctl *ctl);
int psql_run(struct ctl *ctl);
int restore_run(struct ctl *ctl);
int seed_run(struct ctl *ctl);
int status_run(struct ctl *ctl);
int stop_run(struct ctl *ctl);
int supervise_run(struct ctl *ctl);
int token_run(struct ctl *ctl);

/* Reads SOCIUS_* from the environment; dies with one line about the first unusable one. */
void settings_read(struct settings *settings, struct arena *arena);

/* ADDRESS:PORT as a URL writes it, to reach a listener on that address from this machine. */
const char *settings_reach(struct arena *arena, const char *address, int port);

/* The value that stands for @NAME@ in a template, or NULL when there is none of that name. */
const char *settings_value(const struct settings *settings, struct arena *arena, struct text name);

/* Arguments. Each takes what it finds; options_end dies when something is left. */
const char *options_value(struct ctl *ctl, const char *name);  /* --name VALUE; NULL: absent */
const char *options_needed(struct ctl *ctl, const char *name); /* the same; absent: dies */
bool options_flag(struct ctl *ctl, const char *name);
const char *options_word(struct ctl *ctl); /* the next word; NULL: none */
int64_t options_int(
    struct ctl *ctl, const char *name, int64_t otherwise, int64_t least, int64_t most);
void options_end(struct ctl *ctl);

/* A whole file, NUL-terminated; dies when it cannot be read. */
struct text files_read(struct arena *arena, const char *path);

/* The same, or {NULL, 0} when there is no such file. */
struct text files_read_if_there(struct arena *arena, const char *path);

/* Writes beside and renames, so that a reader sees the old or the new whole file. */
void files_write(struct arena *arena, const char *path, struct text what, int mode);

/* The names in a folder that end in `ending`, sorted; ends with NULL. */
const char **files_list(struct arena *arena, const char *folder, const char *ending);

/* libpq's connection string of this instance for a database role. */
const char *database_conninfo(struct ctl *ctl, const char *user, const char *database);

/* Connects as a role; dies with one line when the database does not answer. */
PGconn *database_open(struct ctl *ctl, const char *user, const char *database);

/* Text on one line: line ends become blanks. Changes it in place. */
const char *database_one_line(char *text);

/* What went wrong last, on one line. */
const char *database_fault(PGconn *connection);

/* Runs one statement with text parameters; dies on an error. The caller clears the result. */
PGresult *database_ask(
    PGconn *connection, const char *sql, int count, const char *const *parameters);

/* The market of this code; dies when there is none. */
int32_t database_market(PGconn *connection, const char *code);

#endif
