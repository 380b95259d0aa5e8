/*
 * shapes: requests that two readers could understand differently, each said to the API directly and
 * through the edge. Either it is refused, or it is one request with one meaning; never is a part of
 * it taken for another request.
 */
#include <criterion/criterion.h>

#include "line.h"

static void
begin(void)
{
	if (!line_ways())
		cr_skip_test("SOCIUS_URL and SOCIUS_EDGE_URL name no instance with its edge");
}

TestSuite(shapes, .init = begin);

/* Were it taken for a request of its own, it would be answered by the path that it names. */
#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
#define CLOSE "Connection: close\r\n"

struct shape {
	const char *name;
	const char *bytes;
	int status[LINE_WAYS]; /* of the first reply */
	int replies[LINE_WAYS];
};

static const struct shape shapes[] = {
	{ "a length beside chunks",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
	    "chunked\r\n" CLOSE "\r\n0\r\n\r\n" SMUGGLED,
	    { 400, 400 }, { 1, 1 } },
	{ "chunks beside a length",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	    "Content-Length: 5\r\n" CLOSE "\r\n0\r\n\r\n" SMUGGLED,
	    { 400, 400 }, { 1, 1 } },
	{ "two lengths",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: "
	    "37\r\n" CLOSE "\r\n" SMUGGLED,
	    { 400, 400 }, { 1, 1 } },
	{ "two equal lengths",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n" CLOSE
	    "\r\n{}",
	    { 400, 400 }, { 1, 1 } },
	{ "a list of lengths",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n" CLOSE "\r\n{}",
	    { 400, 400 }, { 1, 1 } },
	{ "a length with a sign",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n" CLOSE "\r\n{}",
	    { 400, 400 }, { 1, 1 } },
	{ "a negative length",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n" CLOSE "\r\n{}",
	    { 400, 400 }, { 1, 1 } },
	{ "a length beyond all numbers",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551618\r\n" CLOSE
	    "\r\n{}",
	    { 413, 400 }, { 1, 1 } },
	{ "a blank before the colon",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nContent-Length : 35\r\n" CLOSE "\r\n" SMUGGLED,
	    { 400, 400 }, { 1, 1 } },
	{ "chunks in other words",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n" CLOSE
	    "\r\n0\r\n\r\n" SMUGGLED,
	    { 411, 400 }, { 1, 1 } },
	{ "chunks, given a length by the edge",
	    "POST /v1/trips HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	    "Content-Type: application/json\r\n" CLOSE "\r\n2\r\n{}\r\n0\r\n\r\n",
	    { 411, 401 }, { 1, 1 } },
	{ "lines that end in LF alone", "GET /healthz HTTP/1.1\nHost: a\nConnection: close\n\n",
	    { 400, 200 }, { 1, 1 } },
	{ "a lone CR in a value",
	    "GET /healthz HTTP/1.1\r\nHost: a\r\nX: b\rTransfer-Encoding: chunked\r\n" CLOSE "\r\n",
	    { 400, 400 }, { 1, 1 } },
	{ "a folded line",
	    "GET /healthz HTTP/1.1\r\nHost: a\r\nX: b\r\n Transfer-Encoding: chunked\r\n" CLOSE
	    "\r\n",
	    { 400, 400 }, { 1, 1 } },
	{ "a whole URL as the target", "GET http://a/healthz HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n",
	    { 200, 200 }, { 1, 1 } },
	{ "two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n" CLOSE "\r\n", { 400, 400 },
	    { 1, 1 } },
	{ "no host", "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n", { 400, 400 }, { 1, 1 } },
	{ "a body of GET",
	    "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n" CLOSE "\r\n" SMUGGLED,
	    { 400, 400 }, { 1, 1 } },
	{ "two requests in one piece",
	    "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\nHost: a\r\n" CLOSE
	    "\r\n",
	    { 200, 200 }, { 2, 2 } },
	{ "a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n", { 501, 400 },
	    { 1, 1 } },
	{ "a version of the future", "GET /healthz HTTP/3.0\r\nHost: a\r\n\r\n", { 505, 505 },
	    { 1, 1 } },
	{ "another protocol",
	    "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
	    "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n" CLOSE "\r\n",
	    { 200, 200 }, { 1, 1 } },
};

Test(shapes, have_one_meaning_or_none)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (int way = LINE_DIRECT; way < LINE_WAYS; way++) {
			const struct shape *shape = &shapes[i];
			const char *reply =
			    line_ask((enum line_way)way, shape->bytes, strlen(shape->bytes));

			cr_expect_eq(line_status(reply), shape->status[way], "%s, way %d: %s",
			    shape->name, way, reply);
			cr_expect_eq(line_times(reply, "\r\nDate: "), shape->replies[way],
			    "%s, way %d: %s", shape->name, way, reply);
			cr_expect_null(
			    strstr(reply, "smuggled"), "%s, way %d: %s", shape->name, way, reply);
			if (shape->status[way] >= 400)
				cr_expect_not_null(strstr(reply, "application/problem+json"),
				    "%s, way %d: %s", shape->name, way, reply);
		}
}

/* CL.0: a body that comes later than the head must not be taken for the next request. */
Test(shapes, never_make_a_late_body_a_request)
{
	static const char *const heads[] = { "GET /nothing", "DELETE /v1/zones",
		"OPTIONS /v1/zones", "POST /nothing", "POST /healthz", "HEAD /healthz" };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (int way = LINE_DIRECT; way < LINE_WAYS; way++) {
			struct line line = line_open((enum line_way)way);
			const char *reply;

			line_say_text(&line, heads[i]);
			line_say_text(&line, " HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\n");
			line_say_text(&line, SMUGGLED);
			line_say_text(&line, "GET /healthz HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
			reply = line_hear(&line);
			cr_expect_neq(line_status(reply), 0, "%s", heads[i]);
			cr_expect_leq(line_times(reply, "\r\nDate: "), 2, "%s, way %d: %s",
			    heads[i], way, reply);
			cr_expect_leq(line_times(reply, "HTTP/1.1 404"), 1, "%s", reply);
			line_close(&line);
		}
}

/* An Authorization that is lost behind others would make the caller a stranger. */
Test(shapes, see_the_last_of_thirty_headers)
{
	for (int way = LINE_DIRECT; way < LINE_WAYS; way++) {
		char request[4096];
		const char *reply;
		int at = snprintf(
		    request, sizeof(request), "GET /v1/stations HTTP/1.1\r\nHost: a\r\n" CLOSE);

		for (int i = 0; i < 30; i++)
			at += snprintf(
			    request + at, sizeof(request) - (size_t)at, "X-Padding-%d: b\r\n", i);
		at += snprintf(
		    request + at, sizeof(request) - (size_t)at, "Authorization: Bearer no\r\n\r\n");
		reply = line_ask((enum line_way)way, request, (size_t)at);
		cr_expect_eq(line_status(reply), 401, "%s", reply);
		cr_expect_not_null(strstr(reply, "not a signed JWT"), "%s", reply);
	}
}

Test(shapes, bound_the_head)
{
	enum { VALUE_BYTES = 17000 };
	static char request[40 * 1024];

	for (int way = LINE_DIRECT; way < LINE_WAYS; way++) {
		const char *reply;
		int at =
		    snprintf(request, sizeof(request), "GET /healthz HTTP/1.1\r\nHost: a\r\nX: ");

		memset(request + at, 'b', VALUE_BYTES);
		at += VALUE_BYTES;
		at += snprintf(request + at, sizeof(request) - (size_t)at, "\r\n" CLOSE "\r\n");
		reply = line_ask((enum line_way)way, request, (size_t)at);
		cr_expect_eq(line_status(reply), 431, "%s", reply);
		cr_expect_not_null(strstr(reply, "\"code\":\"headers_too_large\""), "%s", reply);
	}
}
