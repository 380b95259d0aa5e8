/* form: any body as a form, of the operations that take one: its arguments are within the row's
 * bounds, or a problem says which is not. */
#include "fuzz/fuzzed.h"

/* The nth operation that takes forms. */
static const struct operation *
operation_of(size_t number)
{
	const struct contract *contract = fuzzed_contract();
	const struct operation *taking[CONTRACT_ENDPOINTS_MAX];
	size_t count = 0;

	for (int i = 0; i < contract->operations_count; i++)
		if (contract->operations[i].endpoint->form)
			taking[count++] = &contract->operations[i];
	FUZZED_HOLDS(count > 0);
	return taking[number % count];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request *request = fuzzed_request();
	const struct operation *operation = operation_of(fuzzed_number(&data, &size, 1 << 16));

	fuzzed_ask(request, operation);
	request->headers[0].value = TEXT("application/x-www-form-urlencoded");
	request->body = fuzzed_rest(data, size);
	fuzzed_decode(request, operation);
	return 0;
}
