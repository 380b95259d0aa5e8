/* issuer: see issuer.h. */
#include "run/issuer.h"

#include <jansson.h>

#include "run/jwks.h"
#include "socius/log.h"

enum { URL_BYTES_MAX = 2048 };

const char *
issuer_document_url(struct arena *arena, const char *issuer)
{
	size_t bytes = strlen(issuer);

	/* section 4: a slash at the end is taken off first */
	if (bytes > 0 && issuer[bytes - 1] == '/')
		bytes--;
	return arena_print(arena, "%.*s/.well-known/openid-configuration", (int)bytes, issuer);
}

/* Where the keys are, or NULL: section 4.3, the document speaks of this very issuer. */
static const char *
read_document(struct arena *arena, struct text from, const char *issuer)
{
	json_t *document = json_loadb(from.at, from.bytes, JSON_REJECT_DUPLICATES, NULL);
	const char *says = json_string_value(json_object_get(document, "issuer"));
	const char *url = json_string_value(json_object_get(document, "jwks_uri"));

	if (says == NULL || url == NULL || strcmp(says, issuer) != 0 || strlen(url) > URL_BYTES_MAX)
		url = NULL;
	else
		url = arena_copy(arena, url, strlen(url));
	json_decref(document);
	return url;
}

bool
issuer_fetch_keys(const struct fetch *fetch, struct arena *arena, const char *issuer,
    struct text *keys, char why[CURL_ERROR_SIZE])
{
	struct buffer document, set, read;
	const char *url, *fault;

	buffer_init(&document, arena, 4096);
	if (!fetch_get(fetch, issuer_document_url(arena, issuer), &document, why))
		return false;
	url = read_document(arena, buffer_text(&document), issuer);
	if (url == NULL) {
		(void)snprintf(
		    why, CURL_ERROR_SIZE, "the document is not this issuer's"); /* fits */
		return false;
	}
	buffer_init(&set, arena, 4096);
	if (!fetch_get(fetch, url, &set, why))
		return false;
	buffer_init(&read, arena, 4096);
	fault = jwks_read(buffer_text(&set), &read);
	if (fault != NULL)
		(void)snprintf(why, CURL_ERROR_SIZE, "%s", fault); /* fits */
	*keys = buffer_text(&read);
	return fault == NULL;
}

static PGresult *
ask(PGconn *pg, const char *sql, int count, const char *const params[])
{
	PGresult *result = PQexecParams(pg, sql, count, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	log_line(LOG_LEVEL_ERROR, "issuer.failed", "error", PQresultErrorMessage(result), NULL);
	PQclear(result);
	return NULL;
}

/* Says how it went. */
static bool
finish(PGconn *pg, const char *issuer, const char *keys, const char *why, const char *now)
{
	PGresult *said;

	if (keys != NULL)
		said = ask(pg, "select jobs.keep_issuer_keys($1, $2, $3)", 3,
		    (const char *const[]){ issuer, keys, now });
	else {
		log_line(
		    LOG_LEVEL_WARN, "issuer.not_fetched", "issuer", issuer, "error", why, NULL);
		said = ask(pg, "select jobs.fail_issuer($1, $2, $3)", 3,
		    (const char *const[]){ issuer, why, now });
	}
	PQclear(said);
	return said != NULL;
}

enum issuer_turn
issuer_refresh_one(PGconn *pg, const struct fetch *fetch, struct arena *arena, const char *now)
{
	char why[CURL_ERROR_SIZE];
	const char *issuer;
	struct text keys;
	PGresult *row;
	bool fetched, said;

	row = ask(pg, "select issuer from jobs.take_issuer($1) t (issuer) where issuer is not null",
	    1, (const char *const[]){ now });
	if (row == NULL || PQntuples(row) == 0) {
		PQclear(row);
		return row == NULL ? ISSUER_FAILED : ISSUER_NONE;
	}
	issuer = PQgetvalue(row, 0, 0);
	fetched = issuer_fetch_keys(fetch, arena, issuer, &keys, why);
	said =
	    finish(pg, issuer, fetched ? arena_copy(arena, keys.at, keys.bytes) : NULL, why, now);
	PQclear(row);
	arena_clear(arena);
	return said ? ISSUER_DONE : ISSUER_FAILED;
}
