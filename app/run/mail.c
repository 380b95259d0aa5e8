/* mail: letters as files; see mail.h. */
#include "run/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socius/log.h"
#include "socius/world.h"

enum { LETTER_BYTES_MAX = 4096, PATH_BYTES_MAX = 512 };

/* What a letter says; %s is the code where there is one. The first row of a kind is for all other
 * languages. */
static const struct {
	const char *kind, *locale, *subject, *text;
} letters[] = {
	{ "sign_up", "en", "Your Socius code",
	    "Your code is %s. It works for 15 minutes.\n\n"
	    "Somebody asked for a Socius account with this address. If it was not you, do "
	    "nothing.\n" },
	{ "sign_up", "it", "Il tuo codice Socius",
	    "Il tuo codice e' %s. Vale 15 minuti.\n\n"
	    "Qualcuno ha chiesto un account Socius con questo indirizzo. Se non eri tu, non fare "
	    "nulla.\n" },
	{ "known", "en", "You have a Socius account already",
	    "Somebody asked for a Socius account with this address, which has one already. If it "
	    "was "
	    "you: sign in, or set the password anew. If it was not you, do nothing.\n" },
	{ "known", "it", "Hai gia' un account Socius",
	    "Qualcuno ha chiesto un account Socius con questo indirizzo, che ne ha gia' uno. Se "
	    "eri "
	    "tu: accedi, o imposta una nuova password. Se non eri tu, non fare nulla.\n" },
	{ "reset", "en", "Your Socius code",
	    "Your code to set the password anew is %s. It works for 15 minutes.\n\n"
	    "If you did not ask for it, do nothing: your password stays.\n" },
	{ "reset", "it", "Il tuo codice Socius",
	    "Il codice per la nuova password e' %s. Vale 15 minuti.\n\n"
	    "Se non l'hai chiesto tu, non fare nulla: la password resta.\n" },
	{ "nobody", "en", "There is no Socius account",
	    "Somebody wanted to set the password of a Socius account with this address, but there "
	    "is "
	    "none.\n" },
	{ "reuse", "en", "Somebody else used your Socius session",
	    "A key of your session was used twice, so somebody else may have had it. We ended that "
	    "session. Sign in again, and look at your sessions.\n" },
	{ "reuse", "it", "Qualcun altro ha usato la tua sessione Socius",
	    "Una chiave della tua sessione e' stata usata due volte: forse l'aveva qualcun altro. "
	    "Abbiamo chiuso la sessione. Accedi di nuovo e controlla le tue sessioni.\n" },
	{ "changed", "en", "Your Socius password was changed",
	    "Your password was changed and your other sessions have ended. If it was not you, set "
	    "the "
	    "password anew at once.\n" },
	{ "changed", "it", "La tua password Socius e' cambiata",
	    "La tua password e' stata cambiata e le altre sessioni sono chiuse. Se non eri tu, "
	    "imposta subito una nuova password.\n" },
};

/* The row of a letter, or -1. */
static int
letter_of(const char *kind, const char *locale)
{
	int found = -1;

	for (int i = 0; i < (int)(sizeof(letters) / sizeof(letters[0])); i++)
		if (strcmp(letters[i].kind, kind) == 0 &&
		    (found < 0 || strcmp(letters[i].locale, locale) == 0))
			found = i;
	return found;
}

/* RFC 5322 wants the date in English, whatever the locale. */
static void
write_date(char to[40])
{
	time_t now_s = (time_t)(world_now_us() / 1000000);
	struct tm now;

	(void)gmtime_r(&now_s, &now);                                /* cannot fail for our times */
	(void)strftime(to, 40, "%a, %d %b %Y %H:%M:%S +0000", &now); /* fits */
}

/* The text between two marks; a code has no percent sign, so the only one is ours. */
static int
write_letter(
    char to[LETTER_BYTES_MAX], int letter, const char *id, const char *address, const char *code)
{
	const char *text = letters[letter].text, *mark = strstr(text, "%s");
	int before = mark == NULL ? (int)strlen(text) : (int)(mark - text);
	char date[40];

	write_date(date);
	return snprintf(to, LETTER_BYTES_MAX,
	    "From: Socius <socius@localhost>\nTo: %s\nSubject: %s\nDate: %s\n"
	    "Message-ID: <%s@localhost>\nMIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=utf-8\n\n%.*s%s%s",
	    address, letters[letter].subject, date, id, before, text, mark == NULL ? "" : code,
	    mark == NULL ? "" : mark + 2);
}

/* Beside, then renamed: whoever reads sees a whole letter. NULL: done; else why not. */
static const char *
write_file(const char *folder, const char *id, const char *letter, int bytes)
{
	char path[PATH_BYTES_MAX], beside[PATH_BYTES_MAX];
	int fd;
	bool whole;

	if (snprintf(path, sizeof(path), "%s/%s.eml", folder, id) >= (int)sizeof(path) ||
	    snprintf(beside, sizeof(beside), "%s/.%s", folder, id) >= (int)sizeof(beside))
		return "the folder's path is too long";
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return strerror(errno);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return strerror(errno);
	whole = write(fd, letter, (size_t)bytes) == bytes;
	if (close(fd) != 0 || !whole || rename(beside, path) != 0)
		return "the letter could not be written";
	return NULL;
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

static bool
tell(PGconn *pg, const char *sql, int count, const char *const params[])
{
	PGresult *result = ask(pg, sql, count, params);

	PQclear(result);
	return result != NULL;
}

/* Writes the letter that is locked and says how it went, in the transaction at hand. */
static bool
send(PGconn *pg, const PGresult *row, const char *folder, const char *now)
{
	char text[LETTER_BYTES_MAX];
	const char *id = PQgetvalue(row, 0, 0), *why = "there is no such letter";
	int letter = letter_of(PQgetvalue(row, 0, 1), PQgetvalue(row, 0, 3)), bytes;

	if (letter >= 0) {
		bytes =
		    write_letter(text, letter, id, PQgetvalue(row, 0, 2), PQgetvalue(row, 0, 4));
		why = bytes >= LETTER_BYTES_MAX ? "the letter is too long"
						: write_file(folder, id, text, bytes);
	}
	if (why != NULL)
		log_line(LOG_LEVEL_ERROR, "mail.not_sent", "mail_id", id, "error", why, NULL);
	return tell(pg, "select jobs.finish_mail($1, $2, $3)", 3,
		   (const char *const[]){ id, why, now }) &&
	       tell(pg, "commit", 0, NULL);
}

enum mail_turn
mail_send_one(PGconn *pg, const char *folder, const char *now)
{
	PGresult *row;
	bool none, sent = false;

	if (!tell(pg, "begin", 0, NULL))
		return MAIL_FAILED;
	row = ask(pg, "select * from jobs.take_mail($1)", 1, (const char *const[]){ now });
	none = row != NULL && PQntuples(row) == 0;
	if (row != NULL && !none)
		sent = send(pg, row, folder, now);
	PQclear(row);
	if (!sent && !tell(pg, "rollback", 0, NULL))
		return MAIL_FAILED;
	return none ? MAIL_NONE : sent ? MAIL_SENT : MAIL_FAILED;
}
