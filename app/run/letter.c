/* letter: see letter.h. */
#include "run/letter.h"

#include <time.h>

#include <openssl/evp.h>

#include "address.h"

enum { WORD_BYTES_MAX = 39, QUOTED_COLUMNS_MAX = 75 };

/* What a letter says; %s is the code where there is one. The first row of a kind is for all other
 * languages. */
static const struct {
	const char *kind, *locale, *subject, *text;
} letters[] = {
	{ "sign_up", "en", "Your Socius code",
	    "Your code is %s. It works for 15 minutes.\n\n"
	    "Somebody asked for a Socius account with this address.\n"
	    "If it was not you, do nothing.\n" },
	{ "sign_up", "it", "Il tuo codice Socius",
	    "Il tuo codice è %s. Vale 15 minuti.\n\n"
	    "Qualcuno ha chiesto un account Socius con questo indirizzo.\n"
	    "Se non eri tu, non fare nulla.\n" },
	{ "invited", "en", "You are invited to an office of Socius",
	    "Somebody would like you to act as operator, auditor or admin.\n"
	    "To accept, make an account or sign in with this address, and\n"
	    "give this code within seven days:\n\n%s\n\n"
	    "If you do not know what this is about, do nothing.\n" },
	{ "invited", "it", "Sei invitato in un ufficio di Socius",
	    "Qualcuno ti vorrebbe come operatore, revisore o amministratore.\n"
	    "Per accettare, crea un account o accedi con questo indirizzo, e\n"
	    "indica questo codice entro sette giorni:\n\n%s\n\n"
	    "Se non sai di che cosa si tratta, non fare nulla.\n" },
	{ "known", "en", "You have a Socius account already",
	    "Somebody asked for a Socius account with this address, which\n"
	    "has one already. If it was you: sign in, or set the password\n"
	    "anew. If it was not you, do nothing.\n" },
	{ "known", "it", "Hai già un account Socius",
	    "Qualcuno ha chiesto un account Socius con questo indirizzo,\n"
	    "che ne ha già uno. Se eri tu: accedi, o imposta una nuova\n"
	    "password. Se non eri tu, non fare nulla.\n" },
	{ "reset", "en", "Your Socius code",
	    "Your code to set the password anew is %s. It works for 15 minutes.\n\n"
	    "If you did not ask for it, do nothing: your password stays.\n" },
	{ "reset", "it", "Il tuo codice Socius",
	    "Il codice per la nuova password è %s. Vale 15 minuti.\n\n"
	    "Se non l'hai chiesto tu, non fare nulla: la password resta.\n" },
	{ "email", "en", "Your Socius code",
	    "Your code is %s. It works for 15 minutes.\n\n"
	    "A Socius account wants to use this address. If it is not yours,\n"
	    "do nothing.\n" },
	{ "email", "it", "Il tuo codice Socius",
	    "Il tuo codice è %s. Vale 15 minuti.\n\n"
	    "Un account Socius vuole usare questo indirizzo. Se non è il tuo,\n"
	    "non fare nulla.\n" },
	{ "email_changed", "en", "Your Socius account has another address",
	    "Your account uses another address from now on. If it was not you,\n"
	    "write to us at once: this address cannot sign in any more.\n" },
	{ "email_changed", "it", "Il tuo account Socius ha un altro indirizzo",
	    "Da ora il tuo account usa un altro indirizzo. Se non eri tu,\n"
	    "scrivici subito: con questo indirizzo non si accede più.\n" },
	{ "nobody", "en", "There is no Socius account",
	    "Somebody wanted to set the password of a Socius account with\n"
	    "this address, but there is none.\n" },
	{ "reuse", "en", "Somebody else used your Socius session",
	    "A key of your session was used twice, so somebody else may have\n"
	    "had it. We ended that session. Sign in again, and look at your\n"
	    "sessions.\n" },
	{ "reuse", "it", "Qualcun altro ha usato la tua sessione Socius",
	    "Una chiave della tua sessione è stata usata due volte: forse\n"
	    "l'aveva qualcun altro. Abbiamo chiuso la sessione. Accedi di\n"
	    "nuovo e controlla le tue sessioni.\n" },
	{ "linked", "en", "Another way to sign in to Socius",
	    "Another provider's word was linked to your account: whoever signs\n"
	    "in there signs in here. If it was not you, take it off, set the\n"
	    "password anew and look at your sessions.\n" },
	{ "linked", "it", "Un altro modo di accedere a Socius",
	    "Un altro provider è stato collegato al tuo account: chi accede lì\n"
	    "accede anche qui. Se non eri tu, scollegalo, imposta una nuova\n"
	    "password e controlla le tue sessioni.\n" },
	{ "changed", "en", "Your Socius password was changed",
	    "Your password was changed and your other sessions have ended.\n"
	    "If it was not you, set the password anew at once.\n" },
	{ "changed", "it", "La tua password Socius è cambiata",
	    "La tua password è stata cambiata e le altre sessioni sono chiuse.\n"
	    "Se non eri tu, imposta subito una nuova password.\n" },
};

/* The row of a letter, or -1. */
static int
row_of(const char *kind, const char *locale)
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
write_date(int64_t now_us, struct buffer *to)
{
	time_t now_s = (time_t)(now_us / 1000000);
	struct tm now;
	char date[40];

	(void)gmtime_r(&now_s, &now); /* cannot fail for our times */
	(void)strftime(date, 40, "%a, %d %b %Y %H:%M:%S +0000", &now); /* fits */
	buffer_add_text(to, date);
}

static bool
is_ascii(struct text from)
{
	for (size_t i = 0; i < from.bytes; i++)
		if (from.at[i] < ' ' || from.at[i] > '~')
			return false;
	return true;
}

/* RFC 2047: no word splits a character, no line is longer than 76. */
void
letter_write_words(struct text from, const char *line_end, struct buffer *to)
{
	unsigned char word[4 * (WORD_BYTES_MAX / 3 + 1) + 1];

	if (is_ascii(from)) {
		buffer_add(to, from.at, from.bytes);
		return;
	}
	while (from.bytes > 0) {
		size_t bytes = from.bytes < WORD_BYTES_MAX ? from.bytes : WORD_BYTES_MAX;

		while (bytes > 1 && bytes < from.bytes && (from.at[bytes] & 0xc0) == 0x80)
			bytes--;
		(void)EVP_EncodeBlock(
		    word, (const unsigned char *)from.at, (int)bytes); /* its length is known */
		buffer_print(to, "=?UTF-8?B?%s?=", (const char *)word);
		from.at += bytes;
		from.bytes -= bytes;
		if (from.bytes > 0)
			buffer_print(to, "%s ", line_end);
	}
}

/* RFC 2045 section 6.7. */
void
letter_write_quoted(struct text from, const char *line_end, struct buffer *to)
{
	int column = 0;

	for (size_t i = 0; i < from.bytes; i++) {
		unsigned char c = (unsigned char)from.at[i];
		bool last = i + 1 == from.bytes || from.at[i + 1] == '\n';
		bool plain = c >= ' ' && c <= '~' && c != '=' && (c != ' ' || !last);

		if (c == '\n') {
			buffer_add_text(to, line_end);
			column = 0;
			continue;
		}
		if (column + (plain ? 1 : 3) > QUOTED_COLUMNS_MAX) {
			buffer_print(to, "=%s", line_end);
			column = 0;
		}
		buffer_print(to, plain ? "%c" : "=%02X", c);
		column += plain ? 1 : 3;
	}
}

/* A code has no percent sign, so the only mark is ours. */
static void
write_text(const char *text, const char *code, const char *line_end, struct buffer *to)
{
	const char *mark = strstr(text, "%s");
	struct buffer whole;

	buffer_init(&whole, to->arena, 1024);
	buffer_add(&whole, text, mark == NULL ? strlen(text) : (size_t)(mark - text));
	if (mark != NULL) {
		buffer_add_text(&whole, code);
		buffer_add_text(&whole, mark + 2);
	}
	letter_write_quoted(buffer_text(&whole), line_end, to);
}

const char *
letter_write(const struct letter *letter, const char *sender, int64_t now_us, const char *line_end,
    struct buffer *to)
{
	int row = row_of(letter->kind, letter->locale);

	if (row < 0)
		return "there is no such letter";
	if (!address_right(text_of(letter->address)))
		return "the address is none";
	buffer_print(to, "From: Socius <%s>%sTo: %s%sSubject: ", sender, line_end, letter->address,
	    line_end);
	letter_write_words(text_of(letters[row].subject), line_end, to);
	buffer_print(to, "%sDate: ", line_end);
	write_date(now_us, to);
	buffer_print(to,
	    "%sMessage-ID: <%s@%s>%sMIME-Version: 1.0%s"
	    "Content-Type: text/plain; charset=utf-8%s"
	    "Content-Transfer-Encoding: quoted-printable%sAuto-Submitted: auto-generated%s%s",
	    line_end, letter->id, strchr(sender, '@') + 1, line_end, line_end, line_end, line_end,
	    line_end, line_end);
	write_text(letters[row].text, letter->code, line_end, to);
	return NULL;
}
