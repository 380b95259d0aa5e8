/* path: any path: it is that of one row with its parameters, or a problem says what is. */
#include "fuzz/fuzzed.h"
#include "route.h"

static int
parameters_of(const char *path)
{
	int count = 0;

	for (; (path = strchr(path, '{')) != NULL; path++)
		count++;
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct route *route;
	struct request *request = fuzzed_request();
	const struct operation *operation;

	if (route == NULL)
		route = route_build(fuzzed_contract());
	request->method = (enum method)fuzzed_number(&data, &size, 5);
	request->path = fuzzed_rest(data, size);
	if (memchr(request->path.at, '\0', size) != NULL)
		return 0; /* the reader lets none through */
	operation = route_find(route, request);
	FUZZED_HOLDS((operation == NULL) == (request->problem.kind != NULL));
	if (operation == NULL) {
		FUZZED_HOLDS(request->problem.kind->status == 404 || request->allow != NULL);
		return 0;
	}
	FUZZED_HOLDS(operation->endpoint->method == request->method);
	for (int i = 0; i < parameters_of(operation->endpoint->path); i++) {
		struct text value = request->path_params[i];

		FUZZED_HOLDS(value.bytes > 0 && value.bytes <= size);
		FUZZED_HOLDS(memchr(value.at, '\0', value.bytes) == NULL);
	}
	request->endpoint = operation->endpoint;
	return 0;
}
