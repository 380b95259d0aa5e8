/* route: a tree of path segments; see route.h. */
#include "route.h"

#include <assert.h>

#include "socius/log.h"

enum { METHODS = 5 };

static const char *const method_names[METHODS] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

struct route {
	struct text segment; /* a literal; bytes 0 and at NULL: the {parameter} */
	struct route *child; /* first of the next segment: literals before the parameter */
	struct route *sibling;
	const struct operation *operations[METHODS];
};

/* Cuts the next segment off a path: "/v1/slots" gives "v1" and leaves "/slots". false: at its end.
 */
static bool
next_segment(struct text *path, struct text *segment)
{
	size_t bytes = 1;

	if (path->bytes == 0 || path->at[0] != '/')
		return false;
	while (bytes < path->bytes && path->at[bytes] != '/')
		bytes++;
	*segment = (struct text){ path->at + 1, bytes - 1 };
	path->at += bytes;
	path->bytes -= bytes;
	return true;
}

static struct route *
node_new(struct text segment)
{
	struct route *node = calloc(1, sizeof(*node));

	if (node == NULL)
		log_die("out of memory for the routes");
	node->segment = segment;
	return node;
}

/* The child for a segment of a pattern, made where it is missing. */
static struct route *
child_for(struct route *parent, struct text segment)
{
	struct route **at = &parent->child;

	if (segment.bytes > 0 && segment.at[0] == '{')
		segment = (struct text){ NULL, 0 };
	for (; *at != NULL; at = &(*at)->sibling) {
		if (text_equal((*at)->segment, segment))
			return *at;
		if ((*at)->segment.at == NULL)
			break;
	}
	struct route *node = node_new(segment);

	node->sibling = *at;
	*at = node;
	return node;
}

const struct route *
route_build(const struct contract *contract)
{
	struct route *root = node_new((struct text){ NULL, 0 });

	for (int i = 0; i < contract->operations_count; i++) {
		const struct operation *operation = &contract->operations[i];
		struct text path = text_of(operation->endpoint->path), segment;
		struct route *node = root;

		while (next_segment(&path, &segment))
			node = child_for(node, segment);
		assert(node->operations[operation->endpoint->method] == NULL);
		node->operations[operation->endpoint->method] = operation;
	}
	return root;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
route_percent_decode(struct arena *arena, struct text from, bool plus_is_blank, struct text *to)
{
	char *at = arena_copy(arena, from.at, from.bytes);
	size_t bytes = 0;

	for (size_t i = 0; i < from.bytes; i++) {
		char c = from.at[i];

		if (c == '+' && plus_is_blank) {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < from.bytes ? hex(from.at[i + 1]) : -1;
			int low = i + 2 < from.bytes ? hex(from.at[i + 2]) : -1;

			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		at[bytes++] = c;
	}
	at[bytes] = '\0';
	*to = (struct text){ at, bytes };
	return true;
}

/* Walks down the tree; false: no such path. */
static bool
walk(const struct route **node, struct request *request)
{
	struct text path = request->path, segment;
	int params = 0;

	while (next_segment(&path, &segment)) {
		const struct route *child = (*node)->child;

		while (child != NULL && child->segment.at != NULL &&
		       !text_equal(child->segment, segment))
			child = child->sibling;
		if (child == NULL)
			return false;
		if (child->segment.at == NULL) {
			assert(params < REQUEST_PATH_PARAMS_MAX);
			if (segment.bytes == 0 || !route_percent_decode(request->arena, segment,
						      false, &request->path_params[params++]))
				return false;
		}
		*node = child;
	}
	return path.bytes == 0;
}

/* The methods of a node, for Allow; NULL: it has none. */
static const char *
methods_of(const struct route *node, struct arena *arena)
{
	const char *allow = NULL;

	for (int i = 0; i < METHODS; i++) {
		const char *name = i == GET ? "GET, HEAD" : method_names[i];

		if (node->operations[i] == NULL)
			continue;
		allow = allow == NULL ? name : arena_print(arena, "%s, %s", allow, name);
	}
	return allow;
}

const struct operation *
route_find(const struct route *route, struct request *request)
{
	const struct route *node = route;

	if (!walk(&node, request)) {
		problem_set(&request->problem, "not_found", NULL);
		return NULL;
	}
	if (node->operations[request->method] != NULL)
		return node->operations[request->method];
	request->allow = methods_of(node, request->arena);
	problem_set(
	    &request->problem, request->allow == NULL ? "not_found" : "method_not_allowed", NULL);
	return NULL;
}
