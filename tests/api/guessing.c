/* Guessing: what a sign-in costs, whoever it is for, and what happens when too many come at once.
 */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/sign_in_given.h"
#include "gauge.h"
#include "socius/world.h"

enum { CROWD = 400, OF_A_NETWORK = 40, REPLY_BYTES_MAX = 2048, PATIENCE_MS = 60000 };

TestSuite(guessing, .init = story_begin, .fini = story_end);

/* How often passwords were hashed, by all workers. */
static long
evaluations(void)
{
	return gauge_sum("socius_password_evaluations_total");
}

static long
cost_of(const char *email, const char *password, const char *code)
{
	long before = evaluations();
	struct story_reply *reply = given_try(email, password, NULL);

	if (code == NULL)
		cr_assert_eq(reply->status, 201, "%s", reply->text);
	else
		story_refused(reply, code);
	return evaluations() - before;
}

static void
costs_one_evaluation_for_known_unknown_and_closed_addresses(void)
{
	const char *email = given_email();

	(void)given_account(email);
	cr_expect_eq(cost_of(email, "not what it is", "sign_in_wrong"), 1);
	cr_expect_eq(cost_of(email, PASSWORD, NULL), 1);
	cr_expect_eq(cost_of(given_email(), PASSWORD, "sign_in_wrong"), 1);
	cr_assert_eq(story_call("POST", "/v1/me/closing",
			 story_text(given_session(email, NULL), "access_token"), NULL,
			 "{\"password\":\"" PASSWORD "\"}")
			 ->status,
	    200);
	cr_expect_eq(cost_of(email, PASSWORD, "sign_in_wrong"), 1, "it is closed");
}

static void
costs_nothing_when_it_is_delayed(void)
{
	const char *email = given_email();
	long before = evaluations();
	int refused = 0;

	for (int i = 0; i < 100; i++)
		refused += given_try(email, story_print("guess number %d", i), NULL)->status == 429;
	cr_assert_eq(evaluations() - before, 100 - refused);
	cr_assert_leq(100 - refused, 12);
}

/* From another network of 127.0.0.0/8 for each few, so that none of them has to wait. */
static int
dial(int number)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
		.sin_addr = { htonl(0x7f000001u + (unsigned)(1 + number / OF_A_NETWORK) * 256) } };
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int port, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (sscanf(world_setting("SOCIUS_URL", ""), "http://127.0.0.1:%d", &port) != 1)
		cr_skip_test("SOCIUS_URL names no instance that speaks plain HTTP");
	address.sin_port = htons((uint16_t)port);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
try_to_sign_in(int fd)
{
	char body[512], request[1024];
	int bytes = snprintf(body, sizeof(body),
	    "{\"email\":\"%s\",\"password\":\"" PASSWORD "\",\"device_name\":\"a\"}",
	    given_email());

	bytes = snprintf(request, sizeof(request),
	    "POST /v1/auth/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
	    "Connection: close\r\nContent-Length: %d\r\n\r\n%s",
	    bytes, body);
	cr_assert_eq(send(fd, request, (size_t)bytes, MSG_NOSIGNAL), bytes);
}

/* The whole reply; the server closes behind it. */
static const char *
hear(int fd, char to[REPLY_BYTES_MAX])
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	size_t got = 0;
	ssize_t part;

	do {
		cr_assert_eq(poll(&readable, 1, PATIENCE_MS), 1);
		part = recv(fd, to + got, REPLY_BYTES_MAX - 1 - got, 0);
		got += part > 0 ? (size_t)part : 0;
	} while (part > 0);
	to[got] = '\0';
	return to;
}

/* Two workers with two threads each, and 64 that may wait at each of them. */
static void
is_refused_when_too_many_wait_and_held_up_by_nothing_after(void)
{
	static char reply[REPLY_BYTES_MAX];
	int fds[CROWD], evaluated = 0, refused = 0;
	long before = evaluations();

	for (int i = 0; i < CROWD; i++)
		fds[i] = dial(i);
	for (int i = 0; i < CROWD; i++)
		try_to_sign_in(fds[i]);
	for (int i = 0; i < CROWD; i++) {
		hear(fds[i], reply);
		(void)close(fds[i]); /* it was only read */
		if (strncmp(reply, "HTTP/1.1 401 ", 13) == 0) {
			evaluated++;
			continue;
		}
		cr_assert_eq(strncmp(reply, "HTTP/1.1 503 ", 13), 0, "%s", reply);
		cr_assert_not_null(strstr(reply, "\"code\":\"unavailable\""), "%s", reply);
		cr_assert_not_null(strstr(reply, "\r\nRetry-After: 1\r\n"), "%s", reply);
		refused++;
	}
	cr_log_info("%d evaluated, %d refused", evaluated, refused);
	cr_assert_gt(refused, 0);
	cr_assert_geq(evaluated, 64);
	cr_assert_eq(evaluations() - before, evaluated);
	cr_assert_eq(cost_of(given_email(), PASSWORD, "sign_in_wrong"), 1);
}

Test(guessing, costs_one_evaluation_or_none)
{
	costs_one_evaluation_for_known_unknown_and_closed_addresses();
	costs_nothing_when_it_is_delayed();
	is_refused_when_too_many_wait_and_held_up_by_nothing_after();
}
