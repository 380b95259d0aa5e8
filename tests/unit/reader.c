/* reader: every case is fed whole, byte by byte and in random pieces, and must end the same. */
#include <criterion/criterion.h>

#include "reader.h"
#include "socius/arena.h"

#define HOST "Host: a\r\n"
#define GET_LINE "GET / HTTP/1.1\r\n"
#define POST_LINE "POST /v1/slots HTTP/1.1\r\n"
#define WHOLE(literal) \
	{ \
		(literal), sizeof(literal) - 1 \
	}

struct accepted {
	struct text sent;
	const char *method, *path, *query, *body;
	int headers;
	bool closes;
};

static const struct accepted accepted[] = {
	{ WHOLE("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/healthz", "", "", 1 },
	{ WHOLE("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/", "", "", 1 },
	{ WHOLE("GET /a?b=c&d HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/a", "b=c&d", "", 1 },
	{ WHOLE("GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/a", "b?c", "", 1 },
	{ WHOLE("GET /a? HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/a", "", "", 1 },
	{ WHOLE("GET /?a[]={}|^ HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/", "a[]={}|^", "", 1 },
	{ WHOLE("GET /a%20b%2Fc HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/a%20b%2Fc", "", "", 1 },
	{ WHOLE("GET /../a HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/../a", "", "", 1 },
	{ WHOLE("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/b", "c", "", 1 },
	{ WHOLE("GET HTTP://a:80/b HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/b", "", "", 1 },
	{ WHOLE("GET https://a HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/", "", "", 1 },
	{ WHOLE("GET https://a?b HTTP/1.1\r\nHost: a\r\n\r\n"), "GET", "/", "b", "", 1 },
	{ WHOLE("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"), "HEAD", "/", "", "", 1 },
	{ WHOLE("DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n"), "DELETE", "/x", "", "", 1 },
	{ WHOLE("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "OPTIONS", "*", "", "", 1 },
	{ WHOLE("OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n"), "OPTIONS", "/x", "", "", 1 },
	{ WHOLE("POST / HTTP/1.1\r\nHost: a\r\n\r\n"), "POST", "/", "", "", 1 },
	{ WHOLE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), "POST", "/", "", "",
	    2 },
	{ WHOLE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"), "POST", "/", "",
	    "abc", 2 },
	{ WHOLE("PUT / HTTP/1.1\r\nHost: a\r\ncontent-length:0003\r\n\r\nabc"), "PUT", "/", "",
	    "abc", 2 },
	{ WHOLE("PATCH / HTTP/1.1\r\nHost: a\r\nContent-Length: \t2 \t\r\n\r\n\r\n"), "PATCH", "/",
	    "", "\r\n", 2 },
	{ WHOLE("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "GET", "/", "", "", 1 },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n"), "GET", "/", "", "", 1 },
	{ WHOLE("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), "GET", "/", "", "", 1 },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nDevice: J\xc3\xbcrgs \xf0\x9f\x93\xb1\r\n\r\n"),
	    "GET", "/", "", "", 2 },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nEmpty:\r\nBlank: \t \r\n\r\n"), "GET", "/", "", "",
	    3 },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nTab: a\tb\r\n\r\n"), "GET", "/", "", "", 2 },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nx!#$%&'*+-.^_`|~9: 1\r\n\r\n"), "GET", "/", "", "",
	    2 },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "GET", "/", "", "", 2,
	    true },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nConnection: te, Close\r\n\r\n"), "GET", "/", "", "",
	    2, true },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"), "GET", "/", "", "",
	    2 },
	{ WHOLE("GET / HTTP/1.0\r\n\r\n"), "GET", "/", "", "", 0, true },
	{ WHOLE("POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx"), "POST", "/", "", "x", 1, true },
	{ WHOLE("GET / HTTP/1.7\r\nHost: a\r\n\r\n"), "GET", "/", "", "", 1 },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nAccept: a\r\nAccept: b\r\n\r\n"), "GET", "/", "", "",
	    3 },
};

struct refused {
	struct text sent;
	const char *slug;
};

static const struct refused refused[] = {
	{ WHOLE("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "malformed_request" },
	{ WHOLE("GET / HTTP/1.1\nHost: a\n\n"), "malformed_request" },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\n\r\n"), "malformed_request" },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"), "malformed_request" },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n"), "malformed_request" },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nA: b\x7f\r\n\r\n"), "malformed_request" },
	{ WHOLE("GET / HTTP/1.1\r\nHost: a\r\nA: b\x1b[0m\r\n\r\n"), "malformed_request" },
	{ WHOLE("\0\r\n"), "malformed_request" },
	{ WHOLE("GET /\r\n"), "malformed_request" },
	{ WHOLE("GET\r\n"), "malformed_request" },
	{ WHOLE("GET  / HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET /  HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE(" GET / HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET\t/ HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET / HTTP/1.1 \r\n"), "malformed_request" },
	{ WHOLE("GET / http/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET / HTTP/11\r\n"), "malformed_request" },
	{ WHOLE("G(T / HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET a HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET * HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET ftp://a/ HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET http:///a HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET http://u@a/ HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET /a#b HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET /\xc3\xa4 HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET /a\"b HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET /?a<b HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET /a%2 HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET /a%zz HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET /a%00b HTTP/1.1\r\n"), "malformed_request" },
	{ WHOLE("GET / HTTP/2.0\r\n"), "version_unsupported" },
	{ WHOLE("PRI * HTTP/2.0\r\n"), "version_unsupported" },
	{ WHOLE("BREW / HTTP/1.1\r\n"), "method_not_implemented" },
	{ WHOLE("CONNECT a:443 HTTP/1.1\r\n"), "method_not_implemented" },
	{ WHOLE("get / HTTP/1.1\r\n"), "method_not_implemented" },
	{ WHOLE(GET_LINE "\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE "X: 1\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE HOST HOST "\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE HOST "host: b\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE "Host: a b\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE "Host: a/b\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE "Host: a:b\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE "Host : a\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE ": a\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE "nonsense\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE "A: b\r\n c\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE "\tA: b\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE "A\xc3\xa4: b\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE HOST "Content-Length: 1\r\n\r\nx"), "malformed_request" },
	{ WHOLE("DELETE / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"), "malformed_request" },
	{ WHOLE("OPTIONS / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"), "malformed_request" },
	{ WHOLE(POST_LINE HOST "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc"),
	    "malformed_request" },
	{ WHOLE(POST_LINE HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
	    "malformed_request" },
	{ WHOLE(POST_LINE HOST "Content-Length: 3, 3\r\n\r\nabc"), "malformed_request" },
	{ WHOLE(POST_LINE HOST "Content-Length: +3\r\n\r\nabc"), "malformed_request" },
	{ WHOLE(POST_LINE HOST "Content-Length: -1\r\n\r\n"), "malformed_request" },
	{ WHOLE(POST_LINE HOST "Content-Length: 0x3\r\n\r\nabc"), "malformed_request" },
	{ WHOLE(POST_LINE HOST "Content-Length:\r\n\r\n"), "malformed_request" },
	{ WHOLE(POST_LINE HOST "Content-Length: 65537\r\n\r\n"), "body_too_large" },
	{ WHOLE(POST_LINE HOST "Content-Length: 18446744073709551617\r\n\r\n"), "body_too_large" },
	{ WHOLE(POST_LINE HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "length_required" },
	{ WHOLE(POST_LINE HOST "Transfer-Encoding: identity\r\n\r\n"), "length_required" },
	{ WHOLE(POST_LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc"),
	    "malformed_request" },
	{ WHOLE("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), "malformed_request" },
	{ WHOLE(GET_LINE HOST "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n"),
	    "malformed_request" },
	{ WHOLE(POST_LINE HOST "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n"),
	    "malformed_request" },
};

static struct arena arena;
static struct request request;
static struct reader reader;

static void
given(void)
{
	arena_init(&arena);
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(reader, .init = given, .fini = ended);

/* A small generator of our own, so that a failure can be repeated. */
static uint32_t
chance(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* Pieces of `piece` bytes; 0: of 1 to 16, by chance. Returns how many bytes were taken. */
static size_t
feed(struct text sent, size_t piece, uint32_t seed)
{
	size_t at = 0;

	arena_clear(&arena);
	request = (struct request){ .arena = &arena };
	reader_init(&reader);
	while (at < sent.bytes && reader.state < READER_DONE) {
		size_t bytes = piece > 0 ? piece : 1 + chance(&seed) % 16;
		char copy[65536];
		size_t used = 0;

		if (bytes > sent.bytes - at)
			bytes = sent.bytes - at;
		/* the bytes of a piece are gone when the next one comes */
		memcpy(copy, sent.at + at, bytes);
		while (used < bytes && reader.state < READER_DONE) {
			used += reader_feed(&reader, &request, copy + used, bytes - used);
			if (reader.state == READER_HAS_HEAD)
				reader_accept_body(
				    &reader, &request, READER_BODY_BYTES_MAX, NULL, NULL);
		}
		memset(copy, 'x', bytes);
		at += used;
	}
	return at;
}

static void
expect_accepted(const struct accepted *expected, size_t piece, uint32_t seed)
{
	size_t taken = feed(expected->sent, piece, seed);

	cr_assert_eq(reader.state, READER_DONE, "%s: state %d, %s", expected->sent.at, reader.state,
	    request.problem.detail != NULL ? request.problem.detail : "");
	cr_assert_eq(taken, expected->sent.bytes, "%s", expected->sent.at);
	cr_assert(text_is(request.method_name, expected->method), "%s", expected->sent.at);
	cr_assert(text_is(request.path, expected->path), "%s", expected->sent.at);
	cr_assert(text_is(request.query, expected->query), "%s", expected->sent.at);
	cr_assert(text_is(request.body, expected->body), "%s", expected->sent.at);
	cr_assert_eq(request.headers_count, expected->headers, "%s", expected->sent.at);
	cr_assert_eq(reader.closes, expected->closes, "%s", expected->sent.at);
}

static void
expect_refused(const struct refused *expected, size_t piece, uint32_t seed)
{
	(void)feed(expected->sent, piece, seed);
	cr_assert_eq(reader.state, READER_REFUSED, "%s: state %d", expected->sent.at, reader.state);
	cr_assert_str_eq(request.problem.kind->slug, expected->slug, "%s: %s", expected->sent.at,
	    request.problem.kind->slug);
	cr_assert(reader.closes);
}

Test(reader, accepts_what_is_right_in_any_pieces)
{
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		expect_accepted(&accepted[i], 65536, 0);
		expect_accepted(&accepted[i], 1, 0);
		for (uint32_t seed = 0; seed < 50; seed++)
			expect_accepted(&accepted[i], 0, seed);
	}
}

Test(reader, refuses_what_is_wrong_in_any_pieces)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		expect_refused(&refused[i], 65536, 0);
		expect_refused(&refused[i], 1, 0);
		for (uint32_t seed = 0; seed < 50; seed++)
			expect_refused(&refused[i], 0, seed);
	}
}

Test(reader, leaves_the_next_request_alone)
{
	static const char two[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
				  "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
	size_t taken = feed((struct text){ two, sizeof(two) - 1 }, 65536, 0);

	cr_assert_eq(reader.state, READER_DONE);
	cr_assert_str_eq(two + taken, "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
}

Test(reader, finds_header_values_without_case)
{
	(void)feed(TEXT("GET / HTTP/1.1\r\nHost: a\r\nX-ONE: 1\r\nx-two:2\r\n\r\n"), 1, 0);
	cr_assert(text_is(request_header(&request, "x-one"), "1"));
	cr_assert(text_is(request_header(&request, "X-Two"), "2"));
	cr_assert_eq(request_header(&request, "X-Three").bytes, 0);
}

Test(reader, knows_head_and_options)
{
	(void)feed(TEXT("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"), 1, 0);
	cr_assert(request.head && request.method == GET && !reader.options);
	(void)feed(TEXT("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"), 1, 0);
	cr_assert(!request.head && reader.options);
}

/* A request whose head is filled up with `count` fields of `bytes` bytes each. */
static struct text
crowded(int count, int bytes)
{
	struct buffer to;

	buffer_init(&to, &arena, 65536);
	buffer_add_text(&to, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < count; i++)
		buffer_print(&to, "X-%03d: %0*d\r\n", i, bytes - 9, 0);
	buffer_add_text(&to, "\r\n");
	return (struct text){ strdup(to.at), to.bytes };
}

static void
expect_end(struct text sent, const char *slug)
{
	for (size_t piece = 1; piece <= 65536; piece *= 16) {
		(void)feed(sent, piece, 0);
		if (slug == NULL) {
			cr_assert_eq(reader.state, READER_DONE);
			continue;
		}
		cr_assert_eq(reader.state, READER_REFUSED);
		cr_assert_str_eq(request.problem.kind->slug, slug);
	}
	free((char *)sent.at);
}

Test(reader, takes_64_fields_and_no_more)
{
	expect_end(crowded(63, 20), NULL);
	cr_assert_eq(request.headers_count, 64);
	expect_end(crowded(64, 20), "headers_too_large");
}

Test(reader, takes_16_kib_of_head_and_no_more)
{
	/* request line, Host and empty line: 27 bytes */
	expect_end(crowded(1, READER_HEAD_BYTES_MAX - 27), NULL);
	expect_end(crowded(1, READER_HEAD_BYTES_MAX - 26), "headers_too_large");
	expect_end(crowded(8, 4096), "headers_too_large");
}

static struct text
long_path(int bytes)
{
	struct buffer to;

	buffer_init(&to, &arena, 65536);
	buffer_print(&to, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", bytes - 1, 0);
	return (struct text){ strdup(to.at), to.bytes };
}

Test(reader, takes_4_kib_of_path_and_no_more)
{
	expect_end(long_path(READER_TARGET_BYTES_MAX), NULL);
	expect_end(long_path(READER_TARGET_BYTES_MAX + 1), "path_too_long");
	expect_end(long_path(60000), "path_too_long");
}

Test(reader, says_when_the_client_waits_for_a_go)
{
	static const char head[] =
	    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";

	request = (struct request){ .arena = &arena };
	reader_init(&reader);
	cr_assert_eq(reader_feed(&reader, &request, head, sizeof(head) - 1), sizeof(head) - 1);
	cr_assert_eq(reader.state, READER_HAS_HEAD);
	cr_assert(reader.continues);
	cr_assert_eq(reader.body_bytes, 2);
}

Test(reader, expects_nothing_of_http_1_0_or_without_a_body)
{
	(void)feed(
	    TEXT("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"), 1, 0);
	cr_assert(!reader.continues);
	(void)feed(TEXT("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"), 1, 0);
	cr_assert(!reader.continues);
}

static const char blob_head[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
static char sunk[16];
static size_t sunk_bytes;

static bool
sink(void *of, const char *at, size_t bytes)
{
	if (of != NULL)
		return false;
	memcpy(sunk + sunk_bytes, at, bytes);
	sunk_bytes += bytes;
	return true;
}

Test(reader, hands_a_blob_on_piece_by_piece)
{
	request = (struct request){ .arena = &arena };
	reader_init(&reader);
	(void)reader_feed(&reader, &request, blob_head, sizeof(blob_head) - 1);
	reader_accept_body(&reader, &request, READER_BLOB_BYTES_MAX, sink, NULL);
	cr_assert_eq(reader_feed(&reader, &request, "ab", 2), 2);
	cr_assert_eq(reader.state, READER_IN_BODY);
	cr_assert_eq(reader_feed(&reader, &request, "cdGET", 5), 2);
	cr_assert_eq(reader.state, READER_DONE);
	cr_assert_arr_eq(sunk, "abcd", 4);
	cr_assert_eq(request.body.bytes, 0);
}

Test(reader, refuses_a_blob_that_cannot_be_kept)
{
	request = (struct request){ .arena = &arena };
	reader_init(&reader);
	(void)reader_feed(&reader, &request, blob_head, sizeof(blob_head) - 1);
	reader_accept_body(&reader, &request, READER_BLOB_BYTES_MAX, sink, &reader);
	(void)reader_feed(&reader, &request, "ab", 2);
	cr_assert_eq(reader.state, READER_REFUSED);
	cr_assert_str_eq(request.problem.kind->slug, "unavailable");
}

Test(reader, has_not_begun_before_the_first_byte_of_a_line)
{
	request = (struct request){ .arena = &arena };
	reader_init(&reader);
	cr_assert(!reader_begun(&reader));
	(void)reader_feed(&reader, &request, "\r\n", 2);
	cr_assert(!reader_begun(&reader));
	(void)reader_feed(&reader, &request, "G", 1);
	cr_assert(reader_begun(&reader));
}

/* Whatever comes in, the reader stays within its states and takes no more than it got. */
Test(reader, survives_mutilated_requests)
{
	char bytes[256];
	uint32_t state = 1;

	for (int round = 0; round < 20000; round++) {
		const struct accepted *of =
		    &accepted[chance(&state) % (sizeof(accepted) / sizeof(accepted[0]))];
		size_t count = of->sent.bytes < sizeof(bytes) ? of->sent.bytes : sizeof(bytes);

		memcpy(bytes, of->sent.at, count);
		for (uint32_t i = chance(&state) % 4; i > 0; i--)
			bytes[chance(&state) % count] = (char)chance(&state);
		cr_assert_leq(feed((struct text){ bytes, count }, 0, state), count);
		cr_assert_eq(reader.state == READER_REFUSED, request.problem.kind != NULL);
	}
}
