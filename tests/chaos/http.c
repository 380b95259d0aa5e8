/* http: one client connection; see http.h. */
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "socius/log.h"
#include "socius/world.h"

enum { PATIENCE_MS = 10 * 1000 };

static struct sockaddr_in address;
static char host[32];

void
http_go_to(const char *url)
{
	static const char start[] = "http://127.0.0.1:";
	long port = 0;
	char *end = NULL;

	if (url != NULL && strncmp(url, start, sizeof(start) - 1) == 0)
		port = strtol(url + sizeof(start) - 1, &end, 10);
	if (port < 1 || port > 65535 || (*end != '\0' && strcmp(end, "/") != 0))
		log_die("SOCIUS_URL must be http://127.0.0.1:PORT: chaos is for this machine only");
	address.sin_family = AF_INET;
	address.sin_port = htons((uint16_t)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)snprintf(host, sizeof(host), "127.0.0.1:%ld", port); /* fits */
}

void
http_init(struct http *http)
{
	memset(http, 0, sizeof(*http));
	http->fd = -1;
	http->reply = malloc(HTTP_REPLY_BYTES_MAX + 1);
	if (http->reply == NULL)
		log_die("no memory for a connection");
}

static void
hang_up(struct http *http)
{
	if (http->fd >= 0)
		(void)close(http->fd); /* the line is cut, whatever it says */
	http->fd = -1;
}

static enum http_state
end_without_answer(struct http *http)
{
	hang_up(http);
	return http->state = http->sent < http->request_bytes ? HTTP_NOT_SENT : HTTP_LOST;
}

static void
open_line(struct http *http)
{
	int yes = 1;

	http->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (http->fd < 0)
		log_die("socket: %s", strerror(errno));
	(void)setsockopt(http->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)); /* only speed */
	if (connect(http->fd, (const struct sockaddr *)&address, sizeof(address)) != 0 &&
	    errno != EINPROGRESS)
		hang_up(http);
}

void
http_begin(struct http *http, const char *method, const char *path, const char *token,
    const char *key, const char *body)
{
	int bytes = snprintf(http->request, sizeof(http->request),
	    "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s%s%s%s%s%s", method, path, host,
	    token != NULL ? "Authorization: Bearer " : "", token != NULL ? token : "",
	    token != NULL ? "\r\n" : "", key != NULL ? "Idempotency-Key: " : "",
	    key != NULL ? key : "", key != NULL ? "\r\n" : "",
	    body[0] != '\0' ? "Content-Type: application/json\r\n" : "");

	if (bytes > 0 && (size_t)bytes < sizeof(http->request))
		bytes += snprintf(http->request + bytes, sizeof(http->request) - (size_t)bytes,
		    "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	if (bytes < 0 || (size_t)bytes >= sizeof(http->request))
		log_die("a request is too long");
	http->request_bytes = (size_t)bytes;
	http->sent = http->received = 0;
	http->state = HTTP_GOING;
	if (http->fd < 0)
		open_line(http);
}

/* The value of a header of the reply, or NULL. */
static const char *
header(const char *head, const char *name)
{
	size_t bytes = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, bytes) == 0 && line[bytes] == ':')
			return line + bytes + 1 + strspn(line + bytes + 1, " ");
	}
	return NULL;
}

/* Whether the reply is there as a whole. */
static bool
is_whole(struct http *http)
{
	char *end = strstr(http->reply, "\r\n\r\n");
	const char *value;
	bool closes;

	if (end == NULL)
		return false;
	*end = '\0'; /* so that only the head is looked at */
	value = header(http->reply, "Content-Length");
	http->status =
	    strncmp(http->reply, "HTTP/1.1 ", 9) == 0 ? (int)strtol(http->reply + 9, NULL, 10) : 0;
	http->body = end + 4;
	closes = (value = header(http->reply, "Connection")) != NULL &&
		 strncasecmp(value, "close", 5) == 0;
	value = header(http->reply, "Idempotent-Replayed");
	http->replayed = value != NULL && strncmp(value, "true", 4) == 0;
	value = header(http->reply, "Content-Length");
	if (value == NULL)
		log_die("a reply has no Content-Length: %s", http->reply);
	if (http->received < (size_t)(http->body - http->reply) + strtoul(value, NULL, 10)) {
		*end = '\r';
		return false;
	}
	if (closes)
		hang_up(http);
	return true;
}

static enum http_state
receive(struct http *http)
{
	ssize_t bytes;

	while ((bytes = recv(http->fd, http->reply + http->received,
		    HTTP_REPLY_BYTES_MAX - http->received, 0)) > 0) {
		http->received += (size_t)bytes;
		http->reply[http->received] = '\0';
		if (is_whole(http))
			return http->state = HTTP_ANSWERED;
		if (http->received == HTTP_REPLY_BYTES_MAX)
			log_die("a reply is longer than %d bytes", HTTP_REPLY_BYTES_MAX);
	}
	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return HTTP_GOING;
	return end_without_answer(http);
}

enum http_state
http_turn(struct http *http, size_t most)
{
	ssize_t bytes;

	if (http->state != HTTP_GOING)
		return http->state;
	if (http->fd < 0)
		return end_without_answer(http);
	if (most > http->request_bytes)
		most = http->request_bytes;
	if (http->sent < most) {
		bytes = send(http->fd, http->request + http->sent, most - http->sent, MSG_NOSIGNAL);
		if (bytes > 0)
			http->sent += (size_t)bytes;
		else if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
			return end_without_answer(http);
	}
	if (http->sent == 0)
		return HTTP_GOING;
	return receive(http);
}

short
http_events(const struct http *http)
{
	if (http->state != HTTP_GOING)
		return 0;
	return http->sent < http->request_bytes ? POLLOUT | POLLIN : POLLIN;
}

void
http_hang_up(struct http *http)
{
	if (http->state == HTTP_GOING)
		(void)end_without_answer(http); /* the state keeps it */
	else
		hang_up(http);
}

int
http_try(struct http *http, const char *method, const char *path, const char *token,
    const char *key, const char *body)
{
	int64_t until_us = world_monotonic_us() + PATIENCE_MS * INT64_C(1000);

	http_begin(http, method, path, token, key, body);
	while (http_turn(http, HTTP_REQUEST_BYTES_MAX) == HTTP_GOING) {
		struct pollfd polled = { .fd = http->fd, .events = http_events(http) };

		if (world_monotonic_us() > until_us)
			http_hang_up(http);
		else if (poll(&polled, 1, 100) < 0 && errno != EINTR)
			log_die("poll: %s", strerror(errno));
	}
	return http->state == HTTP_ANSWERED ? http->status : -1;
}

int
http_ask(struct http *http, const char *method, const char *path, const char *token,
    const char *key, const char *body)
{
	int status = http_try(http, method, path, token, key, body);

	if (status < 0)
		log_die("%s %s: no reply", method, path);
	return status;
}
