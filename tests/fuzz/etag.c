/* etag: any header as a list of entity tags: each that is taken is one, and the list ends. */
#include "etag.h"
#include "fuzz/fuzzed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request *request = fuzzed_request();
	struct text from = fuzzed_rest(data, size), list = from;
	struct etag tag;
	size_t left;

	for (left = list.bytes + 1; etag_next(&list, &tag); left = list.bytes) {
		FUZZED_HOLDS(list.bytes < left);
		FUZZED_HOLDS(tag.opaque.bytes >= 2 && tag.opaque.at[0] == '"');
		FUZZED_HOLDS(memchr(tag.opaque.at + 1, '"', tag.opaque.bytes - 1) ==
			     tag.opaque.at + tag.opaque.bytes - 1);
		request->headers[0] = (struct header){ TEXT("If-None-Match"), from };
		request->headers_count = 1;
		FUZZED_HOLDS(etag_is_known(request, tag.opaque));
	}
	return 0;
}
