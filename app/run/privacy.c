/* privacy: see privacy.h. */
#include "run/privacy.h"

#include <jansson.h>

#include "socius/log.h"

#define DOCUMENT "identity.data_export.document"

static PGresult *
ask(PGconn *pg, const char *sql, int count, const char *const params[])
{
	PGresult *result = PQexecParams(pg, sql, count, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	log_line(LOG_LEVEL_ERROR, "privacy.failed", "error", PQresultErrorMessage(result), NULL);
	PQclear(result);
	return NULL;
}

static bool
tell(PGconn *pg, const char *sql, int count, const char *const params[])
{
	PGresult *result = ask(pg, sql, count, params);

	PQclear(result);
	return result != NULL;
}

/* --- keys that are destroyed --- */

/* First where the key is, then where it was asked for: a kill in between does it twice. */
static bool
erase(PGconn *pg, struct keyhole *keyhole, const char *person, const char *now)
{
	const char *const params[] = { person, now };

	if (!keyhole_open(keyhole) ||
	    !tell(keyhole->pg, "select keys.destroy_key($1)", 1, params) ||
	    !tell(pg, "select jobs.finish_erasure($1, $2)", 2, params))
		return false;
	log_line(LOG_LEVEL_INFO, "person.erased", "person_id", person, NULL);
	return true;
}

static bool
erase_one(PGconn *pg, struct keyhole *keyhole, const char *now)
{
	PGresult *row = ask(pg, "select jobs.take_erasure($1)", 1, (const char *const[]){ now });
	bool done = row != NULL && !PQgetisnull(row, 0, 0) &&
		    erase(pg, keyhole, PQgetvalue(row, 0, 0), now);

	PQclear(row);
	return done;
}

/* --- exports --- */

struct export
{
	struct keyhole *keyhole;
	struct arena *arena;
	bool failed; /* a key could not be asked for: later */
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

static char *
open_all(struct export *export, const char *document)
{
	json_t *tables = json_loads(document, 0, NULL), *rows, *row;
	const char *table;
	char *text;
	size_t i;

	if (tables == NULL)
		log_die("an export is no JSON, or out of memory");
	json_object_foreach (tables, table, rows)
		json_array_foreach (rows, i, row)
			open_row(export, table, row);
	text = json_dumps(tables, JSON_COMPACT);
	json_decref(tables);
	if (text == NULL)
		log_die("out of memory for an export");
	return text;
}

/* Sealed for the account at once; nothing of it is ever kept in clear. */
static bool
seal_and_finish(
    PGconn *pg, struct export *export, const PGresult *row, const char *text, const char *now)
{
	const char *params[] = { PQgetvalue(row, 0, 0), NULL, now };
	uint8_t key[SEAL_KEY_BYTES];
	struct uuid account, id;
	struct text sealed;

	if (!uuid_read(text_of(params[0]), &id) ||
	    !uuid_read(text_of(PQgetvalue(row, 0, 1)), &account))
		return false;
	switch (person_key_get(export->keyhole->pg, &export->keyhole->ring, &account, true, key)) {
	case PERSON_KEY_FOUND:
		sealed = seal_close(export->arena, key, &account, DOCUMENT, &id, text_of(text));
		params[1] = arena_copy(export->arena, sealed.at, sealed.bytes);
		break;
	case PERSON_KEY_GONE:
		break; /* nobody is left to read it */
	default:
		return false;
	}
	return tell(pg, "select jobs.finish_export($1, $2, $3)", 3, params);
}

static bool
export_one(PGconn *pg, struct keyhole *keyhole, struct arena *arena, const char *now)
{
	struct export export = { .keyhole = keyhole, .arena = arena };
	PGresult *row = ask(pg, "select export_id, account_id, document from jobs.take_export($1)",
	    1, (const char *const[]){ now });
	bool done = false;
	char *text;

	if (row != NULL && PQntuples(row) > 0 && keyhole_open(keyhole)) {
		text = open_all(&export, PQgetvalue(row, 0, 2));
		done = !export.failed && seal_and_finish(pg, &export, row, text, now);
		free(text);
	}
	PQclear(row);
	arena_clear(arena);
	return done;
}

bool
privacy_turn(PGconn *pg, struct keyhole *keyhole, struct arena *arena, const char *now)
{
	bool erased = erase_one(pg, keyhole, now);
	bool exported = export_one(pg, keyhole, arena, now);

	return erased || exported;
}
