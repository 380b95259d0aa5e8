/* gate_reply: the head of a reply; see gate_private.h. */
#include <assert.h>

#include "gate_private.h"
#include "grammar.h"
#include "socius/world.h"

enum { HEAD_BYTES_FIRST = 1024, BODY_BYTES_COPIED = 2048, HEX_TRACE = 32, HEX_PARENT = 16 };

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

/* --- ids --- */

static void
write_hex(const uint8_t *from, size_t bytes, char *to)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes; i++) {
		to[2 * i] = digits[from[i] >> 4];
		to[2 * i + 1] = digits[from[i] & 15];
	}
	to[2 * bytes] = '\0';
}

static bool
id_right(struct text id)
{
	if (id.bytes == 0 || id.bytes > REQUEST_ID_BYTES_MAX)
		return false;
	for (size_t i = 0; i < id.bytes; i++)
		if (!grammar_is(id.at[i], DIGIT) && !(id.at[i] >= 'a' && id.at[i] <= 'z') &&
		    !(id.at[i] >= 'A' && id.at[i] <= 'Z') && id.at[i] != '.' && id.at[i] != '_' &&
		    id.at[i] != '-')
			return false;
	return true;
}

static bool
lower_hex(struct text text, bool *all_zero)
{
	*all_zero = true;
	for (size_t i = 0; i < text.bytes; i++) {
		*all_zero &= text.at[i] == '0';
		if (!grammar_is(text.at[i], DIGIT) && !(text.at[i] >= 'a' && text.at[i] <= 'f'))
			return false;
	}
	return true;
}

/* traceparent = version "-" trace-id "-" parent-id "-" flags (W3C Trace Context section 3.2). A
 * version above ours may go on behind the flags. */
static bool
read_trace(struct exchange *exchange, struct text from)
{
	struct text left = from, version = grammar_cut(&left, '-'), trace = grammar_cut(&left, '-'),
		    parent = grammar_cut(&left, '-'), flags = grammar_cut(&left, '-');
	bool zero, no_trace, no_parent;

	if (version.bytes != 2 || trace.bytes != HEX_TRACE || parent.bytes != HEX_PARENT ||
	    flags.bytes != 2 || !lower_hex(version, &zero) || !lower_hex(trace, &no_trace) ||
	    !lower_hex(parent, &no_parent))
		return false;
	if (no_trace || no_parent || text_is(version, "ff") || (zero && from.bytes != 55))
		return false;
	if (!lower_hex(flags, &zero))
		return false;
	memcpy(exchange->request.trace_id, trace.at, HEX_TRACE);
	memcpy(exchange->trace_flags, flags.at, 2);
	return true;
}

void
reply_identify(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct text id = request_header(request, "Request-Id");
	uint8_t chance[10 + HEX_TRACE / 2 + HEX_PARENT / 2];
	struct uuid fresh;

	world_chance(chance, sizeof(chance));
	if (request->now_us == 0)
		request->now_us = world_now_us();
	if (id_right(id)) {
		memcpy(request->id, id.at, id.bytes);
	} else {
		fresh = uuid_v7(request->now_us, chance);
		uuid_write(&fresh, request->id);
	}
	memcpy(exchange->trace_flags, "00", 3);
	if (!read_trace(exchange, request_header(request, "traceparent")))
		write_hex(chance + 10, HEX_TRACE / 2, request->trace_id);
	write_hex(chance + 10 + HEX_TRACE / 2, HEX_PARENT / 2, request->parent_id);
}

/* --- the head --- */

static void
add(struct buffer *to, struct text text)
{
	buffer_add(to, text.at, text.bytes);
}

static void
add_header(struct buffer *to, struct text name, struct text value)
{
	add(to, name);
	buffer_add(to, ": ", 2);
	add(to, value);
	buffer_add(to, "\r\n", 2);
}

static void
add_number(struct buffer *to, size_t number)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buffer_add(to, digits + at, sizeof(digits) - at);
}

/* IMF-fixdate, RFC 9110 section 5.6.7; made once a second. */
static struct text
date(int64_t now_us)
{
	static char text[40];
	static int64_t of_s;
	static size_t bytes;
	time_t now_s = (time_t)(now_us / GATE_S);
	struct tm broken;

	if (now_s != of_s && gmtime_r(&now_s, &broken) != NULL) {
		bytes = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &broken);
		of_s = now_s;
	}
	return (struct text){ text, bytes };
}

static void
add_status_line(struct buffer *to, int status)
{
	size_t i = 0;

	while (i < sizeof(reasons) / sizeof(reasons[0]) && reasons[i].status != status)
		i++;
	buffer_add(to, "HTTP/1.1 ", 9);
	add_number(to, (size_t)status);
	buffer_add(to, " ", 1);
	if (i < sizeof(reasons) / sizeof(reasons[0]))
		add(to, text_of(reasons[i].reason));
	buffer_add(to, "\r\n", 2);
}

static void
add_trace(struct buffer *to, const struct exchange *exchange)
{
	add(to, TEXT("traceparent: 00-"));
	buffer_add(to, exchange->request.trace_id, HEX_TRACE);
	buffer_add(to, "-", 1);
	buffer_add(to, exchange->request.parent_id, HEX_PARENT);
	buffer_add(to, "-", 1);
	buffer_add(to, exchange->trace_flags, 2);
	buffer_add(to, "\r\n", 2);
}

static void
add_limit(struct buffer *to, const struct exchange *exchange)
{
	char state[LIMIT_HEADER_BYTES_MAX];

	if (!exchange->limit.limited)
		return;
	limit_header(&exchange->limit, state);
	add_header(
	    to, TEXT("RateLimit-Policy"), text_of(limit_policy(gate.limit, exchange->limit.asked)));
	add_header(to, TEXT("RateLimit"), text_of(state));
}

/* The reply's own headers; their values were held against control characters when added. */
static bool
add_own(struct buffer *to, const struct reply *reply)
{
	bool says_cache = false;

	for (int i = 0; i < reply->headers_count; i++) {
		says_cache |= text_equal_nocase(reply->headers[i].name, TEXT("Cache-Control"));
		add_header(to, reply->headers[i].name, reply->headers[i].value);
	}
	return says_cache;
}

static void
render_head(struct exchange *exchange)
{
	const struct reply *reply = &exchange->reply;
	struct buffer *to = &exchange->head;

	buffer_init(to, exchange->request.arena, HEAD_BYTES_FIRST);
	add_status_line(to, reply->status);
	add_header(to, TEXT("Date"), date(exchange->request.now_us));
	if (reply->media.bytes > 0)
		add_header(to, TEXT("Content-Type"), reply->media);
	add_header(to, TEXT("Request-Id"), text_of(exchange->request.id));
	add_trace(to, exchange);
	add_limit(to, exchange);
	if (!add_own(to, reply))
		add(to, TEXT("Cache-Control: no-store\r\n"));
	add(to, TEXT("X-Content-Type-Options: nosniff\r\n"
		     "Cross-Origin-Resource-Policy: same-origin\r\n"));
	if (exchange->closes)
		add(to, TEXT("Connection: close\r\n"));
}

void
reply_render(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;
	bool bodiless = reply->status == 204 || reply->status == 304;

	assert(reply->status >= 200 && reply->status < 600);
	render_head(exchange);
	if (!bodiless) {
		add(&exchange->head, TEXT("Content-Length: "));
		add_number(&exchange->head, reply->body.bytes);
		buffer_add(&exchange->head, "\r\n", 2);
	}
	buffer_add(&exchange->head, "\r\n", 2);
	if (!bodiless && !exchange->request.head && reply->body.bytes <= BODY_BYTES_COPIED) {
		add(&exchange->head, reply->body);
		bodiless = true;
	}
	exchange->out[0] = (struct iovec){ exchange->head.at, exchange->head.bytes };
	if (!bodiless && !exchange->request.head)
		exchange->out[1] = (struct iovec){ (void *)reply->body.at, reply->body.bytes };
}

/* A body without an end: the connection's end is its own. */
void
reply_render_stream(struct exchange *exchange)
{
	exchange->closes = true;
	render_head(exchange);
	add(&exchange->head, TEXT("X-Accel-Buffering: no\r\n\r\n"));
}
