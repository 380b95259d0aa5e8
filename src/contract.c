/* contract: rows against the catalog; see contract.h. */
#include "contract.h"

#include <assert.h>
#include <stdarg.h>

#include "contract_parts.h"
#include "socius/log.h"

static const char *const method_names[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

void
contract_disagree(struct check *check, const char *format, ...)
{
	const struct endpoint *endpoint = check->operation->endpoint;
	va_list list;

	check->disagreements++;
	/* nobody is left to tell when standard error is closed */
	(void)fprintf(stderr, "socius: %s %s: ", method_names[endpoint->method], endpoint->path);
	va_start(list, format);
	(void)vfprintf(stderr, format, list);
	va_end(list);
	(void)fputs("\n", stderr);
}

static bool
is_keyed(const struct endpoint *endpoint)
{
	for (int i = 0; endpoint->takes[i].name != NULL; i++)
		if ((endpoint->takes[i].from == KEY || endpoint->takes[i].from == KEYED) &&
		    !endpoint->takes[i].optional)
			return true;
	return false;
}

static int
check_operation(const struct app *of, const struct catalog *catalog, struct operation *operation)
{
	struct check check = { .of = of, .catalog = catalog, .operation = operation };
	const struct endpoint *endpoint = operation->endpoint;

	if (endpoint->takes == NULL || endpoint->calls == NULL ||
	    strncmp(endpoint->calls, "api.", 4) != 0) {
		contract_disagree(&check, "it needs .calls = \"api....\" and .takes");
		return check.disagreements;
	}
	operation->id = endpoint->calls + 4;
	operation->keyed = is_keyed(endpoint);
	contract_check_row(&check);
	contract_check_call(&check);
	return check.disagreements;
}

static bool
has_field(const struct shape *shape, struct text name)
{
	for (int i = 0; i < shape->fields_count; i++)
		if (text_is(name, shape->fields[i].name))
			return true;
	return false;
}

/* Whether each parameter of the path is a field of the reply. */
static bool
filled_by(const char *path, const struct shape *shape)
{
	bool any = false;

	for (; (path = strchr(path, '{')) != NULL; any = true) {
		path++;
		if (!has_field(shape, (struct text){ path, strcspn(path, "}") }))
			return false;
	}
	return any;
}

/* What a 201 made can be read with the GET that gives the same shape and whose path the reply can
 * fill. */
static void
locate(struct contract *contract)
{
	for (int i = 0; i < contract->operations_count; i++) {
		struct operation *made = &contract->operations[i];

		for (int j = 0; j < contract->operations_count; j++) {
			const struct operation *read = &contract->operations[j];

			if (made->endpoint->status == 201 && made->gives != NULL &&
			    made->endpoint->gives == ONE && made->located == NULL &&
			    read->endpoint->method == GET && read->endpoint->gives == ONE &&
			    read->gives == made->gives &&
			    filled_by(read->endpoint->path, made->gives))
				made->located = read->endpoint;
		}
	}
}

/* Fills the contract; returns the number of disagreements. */
static int
check_all(const struct app *of, const struct catalog *catalog, struct contract *contract)
{
	int disagreements = 0;

	contract->shapes = catalog->shapes;
	contract->shapes_count = catalog->shapes_count;
	for (const struct room *const *room = of->rooms; *room != NULL; room++)
		for (const struct endpoint *endpoint = (*room)->endpoints; endpoint->path != NULL;
		     endpoint++) {
			struct operation *operation;

			if (contract->operations_count == CONTRACT_ENDPOINTS_MAX)
				log_die("there are more than %d endpoints", CONTRACT_ENDPOINTS_MAX);
			operation = &contract->operations[contract->operations_count++];
			*operation = (struct operation){ .room = *room, .endpoint = endpoint };
			disagreements += check_operation(of, catalog, operation);
		}
	if (disagreements == 0)
		locate(contract);
	return disagreements;
}

/* The arena and the contract live as long as the process. */
static struct contract *
load(const struct app *of, const char *conninfo, int *disagreements)
{
	struct contract *contract = calloc(1, sizeof(*contract));
	struct arena *arena = calloc(1, sizeof(*arena));
	struct catalog catalog = { .arena = arena };

	if (contract == NULL || arena == NULL)
		log_die("out of memory for the contract");
	arena_init(arena);
	contract_read_catalog(&catalog, conninfo);
	*disagreements = check_all(of, &catalog, contract);
	return contract;
}

const struct contract *
contract_load(const struct app *of, const char *conninfo)
{
	int disagreements;
	const struct contract *contract = load(of, conninfo, &disagreements);

	if (disagreements > 0)
		log_die("the endpoints and the database disagree in %d places", disagreements);
	return contract;
}

int
contract_check(const struct app *of, const char *conninfo)
{
	int disagreements;

	(void)load(of, conninfo, &disagreements); /* only the count is wanted */
	return disagreements;
}

const struct shape *
contract_shape(const struct contract *contract, uint32_t oid)
{
	return contract_find_shape(contract->shapes, contract->shapes_count, oid);
}

const struct operation *
contract_operation(const struct contract *contract, const struct endpoint *endpoint)
{
	for (int i = 0; i < contract->operations_count; i++)
		if (contract->operations[i].endpoint == endpoint)
			return &contract->operations[i];
	return NULL;
}

const char *
contract_cursors_of(const struct operation *operation)
{
	const char *of = operation->endpoint->cursors_of;

	return of != NULL ? of : operation->id;
}
