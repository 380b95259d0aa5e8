/* reader: any bytes as a connection: read whole or in pieces they are the same requests, and what
 * is left alone belongs to the next. */
#include "fuzz/fuzzed.h"
#include "reader.h"

/* What was made of a request. */
struct made {
	enum reader_state state;
	size_t used;
	bool closes;
	int headers_count;
	struct text method, path, query, body;
	const struct problem_kind *problem;
};

/* One request out of the bytes, at most `piece` at a time. */
static struct made
read_one(struct request *request, const char *at, size_t bytes, size_t piece)
{
	struct reader reader;
	size_t used = 0;

	reader_init(&reader);
	while (used < bytes) {
		size_t part = bytes - used < piece ? bytes - used : piece;

		used += reader_feed(&reader, request, at + used, part);
		FUZZED_HOLDS(used <= bytes);
		if (reader.state == READER_HAS_HEAD)
			reader_accept_body(&reader, request, READER_BODY_BYTES_MAX, NULL, NULL);
		if (reader.state != READER_IN_HEAD && reader.state != READER_IN_BODY)
			break;
	}
	FUZZED_HOLDS((reader.state == READER_REFUSED) == (request->problem.kind != NULL));
	return (struct made){ reader.state, used, reader.closes, request->headers_count,
		request->method_name, request->path, request->query, request->body,
		request->problem.kind };
}

static void
check_request(const struct request *request)
{
	FUZZED_HOLDS(request->headers_count <= REQUEST_HEADERS_MAX);
	FUZZED_HOLDS(request->path.bytes > 0);
	for (int i = 0; i < request->headers_count; i++) {
		struct text value = request->headers[i].value;

		FUZZED_HOLDS(request->headers[i].name.bytes > 0);
		for (size_t j = 0; j < value.bytes; j++)
			FUZZED_HOLDS(
			    value.at[j] != '\r' && value.at[j] != '\n' && value.at[j] != '\0');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = 1 + fuzzed_number(&data, &size, 64);
	struct text from = fuzzed_rest(data, size);

	while (from.bytes > 0) {
		struct request *request = fuzzed_request();
		struct request other = *request;
		struct made whole = read_one(request, from.at, from.bytes, from.bytes);
		struct made parts = read_one(&other, from.at, from.bytes, piece);

		FUZZED_HOLDS(whole.state == parts.state && whole.problem == parts.problem);
		if (whole.state == READER_DONE) {
			check_request(request);
			FUZZED_HOLDS(whole.used == parts.used && whole.closes == parts.closes);
			FUZZED_HOLDS(whole.headers_count == parts.headers_count);
			FUZZED_HOLDS(text_equal(whole.method, parts.method) &&
				     text_equal(whole.path, parts.path) &&
				     text_equal(whole.query, parts.query) &&
				     text_equal(whole.body, parts.body));
		}
		if (whole.state != READER_DONE || whole.closes || whole.used == 0)
			break;
		from.at += whole.used;
		from.bytes -= whole.used;
	}
	return 0;
}
