/* contract_audit: the statement of an operation as an office calls it; see contract_parts.h.
 *
 * It calls the function and writes the audit record of the act in one statement, so in one
 * transaction: what was done is recorded, and what was rolled back is not. */
#include "catalog.h"
#include "contract_parts.h"
#include "socius/text.h"

/* What the gate adds behind the row's own arguments, in this order. */
static const enum type added[CONTRACT_AUDIT_ARGS] = { INT, UUID, UUID, STRING, STRING, STRING,
	INSTANT };

static bool
takes(const struct endpoint *endpoint, const char *name)
{
	for (const struct field *field = endpoint->takes; field->name != NULL; field++)
		if (strcmp(field->name, name) == 0)
			return true;
	return false;
}

bool
contract_is_audited(const struct app *of, const struct endpoint *endpoint)
{
	if (of->audits == NULL || endpoint->method == GET || endpoint->scope == NULL ||
	    endpoint->batch || takes(endpoint, "audit_id"))
		return false;
	for (const struct role *role = of->roles; role->name != NULL; role++)
		if (role->is_audited && text_listed(role->scopes, text_of(endpoint->scope)))
			return true;
	return false;
}

/* The argument that names what the operation is about: the last UUID of its path; -1: none. */
static int
subject_arg(const struct endpoint *endpoint)
{
	int found = -1;

	for (int i = 0; endpoint->takes[i].name != NULL; i++)
		if (endpoint->takes[i].from == PATH && endpoint->takes[i].type == UUID)
			found = i;
	return found;
}

/* The id of what the reply shows, as SQL; NULL: it shows none. */
static const char *
shown_id(struct arena *arena, const struct operation *operation, const struct function *function)
{
	const struct shape *shape = operation->gives;

	if (shape == NULL || shape->fields_count == 0 || shape->fields[0].oid != OID_UUID)
		return NULL;
	return arena_print(
	    arena, function->gives_count > 1 ? "(f.\"row\").%s" : "f.%s", shape->fields[0].name);
}

/* What was made; or else what the path names; or else what is shown. */
static const char *
subject(struct arena *arena, const struct operation *operation, const struct function *function)
{
	const char *shown = shown_id(arena, operation, function);
	int arg = operation->audited.subject_arg;

	if (arg < 0)
		return shown != NULL ? shown : "null";
	if (shown == NULL || operation->endpoint->status != 201)
		return arena_print(arena, "$%d", arg + 1);
	return arena_print(arena, "coalesce(%s, $%d)", shown, arg + 1);
}

static const char *
outcome(struct arena *arena, const struct operation *operation)
{
	const char *done =
	    operation->replays ? "case when f.replayed then 'replayed' else 'done' end" : "'done'";

	return operation->refuses ? arena_print(arena, "coalesce(f.refused, %s)", done) : done;
}

void
contract_derive_audited(struct check *check, const struct function *function)
{
	struct operation *operation = check->operation;
	struct statement *statement = &operation->audited.statement;
	struct arena *arena = check->catalog->arena;
	int first = operation->statement.args_count;

	if (first + CONTRACT_AUDIT_ARGS > REQUEST_ARGS_MAX) {
		contract_disagree(check, "it takes too many arguments to be audited");
		return;
	}
	*statement = operation->statement;
	statement->name = arena_print(arena, "audited_%s", operation->id);
	statement->batch_sql = NULL;
	for (int i = 0; i < CONTRACT_AUDIT_ARGS; i++)
		statement->types[statement->args_count++] = added[i];
	operation->audited.subject_arg = subject_arg(operation->endpoint);
	statement->sql = arena_print(arena,
	    "%s cross join lateral %s($%d::int, $%d::uuid, '%s', %s, $%d::uuid, $%d::text, "
	    "%s::uuid, $%d::text, $%d::text, $%d::timestamptz) as a",
	    operation->statement.sql, check->of->audits, first + 1, first + 2, operation->id,
	    outcome(arena, operation), first + 3, first + 4, subject(arena, operation, function),
	    first + 5, first + 6, first + 7);
}
