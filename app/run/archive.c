/* archive: see archive.h. */
#include "run/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "socius/log.h"
#include "socius/world.h"

enum {
	IDLE_MS = 10000, /* between looks: months end seldom; also after a failure */
	PAGE_LINES = 1000,
	PATH_BYTES = 4096,
	DIGEST_BYTES = 2 * EVP_MAX_MD_SIZE + 1,
	ID_BYTES = 37,
	NUMBER_BYTES = 24
};

/* What was written, or read again. */
struct content {
	EVP_MD_CTX *digest;
	int64_t lines;
};

/* The file of a month on its way. */
struct month {
	struct lane *lane;
	const char *folder, *month; /* YYYY-MM-01 */
	const char *why;            /* it failed; in the lane's arena */
	char path[PATH_BYTES], part[PATH_BYTES];
	FILE *file;
	/* where the next page begins */
	char market[NUMBER_BYTES], epoch[NUMBER_BYTES], xid[NUMBER_BYTES], event_id[ID_BYTES];
};

static bool
fail(struct month *month, const char *what, const char *why)
{
	log_line(LOG_LEVEL_ERROR, "archive.failed", "what", what, "error", why, NULL);
	month->why =
	    arena_print(&month->lane->arena, "%s: %.*s", what, (int)strcspn(why, "\n"), why);
	return false;
}

/* NULL: it failed, and so does the month. */
static PGresult *
ask(struct month *month, const char *sql, int count, const char *const params[])
{
	PGresult *result = PQexecParams(month->lane->pg, sql, count, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	(void)fail(month, "statement", PQresultErrorMessage(result)); /* the caller fails too */
	PQclear(result);
	return NULL;
}

/* --- contents --- */

static bool
content_init(struct content *content)
{
	*content = (struct content){ .digest = EVP_MD_CTX_new() };
	return content->digest != NULL &&
	       EVP_DigestInit_ex(content->digest, EVP_sha256(), NULL) == 1;
}

static bool
content_add(struct content *content, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		content->lines += bytes[i] == '\n';
	return EVP_DigestUpdate(content->digest, bytes, count) == 1;
}

/* Frees it, whether or not it has come to a digest. */
static bool
content_end(struct content *content, char text[DIGEST_BYTES])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int count = 0;
	bool done =
	    content->digest != NULL && EVP_DigestFinal_ex(content->digest, digest, &count) == 1;

	for (unsigned int i = 0; i < count; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest[i]); /* fits */
	EVP_MD_CTX_free(content->digest);
	content->digest = NULL;
	return done;
}

/* --- writing --- */

static bool
keep_place(struct month *month, const PGresult *page)
{
	int last = PQntuples(page) - 1;
	char *const to[] = { month->market, month->epoch, month->xid, month->event_id };
	const size_t bytes[] = { NUMBER_BYTES, NUMBER_BYTES, NUMBER_BYTES, ID_BYTES };

	for (int i = 0; i < 4; i++) {
		const char *value = PQgetvalue(page, last, i);
		int written = snprintf(to[i], bytes[i], "%s", value);

		if (written < 0 || (size_t)written >= bytes[i])
			return false;
	}
	return true;
}

static bool
write_line(struct month *month, struct content *content, const char *line, size_t bytes)
{
	return fwrite(line, 1, bytes, month->file) == bytes && putc('\n', month->file) != EOF &&
	       content_add(content, line, bytes) && content_add(content, "\n", 1);
}

/* Returns how many lines it has written; -1: it failed. */
static int
write_page(struct month *month, struct content *content)
{
	char limit[NUMBER_BYTES];
	const char *const params[] = { month->month, month->market, month->epoch, month->xid,
		month->event_id, limit };
	PGresult *page;
	int lines;

	(void)snprintf(limit, sizeof(limit), "%d", PAGE_LINES); /* fits any int */
	page = ask(month,
	    "select l.market_id, l.epoch, l.xid, l.event_id, l.line "
	    "from jobs.list_month($1, $2, $3, $4, $5, $6) l",
	    6, params);
	lines = page == NULL ? -1 : PQntuples(page);

	for (int i = 0; i < lines; i++)
		if (!write_line(
			month, content, PQgetvalue(page, i, 4), (size_t)PQgetlength(page, i, 4))) {
			(void)fail(month, month->part, strerror(errno)); /* -1 says it */
			lines = -1;
		}
	if (lines > 0 && !keep_place(month, page))
		lines = -1;
	PQclear(page);
	return lines;
}

static bool
write_pages(struct month *month, struct content *content)
{
	int lines;

	do {
		lines = write_page(month, content);
	} while (lines == PAGE_LINES && !lane_is_over(month->lane));
	return lines >= 0 && lines < PAGE_LINES;
}

/* The turn's lock is held: what is there is of a turn that ended in the middle. A file of its own,
 * so that whoever still had the old one open writes into nothing. */
static bool
write_file(struct month *month, struct content *content)
{
	int fd;
	bool done;

	if (unlink(month->part) != 0 && errno != ENOENT)
		return fail(month, month->part, strerror(errno));
	fd = open(month->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(month, month->part, strerror(errno));
	month->file = fdopen(fd, "w");
	if (month->file == NULL)
		log_die("fdopen: %s", strerror(errno));
	done = write_pages(month, content);
	if (done && (fflush(month->file) != 0 || fsync(fd) != 0))
		done = fail(month, month->part, strerror(errno));
	if (fclose(month->file) != 0 && done)
		done = fail(month, month->part, strerror(errno));
	return done;
}

/* --- reading again --- */

static bool
read_file(struct month *month, struct content *content)
{
	char bytes[65536];
	FILE *file = fopen(month->part, "re");
	size_t count;
	bool done = true;

	if (file == NULL)
		return fail(month, month->part, strerror(errno));
	while (done && (count = fread(bytes, 1, sizeof(bytes), file)) > 0)
		done = content_add(content, bytes, count);
	if (ferror(file) != 0)
		done = fail(month, month->part, "it cannot be read again");
	(void)fclose(file); /* it was read only */
	return done;
}

/* Under its name, for good: the folder's entry is on disk too. */
static bool
put_in_place(struct month *month)
{
	int fd;
	bool done;

	if (rename(month->part, month->path) != 0)
		return fail(month, month->path, strerror(errno));
	fd = open(month->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(month, month->folder, strerror(errno));
	done = fsync(fd) == 0 || fail(month, month->folder, strerror(errno));
	(void)close(fd); /* nothing was written through it */
	return done;
}

/* Writes the file and verifies it; `digest` and `lines` are of what is on disk. */
static bool
make_file(struct month *month, char digest[DIGEST_BYTES], int64_t *lines)
{
	struct content written, read;
	char again[DIGEST_BYTES] = "";
	bool done;

	done = content_init(&written) && write_file(month, &written);
	done = content_end(&written, digest) && done;
	if (!done)
		return false;
	done = content_init(&read) && read_file(month, &read);
	done = content_end(&read, again) && done;
	if (done && (strcmp(digest, again) != 0 || written.lines != read.lines))
		done = fail(month, month->part, "it does not hold what was written");
	*lines = read.lines;
	return done && put_in_place(month);
}

static bool
name_files(struct month *month)
{
	size_t most = sizeof(month->path);

	return (snprintf(month->path, most, "%s/events-%.7s.jsonl", month->folder, month->month) <
		       (int)most &&
		   snprintf(month->part, most, "%s/events-%.7s.jsonl.part", month->folder,
		       month->month) < (int)most) ||
	       fail(month, month->folder, "the path is too long");
}

static bool
take_away(struct month *month, const char *now)
{
	char digest[DIGEST_BYTES] = "", count[NUMBER_BYTES];
	const char *const params[] = { month->month, count, digest, now };
	int64_t lines = 0;
	PGresult *finished;

	if (!name_files(month) || !make_file(month, digest, &lines))
		return false;
	(void)snprintf(count, sizeof(count), "%lld", (long long)lines); /* fits any */
	finished = ask(month, "select jobs.finish_month($1, $2, $3, $4)", 4, params);
	if (finished == NULL)
		return false;
	PQclear(finished);
	log_line(LOG_LEVEL_INFO, "archive.written", "file", month->path, "events", count, "sha256",
	    digest, NULL);
	return true;
}

/* The month that is due, if there is one. false: none was, or it failed. */
static bool
take_due(struct month *month, const char *months, const char *now)
{
	PGresult *due =
	    ask(month, "select jobs.take_month($1, $2)", 2, (const char *const[]){ now, months });
	bool is_due = due != NULL && !PQgetisnull(due, 0, 0), done;

	month->month = is_due ? PQgetvalue(due, 0, 0) : NULL;
	done = is_due && take_away(month, now);
	if (is_due && !done && month->why != NULL) {
		const char *const failed[] = { month->month, month->why, now };

		PQclear(ask(month, "select jobs.fail_month($1, $2, $3)", 3, failed));
	}
	PQclear(due);
	return done;
}

/* One runner at a time, whatever others there are: they would write the same file. The lock is the
 * connection's, so that who has lost that has lost the lock and can finish no month. */
int
archive_turn(struct lane *lane, const char *now)
{
	const struct archive *archive = lane->of;
	struct month month = { .lane = lane,
		.folder = archive->folder,
		.market = "0",
		.epoch = "0",
		.xid = "0",
		.event_id = "00000000-0000-0000-0000-000000000000" };
	char months[NUMBER_BYTES];
	PGresult *locked;
	bool done = false;

	if (archive->months == 0)
		return IDLE_MS;
	(void)snprintf(months, sizeof(months), "%d", archive->months); /* fits any int */
	locked = ask(&month, "select pg_catalog.pg_try_advisory_lock(5051, -3)", 0, NULL);
	if (locked != NULL && PQgetvalue(locked, 0, 0)[0] == 't') {
		done = take_due(&month, months, now);
		PQclear(ask(&month, "select pg_catalog.pg_advisory_unlock(5051, -3)", 0, NULL));
	}
	PQclear(locked);
	return done ? 0 : IDLE_MS;
}

void
archive_init(struct archive *archive, struct arena *arena)
{
	archive->months = (int)world_setting_int("SOCIUS_EVENTS_MONTHS", 13, 0, 1200);
	archive->folder = arena_print(arena, "%s/archive", world_setting("SOCIUS_VAR", "var"));
	if (archive->months != 0 && mkdir(archive->folder, 0700) != 0 && errno != EEXIST)
		log_die("%s: %s", archive->folder, strerror(errno));
}
