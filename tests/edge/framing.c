/*
 * framing: what arrives at the edge in odd shapes: it is put right, or answered as a problem by the
 * edge itself; it never confuses the API behind. Bytes as they are, over TLS.
 *
 * Skipped unless SOCIUS_EDGE_URL is https://127.0.0.1:PORT.
 */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "socius/world.h"

enum { REPLY_BYTES_MAX = 256 * 1024, PATIENCE_S = 20, ONE_TOO_LARGE = 17000 };

static SSL_CTX *context;
static SSL *tls;
static int fd;
static char reply[REPLY_BYTES_MAX];

static void
begin(void)
{
	static const char prefix[] = "https://127.0.0.1:";
	const char *url = world_setting("SOCIUS_EDGE_URL", NULL);
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };

	(void)signal(SIGPIPE, SIG_IGN);
	if (url == NULL)
		cr_skip_test("SOCIUS_EDGE_URL names no edge");
	cr_assert_eq(strncmp(url, prefix, sizeof(prefix) - 1), 0);
	address.sin_port = htons((uint16_t)strtol(url + sizeof(prefix) - 1, NULL, 10));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	context = SSL_CTX_new(TLS_client_method());
	tls = SSL_new(context);
	cr_assert_eq(SSL_set_fd(tls, fd), 1);
}

static void
end(void)
{
	SSL_free(tls);
	SSL_CTX_free(context);
	if (fd > 0)
		close(fd);
}

TestSuite(framing, .init = begin, .fini = end);

static void
shake_hands(void)
{
	cr_assert_eq(SSL_connect(tls), 1);
}

/* The other side may have heard enough before the end: the reply shows. */
static void
send_bytes(const char *bytes)
{
	(void)SSL_write(tls, bytes, (int)strlen(bytes));
}

/* What comes until the other side closes. */
static const char *
receive_all(void)
{
	size_t got = 0;
	int part;

	while (got < sizeof(reply) - 1 &&
	       (part = SSL_read(tls, reply + got, (int)(sizeof(reply) - 1 - got))) > 0)
		got += (size_t)part;
	reply[got] = '\0';
	return reply;
}

static const char *
exchange(const char *bytes)
{
	shake_hands();
	send_bytes(bytes);
	return receive_all();
}

static int
times(const char *what)
{
	int count = 0;

	for (const char *at = reply; (at = strstr(at, what)) != NULL; at++)
		count++;
	return count;
}

/* A problem of this status and code, in the form that every error of the API has. */
static void
expect_problem(int status, const char *code)
{
	char line[64], member[128];

	(void)snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
	(void)snprintf(member, sizeof(member), "\"code\":\"%s\"", code);
	cr_expect_eq(strncmp(reply, line, strlen(line)), 0, "%s", reply);
	cr_expect_not_null(strstr(reply, "Content-Type: application/problem+json"), "%s", reply);
	cr_expect_not_null(strstr(reply, member), "%s", reply);
	cr_expect_not_null(strstr(reply, "\"request_id\":\""), "%s", reply);
	cr_expect_not_null(strstr(reply, "Request-Id: "), "%s", reply);
	cr_expect_not_null(strstr(reply, "Strict-Transport-Security: max-age="), "%s", reply);
	cr_expect_not_null(strstr(reply, "X-Content-Type-Options: nosniff"), "%s", reply);
	cr_expect_not_null(strstr(reply, "Cache-Control: no-store"), "%s", reply);
	cr_expect_null(strstr(reply, "<html>"), "%s", reply);
}

Test(framing, pass_a_reply_on_with_hsts)
{
	exchange("GET /healthz HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n");
	cr_expect_eq(strncmp(reply, "HTTP/1.1 200 ", 13), 0, "%s", reply);
	cr_expect_eq(times("Strict-Transport-Security: max-age="), 1, "%s", reply);
	cr_expect_null(strstr(reply, "nginx/"), "%s", reply);
}

Test(framing, answer_pipelined_requests_in_order)
{
	exchange("GET /healthz HTTP/1.1\r\nHost: e\r\n\r\n"
		 "GET /nothing HTTP/1.1\r\nHost: e\r\n\r\n"
		 "GET /healthz HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n");
	cr_expect_eq(times("HTTP/1.1 200 "), 2, "%s", reply);
	cr_expect_eq(times("HTTP/1.1 404 "), 1, "%s", reply);
}

Test(framing, give_a_chunked_body_its_length)
{
	/* the token is looked at first: 401 shows that the API took the request */
	exchange("POST /v1/trips HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n"
		 "Content-Type: application/json\r\nConnection: close\r\n\r\n"
		 "2\r\n{}\r\n0\r\n\r\n");
	expect_problem(401, "unauthenticated");
}

Test(framing, refuse_a_length_beside_chunks)
{
	exchange("POST /v1/trips HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n"
		 "Content-Length: 3\r\n\r\n0\r\n\r\n");
	expect_problem(400, "malformed_request");
}

Test(framing, refuse_two_lengths)
{
	exchange("POST /v1/trips HTTP/1.1\r\nHost: e\r\nContent-Length: 3\r\n"
		 "Content-Length: 5\r\n\r\nabcde");
	expect_problem(400, "malformed_request");
}

Test(framing, refuse_bytes_that_are_no_request)
{
	exchange("\x16\x03\x01 hello\r\n\r\n");
	expect_problem(400, "malformed_request");
}

Test(framing, refuse_plain_http_on_the_tls_port)
{
	static const char plain[] = "GET /healthz HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n";
	size_t got = 0;
	ssize_t part;

	cr_assert_eq(send(fd, plain, sizeof(plain) - 1, 0), (ssize_t)sizeof(plain) - 1);
	while ((part = recv(fd, reply + got, sizeof(reply) - 1 - got, 0)) > 0)
		got += (size_t)part;
	reply[got] = '\0';
	expect_problem(400, "malformed_request");
}

Test(framing, see_the_last_of_many_headers)
{
	static char request[8192];
	size_t at = (size_t)snprintf(request, sizeof(request),
	    "GET /v1/stations HTTP/1.1\r\nHost: e\r\nConnection: close\r\n");

	for (int i = 0; i < 100; i++)
		at += (size_t)snprintf(
		    request + at, sizeof(request) - at, "X-Padding-%d: stuff\r\n", i);
	(void)snprintf(request + at, sizeof(request) - at, "Authorization: Bearer no\r\n\r\n");
	exchange(request);
	/* a bad token is told from none by the detail */
	expect_problem(401, "unauthenticated");
	cr_expect_not_null(strstr(reply, "not a signed JWT"), "%s", reply);
}

Test(framing, drop_what_a_client_says_about_others)
{
	exchange("GET /healthz HTTP/1.1\r\nHost: e\r\nX-Forwarded-For: 6.6.6.6\r\n"
		 "X-Empty:\r\nX-Name: Zo\xc3\xab\r\nConnection: close\r\n\r\n");
	cr_expect_eq(strncmp(reply, "HTTP/1.1 200 ", 13), 0, "%s", reply);
}

Test(framing, refuse_a_path_that_is_too_long)
{
	static char request[ONE_TOO_LARGE];

	memset(request, 'a', sizeof(request) - 1);
	memcpy(request, "GET /", 5);
	memcpy(request + sizeof(request) - 40, " HTTP/1.1\r\nHost: e\r\n\r\n\0", 24);
	exchange(request);
	expect_problem(414, "path_too_long");
}

Test(framing, refuse_a_header_that_is_too_large)
{
	static char request[ONE_TOO_LARGE];
	int at = snprintf(request, sizeof(request), "GET /healthz HTTP/1.1\r\nHost: e\r\nX: ");

	memset(request + at, 'a', sizeof(request) - (size_t)at - 1);
	memcpy(request + sizeof(request) - 10, "\r\n\r\n\0", 5);
	exchange(request);
	expect_problem(431, "headers_too_large");
}

Test(framing, refuse_a_body_that_is_too_large)
{
	exchange("POST /v1/trips HTTP/1.1\r\nHost: e\r\nContent-Length: 99999999\r\n\r\n");
	expect_problem(413, "body_too_large");
}

Test(framing, refuse_a_method_that_nobody_knows)
{
	exchange("BREW / HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n");
	expect_problem(501, "method_not_implemented");
}

Test(framing, never_take_a_late_body_for_a_request)
{
	shake_hands();
	send_bytes("DELETE /nothing HTTP/1.1\r\nHost: e\r\nContent-Length: 39\r\n\r\n");
	send_bytes("GET /healthz HTTP/1.1\r\nHost: smuggled\r\n");
	send_bytes("GET /healthz HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n");
	receive_all();
	cr_expect_eq(times("HTTP/1.1 400 "), 1, "%s", reply);
	cr_expect_eq(times("HTTP/1.1 200 "), 1, "%s", reply);
}

Test(framing, speak_http_2_and_no_old_tls)
{
	static const unsigned char offers[] = "\x02h2\x08http/1.1";
	const unsigned char *chosen = NULL;
	unsigned length = 0;

	cr_assert_eq(SSL_set_alpn_protos(tls, offers, sizeof(offers) - 1), 0);
	shake_hands();
	SSL_get0_alpn_selected(tls, &chosen, &length);
	cr_expect_eq(length, 2);
	cr_expect_eq(memcmp(chosen, "h2", 2), 0);
	cr_expect_geq(SSL_version(tls), TLS1_2_VERSION);
}

/* Versions that a client of today's OpenSSL speaks when it lowers its own guard. */
static int
connected(int version, const char *ciphers)
{
	SSL_set_security_level(tls, 0);
	cr_assert_eq(SSL_set_min_proto_version(tls, version), 1);
	cr_assert_eq(SSL_set_max_proto_version(tls, version), 1);
	if (ciphers != NULL)
		cr_assert_eq(SSL_set_cipher_list(tls, ciphers), 1);
	return SSL_connect(tls);
}

Test(framing, refuse_tls_1_0)
{
	cr_expect_neq(connected(TLS1_VERSION, NULL), 1);
}

Test(framing, refuse_tls_1_1)
{
	cr_expect_neq(connected(TLS1_1_VERSION, NULL), 1);
}

Test(framing, speak_tls_1_2_with_fresh_keys_and_aead)
{
	const SSL_CIPHER *cipher;

	cr_assert_eq(connected(TLS1_2_VERSION, "ALL"), 1);
	cipher = SSL_get_current_cipher(tls);
	cr_expect(SSL_CIPHER_is_aead(cipher), "%s", SSL_CIPHER_get_name(cipher));
	cr_expect_eq(SSL_CIPHER_get_kx_nid(cipher), NID_kx_ecdhe);
}

Test(framing, speak_tls_1_3)
{
	cr_expect_eq(connected(TLS1_3_VERSION, NULL), 1);
}

Test(framing, refuse_ciphers_without_aead)
{
	cr_expect_neq(connected(TLS1_2_VERSION, "ALL:!AESGCM:!AESCCM:!CHACHA20:!ARIAGCM"), 1);
}

Test(framing, refuse_keys_that_are_not_fresh)
{
	cr_expect_neq(connected(TLS1_2_VERSION, "kRSA"), 1);
}

Test(framing, renegotiate_nothing)
{
	cr_assert_eq(connected(TLS1_2_VERSION, NULL), 1);
	(void)SSL_renegotiate(tls); /* the answer, or the end, shows below */
	(void)SSL_do_handshake(tls);
	send_bytes("GET /healthz HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n");
	receive_all();
	cr_expect_eq(times("HTTP/1.1 200 "), 0, "%s", reply);
}
