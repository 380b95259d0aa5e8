/*
 * migrate: brings the database to the state of sql/.
 *
 * sql/schema/NNNN_*.sql are applied once each, in order; what was applied is remembered with its
 * SHA-256, and a past file that has changed or gone is refused. sql/api, sql/jobs and sql/laws are
 * applied again when their text has changed, or when the schema has moved. Each file is one
 * transaction; an advisory lock lets one migration work at a time. sql/keys/ is the same for the
 * database of the keys of persons.
 */
#include "migrate.h"
#include "sealing.h"

#include <ctype.h>

#include <openssl/sha.h>

#include "socius/log.h"
#include "socius/world.h"

enum { DIGEST_TEXT_BYTES = 2 * SHA256_DIGEST_LENGTH + 1 };

static const char *const memory = "create schema if not exists migration;"
				  "create table if not exists migration.file ("
				  "	path text primary key,"
				  "	digest text not null,"
				  "	applied_at timestamptz not null default now());"
				  "comment on table migration.file is 'files of sql/ as applied';"
				  "grant usage on schema migration to public;"
				  "grant select on migration.file to public";

struct migration {
	struct ctl *ctl;
	PGconn *connection;
	const char *folder; /* sql */
	bool schema_moved;
	bool says;
	int applied;
};

static void
digest_of(struct text what, char to[DIGEST_TEXT_BYTES])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	(void)SHA256((const unsigned char *)what.at, what.bytes, digest); /* writes to digest */
	for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
		(void)snprintf(to + 2 * i, 3, "%02x", digest[i]); /* fits */
}

static void
run(PGconn *connection, const char *sql)
{
	PGresult *result = PQexec(connection, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		log_die("the migration cannot go on: %s", database_fault(connection));
	PQclear(result);
}

/* The line of the file where PostgreSQL saw the error; 0: it did not say. */
static int
line_of(const PGresult *result, struct text sql)
{
	const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
	long characters = position != NULL ? strtol(position, NULL, 10) : 0;
	int line = 1;

	if (characters == 0)
		return 0;
	for (size_t i = 0; i < sql.bytes && characters > 1; i++) {
		if (((unsigned char)sql.at[i] & 0xc0) != 0x80)
			characters--;
		line += sql.at[i] == '\n';
	}
	return line;
}

static const char *
field(const PGresult *result, int code)
{
	const char *value = PQresultErrorField(result, code);

	return value != NULL ? value : "";
}

static void
die_of(struct arena *arena, const PGresult *result, const char *path, struct text sql)
{
	log_die("sql/%s:%d: %s: %s", path, line_of(result, sql), field(result, PG_DIAG_SQLSTATE),
	    database_one_line(arena_print(arena, "%s %s %s", field(result, PG_DIAG_MESSAGE_PRIMARY),
		field(result, PG_DIAG_MESSAGE_DETAIL), field(result, PG_DIAG_CONTEXT))));
}

static void
apply(struct migration *migration, const char *path, struct text sql, const char *digest)
{
	PGconn *connection = migration->connection;
	PGresult *result;

	run(connection, "begin");
	result = PQexec(connection, sql.at);
	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
	    PQresultStatus(result) != PGRES_TUPLES_OK &&
	    PQresultStatus(result) != PGRES_EMPTY_QUERY)
		die_of(&migration->ctl->arena, result, path, sql);
	PQclear(result);
	if (PQtransactionStatus(connection) != PQTRANS_INTRANS)
		log_die("sql/%s ends the transaction that it runs in", path);
	run(connection, "reset all");
	PQclear(database_ask(connection,
	    "insert into migration.file (path, digest) values ($1, $2) "
	    "on conflict (path) do update set digest = excluded.digest, applied_at = now()",
	    2, (const char *const[]){ path, digest }));
	run(connection, "commit");
	if (migration->says)
		(void)printf("applied sql/%s\n", path);
	migration->applied++;
}

/* The digest with which a file was applied, or NULL. */
static const char *
digest_applied(struct migration *migration, const char *path)
{
	PGresult *result = database_ask(migration->connection,
	    "select digest from migration.file where path = $1", 1, (const char *const[]){ path });
	const char *digest = NULL;

	if (PQntuples(result) == 1)
		digest = arena_copy(&migration->ctl->arena, PQgetvalue(result, 0, 0),
		    (size_t)PQgetlength(result, 0, 0));
	PQclear(result);
	return digest;
}

static bool
is_numbered(const char *name)
{
	for (int i = 0; i < 4; i++)
		if (!isdigit((unsigned char)name[i]))
			return false;
	return name[4] == '_';
}

static bool
is_listed(const char **names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* Every past file must still be there: a database that is newer than these files is left alone. */
static const char *
check_past(struct migration *migration, const char **names)
{
	PGresult *result = database_ask(migration->connection,
	    "select substr(path, 8) from migration.file where path like 'schema/%' order by path",
	    0, NULL);
	const char *last = "";

	for (int i = 0; i < PQntuples(result); i++) {
		const char *name = PQgetvalue(result, i, 0);

		if (!is_listed(names, name))
			log_die(
			    "sql/schema/%s was applied to this database but is gone: these files "
			    "are older than the database",
			    name);
		last = arena_copy(&migration->ctl->arena, name, strlen(name));
	}
	PQclear(result);
	return last;
}

static void
apply_schema(struct migration *migration)
{
	struct arena *arena = &migration->ctl->arena;
	const char **names =
	    files_list(arena, arena_print(arena, "%s/schema", migration->folder), ".sql");
	const char *last = check_past(migration, names);

	for (; *names != NULL; names++) {
		const char *path = arena_print(arena, "schema/%s", *names);
		struct text sql =
		    files_read(arena, arena_print(arena, "%s/%s", migration->folder, path));
		const char *before = digest_applied(migration, path);
		char digest[DIGEST_TEXT_BYTES];

		if (!is_numbered(*names))
			log_die("sql/%s must be named NNNN_word.sql", path);
		digest_of(sql, digest);
		if (before != NULL && strcmp(before, digest) != 0)
			log_die("sql/%s has changed since it was applied: schema files only move "
				"forward, write a new one (or, to begin anew, remove %s)",
			    path, migration->ctl->settings.var);
		if (before != NULL)
			continue;
		if (strcmp(*names, last) < 0)
			log_die("sql/%s comes before sql/schema/%s, which was applied already",
			    path, last);
		apply(migration, path, sql, digest);
		migration->schema_moved = true;
	}
}

static void
apply_sources(struct migration *migration, const char *part)
{
	struct arena *arena = &migration->ctl->arena;
	const char **names =
	    files_list(arena, arena_print(arena, "%s/%s", migration->folder, part), ".sql");

	for (; *names != NULL; names++) {
		const char *path = arena_print(arena, "%s/%s", part, *names);
		struct text sql =
		    files_read(arena, arena_print(arena, "%s/%s", migration->folder, path));
		const char *before = digest_applied(migration, path);
		char digest[DIGEST_TEXT_BYTES];

		digest_of(sql, digest);
		if (migration->schema_moved || before == NULL || strcmp(before, digest) != 0)
			apply(migration, path, sql, digest);
	}
}

/* Makes the instance's database where there is none; a restore that died has left it closed. */
static void
make_database(struct ctl *ctl, const char *name)
{
	PGconn *connection = database_open(ctl, "postgres", "postgres");
	PGresult *result = database_ask(connection,
	    "select datallowconn from pg_catalog.pg_database where datname = $1", 1,
	    (const char *const[]){ name });

	if (PQntuples(result) == 0)
		run(connection, arena_print(&ctl->arena, "create database %s", name));
	else if (PQgetvalue(result, 0, 0)[0] != 't')
		run(connection, arena_print(&ctl->arena,
				    "alter database %s with allow_connections true", name));
	PQclear(result);
	PQfinish(connection);
}

int
migrate_database(struct ctl *ctl, const char *database, const char *folder, bool says)
{
	struct migration migration = { .ctl = ctl, .folder = folder, .says = says };

	migration.connection = database_open(ctl, "postgres", database);
	run(migration.connection, "select pg_catalog.pg_advisory_lock(5051, -1)");
	run(migration.connection, memory);
	apply_schema(&migration);
	apply_sources(&migration, "api");
	apply_sources(&migration, "jobs");
	apply_sources(&migration, "laws");
	PQfinish(migration.connection);
	return migration.applied;
}

/* The keys of persons stand in a database of their own; in another cluster it is its owner's to
 * make and to migrate. */
static int
migrate_keys(struct ctl *ctl, const char *folder)
{
	struct migration migration = {
		.ctl = ctl, .folder = arena_print(&ctl->arena, "%s/keys", folder), .says = true
	};

	if (world_setting("SOCIUS_KEYS_CONNINFO", NULL) != NULL)
		return 0;
	make_database(ctl, "socius_keys");
	migration.connection = database_open(ctl, "postgres", "socius_keys");
	run(migration.connection, "select pg_catalog.pg_advisory_lock(5051, -1)");
	run(migration.connection, memory);
	apply_schema(&migration);
	apply_sources(&migration, "api");
	PQfinish(migration.connection);
	return migration.applied;
}

static void
seal_what_is_clear(struct ctl *ctl)
{
	PGconn *connection = database_open(ctl, "postgres", "socius");

	sealing_run(ctl, connection);
	PQfinish(connection);
}

int
migrate_run(struct ctl *ctl)
{
	const char *folder = options_value(ctl, "--sql");

	options_end(ctl);
	if (folder == NULL)
		folder = arena_print(&ctl->arena, "%s/bin/sql", ctl->settings.var);
	make_database(ctl, "socius");
	if (migrate_database(ctl, "socius", folder, true) + migrate_keys(ctl, folder) == 0)
		(void)puts("the database is up to date");
	seal_what_is_clear(ctl);
	return 0;
}
