/* Hanging up: what becomes of a request whose client has gone while it was thought about. In a
 * sanitized build whoever touches what was freed with the connection ends the worker. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/sign_in_given.h"
#include "gauge.h"
#include "socius/world.h"

enum { CROWD = 60, HASHING_LEAST = 20, PATIENCE_US = 60 * 1000 * 1000 };

/* A network of 127.0.0.0/8 that nobody else comes from. */
#define OWN_ADDRESS "127.0.77.1"
#define OWN_NETWORK "127.0.77.0/24"

TestSuite(hanging_up, .init = story_begin, .fini = story_end);

static int
dial(void)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int port, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (sscanf(world_setting("SOCIUS_URL", ""), "http://127.0.0.1:%d", &port) != 1)
		cr_skip_test("SOCIUS_URL names no instance that speaks plain HTTP");
	address.sin_port = htons((uint16_t)port);
	cr_assert_eq(inet_pton(AF_INET, OWN_ADDRESS, &own.sin_addr), 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
sign_in(int fd)
{
	char body[512], request[1024];
	int bytes = snprintf(body, sizeof(body),
	    "{\"email\":\"%s\",\"password\":\"" PASSWORD "\",\"device_name\":\"a\"}",
	    given_email());

	bytes = snprintf(request, sizeof(request),
	    "POST /v1/auth/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
	    "Content-Length: %d\r\n\r\n%s",
	    bytes, body);
	cr_assert_eq(send(fd, request, (size_t)bytes, MSG_NOSIGNAL), bytes);
}

/* A reset: a mere end would be answered all the same. */
static void
hang_up(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	cr_assert_eq(close(fd), 0);
}

static FILE *
open_log(void)
{
	const char *path = story_print("%s/log/api.log", world_setting("SOCIUS_VAR", "var"));
	FILE *file = fopen(path, "r");

	cr_assert_not_null(file, "%s", path);
	cr_assert_eq(fseek(file, 0, SEEK_END), 0);
	return file;
}

/* Lines of requests that nobody waited for, of our own network, since the file was opened. */
static int
lines_of_gone(FILE *file)
{
	static char line[4096];
	static int lines;

	clearerr(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		cr_assert_null(strstr(line, "AddressSanitizer"), "%s", line);
		lines += strstr(line, "\"status\":499") != NULL &&
			 strstr(line, "\"peer\":\"" OWN_NETWORK "\"") != NULL;
	}
	return lines;
}

static void
nap(int64_t until_us, const char *what)
{
	cr_assert_lt(world_monotonic_us(), until_us, "%s", what);
	(void)poll(NULL, 0, 5); /* between two looks */
}

Test(hanging_up, while_hashing_is_logged_with_its_network)
{
	int64_t until_us = world_monotonic_us() + PATIENCE_US;
	FILE *log = open_log();
	int fds[CROWD];

	for (int i = 0; i < CROWD; i++)
		fds[i] = dial();
	for (int i = 0; i < CROWD; i++)
		sign_in(fds[i]);
	while (gauge_sum("socius_pool_waiting") < HASHING_LEAST)
		nap(until_us, "the pool never had enough to do");
	for (int i = 0; i < CROWD; i++)
		hang_up(fds[i]);
	while (lines_of_gone(log) < HASHING_LEAST)
		nap(until_us, "who hung up while hashing is not in the log");
	while (gauge_sum("socius_pool_waiting") > 0)
		nap(until_us, "the pool never came to its end");
	(void)lines_of_gone(log); /* no sanitizer has said anything */
	(void)fclose(log);        /* only read */
	cr_assert_eq(story_call("GET", "/healthz", NULL, NULL, NULL)->status, 200);
}
