/* reader: bytes into requests, RFC 9112; see reader.h. */
#include "reader.h"

#include <assert.h>

#include "grammar.h"

enum {
	METHOD_BYTES_MAX = 32,
	LINE_BYTES_MAX = READER_TARGET_BYTES_MAX + METHOD_BYTES_MAX + 12, /* of the request line */
	EMPTY_LINES_MAX = 2,
	LENGTH_DIGITS_MAX = 15,
	HEAD_BYTES_FIRST = 1024 /* most heads fit */
};

static const struct {
	const char *name;
	enum method method;
	bool head, options, trace;
} methods[] = {
	{ "GET", GET },
	{ "POST", POST },
	{ "PUT", PUT },
	{ "PATCH", PATCH },
	{ "DELETE", DELETE },
	{ "HEAD", GET, .head = true },
	{ "OPTIONS", GET, .options = true },
	/* answered as OPTIONS is, with 405: to send it back would show secrets to scripts */
	{ "TRACE", GET, .options = true, .trace = true },
};

/* Fields that the reader itself understands, or that two readers could take differently if they
 * stood twice. */
enum { HOST, LENGTH, ENCODING, CONNECTION, EXPECT, AUTHORIZATION, TYPE, KEY_FIELD, FIELDS };

static const struct {
	struct text name;
	bool once;
} fields[FIELDS] = {
	[HOST] = { { "Host", 4 }, true },
	[LENGTH] = { { "Content-Length", 14 }, true },
	[ENCODING] = { { "Transfer-Encoding", 17 }, false },
	[CONNECTION] = { { "Connection", 10 }, false },
	[EXPECT] = { { "Expect", 6 }, false },
	[AUTHORIZATION] = { { "Authorization", 13 }, true },
	[TYPE] = { { "Content-Type", 12 }, true },
	[KEY_FIELD] = { { "Idempotency-Key", 15 }, true },
};

void
reader_init(struct reader *reader)
{
	*reader = (struct reader){ .state = READER_IN_HEAD };
}

bool
reader_begun(const struct reader *reader)
{
	return reader->lines > 0 || reader->head.bytes > reader->line_from;
}

static void
refuse(struct reader *reader, struct request *request, const char *slug, const char *why)
{
	problem_set(&request->problem, slug, why);
	reader->state = READER_REFUSED;
	reader->closes = true;
}

static void
malformed(struct reader *reader, struct request *request, const char *why)
{
	refuse(reader, request, "malformed_request", why);
}

/* The absolute form, section 3.2.2: a server must take it. Leaves path and query in `target`. */
static bool
strip_authority(struct text *target)
{
	static const struct text schemes[] = { { "http://", 7 }, { "https://", 8 } };
	struct text authority;

	for (size_t i = 0; i < 2; i++) {
		size_t bytes = schemes[i].bytes;

		if (target->bytes < bytes ||
		    !text_equal_nocase((struct text){ target->at, bytes }, schemes[i]))
			continue;
		authority = (struct text){ target->at + bytes, 0 };
		while (bytes + authority.bytes < target->bytes &&
		       authority.at[authority.bytes] != '/' && authority.at[authority.bytes] != '?')
			authority.bytes++;
		target->at += bytes + authority.bytes;
		target->bytes -= bytes + authority.bytes;
		return authority.bytes > 0 && grammar_host_right(authority);
	}
	return false;
}

static void
read_target(struct reader *reader, struct request *request, struct text target)
{
	if (target.bytes > READER_TARGET_BYTES_MAX) {
		refuse(reader, request, "path_too_long", NULL);
		return;
	}
	if (reader->options && text_is(target, "*")) {
		request->path = target;
		return;
	}
	if (target.at[0] != '/' && !strip_authority(&target)) {
		malformed(reader, request, "the request target is not a path");
		return;
	}
	request->path = grammar_cut(&target, '?');
	request->query = target;
	if (request->path.bytes == 0)
		request->path = TEXT("/");
	if (!grammar_all(request->path, PCHAR) || !grammar_all(request->query, QCHAR))
		malformed(
		    reader, request, "the request target holds a character that must be escaped");
	else if (!grammar_escapes_right(request->path))
		malformed(reader, request, "the path holds a malformed escape");
}

/* HTTP-version, section 2.3. */
static void
read_version(struct reader *reader, struct request *request, struct text version)
{
	if (version.bytes != 8 || memcmp(version.at, "HTTP/", 5) != 0 ||
	    !grammar_is(version.at[5], DIGIT) || version.at[6] != '.' ||
	    !grammar_is(version.at[7], DIGIT))
		malformed(reader, request, "the request line is not `method target HTTP/1.1`");
	else if (version.at[5] != '1')
		refuse(reader, request, "version_unsupported", NULL);
	reader->minor = version.bytes == 8 ? version.at[7] - '0' : 0;
}

static void
read_method(struct reader *reader, struct request *request)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!text_is(request->method_name, methods[i].name))
			continue;
		request->method = methods[i].method;
		request->head = methods[i].head;
		reader->options = methods[i].options;
		reader->trace = methods[i].trace;
		return;
	}
	refuse(reader, request, "method_not_implemented", NULL);
}

/* request-line, section 3. */
static void
read_request_line(struct reader *reader, struct request *request, struct text line)
{
	struct text method = grammar_cut(&line, ' '), target = grammar_cut(&line, ' ');

	if (method.bytes == 0 || method.bytes > METHOD_BYTES_MAX || !grammar_all(method, TCHAR) ||
	    target.bytes == 0) {
		malformed(reader, request, "the request line is not `method target HTTP/1.1`");
		return;
	}
	request->method_name = method;
	read_version(reader, request, line);
	if (reader->state == READER_IN_HEAD)
		read_method(reader, request);
	if (reader->state == READER_IN_HEAD)
		read_target(reader, request, target);
}

/* Content-Length, section 6.2: one number. More digits than any body could have count as endless.
 */
static void
read_length(struct reader *reader, struct request *request, struct text value)
{
	size_t bytes = 0;

	if (value.bytes == 0 || !grammar_all(value, DIGIT)) {
		malformed(reader, request, "Content-Length is not a number");
		return;
	}
	while (value.bytes > 1 && value.at[0] == '0') {
		value.at++;
		value.bytes--;
	}
	for (size_t i = 0; i < value.bytes && i < LENGTH_DIGITS_MAX; i++)
		bytes = bytes * 10 + (size_t)(value.at[i] - '0');
	reader->body_bytes = value.bytes > LENGTH_DIGITS_MAX ? SIZE_MAX : bytes;
}

/* What a field means to the reader itself. */
static void
heed_field(struct reader *reader, struct request *request, int field, struct text value)
{
	if (fields[field].once && (reader->seen & (1u << field)) != 0) {
		malformed(reader, request, "a header field stands twice that may stand once only");
		return;
	}
	reader->seen |= 1u << field;
	switch (field) {
	case HOST:
		if (!grammar_host_right(value))
			malformed(reader, request, "Host is not a host");
		break;
	case LENGTH:
		read_length(reader, request, value);
		break;
	case ENCODING:
		reader->chunked = true;
		break;
	case CONNECTION:
		reader->closes |= grammar_lists(value, TEXT("close"));
		break;
	case EXPECT:
		reader->continues |= grammar_lists(value, TEXT("100-continue"));
		break;
	default:
		break;
	}
}

/* field-line, section 5. */
static void
read_field(struct reader *reader, struct request *request, struct text line)
{
	struct text name, value = line;

	if (line.at[0] == ' ' || line.at[0] == '\t') {
		malformed(reader, request, "a header field is folded");
		return;
	}
	name = grammar_cut(&value, ':');
	if (name.bytes == 0 || name.bytes == line.bytes || !grammar_all(name, TCHAR)) {
		malformed(reader, request, "a header line is not `name: value`");
		return;
	}
	value = grammar_trim(value);
	if (!grammar_value_right(value)) {
		malformed(reader, request, "a header field holds a control character");
		return;
	}
	if (request->headers_count == REQUEST_HEADERS_MAX) {
		refuse(reader, request, "headers_too_large", NULL);
		return;
	}
	request->headers[request->headers_count++] = (struct header){ name, value };
	for (int i = 0; i < FIELDS; i++)
		if (text_equal_nocase(name, fields[i].name))
			heed_field(reader, request, i, value);
}

static bool
takes_body(const struct reader *reader, const struct request *request)
{
	return request->method != GET && request->method != DELETE && !reader->options;
}

/* The empty line has come: sections 3.2 (Host) and 6.3 (length of the body). */
static void
end_head(struct reader *reader, struct request *request)
{
	bool host = (reader->seen & (1u << HOST)) != 0;
	bool length = (reader->seen & (1u << LENGTH)) != 0;

	if (reader->minor > 0 && !host)
		malformed(reader, request, "there is no Host");
	else if (reader->chunked && (length || reader->minor == 0))
		malformed(reader, request, "Transfer-Encoding cannot stand here");
	else if (reader->chunked)
		refuse(reader, request, "length_required", NULL);
	else if (reader->body_bytes > 0 && !takes_body(reader, request))
		malformed(reader, request, "this method takes no body");
	if (reader->state == READER_REFUSED)
		return;
	reader->closes |= reader->minor == 0;
	reader->continues &= reader->minor > 0 && reader->body_bytes > 0;
	request->body = TEXT("");
	reader->state = reader->body_bytes > 0 ? READER_HAS_HEAD : READER_DONE;
}

/* A line has come, with its CR and LF. */
static void
end_line(struct reader *reader, struct request *request)
{
	struct text line = { reader->head.at + reader->line_from,
		reader->head.bytes - reader->line_from };

	reader->line_from = reader->head.bytes;
	if (line.bytes < 2 || line.at[line.bytes - 2] != '\r') {
		malformed(reader, request, "a line ends without CR");
		return;
	}
	line.bytes -= 2;
	if (line.bytes == 0 && reader->lines == 0) {
		if (++reader->empty_lines > EMPTY_LINES_MAX)
			malformed(reader, request, "there is no request line");
		return;
	}
	if (line.bytes == 0)
		end_head(reader, request);
	else if (reader->lines == 0)
		read_request_line(reader, request, line);
	else
		read_field(reader, request, line);
	reader->lines++;
}

/* The limits hold before a byte is kept, so that they do not depend on the pieces. */
static bool
fits(struct reader *reader, struct request *request, size_t bytes)
{
	if (reader->lines == 0 && reader->head.bytes - reader->line_from + bytes > LINE_BYTES_MAX)
		refuse(reader, request, "path_too_long", NULL);
	else if (reader->head.bytes + bytes > READER_HEAD_BYTES_MAX)
		refuse(reader, request, "headers_too_large", NULL);
	return reader->state == READER_IN_HEAD;
}

static size_t
feed_head(struct reader *reader, struct request *request, const char *at, size_t bytes)
{
	size_t taken = 0;

	if (reader->head.arena == NULL)
		buffer_init(&reader->head, request->arena, HEAD_BYTES_FIRST);
	while (reader->state == READER_IN_HEAD && taken < bytes) {
		const char *newline = memchr(at + taken, '\n', bytes - taken);
		size_t piece =
		    newline == NULL ? bytes - taken : (size_t)(newline - (at + taken)) + 1;

		if (!fits(reader, request, piece))
			break;
		buffer_add(&reader->head, at + taken, piece);
		taken += piece;
		if (newline != NULL)
			end_line(reader, request);
	}
	return taken;
}

void
reader_accept_body(
    struct reader *reader, struct request *request, size_t bytes_max, reader_sink *sink, void *of)
{
	assert(reader->state == READER_HAS_HEAD);
	if (reader->body_bytes > bytes_max) {
		refuse(reader, request, "body_too_large", NULL);
		return;
	}
	reader->sink = sink;
	reader->sink_of = of;
	if (sink == NULL)
		reader->body = arena_take(request->arena, reader->body_bytes);
	reader->state = READER_IN_BODY;
}

static size_t
feed_body(struct reader *reader, struct request *request, const char *at, size_t bytes)
{
	size_t left = reader->body_bytes - reader->body_read;

	if (bytes > left)
		bytes = left;
	if (reader->sink == NULL) {
		memcpy(reader->body + reader->body_read, at, bytes);
	} else if (!reader->sink(reader->sink_of, at, bytes)) {
		refuse(reader, request, "unavailable", "the body could not be kept");
		return bytes;
	}
	reader->body_read += bytes;
	if (reader->body_read == reader->body_bytes) {
		if (reader->sink == NULL)
			request->body = (struct text){ reader->body, reader->body_bytes };
		reader->state = READER_DONE;
	}
	return bytes;
}

size_t
reader_feed(struct reader *reader, struct request *request, const char *at, size_t bytes)
{
	if (bytes == 0)
		return 0;
	if (reader->state == READER_IN_HEAD)
		return feed_head(reader, request, at, bytes);
	if (reader->state == READER_IN_BODY)
		return feed_body(reader, request, at, bytes);
	return 0;
}
