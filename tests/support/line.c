/* line: bytes to the API or its edge; see line.h. */
#include "line.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socius/world.h"

static const char *const settings[LINE_WAYS] = { "SOCIUS_URL", "SOCIUS_EDGE_URL" };
static const char *const prefixes[LINE_WAYS] = { "http://127.0.0.1:", "https://127.0.0.1:" };

static char reply[LINE_REPLY_BYTES_MAX];

/* 0: there is no such way. */
static uint16_t
port_of(enum line_way way)
{
	const char *url = world_setting(settings[way], "");
	size_t bytes = strlen(prefixes[way]);

	if (strncmp(url, prefixes[way], bytes) != 0)
		return 0;
	return (uint16_t)strtol(url + bytes, NULL, 10);
}

bool
line_ways(void)
{
	return port_of(LINE_DIRECT) != 0 && port_of(LINE_EDGE) != 0;
}

static SSL *
shake_hands(int fd)
{
	static SSL_CTX *context;
	SSL *tls;

	if (context == NULL)
		context = SSL_CTX_new(TLS_client_method());
	tls = SSL_new(context);
	cr_assert_eq(SSL_set_fd(tls, fd), 1);
	cr_assert_eq(SSL_connect(tls), 1);
	return tls;
}

struct line
line_open(enum line_way way)
{
	struct timeval patience = { .tv_sec = LINE_PATIENCE_S };
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port_of(way)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct line line = { .fd = socket(AF_INET, SOCK_STREAM, 0) };

	(void)signal(SIGPIPE, SIG_IGN); /* TLS writes without MSG_NOSIGNAL */
	cr_assert_eq(setsockopt(line.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	cr_assert_eq(connect(line.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (way == LINE_EDGE)
		line.tls = shake_hands(line.fd);
	return line;
}

void
line_close(struct line *line)
{
	SSL_free(line->tls);
	(void)close(line->fd); /* all was said */
}

bool
line_say(struct line *line, const void *at, size_t bytes)
{
	const char *from = at;

	while (bytes > 0) {
		ssize_t sent = line->tls != NULL ? SSL_write(line->tls, from, (int)bytes)
						 : send(line->fd, from, bytes, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		from += sent;
		bytes -= (size_t)sent;
	}
	return true;
}

bool
line_say_text(struct line *line, const char *text)
{
	return line_say(line, text, strlen(text));
}

const char *
line_hear(struct line *line)
{
	size_t got = 0;
	ssize_t part = 1;

	while (got < sizeof(reply) - 1 && part > 0) {
		size_t room = sizeof(reply) - 1 - got;

		part = line->tls != NULL ? SSL_read(line->tls, reply + got, (int)room)
					 : recv(line->fd, reply + got, room, 0);
		got += part > 0 ? (size_t)part : 0;
	}
	reply[got] = '\0';
	return reply;
}

const char *
line_ask(enum line_way way, const void *at, size_t bytes)
{
	struct line line = line_open(way);

	(void)line_say(&line, at, bytes); /* the reply says what was heard */
	line_hear(&line);
	line_close(&line);
	return reply;
}

int
line_times(const char *text, const char *what)
{
	int count = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		count++;
	return count;
}

int
line_status(const char *text)
{
	return strncmp(text, "HTTP/1.1 ", 9) == 0 ? (int)strtol(text + 9, NULL, 10) : 0;
}
