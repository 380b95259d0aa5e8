/*
 * keys: the keys of persons are backed up, restored and wrapped anew.
 *
 * A backup is the rows of keys.person_key as COPY writes them, wrapped as they are: worth nothing
 * without the key-encryption key. A restore adds what is missing and never brings back a key that
 * was destroyed.
 */
#include <errno.h>
#include <unistd.h>

#include "ctl.h"
#include "identities.h"
#include "person_key.h"
#include "sealing.h"
#include "socius/log.h"
#include "socius/uuid.h"
#include "socius/world.h"

#define COLUMNS "(person_id, wrapped, made_at, destroyed_at)"

enum { CHUNK_BYTES = 64 * 1024, FOLDER_BYTES_MAX = 4096 };

static PGconn *
open_keys(struct ctl *ctl)
{
	PGconn *connection = PQconnectdb(sealing_conninfo(ctl, "postgres"));

	if (PQstatus(connection) != CONNECTION_OK)
		log_die("the database of the keys does not answer: %s", database_fault(connection));
	return connection;
}

static void
expect(PGconn *connection, PGresult *result, ExecStatusType status)
{
	if (PQresultStatus(result) != status)
		log_die("the database of the keys refuses: %s", database_fault(connection));
	PQclear(result);
}

static void
put(const char *at, size_t bytes)
{
	while (bytes > 0) {
		ssize_t put_bytes = write(STDOUT_FILENO, at, bytes);

		if (put_bytes < 0)
			log_die("cannot write the backup: %s", strerror(errno));
		at += put_bytes;
		bytes -= (size_t)put_bytes;
	}
}

int
backup_keys_run(struct ctl *ctl)
{
	PGconn *connection;
	char *row;
	int bytes;

	options_end(ctl);
	connection = open_keys(ctl);
	expect(connection, PQexec(connection, "copy keys.person_key " COLUMNS " to stdout"),
	    PGRES_COPY_OUT);
	while ((bytes = PQgetCopyData(connection, &row, 0)) > 0) {
		put(row, (size_t)bytes);
		PQfreemem(row);
	}
	if (bytes != -1)
		log_die("cannot read the keys: %s", database_fault(connection));
	expect(connection, PQgetResult(connection), PGRES_COMMAND_OK);
	if (fsync(STDOUT_FILENO) != 0)
		log_die("cannot write the backup: %s", strerror(errno));
	PQfinish(connection);
	return 0;
}

static void
send_file(PGconn *connection)
{
	static char chunk[CHUNK_BYTES];
	ssize_t got;

	while ((got = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		if (PQputCopyData(connection, chunk, (int)got) != 1)
			log_die("the database of the keys refuses: %s", database_fault(connection));
	if (got < 0 || PQputCopyEnd(connection, NULL) != 1)
		log_die("cannot read the backup");
	expect(connection, PQgetResult(connection), PGRES_COMMAND_OK);
}

int
restore_keys_run(struct ctl *ctl)
{
	const char *name = options_value(ctl, "--name");
	PGconn *connection;
	PGresult *added;

	options_end(ctl);
	connection = open_keys(ctl);
	PQclear(database_ask(connection, "begin", 0, NULL));
	PQclear(database_ask(connection,
	    "create temp table restored (like keys.person_key) on commit drop", 0, NULL));
	expect(
	    connection, PQexec(connection, "copy restored " COLUMNS " from stdin"), PGRES_COPY_IN);
	send_file(connection);
	PQclear(database_ask(connection,
	    "update keys.person_key k set wrapped = null, destroyed_at = r.destroyed_at "
	    "from restored r where r.person_id = k.person_id and r.wrapped is null "
	    "and k.wrapped is not null",
	    0, NULL));
	added = database_ask(connection,
	    "insert into keys.person_key " COLUMNS " select person_id, wrapped, made_at, "
	    "destroyed_at from restored on conflict do nothing",
	    0, NULL);
	(void)printf(
	    "restored %s keys of %s\n", PQcmdTuples(added), name == NULL ? "the backup" : name);
	PQclear(added);
	PQclear(database_ask(connection, "commit", 0, NULL));
	PQfinish(connection);
	return 0;
}

/* --- rotation --- */

static bool
read_bytes(const char *hex, uint8_t *to, size_t bytes)
{
	size_t got;
	unsigned char *raw = PQunescapeBytea((const unsigned char *)hex, &got);
	bool fits = raw != NULL && got == bytes;

	if (fits)
		memcpy(to, raw, bytes);
	PQfreemem(raw);
	return fits;
}

/* One person's key from its old wrapping into the newest. */
static void
wrap_anew(struct ctl *ctl, PGconn *connection, const struct kek_ring *ring, const char *id,
    const char *hex)
{
	uint8_t old[SEAL_WRAPPED_BYTES], fresh[SEAL_WRAPPED_BYTES], key[SEAL_KEY_BYTES];
	struct uuid person;
	struct buffer text;

	if (!uuid_read(text_of(id), &person) || !read_bytes(hex, old, sizeof(old)) ||
	    !seal_unwrap(ring, &person, old, key))
		log_die("the key of %s does not unwrap: its key-encryption key is missing", id);
	seal_wrap(ring, &person, key, fresh);
	buffer_init(&text, &ctl->arena, 2 * sizeof(fresh) + 3);
	buffer_add_text(&text, "\\x");
	for (size_t i = 0; i < sizeof(fresh); i++)
		buffer_print(&text, "%02x", fresh[i]);
	buffer_add(&text, "", 1);
	PQclear(database_ask(connection,
	    "update keys.person_key set wrapped = $2::bytea "
	    "where person_id = $1 and wrapped = $3::bytea",
	    3, (const char *const[]){ id, text.at, hex }));
}

static int64_t
wrap_all(struct ctl *ctl, PGconn *connection, const struct kek_ring *ring)
{
	char newest[16];
	const char *const params[] = { newest };
	int64_t count = 0;
	int some;

	(void)snprintf(newest, sizeof(newest), "\\x%08x", ring->keks[ring->count - 1].number);
	do {
		PGresult *rows = database_ask(connection,
		    "select person_id, wrapped from keys.person_key where wrapped is not null "
		    "and substr(wrapped, 1, 4) <> $1::bytea limit 500",
		    1, params);

		some = PQntuples(rows);
		for (int i = 0; i < some; i++)
			wrap_anew(
			    ctl, connection, ring, PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1));
		PQclear(rows);
		arena_clear(&ctl->arena);
		count += some;
	} while (some > 0);
	return count;
}

/* Workers look for new files once a second: after this they all wrap under the new one. */
static void
wait_for_workers(void)
{
	const struct timespec pause = { .tv_sec = 3 };

	(void)nanosleep(&pause, NULL); /* a signal ends us */
}

int
rotate_kek_run(struct ctl *ctl)
{
	bool forgets = options_flag(ctl, "--forget-old");
	const char *folder = sealing_kek_folder(ctl), *why = NULL;
	struct kek_ring ring;
	uint32_t number = 0;
	PGconn *connection;
	char kept[FOLDER_BYTES_MAX];
	int64_t count;

	options_end(ctl);
	if (snprintf(kept, sizeof(kept), "%s", folder) >= (int)sizeof(kept))
		log_die("the name of the folder of keys is too long");
	connection = open_keys(ctl);
	if (world_setting("SOCIUS_KEK_FOLDER", NULL) == NULL)
		why = kek_make(kept, &number);
	if (why == NULL)
		why = kek_load(&ring, kept);
	if (why != NULL)
		log_die("%s: %s", kept, why);
	identities_share_keys(ctl);
	wait_for_workers();
	count = wrap_all(ctl, connection, &ring);
	PQfinish(connection);
	(void)printf("%lld keys are wrapped under kek-%04u.secret\n", (long long)count,
	    ring.keks[ring.count - 1].number);
	for (int i = 0; i < ring.count - 1; i++) {
		why = forgets ? kek_forget(kept, ring.keks[i].number) : NULL;
		if (why != NULL)
			log_die("%s: %s", kept, why);
		(void)printf(forgets
				 ? "removed kek-%04u.secret\n"
				 : "kek-%04u.secret is needed by older backups of the keys only\n",
		    ring.keks[i].number);
	}
	return 0;
}
