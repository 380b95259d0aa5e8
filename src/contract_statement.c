/* contract_statement: the SQL that calls a row's functions; see contract_parts.h. */
#include "catalog.h"
#include "contract_parts.h"

const struct sql_type contract_types[] = {
	[INT] = { OID_INT4, 1007, "int" },
	[LONG] = { OID_INT8, 1016, "bigint" },
	[BOOL] = { OID_BOOL, 1000, "boolean" },
	[STRING] = { OID_TEXT, 1009, "text" },
	[UUID] = { OID_UUID, 2951, "uuid" },
	[INSTANT] = { OID_TIMESTAMPTZ, 1185, "timestamptz" },
	[LOCAL_TIME] = { OID_TIMESTAMP, 1115, "timestamp" },
	[DATE] = { OID_DATE, 1182, "date" },
	[BYTES] = { OID_BYTEA, 1001, "bytea" },
	[ITEMS] = { OID_JSONB, 3807, "jsonb" },
};

/* The columns to select: "row" is taken apart into its own. A lone OUT column is the result itself,
 * and void has no column at all. */
static void
add_columns(struct buffer *sql, const struct function *function)
{
	if (function->gives_count == 0) {
		buffer_add_text(sql, function->returns == OID_VOID ? "" : " f.*");
		return;
	}
	for (int i = 0; i < function->gives_count; i++) {
		const char *name = function->gives[i].name;

		buffer_add_text(sql, i > 0 ? ", " : " ");
		if (strcmp(name, "row") != 0)
			buffer_print(sql, "f.%s", name);
		else
			buffer_add_text(sql, function->gives_count == 1 ? "f.*" : "(f.\"row\").*");
	}
}

static const char *
select_from(
    struct arena *arena, const struct function *function, const struct statement *of, bool batch)
{
	struct buffer sql;

	buffer_init(&sql, arena, 512);
	buffer_add_text(&sql, "select");
	add_columns(&sql, function);
	buffer_print(&sql, " from %s%s(", function->name, batch ? "_batch" : "");
	for (int i = 0; i < of->args_count; i++)
		buffer_print(&sql, "%s$%d::%s%s", i > 0 ? ", " : "", i + 1,
		    contract_types[of->types[i]].name, batch && i != of->market_arg ? "[]" : "");
	buffer_add(&sql, ") as f", sizeof(") as f")); /* with its NUL */
	return sql.at;
}

static enum lane
lane_of(const struct endpoint *endpoint)
{
	if (endpoint->slow)
		return LANE_SLOW;
	return endpoint->method == GET ? LANE_READ : LANE_WRITE;
}

static void
derive_call(struct check *check, const struct function *function)
{
	const struct endpoint *endpoint = check->operation->endpoint;
	struct statement *statement = &check->operation->statement;

	statement->name = check->operation->id;
	statement->lane = lane_of(endpoint);
	statement->market_arg = -1;
	for (int i = 0; endpoint->takes[i].name != NULL; i++) {
		statement->types[statement->args_count++] = endpoint->takes[i].type;
		if (endpoint->takes[i].from == MARKET)
			statement->market_arg = i;
	}
	statement->sql = select_from(check->catalog->arena, function, statement, false);
	if (endpoint->batch)
		statement->batch_sql =
		    select_from(check->catalog->arena, function, statement, true);
}

static void
derive_asks(struct check *check, const struct function *asked)
{
	const struct field *takes = check->operation->endpoint->takes;
	struct statement *statement = &check->operation->asks;

	statement->name = arena_print(check->catalog->arena, "asks_%s", check->operation->id);
	statement->lane = asked->writes ? LANE_WRITE : LANE_READ;
	statement->market_arg = -1;
	for (int i = 0; i < asked->takes_count; i++) {
		const struct field *field = &takes[check->operation->asks_args[i]];

		statement->types[statement->args_count++] = field->type;
		if (field->from == MARKET)
			statement->market_arg = i;
	}
	statement->sql = select_from(check->catalog->arena, asked, statement, false);
}

void
contract_derive(struct check *check, const struct function *function, const struct function *asked)
{
	derive_call(check, function);
	if (function->writes && contract_is_audited(check->of, check->operation->endpoint))
		contract_derive_audited(check, function);
	if (asked != NULL)
		derive_asks(check, asked);
}
