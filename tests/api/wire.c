/* The wire: what a connection does that a well-behaved client never tries. Plain HTTP only. */
#include <criterion/criterion.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socius/world.h"

enum { PATIENCE_MS = 20000, TEXT_BYTES_MAX = 1024 * 1024 };

#define ASK(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static char host[128], port[8];
static char got[TEXT_BYTES_MAX];
static size_t got_bytes;
static int fd;

static int
dial(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	int dialled;

	cr_assert_eq(getaddrinfo(host, port, &hints, &found), 0);
	dialled = socket(found->ai_family, SOCK_STREAM, 0);
	cr_assert_eq(connect(dialled, found->ai_addr, found->ai_addrlen), 0);
	freeaddrinfo(found);
	return dialled;
}

static void
given(void)
{
	const char *url = world_setting("SOCIUS_URL", NULL);

	if (url == NULL || sscanf(url, "http://%127[^:/]:%7[0-9]", host, port) != 2)
		cr_skip_test("SOCIUS_URL names no instance that speaks plain HTTP");
	fd = dial();
}

static void
ended(void)
{
	(void)close(fd); /* it was only a test's */
}

TestSuite(wire, .init = given, .fini = ended);

/* What the server has thrown away need not arrive. */
static void
say(const void *at, size_t bytes)
{
	const char *from = at;

	while (bytes > 0) {
		ssize_t sent = send(fd, from, bytes, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		from += sent;
		bytes -= (size_t)sent;
	}
}

static void
say_text(const char *text)
{
	say(text, strlen(text));
}

/* Waits for more; 0: the server has closed, -1: it has reset. */
static ssize_t
hear(void)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	ssize_t bytes;

	cr_assert_eq(
	    poll(&readable, 1, PATIENCE_MS), 1, "the server says nothing more after: %s", got);
	cr_assert_lt(got_bytes, sizeof(got) - 1);
	bytes = recv(fd, got + got_bytes, sizeof(got) - 1 - got_bytes, 0);
	if (bytes > 0)
		got_bytes += (size_t)bytes;
	got[got_bytes] = '\0';
	return bytes;
}

static int
times(const char *what)
{
	int count = 0;

	for (const char *at = got; (at = strstr(at, what)) != NULL; at += strlen(what))
		count++;
	return count;
}

static void
hear_until(const char *what, int count)
{
	while (times(what) < count)
		cr_assert_gt(hear(), 0, "the server closed after: %s", got);
}

static void
hear_to_the_end(void)
{
	ssize_t bytes;

	while ((bytes = hear()) > 0)
		continue;
	cr_assert_eq(bytes, 0, "the server reset the connection after: %s", got);
}

static void
expect_refusal(const char *status)
{
	hear_to_the_end();
	cr_assert_eq(strncmp(got, "HTTP/1.1 ", 9), 0, "%s", got);
	cr_assert_eq(strncmp(got + 9, status, 3), 0, "%s", got);
	cr_assert_not_null(strstr(got, "Content-Type: application/problem+json\r\n"));
	cr_assert_not_null(strstr(got, "Connection: close\r\n"));
	cr_assert_eq(times("HTTP/1.1 "), 1);
}

Test(wire, answers_pipelined_requests_in_order)
{
	for (int i = 0; i < 50; i++)
		say_text(ASK("/readyz") ASK("/healthz"));
	hear_until("HTTP/1.1 200", 100);
	for (char *at = got; (at = strstr(at, "\"status\":")) != NULL; at++) {
		static int seen;

		cr_assert_eq(strncmp(at + 10, seen++ % 2 == 0 ? "ready" : "ok", 2), 0, "%d", seen);
	}
}

Test(wire, answers_a_request_that_comes_byte_by_byte)
{
	static const char ask[] = ASK("/healthz");

	for (size_t i = 0; i < sizeof(ask) - 1; i++)
		say(ask + i, 1);
	hear_until("\"ok\"", 1);
}

Test(wire, answers_a_client_that_has_shut_its_side_down)
{
	say_text(ASK("/readyz") ASK("/readyz"));
	cr_assert_eq(shutdown(fd, SHUT_WR), 0);
	hear_to_the_end();
	cr_assert_eq(times("\"ready\""), 2);
}

Test(wire, says_nothing_to_half_a_request)
{
	say_text("GET /hea");
	cr_assert_eq(shutdown(fd, SHUT_WR), 0);
	hear_to_the_end();
	cr_assert_eq(got_bytes, 0);
}

/* The server waits 10 s for a head, and tells who is slower. */
Test(wire, tells_a_slow_client_that_its_time_is_over)
{
	say_text("GET /healthz HTTP/1.1\r\nHost: x\r\nAccept: ");
	hear_to_the_end();
	cr_assert(strstr(got, "408 "), "%s", got);
	cr_assert(strstr(got, "\"code\":\"request_timeout\""), "%s", got);
}

Test(wire, keeps_the_connection_after_a_problem)
{
	say_text(
	    ASK("/nothing") "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" ASK(
		"/healthz"));
	hear_until("\"ok\"", 1);
	cr_assert_eq(times("HTTP/1.1 404"), 1);
	cr_assert_eq(times("HTTP/1.1 405"), 1);
}

Test(wire, gives_a_go_to_a_client_that_waits_for_it)
{
	say_text("POST /nothing HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
		 "Content-Length: 3\r\n\r\n");
	hear_until("HTTP/1.1 100 Continue\r\n\r\n", 1);
	say_text("abc");
	hear_until("HTTP/1.1 404", 1);
}

Test(wire, sends_no_body_for_head)
{
	say_text("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n" ASK("/readyz"));
	hear_until("\"ready\"", 1);
	cr_assert_eq(times("HTTP/1.1 200"), 2);
	cr_assert_eq(times("\"ok\""), 0);
	cr_assert_not_null(strstr(got, "Content-Length: 15\r\n"));
}

Test(wire, names_the_methods_of_a_path)
{
	say_text(
	    "OPTIONS /v1/slots HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
	hear_until("HTTP/1.1 204", 2);
	cr_assert_not_null(strstr(got, "Allow: GET, HEAD, POST, OPTIONS\r\n"));
}

Test(wire, closes_after_http_1_0)
{
	say_text("GET /healthz HTTP/1.0\r\n\r\n");
	hear_to_the_end();
	cr_assert_eq(times("\"ok\""), 1);
}

/* The refusals must arrive although bytes of the request are still on their way. */

static char *
filler(size_t bytes)
{
	char *at = malloc(bytes + 1);

	memset(at, 'x', bytes);
	at[bytes] = '\0';
	return at;
}

Test(wire, refuses_a_large_head_without_a_reset)
{
	char *much = filler(256 * 1024);

	say_text("GET / HTTP/1.1\r\nHost: a\r\nX: ");
	say_text(much);
	say_text("\r\n\r\n");
	expect_refusal("431");
	free(much);
}

Test(wire, refuses_a_long_path_without_a_reset)
{
	char *much = filler(256 * 1024);

	say_text("GET /");
	say_text(much);
	say_text(" HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_refusal("414");
	free(much);
}

Test(wire, refuses_a_large_body_without_a_reset)
{
	char *much = filler(2 * 1024 * 1024);

	say_text("POST /v1/zones HTTP/1.1\r\nHost: a\r\nContent-Length: 2097152\r\n\r\n");
	say_text(much);
	expect_refusal("413");
	free(much);
}

Test(wire, refuses_chunks)
{
	say_text("POST /v1/zones HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "3\r\nabc\r\n0\r\n\r\n");
	expect_refusal("411");
}

Test(wire, never_takes_a_body_for_a_request)
{
	say_text(
	    "DELETE /v1/zones HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\n\r\n" ASK("/healthz"));
	expect_refusal("400");
}

Test(wire, refuses_what_is_not_http)
{
	static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n";

	say(hello, sizeof(hello) - 1);
	expect_refusal("400");
}

Test(wire, is_not_disturbed_by_clients_that_hang_up)
{
	struct linger now = { 1, 0 };

	for (int i = 0; i < 300; i++) {
		int other = dial(), kept = fd;

		fd = other;
		say_text(ASK("/readyz") "GET /rea");
		if (i % 2 == 0)
			cr_assert_eq(
			    setsockopt(other, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
		(void)close(other); /* that is what is tried */
		fd = kept;
	}
	say_text(ASK("/readyz"));
	hear_until("\"ready\"", 1);
}

Test(wire, drops_the_answer_of_a_reset_connection_and_no_other)
{
	int others[20];

	for (int i = 0; i < 20; i++) {
		others[i] = dial();
		(void)!write(others[i], ASK("/readyz"), sizeof(ASK("/readyz")) - 1);
	}
	for (int i = 0; i < 20; i += 2)
		(void)close(others[i]);
	for (int i = 1; i < 20; i += 2) {
		int kept = fd;

		fd = others[i];
		got_bytes = 0;
		got[0] = '\0';
		hear_until("\"ready\"", 1);
		fd = kept;
		(void)close(others[i]);
	}
}
