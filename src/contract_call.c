/* contract_call: a row against its functions in the catalog; see contract_parts.h. */
#include <assert.h>

#include "catalog.h"
#include "contract_parts.h"
#include "encode_parts.h"
#include "socius/text.h"

static const char *
type_name(const struct check *check, uint32_t oid)
{
	const struct shape *shape = catalog_shape(check->catalog, oid);

	return shape == NULL ? "?" : shape->name;
}

/* The function with this name; NULL: a disagreement was said. Whether we call it ourselves: the one
 * behind a batch is called by the batch. */
static const struct function *
find(struct check *check, const char *name, bool called)
{
	const struct function *function = catalog_function(check->catalog, name);

	if (function == NULL) {
		contract_disagree(check, "there is no function %s", name);
		return NULL;
	}
	if (function + 1 < check->catalog->functions + check->catalog->functions_count &&
	    strcmp(function[1].name, name) == 0)
		contract_disagree(check, "there is more than one function %s", name);
	if (called && !function->callable)
		contract_disagree(
		    check, "%s is not security definer, or may not be executed", name);
	return function;
}

/* Argument `at` of a function against a field. */
static void
check_argument(struct check *check, const struct function *function, int at,
    const struct field *field, bool array)
{
	const struct argument *argument = &function->takes[at];
	uint32_t oid =
	    array ? contract_types[field->type].array_oid : contract_types[field->type].oid;

	if (strncmp(argument->name, "p_", 2) != 0 || strcmp(argument->name + 2, field->name) != 0)
		contract_disagree(check, "argument %d of %s is %s, the row has p_%s", at + 1,
		    function->name, argument->name, field->name);
	else if (argument->oid != oid)
		contract_disagree(check, "argument %s of %s is %s, the row has %s%s",
		    argument->name, function->name, type_name(check, argument->oid),
		    contract_types[field->type].name, array ? "[]" : "");
}

static int
count_of(const struct field *takes)
{
	int count = 0;

	while (takes[count].name != NULL)
		count++;
	return count;
}

static void
check_arguments(struct check *check, const struct function *function, bool batch)
{
	const struct field *takes = check->operation->endpoint->takes;
	int count = count_of(takes);

	if (count != function->takes_count)
		contract_disagree(check, "%s takes %d arguments, the row has %d", function->name,
		    function->takes_count, count);
	for (int i = 0; i < count && i < function->takes_count; i++)
		check_argument(check, function, i, &takes[i], batch && takes[i].from != MARKET);
}

/* Takes the next leading column when it has this name and type. */
static bool
leads(const struct function *function, int *at, const char *name, uint32_t oid)
{
	const struct argument *column = &function->gives[*at];

	if (*at >= function->gives_count || strcmp(column->name, name) != 0 || column->oid != oid)
		return false;
	(*at)++;
	return true;
}

/* What the function gives: OUT columns refused, detail, replayed, "row"; or api.<noun>; or void. */
static void
take_gives(struct check *check, const struct function *function)
{
	struct operation *operation = check->operation;
	uint32_t oid = function->gives_count == 0 ? function->returns : OID_VOID;
	int at = 0;

	operation->refuses = leads(function, &at, "refused", OID_TEXT);
	if (operation->refuses && !leads(function, &at, "detail", OID_JSONB))
		contract_disagree(
		    check, "%s: refused is not followed by detail jsonb", function->name);
	operation->replays = leads(function, &at, "replayed", OID_BOOL);
	if (at < function->gives_count && strcmp(function->gives[at].name, "row") == 0)
		oid = function->gives[at++].oid;
	if (at < function->gives_count)
		contract_disagree(check, "%s gives %s where \"row\" belongs or nothing",
		    function->name, function->gives[at].name);
	if (oid == OID_VOID)
		return;
	operation->gives = catalog_shape(check->catalog, oid);
	if (operation->gives == NULL || operation->gives->kind != SHAPE_COMPOSITE) {
		contract_disagree(check, "%s gives %s, which is no composite type", function->name,
		    type_name(check, oid));
		operation->gives = NULL;
	}
}

/* Whether a reply can show this type, and all types within it. */
static void
check_shown(struct check *check, const char *of, uint32_t oid)
{
	const struct shape *shape = catalog_shape(check->catalog, oid);

	if (shape == NULL || (shape->kind == SHAPE_SCALAR && !encode_knows(oid))) {
		contract_disagree(
		    check, "%s is %s, which no reply can show", of, type_name(check, oid));
		return;
	}
	if (shape->kind == SHAPE_ARRAY)
		check_shown(check, of, shape->element_oid);
	for (int i = 0; i < shape->fields_count; i++)
		check_shown(check, shape->fields[i].name, shape->fields[i].oid);
}

static void
check_result(struct check *check, const struct function *function)
{
	const struct operation *operation = check->operation;
	enum gives gives = operation->endpoint->gives;

	if (gives != ONE && (!function->set || operation->gives == NULL))
		contract_disagree(
		    check, "%s does not return rows of a composite type", function->name);
	if (gives == ONE && function->set)
		contract_disagree(check, "%s returns rows, the row gives ONE", function->name);
	if (operation->endpoint->method == GET && function->writes)
		contract_disagree(check, "%s is volatile: a GET must not write", function->name);
	if (operation->gives != NULL)
		check_shown(check, function->name, operation->gives->oid);
}

/* Whether values of a column can be sort keys of this type. */
static bool
sortable(uint32_t oid, enum type type)
{
	switch (type) {
	case INT:
		return oid == OID_INT2 || oid == OID_INT4;
	case LONG:
		return oid == OID_INT8 || oid == OID_INT4 || oid == OID_XID8;
	case STRING:
		return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_NAME;
	default:
		return oid == contract_types[type].oid;
	}
}

static void
check_sort_key(struct check *check, const struct field *field)
{
	const struct shape *shape = check->operation->gives;

	if (strncmp(field->name, "after_", 6) != 0) {
		contract_disagree(
		    check, "the sort key %s is not named after_<column>", field->name);
		return;
	}
	for (int i = 0; shape != NULL && i < shape->fields_count; i++) {
		if (strcmp(shape->fields[i].name, field->name + 6) != 0)
			continue;
		if (!sortable(shape->fields[i].oid, field->type))
			contract_disagree(check, "the sort key %s is %s, its column %s",
			    field->name, contract_types[field->type].name,
			    type_name(check, shape->fields[i].oid));
		return;
	}
	contract_disagree(check, "the result has no column for the sort key %s", field->name);
}

/* The words after "Refuses:" in a function's comment, up to a full stop. */
static struct text
refusals(const struct function *function)
{
	const char *at = function->says == NULL ? NULL : strstr(function->says, "Refuses:");

	if (at == NULL)
		return (struct text){ NULL, 0 };
	at += sizeof("Refuses:") - 1;
	return (struct text){ at, strcspn(at, ".") };
}

static bool
next_word(struct text *from, struct text *word)
{
	while (from->bytes > 0 && strchr(" ,\n\t", from->at[0]) != NULL) {
		from->at++;
		from->bytes--;
	}
	*word = (struct text){ from->at, 0 };
	while (from->bytes > 0 && strchr(" ,\n\t", from->at[0]) == NULL) {
		from->at++;
		from->bytes--;
		word->bytes++;
	}
	return word->bytes > 0;
}

/* .fails is what the functions say that they refuse: neither more nor less. */
static void
check_refusals(struct check *check, const struct function *function, const struct function *asked)
{
	const char *fails = check->operation->endpoint->fails;
	struct arena *arena = check->catalog->arena;
	struct text said = refusals(function), also = { NULL, 0 }, word, left;
	const char *all;

	if (said.at == NULL)
		contract_disagree(check, "the comment on %s does not say Refuses:", function->name);
	if (asked != NULL)
		also = refusals(asked);
	all = arena_print(arena, "%.*s %.*s", (int)said.bytes, said.at == NULL ? "" : said.at,
	    (int)also.bytes, also.at == NULL ? "" : also.at);
	for (left = text_of(all); next_word(&left, &word);)
		if (!text_is(word, "nothing") && !text_listed(fails, word))
			contract_disagree(check, "%s refuses %.*s, .fails does not say so",
			    function->name, (int)word.bytes, word.at);
	for (left = text_of(fails == NULL ? "" : fails); next_word(&left, &word);) {
		bool refused = false;
		struct text other, rest = text_of(all);

		while (next_word(&rest, &other))
			refused |= text_equal(word, other);
		if (!refused)
			contract_disagree(check, ".fails has %.*s, %s does not refuse it",
			    (int)word.bytes, word.at, function->name);
	}
}

static void
check_batch(struct check *check, const struct function *function)
{
	const char *name = arena_print(check->catalog->arena, "%s_batch", function->name);
	const struct function *batch = find(check, name, true);

	if (check->operation->endpoint->takes[0].from != MARKET)
		contract_disagree(check, "a row that goes in batches takes the market first");
	if (batch == NULL)
		return;
	check_arguments(check, batch, true);
	if (!batch->set)
		contract_disagree(check, "%s does not return rows", name);
	if (function->gives_count != batch->gives_count)
		contract_disagree(check, "%s gives other columns than %s", name, function->name);
	for (int i = 0; i < function->gives_count && i < batch->gives_count; i++)
		if (strcmp(function->gives[i].name, batch->gives[i].name) != 0 ||
		    function->gives[i].oid != batch->gives[i].oid)
			contract_disagree(check, "%s gives %s as column %d, %s gives %s", name,
			    batch->gives[i].name, i + 1, function->name, function->gives[i].name);
}

/* Which of the row's fields is each argument of .asks. */
static void
check_asks(struct check *check, const struct function *asked)
{
	const struct field *takes = check->operation->endpoint->takes;

	for (int i = 0; i < asked->takes_count && i < REQUEST_ARGS_MAX; i++) {
		int at = 0;

		while (takes[at].name != NULL &&
		       (asked->takes[i].name[0] == '\0' ||
			   strcmp(asked->takes[i].name + 2, takes[at].name) != 0))
			at++;
		if (takes[at].name == NULL)
			contract_disagree(check, "the row has nothing for %s of %s",
			    asked->takes[i].name, asked->name);
		else
			check_argument(check, asked, i, &takes[at], false);
		if (takes[at].seals != NULL)
			contract_disagree(
			    check, "%s would get %s in clear", asked->name, takes[at].name);
		check->operation->asks_args[i] = at;
	}
	if (asked->takes_count > REQUEST_ARGS_MAX)
		contract_disagree(check, "%s takes too many arguments", asked->name);
}

void
contract_check_call(struct check *check)
{
	const struct endpoint *endpoint = check->operation->endpoint;
	const struct function *function = find(check, endpoint->calls, !endpoint->batch);
	const struct function *asked =
	    endpoint->asks == NULL ? NULL : find(check, endpoint->asks, true);

	if (function == NULL || (endpoint->asks != NULL && asked == NULL))
		return;
	check_arguments(check, function, false);
	take_gives(check, function);
	check_result(check, function);
	for (int i = 0; endpoint->takes[i].name != NULL; i++)
		if (endpoint->takes[i].from == CURSOR)
			check_sort_key(check, &endpoint->takes[i]);
	check_refusals(check, function, asked);
	if (endpoint->batch)
		check_batch(check, function);
	if (asked != NULL)
		check_asks(check, asked);
	if (check->disagreements == 0)
		contract_derive(check, function, asked);
}
