/* openapi_problems: the schema of problems, and the page that lists them; see openapi.h. */
#include "openapi.h"
#include "openapi_parts.h"
#include "socius/problem.h"

/* The members of a problem and of one of its errors; business data stands beside them. */
struct member {
	const char *name, *type, *format, *says;
	bool optional;
};

static const struct member members[] = {
	{ "type", "string", "uri-reference", "/problems/ and the code" },
	{ "title", "string", NULL, "the same for every occurrence" },
	{ "status", "integer", "int32", "the status of the reply" },
	{ "detail", "string", NULL, "about this occurrence" },
	{ "instance", "string", "uri-reference", "/requests/ and the request's id", true },
	{ "request_id", "string", NULL, "also in the header Request-Id", true },
	{ "code", "string", NULL, "stable; more codes may come" },
	{ "retryable", "boolean", NULL,
	    "whether the same request may succeed later, by time or by what others do" },
	{ "retry_after", "integer", "int32",
	    "seconds until it may, where that is known; also in the header Retry-After", true },
	{ "retry_at", "string", "date-time", "the moment from which it may, where that is known",
	    true },
	{ NULL },
};

static const struct member error_members[] = {
	{ "pointer", "string", NULL, "RFC 6901 into the body; or ?parameter, {parameter}, Header" },
	{ "code", "string", NULL,
	    "required, unknown, duplicate, type, range, format, among, length or utf8" },
	{ "detail", "string", NULL, "what is expected" },
	{ NULL },
};

static json_t *
object_of(const struct member *list)
{
	json_t *required = json_array(), *properties = json_object(), *schema = json_object();

	for (; list->name != NULL; list++) {
		json_t *property = json_pack("{s:s}", "type", list->type);

		if (list->format != NULL)
			openapi_put_text(property, "format", list->format);
		openapi_put_text(property, "description", list->says);
		openapi_put(properties, list->name, property);
		if (!list->optional)
			openapi_add(required, json_string(list->name));
	}
	openapi_put_text(schema, "type", "object");
	openapi_put(schema, "required", required);
	openapi_put(schema, "properties", properties);
	return schema;
}

json_t *
openapi_problem_schema(void)
{
	json_t *schema = object_of(members);

	openapi_put(json_object_get(schema, "properties"), "errors",
	    json_pack("{s:s, s:s, s:o}", "type", "array", "description",
		"of `invalid_fields`: each faulty field", "items", object_of(error_members)));
	openapi_put_text(schema, "description",
	    "RFC 9457 problem details; business data stands beside these members.");
	return schema;
}

static void
write_kind(const struct problem_kind *kind, struct buffer *to)
{
	buffer_print(to, "\n### %s\n\n%d · %s", kind->slug, kind->status, kind->title);
	if (kind->retry_at != NULL)
		buffer_print(to, " · may be sent again from `%s` on", kind->retry_at);
	else if (kind->retry_after_s > 0)
		buffer_print(to, " · retry after %d s", kind->retry_after_s);
	else if (kind->retryable)
		buffer_add_text(to, " · may be sent again");
	buffer_print(to, "\n\n%s\n", kind->remedy);
}

struct text
openapi_problems(const struct app *of, struct arena *arena)
{
	struct buffer buffer;

	buffer_init(&buffer, arena, 16384);
	buffer_add_text(&buffer,
	    "# Problems\n\n"
	    "Made of `app/problems.c` by `make docs`; change it there.\n\n"
	    "Every error is `application/problem+json` (RFC 9457). `code` is stable, `type` is\n"
	    "`/problems/` and the code, `retryable` says whether the same request may succeed "
	    "later,\n"
	    "by time or by what others do, `retry_after` and `retry_at` when, where that is "
	    "known,\n"
	    "`errors` names faulty fields, and business data stands beside.\n");
	for (int status = 400; status < 600; status++) {
		bool begun = false;

		for (int i = 0; of->problems[i].slug != NULL; i++) {
			if (of->problems[i].status != status)
				continue;
			if (!begun)
				buffer_print(&buffer, "\n## %d\n", status);
			begun = true;
			write_kind(&of->problems[i], &buffer);
		}
	}
	buffer_add(&buffer, "", 1);
	return (struct text){ buffer.at, buffer.bytes - 1 };
}
