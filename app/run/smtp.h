/*
 * smtp: letters handed to a submission server (RFC 6409) by libcurl.
 *
 * The way is encrypted and the server shows a certificate for its name, unless it is on this
 * machine: there encryption is taken where it is offered.
 */
#ifndef APP_RUN_SMTP_H
#define APP_RUN_SMTP_H

#include <curl/curl.h>
#include <stdbool.h>

#include "socius/arena.h"
#include "socius/text.h"

enum {
	SMTP_CONNECT_MS_MAX = 5000,
	SMTP_LETTER_MS_MAX = 15000, /* all of one letter */
	SMTP_PASSWORD_BYTES_MAX = 1024
};

struct smtp {
	const char *url;  /* smtp://host[:port] or smtps://host[:port]; NULL: there is none */
	const char *user; /* NULL: nobody signs in */
	const char *password;
	const char *sender;  /* address of who writes */
	const char *ca_file; /* PEM of whom to trust; NULL: the system's */
	bool demands_tls;
};

/* Reads SOCIUS_SMTP_* and SOCIUS_MAIL_SENDER; dies with one clear line where they are unusable. */
void smtp_settings(struct smtp *smtp, struct arena *arena);

/* Whether the host is this machine. */
bool smtp_is_loopback(const char *host);

enum smtp_outcome {
	SMTP_ACCEPTED, /* the server has taken it over */
	SMTP_LATER,    /* it may go another time */
	SMTP_REFUSED   /* it will never go */
};

/* Hands one letter over, with a handle of the caller's that keeps the connection for the next.
 * `stops` is asked about once a second: true ends it (LATER). */
enum smtp_outcome smtp_send(CURL *curl, const struct smtp *smtp, const char *to, struct text letter,
    bool (*stops)(void *of), void *of, char why[CURL_ERROR_SIZE]);

#endif
