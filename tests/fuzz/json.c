/* json: any body of any operation: its arguments are within the row's bounds, or a problem says
 * which is not. */
#include "fuzz/fuzzed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct contract *contract = fuzzed_contract();
	struct request *request = fuzzed_request();
	const struct operation *operation =
	    &contract->operations[fuzzed_number(&data, &size, (size_t)contract->operations_count)];

	fuzzed_ask(request, operation);
	request->body = fuzzed_rest(data, size);
	fuzzed_decode(request, operation);
	return 0;
}
