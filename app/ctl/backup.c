/*
 * backup: one consistent state of the database, and what else belongs to it, into the file that is
 * standard output; see archive.h. The launcher names the file, and keeps it when it is whole.
 *
 * The secret of the cursors is in it, because clients hold cursors for as long as they like. The
 * keys that sign access tokens are not: a token lives for minutes, and whoever gets hold of a
 * backup should not be able to sign one.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "ctl.h"
#include "socius/log.h"
#include "tool.h"

enum { CHUNK_BYTES = 256 * 1024 };

#define PG_DUMP "/usr/lib/postgresql/15/bin/pg_dump"

static const char *
ask_text(struct ctl *ctl, PGconn *connection, const char *sql)
{
	PGresult *result = database_ask(connection, sql, 0, NULL);
	const char *text =
	    arena_copy(&ctl->arena, PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0));

	PQclear(result);
	return text;
}

/* The dump of a snapshot, behind the place of its head; returns its size. */
static int64_t
put_dump(struct ctl *ctl, const char *snapshot, char sha256[ARCHIVE_DIGEST_BYTES])
{
	const char *args[] = { PG_DUMP, "--format=custom", "--no-password",
		arena_print(&ctl->arena, "--snapshot=%s", snapshot),
		arena_print(
		    &ctl->arena, "--dbname=%s", database_conninfo(ctl, "postgres", "socius")),
		NULL };
	char *chunk = arena_take(&ctl->arena, CHUNK_BYTES);
	struct archive_digest digest;
	struct tool tool;
	int64_t bytes = 0;
	const char *why;
	ssize_t got;

	archive_digest_begin(&digest);
	tool_start(ctl, &tool, "backup", args, true);
	while ((got = read(tool.fd, chunk, CHUNK_BYTES)) > 0) {
		archive_digest_add(&digest, chunk, (size_t)got);
		archive_put(STDOUT_FILENO, ARCHIVE_BLOCK_BYTES + bytes, chunk, (size_t)got);
		bytes += got;
	}
	archive_digest_end(&digest, sha256);
	why = tool_end(ctl, &tool);
	if (got < 0 || why != NULL)
		log_die("pg_dump failed: %s", why != NULL ? why : strerror(errno));
	return bytes;
}

/* What the database is set to by `alter database`: no dump of one database tells. */
static void
add_settings(PGconn *connection, struct buffer *manifest)
{
	PGresult *settings = database_ask(connection,
	    "select unnest(s.setconfig) from pg_catalog.pg_db_role_setting s "
	    "join pg_catalog.pg_database d on d.oid = s.setdatabase "
	    "where d.datname = current_database() and s.setrole = 0",
	    0, NULL);

	for (int i = 0; i < PQntuples(settings); i++)
		buffer_print(manifest, "setting %s\n", PQgetvalue(settings, i, 0));
	PQclear(settings);
}

static struct text
write_manifest(struct ctl *ctl, PGconn *connection, const char *dump_sha256, struct text secret)
{
	char sha256[ARCHIVE_DIGEST_BYTES];
	struct buffer manifest;

	buffer_init(&manifest, &ctl->arena, 1024);
	buffer_add_text(&manifest, ARCHIVE_FORMAT);
	buffer_print(&manifest, "taken_at %s\n",
	    ask_text(ctl, connection, "select to_char(now(), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"));
	buffer_print(&manifest, "schema %s\n",
	    ask_text(ctl, connection,
		"select max(substr(path, 8)) from migration.file where path like 'schema/%'"));
	buffer_print(&manifest, "epoch %s\n",
	    ask_text(ctl, connection, "select current_setting('socius.epoch')"));
	add_settings(connection, &manifest);
	buffer_print(&manifest, "dump %s\n", dump_sha256);
	archive_digest_of(secret, sha256);
	buffer_print(&manifest, "secret %s\n", sha256);
	archive_digest_of(buffer_text(&manifest), sha256);
	buffer_print(&manifest, "manifest %s\n", sha256);
	return buffer_text(&manifest);
}

int
backup_run(struct ctl *ctl)
{
	char dump_sha256[ARCHIVE_DIGEST_BYTES];
	struct text secret;
	PGconn *connection;
	struct stat about;
	int64_t bytes, at;

	options_end(ctl);
	if (fstat(STDOUT_FILENO, &about) != 0 || !S_ISREG(about.st_mode))
		log_die("backup writes to a file: ./socius backup FILE");
	connection = database_open(ctl, "postgres", "socius");
	PQclear(database_ask(connection, "set idle_in_transaction_session_timeout = 0", 0, NULL));
	PQclear(
	    database_ask(connection, "begin isolation level repeatable read read only", 0, NULL));
	bytes =
	    put_dump(ctl, ask_text(ctl, connection, "select pg_export_snapshot()"), dump_sha256);
	archive_put_head(STDOUT_FILENO, 0, ARCHIVE_DUMP, bytes);
	secret = files_read_if_there(
	    &ctl->arena, arena_print(&ctl->arena, "%s/keys/cursor.secret", ctl->settings.var));
	at = archive_next(0, bytes);
	at = archive_put_member(STDOUT_FILENO, at, ARCHIVE_SECRET, secret);
	at = archive_put_member(STDOUT_FILENO, at, ARCHIVE_MANIFEST,
	    write_manifest(ctl, connection, dump_sha256, secret));
	archive_put_end(STDOUT_FILENO, at);
	if (fsync(STDOUT_FILENO) != 0)
		log_die("cannot write the backup: %s", strerror(errno));
	PQfinish(connection);
	return 0;
}
