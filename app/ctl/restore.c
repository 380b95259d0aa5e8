/*
 * restore: the file of a backup, which is standard input, becomes the instance's database.
 *
 * It is restored into a database of its own, migrated, given a new epoch of events and held against
 * every law, while the instance goes on with the old one. Only when all of that went well do the
 * databases change places (swap.c); otherwise one line says why not and nothing has changed.
 */
#include "restore.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "laws.h"
#include "migrate.h"
#include "sealing.h"
#include "socius/instant.h"
#include "socius/log.h"
#include "socius/uuid.h"
#include "socius/world.h"
#include "tool.h"

enum { CHUNK_BYTES = 256 * 1024, HEAD_BYTES = sizeof(ARCHIVE_FORMAT) - 1 };

#define PG_RESTORE "/usr/lib/postgresql/15/bin/pg_restore"

struct restore {
	struct ctl *ctl;
	const char *file; /* its name, for messages */
	int64_t dump_bytes;
	struct text secret, manifest;
};

static void __attribute__((noreturn)) damaged(const struct restore *restore, const char *what)
{
	log_die("%s is damaged: %s", restore->file, what);
}

/* --- the file --- */

static void
read_manifest(struct restore *restore, int64_t at)
{
	struct arena *arena = &restore->ctl->arena;
	struct text manifest = archive_get_member(STDIN_FILENO, at, ARCHIVE_MANIFEST, arena);
	const char *said = archive_value(manifest, "manifest", 0, arena);
	char sha256[ARCHIVE_DIGEST_BYTES];

	if (manifest.at == NULL || said == NULL)
		damaged(restore, "it has no manifest");
	if (strncmp(manifest.at, ARCHIVE_FORMAT, HEAD_BYTES) != 0)
		log_die("%s is of another format than this Socius reads", restore->file);
	archive_digest_of((struct text){ manifest.at,
			      (size_t)(strstr(manifest.at, "\nmanifest ") + 1 - manifest.at) },
	    sha256);
	if (strcmp(said, sha256) != 0)
		damaged(restore, "its manifest is not what was written");
	restore->manifest = manifest;
}

/* Dies unless a member's digest is as the manifest has it. */
static void
check_digest(const struct restore *restore, const char *name, const char *sha256)
{
	const char *said = archive_value(restore->manifest, name, 0, &restore->ctl->arena);

	if (said == NULL || strcmp(said, sha256) != 0)
		damaged(restore,
		    arena_print(&restore->ctl->arena, "its %s is not what was written", name));
}

static void
check_dump(const struct restore *restore)
{
	char *chunk = arena_take(&restore->ctl->arena, CHUNK_BYTES);
	char sha256[ARCHIVE_DIGEST_BYTES];
	struct archive_digest digest;
	int64_t left = restore->dump_bytes, at = ARCHIVE_BLOCK_BYTES;

	archive_digest_begin(&digest);
	while (left > 0) {
		size_t part = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;

		if (!archive_get(STDIN_FILENO, at, chunk, part))
			damaged(restore, "it ends too early");
		archive_digest_add(&digest, chunk, part);
		at += (int64_t)part;
		left -= (int64_t)part;
	}
	archive_digest_end(&digest, sha256);
	check_digest(restore, "dump", sha256);
}

/* A backup of a newer Socius has tables that this one does not know. */
static void
check_schema(const struct restore *restore, const char *sql)
{
	struct arena *arena = &restore->ctl->arena;
	const char *schema = archive_value(restore->manifest, "schema", 0, arena);

	if (schema == NULL || strchr(schema, '/') != NULL)
		damaged(restore, "it does not say of which schema it is");
	if (access(arena_print(arena, "%s/schema/%s", sql, schema), F_OK) != 0)
		log_die("%s is of a newer Socius: its database has sql/schema/%s, which this one "
			"has not; upgrade, then restore",
		    restore->file, schema);
}

static void
check_file(struct restore *restore, const char *sql)
{
	char sha256[ARCHIVE_DIGEST_BYTES];
	struct stat about;
	int64_t at;

	if (fstat(STDIN_FILENO, &about) != 0 || !S_ISREG(about.st_mode))
		log_die("restore reads a file: ./socius restore FILE");
	restore->dump_bytes = archive_get_head(STDIN_FILENO, 0, ARCHIVE_DUMP);
	if (restore->dump_bytes < 0)
		log_die("%s is no backup of Socius", restore->file);
	at = archive_next(0, restore->dump_bytes);
	if (at > about.st_size)
		damaged(restore, "it ends too early");
	restore->secret =
	    archive_get_member(STDIN_FILENO, at, ARCHIVE_SECRET, &restore->ctl->arena);
	if (restore->secret.at == NULL)
		damaged(restore, "it has no " ARCHIVE_SECRET);
	read_manifest(restore, archive_next(at, (int64_t)restore->secret.bytes));
	archive_digest_of(restore->secret, sha256);
	check_digest(restore, "secret", sha256);
	check_dump(restore);
	check_schema(restore, sql);
}

/* --- the database --- */

static void
run(PGconn *connection, const char *sql)
{
	PQclear(database_ask(connection, sql, 0, NULL));
}

static void
load(const struct restore *restore)
{
	struct ctl *ctl = restore->ctl;
	const char *args[] = { PG_RESTORE, "--exit-on-error", "--no-password",
		arena_print(&ctl->arena, "--dbname=%s",
		    database_conninfo(ctl, "postgres", RESTORE_DATABASE)),
		NULL };
	char *chunk = arena_take(&ctl->arena, CHUNK_BYTES);
	int64_t left = restore->dump_bytes, at = ARCHIVE_BLOCK_BYTES;
	struct tool tool;
	const char *why;

	tool_start(ctl, &tool, "restore", args, false);
	while (left > 0) {
		size_t part = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;

		if (!archive_get(STDIN_FILENO, at, chunk, part) || !tool_give(&tool, chunk, part))
			break; /* it says why */
		at += (int64_t)part;
		left -= (int64_t)part;
	}
	why = tool_end(ctl, &tool);
	if (why != NULL || left > 0)
		log_die("%s cannot be restored: %s", restore->file,
		    why != NULL ? why : "pg_restore did not read all of it");
}

/* `alter database ... set`, as it was. A list of names is stored with quotes; each is one again. */
static void
apply_setting(struct ctl *ctl, PGconn *connection, const char *setting)
{
	const char *equals = strchr(setting, '=');
	PGresult *made;

	if (equals == NULL)
		log_die("the setting \"%s\" has no value", setting);
	made = database_ask(connection,
	    "select format('alter database " RESTORE_DATABASE " set %s to %s', "
	    "$1::text, case when $1 = 'search_path' "
	    "then (select string_agg(quote_literal(trim(both '\"' from one)), ', ') "
	    "from regexp_split_to_table($2, ', *') one) else quote_literal($2) end)",
	    2,
	    (const char *const[]){
		arena_copy(&ctl->arena, setting, (size_t)(equals - setting)), equals + 1 });
	run(connection, PQgetvalue(made, 0, 0));
	PQclear(made);
}

static void
make_database(const struct restore *restore)
{
	struct ctl *ctl = restore->ctl;
	PGconn *connection = database_open(ctl, "postgres", "postgres");
	const char *setting;

	run(connection, "drop database if exists " RESTORE_DATABASE " with (force)");
	run(connection, "create database " RESTORE_DATABASE " template template0");
	/* No dump of one database tells who may connect: as sql/schema/0240_definers.sql says. */
	run(connection, "revoke all on database " RESTORE_DATABASE " from public");
	run(connection, "grant connect on database " RESTORE_DATABASE
			" to socius_gate, socius_runner, socius_law");
	for (int i = 0;
	     (setting = archive_value(restore->manifest, "setting", i, &ctl->arena)) != NULL; i++)
		apply_setting(ctl, connection, setting);
	PQfinish(connection);
}

/* Events from now on follow those of the backup, and also those that the instance wrote after it
 * was taken: clients may have read them. */
static void
begin_epoch(const struct restore *restore)
{
	struct ctl *ctl = restore->ctl;
	PGconn *present = database_open(ctl, "postgres", "socius");
	PGconn *connection = database_open(ctl, "postgres", RESTORE_DATABASE);
	PGresult *now =
	    database_ask(present, "select current_setting('socius.epoch')::int + 1", 0, NULL);
	PGresult *begun;

	run(connection, "call core.begin_epoch()");
	begun = database_ask(connection,
	    "select format('alter database %I set socius.epoch = %L', current_database(), e) "
	    "from (select greatest($1::int, $2::int + 1, (select coalesce(max(epoch), 0) + 1 "
	    "from events.event)) e) epoch",
	    2,
	    (const char *const[]){
		PQgetvalue(now, 0, 0), archive_value(restore->manifest, "epoch", 0, &ctl->arena) });
	run(connection, PQgetvalue(begun, 0, 0));
	PQclear(now);
	PQclear(begun);
	PQfinish(present);
	PQfinish(connection);
}

/* Whoever was erased after the backup was taken has no key any more, and stays erased. */
static void
keep_erased(struct ctl *ctl, PGconn *connection)
{
	PGconn *keys = sealing_open_keys(ctl);
	PGresult *gone = database_ask(keys,
	    "select coalesce(array_agg(g.id), '{}') from keys.list_destroyed() g (id)", 0, NULL);
	char id[UUID_TEXT_BYTES], now[INSTANT_TEXT_BYTES_MAX];
	struct uuid fresh = world_fresh_id();

	uuid_write(&fresh, id);
	(void)instant_write(world_now_us(), now); /* its length does not matter here */
	PQclear(database_ask(connection, "select access.stay_erased($1, $2, $3)", 3,
	    (const char *const[]){ PQgetvalue(gone, 0, 0), id, now }));
	PQclear(gone);
	PQfinish(keys);
}

/* In a process of its own, so that whatever is wrong ends there. */
static void __attribute__((noreturn)) make_and_check(struct restore *restore, const char *sql)
{
	struct ctl *ctl = restore->ctl;
	PGconn *connection;
	int broken;

	make_database(restore);
	load(restore);
	(void)migrate_database(ctl, RESTORE_DATABASE, sql, false); /* dies if it cannot */
	begin_epoch(restore);
	connection = database_open(ctl, "postgres", RESTORE_DATABASE);
	keep_erased(ctl, connection);
	sealing_run(ctl, connection);
	run(connection, "analyze");
	PQfinish(connection);
	broken = laws_broken(ctl, RESTORE_DATABASE, false);
	(void)fflush(stdout); /* which laws, before that there are any */
	if (broken > 0)
		log_die("%s breaks %d laws and is not taken", restore->file, broken);
	_exit(0);
}

static bool
stands(struct restore *restore, const char *sql)
{
	int status;
	pid_t pid;

	(void)fflush(stdout); /* else the child would say it again */
	pid = fork();
	if (pid < 0)
		log_die("cannot start a process: %s", strerror(errno));
	if (pid == 0)
		make_and_check(restore, sql);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			log_die("waitpid: %s", strerror(errno));
	return status == 0;
}

/* One restore at a time: held as long as the connection lives. */
static PGconn *
lock(struct ctl *ctl)
{
	PGconn *connection = database_open(ctl, "postgres", "postgres");
	PGresult *got = database_ask(connection, "select pg_try_advisory_lock(5051, -2)", 0, NULL);

	if (PQgetvalue(got, 0, 0)[0] != 't')
		log_die("another restore is under way");
	PQclear(got);
	return connection;
}

int
restore_run(struct ctl *ctl)
{
	const char *sql = arena_print(&ctl->arena, "%s/bin/sql", ctl->settings.var);
	struct restore restore = { .ctl = ctl, .file = options_value(ctl, "--name") };
	char kept[RESTORE_NAME_BYTES_MAX];
	PGconn *locked;

	options_end(ctl);
	if (restore.file == NULL)
		restore.file = "the backup";
	check_file(&restore, sql);
	locked = lock(ctl);
	if (!stands(&restore, sql)) {
		run(locked, "drop database if exists " RESTORE_DATABASE " with (force)");
		return 1;
	}
	swap_databases(ctl, restore.secret, kept);
	(void)printf("restored %s, taken at %s; no law is broken\n", restore.file,
	    archive_value(restore.manifest, "taken_at", 0, &ctl->arena));
	if (kept[0] != '\0')
		(void)printf("what was here before is kept as the database %s; to drop it:\n"
			     "./socius psql -c 'drop database %s'\n",
		    kept, kept);
	PQfinish(locked);
	return 0;
}
