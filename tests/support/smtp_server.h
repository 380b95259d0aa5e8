/*
 * smtp_server: a submission server for one test, in a thread, on a free port of 127.0.0.1. It takes
 * one connection after the other, keeps what it was told, and answers as the test wants it to.
 */
#ifndef TESTS_SMTP_SERVER_H
#define TESTS_SMTP_SERVER_H

#include <pthread.h>
#include <stdbool.h>

#include <openssl/ssl.h>

enum { SMTP_SERVER_BYTES_MAX = 65536 };

struct smtp_server {
	/* Set before it starts. */
	bool offers_tls;        /* STARTTLS, by a certificate of its own for 127.0.0.1 */
	bool demands_tls;       /* 530 before it */
	const char *auth;       /* what AUTH PLAIN must bring, in base64; NULL: it is not offered */
	const char *rcpt_reply; /* NULL: 250 */
	const char *data_reply; /* to the letter; NULL: 250 */
	int replies;            /* so often are those given; then 250. 0: always */
	bool is_mute;           /* says nothing at all */

	/* Its own. */
	int port;
	char ca_file[64]; /* of its certificate, with offers_tls */
	int listener, connection;
	pthread_t thread;
	SSL_CTX *tls;
	SSL *ssl; /* of the connection at hand */

	/* To be looked at once it has ended, or when a letter has been handed over. */
	int letters; /* accepted */
	bool was_encrypted, was_authenticated;
	char heard[SMTP_SERVER_BYTES_MAX]; /* all lines, of all connections */
	size_t heard_bytes;
};

void smtp_server_start(struct smtp_server *server);
void smtp_server_end(struct smtp_server *server);

#endif
