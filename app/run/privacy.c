/* privacy: see privacy.h. */
#include "run/privacy.h"

#include <jansson.h>

#include "socius/log.h"

#define DOCUMENT "identity.data_export.document"

enum {
	WHY_BYTES_MAX = 512,
	EXPORT_BYTES_MAX = 64 * 1024 * 1024 /* of one export, in clear */
};

/* NULL: it failed; `why` says why, as the first line of the message, and so does the log. */
static PGresult *
ask(PGconn *pg, const char *sql, int count, const char *const params[], char why[WHY_BYTES_MAX])
{
	PGresult *result = PQexecParams(pg, sql, count, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);
	const char *message;

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	message = PQresultErrorMessage(result);
	(void)snprintf(why, WHY_BYTES_MAX, "%.*s", (int)strcspn(message, "\n"), message); /* cut */
	log_line(LOG_LEVEL_ERROR, "privacy.failed", "error", why, NULL);
	PQclear(result);
	return NULL;
}

static bool
tell(PGconn *pg, const char *sql, int count, const char *const params[], char why[WHY_BYTES_MAX])
{
	PGresult *result = ask(pg, sql, count, params, why);

	PQclear(result);
	return result != NULL;
}

/* --- keys that are destroyed --- */

/* First where the key is, then where it was asked for: a kill in between does it twice. */
static bool
erase(PGconn *pg, struct keyhole *keyhole, const char *person, const char *now)
{
	char why[WHY_BYTES_MAX];
	const char *const params[] = { person, now }, *const failed[] = { person, why, now };

	if (tell(keyhole->pg, "select keys.destroy_key($1)", 1, params, why) &&
	    tell(pg, "select jobs.finish_erasure($1, $2)", 2, params, why)) {
		log_line(LOG_LEVEL_INFO, "person.erased", "person_id", person, NULL);
		return true;
	}
	(void)tell(pg, "select jobs.fail_erasure($1, $2, $3)", 3, failed, why); /* or in a minute */
	return false;
}

static bool
erase_one(PGconn *pg, struct keyhole *keyhole, const char *now)
{
	char why[WHY_BYTES_MAX];
	PGresult *row =
	    ask(pg, "select jobs.take_erasure($1)", 1, (const char *const[]){ now }, why);
	bool done = row != NULL && !PQgetisnull(row, 0, 0) &&
		    erase(pg, keyhole, PQgetvalue(row, 0, 0), now);

	PQclear(row);
	return done;
}

/* The keys of some who went with their test market, likewise. */
static bool
remove_some(PGconn *pg, struct keyhole *keyhole)
{
	char why[WHY_BYTES_MAX];
	PGresult *ids = ask(pg, "select jobs.list_removed_persons()", 0, NULL, why);
	bool done = false;

	if (ids != NULL && !PQgetisnull(ids, 0, 0)) {
		const char *const params[] = { PQgetvalue(ids, 0, 0) };

		done = tell(keyhole->pg, "select keys.remove_keys($1)", 1, params, why) &&
		       tell(pg, "select jobs.finish_removed_persons($1)", 1, params, why);
	}
	PQclear(ids);
	return done;
}

/* --- exports --- */

struct export
{
	struct keyhole *keyhole;
	struct arena *arena;
	struct buffer text; /* {"<schema>.<table>": [rows], ...} */
	bool failed;        /* a key could not be asked for: later */
	bool is_too_large;  /* for good */
};

/* What a sealed cell says; NULL: its key is gone. Its row is the person's, or that of an id that
 * stands beside it. */
static json_t *
opened(struct export *export, const char *place, json_t *row, struct text cell)
{
	uint8_t key[SEAL_KEY_BYTES];
	struct uuid person, id;
	struct text clear;
	const char *name;
	json_t *value;

	if (!seal_person(cell, &person))
		return NULL;
	switch (person_key_get(export->keyhole->pg, &export->keyhole->ring, &person, false, key)) {
	case PERSON_KEY_FOUND:
		break;
	case PERSON_KEY_GONE:
		return json_null();
	default:
		export->failed = true;
		return NULL;
	}
	if (seal_open(export->arena, key, place, &person, cell, &clear))
		return json_stringn(clear.at, clear.bytes);
	json_object_foreach (row, name, value)
		if (json_is_string(value) && uuid_read(text_of(json_string_value(value)), &id) &&
		    seal_open(export->arena, key, place, &id, cell, &clear))
			return json_stringn(clear.at, clear.bytes);
	log_line(LOG_LEVEL_ERROR, "seal.broken", "place", place, NULL);
	return json_null();
}

static void
open_row(struct export *export, const char *table, json_t *row)
{
	const char *column;
	void *safe;
	json_t *value;

	json_object_foreach_safe(row, safe, column, value)
	{
		json_t *clear = NULL;

		if (json_is_string(value))
			clear = opened(export, arena_print(export->arena, "%s.%s", table, column),
			    row, text_of(json_string_value(value)));
		if (clear != NULL && json_object_set_new(row, column, clear) != 0)
			log_die("out of memory for an export");
	}
}

/* The rows of a page behind those that there are. */
static void
add_rows(struct export *export, const char *table, const char *page, bool is_first)
{
	json_t *rows = json_loads(page, 0, NULL), *row;
	size_t i;

	if (rows == NULL)
		log_die("a page of an export is no JSON, or out of memory");
	json_array_foreach (rows, i, row) {
		char *text;

		open_row(export, table, row);
		text = json_dumps(row, JSON_COMPACT);
		if (text == NULL)
			log_die("out of memory for an export");
		if (i > 0 || !is_first)
			buffer_add(&export->text, ",", 1);
		buffer_add_text(&export->text, text);
		free(text);
	}
	json_decref(rows);
}

/* Page by page, each a statement of its own, so that none is long; nothing is kept of an export
 * that is not finished. false: `why` says why not. */
static bool
collect(PGconn *pg, struct export *export, const char *account, char why[WHY_BYTES_MAX])
{
	const char *table = "", *params[] = { account, NULL };
	bool has_rows = false;

	buffer_init(&export->text, export->arena, ARENA_BLOCK_BYTES);
	do {
		PGresult *page = ask(pg,
		    "select table_name, rows, next, rows = '[]' "
		    "from jobs.export_page($1, $2)",
		    2, params, why);
		const char *name;

		if (page == NULL)
			return false;
		name = PQgetvalue(page, 0, 0);
		if (strcmp(name, table) != 0) {
			buffer_print(
			    &export->text, "%s\"%s\":[", table[0] == '\0' ? "{" : "],", name);
			table = arena_copy(export->arena, name, strlen(name));
			has_rows = false;
		}
		add_rows(export, table, PQgetvalue(page, 0, 1), !has_rows);
		has_rows |= *PQgetvalue(page, 0, 3) == 'f';
		params[1] = PQgetisnull(page, 0, 2)
				? NULL
				: arena_print(export->arena, "%s", PQgetvalue(page, 0, 2));
		PQclear(page);
		export->is_too_large = export->text.bytes > EXPORT_BYTES_MAX;
	} while (params[1] != NULL && !export->failed && !export->is_too_large);
	buffer_add_text(&export->text, "]}");
	if (export->failed)
		(void)snprintf(why, WHY_BYTES_MAX, "a key could not be asked for"); /* fits */
	else if (export->is_too_large)
		(void)snprintf(why, WHY_BYTES_MAX, "the export is larger than %d bytes", /* fits */
		    EXPORT_BYTES_MAX);
	return !export->failed && !export->is_too_large;
}

/* Sealed for the account at once; nothing of it is ever kept in clear. */
static bool
seal_and_finish(PGconn *pg, struct export *export, const PGresult *row, const char *now,
    char why[WHY_BYTES_MAX])
{
	const char *params[] = { PQgetvalue(row, 0, 0), NULL, now };
	uint8_t key[SEAL_KEY_BYTES];
	struct uuid account, id;
	struct text sealed;

	(void)snprintf(why, WHY_BYTES_MAX, "a key could not be asked for"); /* fits */
	if (!uuid_read(text_of(params[0]), &id) ||
	    !uuid_read(text_of(PQgetvalue(row, 0, 1)), &account))
		return false;
	switch (person_key_get(export->keyhole->pg, &export->keyhole->ring, &account, true, key)) {
	case PERSON_KEY_FOUND:
		sealed = seal_close(
		    export->arena, key, &account, DOCUMENT, &id, buffer_text(&export->text));
		params[1] = arena_copy(export->arena, sealed.at, sealed.bytes);
		break;
	case PERSON_KEY_GONE:
		break; /* nobody is left to read it */
	default:
		return false;
	}
	return tell(pg, "select jobs.finish_export($1, $2, $3)", 3, params, why);
}

static bool
export_one(PGconn *pg, struct keyhole *keyhole, struct arena *arena, const char *now)
{
	struct export export = { .keyhole = keyhole, .arena = arena };
	char why[WHY_BYTES_MAX], later[WHY_BYTES_MAX];
	PGresult *row = ask(pg, "select export_id, account_id from jobs.take_export($1)", 1,
	    (const char *const[]){ now }, why);
	bool done = false;

	if (row != NULL && PQntuples(row) > 0) {
		done = collect(pg, &export, PQgetvalue(row, 0, 1), why) &&
		       seal_and_finish(pg, &export, row, now, why);
		if (!done) {
			const char *const params[] = { PQgetvalue(row, 0, 0), why,
				export.is_too_large ? "true" : "false", now };

			if (export.is_too_large)
				log_line(LOG_LEVEL_ERROR, "export.failed", "error", why, NULL);
			(void)tell(pg, "select jobs.fail_export($1, $2, $3, $4)", 4, params,
			    later); /* or in a minute */
		}
	}
	PQclear(row);
	arena_clear(arena);
	return done;
}

bool
privacy_turn(PGconn *pg, struct keyhole *keyhole, struct arena *arena, const char *now)
{
	bool erased, exported, removed;

	if (!keyhole_open(keyhole))
		return false; /* without the keys' database nothing is tried, and no attempt lost */
	erased = erase_one(pg, keyhole, now);
	exported = export_one(pg, keyhole, arena, now);
	removed = remove_some(pg, keyhole);
	return erased || exported || removed;
}
