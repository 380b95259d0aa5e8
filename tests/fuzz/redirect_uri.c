/* redirect_uri: any text as an address for answers: one that is right is printable ASCII without a
 * fragment, and on the web it has nobody before its host. */
#include "fuzz/fuzzed.h"
#include "oauth/redirect_uri.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text uri = fuzzed_rest(data, size);
	size_t end = 8;

	if (!redirect_uri_right(uri))
		return 0;
	for (size_t i = 0; i < uri.bytes; i++)
		FUZZED_HOLDS(uri.at[i] > ' ' && uri.at[i] <= '~' && uri.at[i] != '#');
	if (uri.bytes < 8 || memcmp(uri.at, "https://", 8) != 0)
		return 0;
	FUZZED_HOLDS(uri.bytes > 8);
	while (end < uri.bytes && uri.at[end] != '/' && uri.at[end] != '?')
		end++;
	FUZZED_HOLDS(memchr(uri.at, '@', end) == NULL);
	return 0;
}
