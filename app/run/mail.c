/* mail: see mail.h. */
#include "run/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/letter.h"
#include "socius/instant.h"
#include "socius/log.h"
#include "socius/world.h"

enum { LETTER_BYTES_MAX = 4096, PATH_BYTES_MAX = 512 };

/* Beside, then renamed: whoever reads sees a whole letter. */
static enum smtp_outcome
write_file(const char *folder, const char *id, struct text letter, char why[CURL_ERROR_SIZE])
{
	char path[PATH_BYTES_MAX], beside[PATH_BYTES_MAX];
	int fd;
	bool whole;

	if (snprintf(path, sizeof(path), "%s/%s.eml", folder, id) >= (int)sizeof(path) ||
	    snprintf(beside, sizeof(beside), "%s/.%s", folder, id) >= (int)sizeof(beside))
		errno = ENAMETOOLONG;
	else if (mkdir(folder, 0700) == 0 || errno == EEXIST) {
		fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		whole = fd >= 0 && write(fd, letter.at, letter.bytes) == (ssize_t)letter.bytes;
		if (fd >= 0 && close(fd) == 0 && whole && rename(beside, path) == 0)
			return SMTP_ACCEPTED;
	}
	(void)snprintf(why, CURL_ERROR_SIZE, "%s", strerror(errno)); /* fits */
	return SMTP_LATER;
}

static PGresult *
ask(PGconn *pg, const char *sql, int count, const char *const params[])
{
	PGresult *result = PQexecParams(pg, sql, count, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	log_line(LOG_LEVEL_ERROR, "mail.failed", "error", PQresultErrorMessage(result), NULL);
	PQclear(result);
	return NULL;
}

/* Writes the letter and hands it over. */
static enum smtp_outcome
hand_over(const struct mail *mail, const struct letter *letter, char why[CURL_ERROR_SIZE])
{
	bool by_smtp = mail->smtp->url != NULL;
	const char *fault;
	struct buffer text;

	buffer_init(&text, mail->arena, LETTER_BYTES_MAX);
	fault = letter_write(
	    letter, mail->smtp->sender, world_now_us(), by_smtp ? "\r\n" : "\n", &text);
	if (fault != NULL) {
		(void)snprintf(why, CURL_ERROR_SIZE, "%s", fault); /* fits */
		return SMTP_REFUSED;
	}
	if (!by_smtp)
		return write_file(mail->folder, letter->id, buffer_text(&text), why);
	return smtp_send(mail->curl, mail->smtp, letter->address, buffer_text(&text), mail->stops,
	    mail->of, why);
}

/* The address is sealed for somebody, unless `person` is empty. */
static enum smtp_outcome
open_address(
    const struct mail *mail, const char *person, struct letter *letter, char why[CURL_ERROR_SIZE])
{
	switch (keyhole_address(
	    mail->keyhole, mail->arena, person, letter->address, &letter->address)) {
	case PERSON_KEY_FOUND:
		return SMTP_ACCEPTED;
	case PERSON_KEY_GONE:
		(void)snprintf(why, CURL_ERROR_SIZE, "the person was erased"); /* fits */
		return SMTP_REFUSED;
	default:
		(void)snprintf(why, CURL_ERROR_SIZE, "the address does not open"); /* fits */
		return SMTP_LATER;
	}
}

/* Says how it went. */
static bool
finish(const struct mail *mail, const char *id, enum smtp_outcome outcome, const char *why)
{
	char now[INSTANT_TEXT_BYTES_MAX];
	const char *params[] = { id, now, why };
	PGresult *done;

	(void)instant_write(world_now_us(), now); /* its length does not matter here */
	if (outcome == SMTP_ACCEPTED)
		params[2] = NULL;
	else
		log_line(outcome == SMTP_LATER ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, "mail.not_sent",
		    "mail_id", id, "error", why, "goes", outcome == SMTP_LATER ? "later" : "never",
		    NULL);
	done = outcome == SMTP_REFUSED
		   ? ask(mail->pg, "select jobs.fail_mail($1, $2)", 2, params)
		   : ask(mail->pg, "select jobs.finish_mail($1, $3, $2)", 3, params);
	PQclear(done);
	return done != NULL;
}

enum mail_turn
mail_send_one(const struct mail *mail, const char *now)
{
	char why[CURL_ERROR_SIZE] = "";
	enum smtp_outcome outcome;
	struct letter letter;
	PGresult *row;
	bool said;

	row = ask(mail->pg,
	    "select mail_id, kind, address, locale, coalesce(code, ''), "
	    "coalesce(person_id::text, '') from jobs.take_mail($1)",
	    1, (const char *const[]){ now });
	if (row == NULL || PQntuples(row) == 0) {
		PQclear(row);
		return row == NULL ? MAIL_FAILED : MAIL_NONE;
	}
	letter = (struct letter){ .id = PQgetvalue(row, 0, 0),
		.kind = PQgetvalue(row, 0, 1),
		.address = PQgetvalue(row, 0, 2),
		.locale = PQgetvalue(row, 0, 3),
		.code = PQgetvalue(row, 0, 4) };
	outcome = open_address(mail, PQgetvalue(row, 0, 5), &letter, why);
	if (outcome == SMTP_ACCEPTED)
		outcome = hand_over(mail, &letter, why);
	said = finish(mail, letter.id, outcome, why);
	PQclear(row);
	arena_clear(mail->arena);
	return !said ? MAIL_FAILED : MAIL_SENT;
}
