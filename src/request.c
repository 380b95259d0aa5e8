/* request: look-ups in a request; see socius/request.h. */
#include "socius/request.h"

struct text
request_header(const struct request *request, const char *name)
{
	struct text wanted = text_of(name);

	for (int i = 0; i < request->headers_count; i++)
		if (text_equal_nocase(request->headers[i].name, wanted))
			return request->headers[i].value;
	return (struct text){ NULL, 0 };
}

struct value *
request_arg(struct request *request, const char *name)
{
	const struct field *takes = request->endpoint->takes;

	for (int i = 0; takes != NULL && takes[i].name != NULL; i++)
		if (strcmp(takes[i].name, name) == 0)
			return &request->args[i];
	return NULL;
}
