/* precis: any text as a password and as a name: normalizing it twice changes no more than once, and
 * what a password may have a text of several lines may have too. */
#include "fuzz/fuzzed.h"
#include "precis.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzzed_request()->arena;
	struct text from = fuzzed_rest(data, size), made;
	const char *why;

	if (!text_is_utf8(from))
		return 0;
	made = precis_normalize(arena, from);
	FUZZED_HOLDS(text_is_utf8(made));
	FUZZED_HOLDS(text_equal(made, precis_normalize(arena, made)));
	FUZZED_HOLDS(!precis_is_plain(from) || text_equal(made, from));
	why = precis_fault(arena, made, PRECIS_PASSWORD);
	FUZZED_HOLDS(!precis_is_plain(made) || why == NULL);
	if (why != NULL) {
		FUZZED_HOLDS(text_is_utf8(text_of(why)));
		return 0;
	}
	FUZZED_HOLDS(precis_fault(arena, made, PRECIS_LINES) == NULL);
	/* a name neither begins with a mark nor holds what nobody sees */
	why = precis_fault(arena, made, PRECIS_LINE);
	FUZZED_HOLDS(why == NULL || text_is_utf8(text_of(why)));
	return 0;
}
