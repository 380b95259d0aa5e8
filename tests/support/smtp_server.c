/* smtp_server: see smtp_server.h. */
#include "smtp_server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls.h"

enum { LINE_BYTES_MAX = 2048 };

static ssize_t
take(struct smtp_server *server, char *to)
{
	if (server->ssl != NULL)
		return SSL_read(server->ssl, to, 1);
	return read(server->connection, to, 1);
}

/* A client that is gone is seen by the next read. */
static void
say(struct smtp_server *server, const char *line)
{
	if (server->ssl != NULL)
		(void)SSL_write(server->ssl, line, (int)strlen(line));
	else
		(void)send(server->connection, line, strlen(line), MSG_NOSIGNAL);
	if (server->ssl != NULL)
		(void)SSL_write(server->ssl, "\r\n", 2);
	else
		(void)send(server->connection, "\r\n", 2, MSG_NOSIGNAL);
}

/* One line without its end, also kept; false: the client is gone. */
static bool
hear(struct smtp_server *server, char line[LINE_BYTES_MAX])
{
	size_t bytes = 0;

	while (bytes < LINE_BYTES_MAX - 1 && take(server, &line[bytes]) == 1 && line[bytes] != '\n')
		bytes++;
	line[bytes] = '\0';
	if (bytes == 0)
		return false;
	if (line[bytes - 1] == '\r')
		line[bytes - 1] = '\0';
	if (server->heard_bytes + bytes + 2 < SMTP_SERVER_BYTES_MAX)
		server->heard_bytes += (size_t)snprintf(server->heard + server->heard_bytes,
		    SMTP_SERVER_BYTES_MAX - server->heard_bytes, "%s\n", line);
	return true;
}

static bool
begins(const char *line, const char *with)
{
	return strncasecmp(line, with, strlen(with)) == 0;
}

static void
greet(struct smtp_server *server)
{
	say(server, "250-test");
	if (server->offers_tls && server->ssl == NULL)
		say(server, "250-STARTTLS");
	if (server->auth != NULL)
		say(server, "250-AUTH PLAIN");
	say(server, "250 8BITMIME");
}

static void
encrypt(struct smtp_server *server)
{
	say(server, "220 go on");
	server->ssl = SSL_new(server->tls);
	SSL_set_fd(server->ssl, server->connection);
	server->was_encrypted = SSL_accept(server->ssl) == 1;
}

static void
authenticate(struct smtp_server *server, const char *line)
{
	char given[LINE_BYTES_MAX];
	const char *initial =
	    strlen(line) > strlen("AUTH PLAIN ") ? line + strlen("AUTH PLAIN ") : NULL;

	if (initial == NULL) {
		say(server, "334 ");
		if (!hear(server, given))
			return;
		initial = given;
	}
	server->was_authenticated = strcmp(initial, server->auth) == 0;
	say(server, server->was_authenticated ? "235 welcome" : "535 5.7.8 wrong");
}

/* The reply that the test wants, as often as it wants it. */
static const char *
reply(struct smtp_server *server, const char *wanted)
{
	if (wanted == NULL || server->replies < 0)
		return "250 ok";
	if (server->replies > 0 && --server->replies == 0)
		server->replies = -1;
	return wanted;
}

static void
take_letter(struct smtp_server *server)
{
	char line[LINE_BYTES_MAX];
	const char *answer;

	say(server, "354 go on");
	do {
		if (!hear(server, line))
			return;
	} while (strcmp(line, ".") != 0);
	answer = reply(server, server->data_reply);
	server->letters += answer[0] == '2';
	say(server, answer);
}

static void
answer(struct smtp_server *server, const char *line)
{
	if (begins(line, "EHLO"))
		greet(server);
	else if (begins(line, "STARTTLS") && server->offers_tls)
		encrypt(server);
	else if (server->demands_tls && server->ssl == NULL)
		say(server, "530 5.7.0 STARTTLS first");
	else if (begins(line, "AUTH PLAIN") && server->auth != NULL)
		authenticate(server, line);
	else if (begins(line, "RCPT"))
		say(server, reply(server, server->rcpt_reply));
	else if (begins(line, "DATA"))
		take_letter(server);
	else if (begins(line, "MAIL") || begins(line, "RSET"))
		say(server, "250 ok");
	else if (begins(line, "QUIT"))
		say(server, "221 bye");
	else
		say(server, "502 what?");
}

static void
serve(struct smtp_server *server)
{
	char line[LINE_BYTES_MAX];

	if (!server->is_mute)
		say(server, "220 test");
	while (hear(server, line))
		if (!server->is_mute)
			answer(server, line);
	SSL_free(server->ssl);
	server->ssl = NULL;
	(void)close(server->connection);
}

static void *
run(void *of)
{
	struct smtp_server *server = of;

	while ((server->connection = accept(server->listener, NULL, NULL)) >= 0)
		serve(server);
	return NULL;
}

void
smtp_server_start(struct smtp_server *server)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(at);

	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(server->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(server->listener, 8), 0);
	cr_assert_eq(getsockname(server->listener, (struct sockaddr *)&at, &bytes), 0);
	server->port = ntohs(at.sin_port);
	if (server->offers_tls) {
		(void)snprintf(server->ca_file, sizeof(server->ca_file), "/tmp/socius-ca.XXXXXX");
		server->tls = tls_context(server->ca_file);
	}
	cr_assert_eq(pthread_create(&server->thread, NULL, run, server), 0);
}

void
smtp_server_end(struct smtp_server *server)
{
	(void)shutdown(server->listener, SHUT_RDWR); /* accept returns */
	cr_assert_eq(pthread_join(server->thread, NULL), 0);
	(void)close(server->listener);
	SSL_CTX_free(server->tls);
	if (server->offers_tls)
		(void)unlink(server->ca_file);
}
