/* contract_catalog: functions and types of the schema api; see contract_parts.h. */
#include <assert.h>
#include <libpq-fe.h>

#include "contract_parts.h"
#include "socius/log.h"

static const char functions_sql[] =
    "select p.oid, 'api.' || p.proname, pg_catalog.obj_description(p.oid, 'pg_proc'), "
    "  p.prosecdef and pg_catalog.has_function_privilege(p.oid, 'execute'), "
    "  p.proretset, p.prorettype, p.provolatile = 'v' "
    "from pg_catalog.pg_proc p "
    "join pg_catalog.pg_namespace n on n.oid = p.pronamespace "
    "where n.nspname = 'api' and p.prokind = 'f' "
    "order by p.proname collate \"C\", p.oid";

static const char arguments_sql[] =
    "select p.oid, coalesce(p.proargnames[i], ''), "
    "  coalesce(p.proargmodes[i], 'i') in ('i', 'b', 'v'), "
    "  coalesce(p.proallargtypes[i], p.proargtypes[i - 1]) "
    "from pg_catalog.pg_proc p "
    "join pg_catalog.pg_namespace n on n.oid = p.pronamespace, "
    "  pg_catalog.generate_series(1, "
    "    coalesce(pg_catalog.array_length(p.proallargtypes, 1), p.pronargs)) i "
    "where n.nspname = 'api' and p.prokind = 'f' "
    "order by p.proname collate \"C\", p.oid, i";

/* Every type that the functions name, and the types within those. */
#define USED_TYPES \
	"with recursive used (oid) as (" \
	"  select unnest(p.prorettype || coalesce(p.proallargtypes, p.proargtypes::oid[])) " \
	"  from pg_catalog.pg_proc p " \
	"  join pg_catalog.pg_namespace n on n.oid = p.pronamespace " \
	"  where n.nspname = 'api' and p.prokind = 'f' " \
	"  union " \
	"  select part.oid from used u " \
	"  join pg_catalog.pg_type t on t.oid = u.oid, " \
	"  lateral (" \
	"    select t.typelem where t.typcategory = 'A' " \
	"    union all " \
	"    select a.atttypid from pg_catalog.pg_attribute a " \
	"    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 " \
	"      and not a.attisdropped) part (oid)) "

static const char shapes_sql[] =
    USED_TYPES "select t.oid, case when t.typtype = 'c' then 'c' when t.typcategory = 'A' then 'a' "
	       "  else 's' end, pg_catalog.format_type(t.oid, null), "
	       "  pg_catalog.obj_description(t.oid, 'pg_type'), t.typelem "
	       "from used u join pg_catalog.pg_type t on t.oid = u.oid "
	       "order by t.oid";

static const char fields_sql[] = USED_TYPES
    "select t.oid, a.attname, a.atttypid, pg_catalog.col_description(a.attrelid, a.attnum) "
    "from used u join pg_catalog.pg_type t on t.oid = u.oid and t.typtype = 'c' "
    "join pg_catalog.pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 "
    "  and not a.attisdropped "
    "order by t.oid, a.attnum";

static PGresult *
ask(PGconn *connection, const char *sql)
{
	PGresult *result = PQexec(connection, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		log_die("the catalog cannot be read: %s", PQerrorMessage(connection));
	return result;
}

/* A cell, copied; NULL for null. */
static const char *
cell(struct arena *arena, const PGresult *result, int row, int column)
{
	if (PQgetisnull(result, row, column))
		return NULL;
	return arena_copy(
	    arena, PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static uint32_t
cell_oid(const PGresult *result, int row, int column)
{
	return (uint32_t)strtoul(PQgetvalue(result, row, column), NULL, 10);
}

static bool
cell_true(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column)[0] == 't';
}

static void
read_functions(struct catalog *catalog, PGconn *connection, uint32_t **oids)
{
	PGresult *result = ask(connection, functions_sql);
	int count = PQntuples(result);

	catalog->functions =
	    arena_take(catalog->arena, ((size_t)count + 1) * sizeof(struct function));
	catalog->functions_count = count;
	*oids = arena_take(catalog->arena, ((size_t)count + 1) * sizeof(uint32_t));
	for (int i = 0; i < count; i++) {
		catalog->functions[i] = (struct function){
			.name = cell(catalog->arena, result, i, 1),
			.says = cell(catalog->arena, result, i, 2),
			.callable = cell_true(result, i, 3),
			.set = cell_true(result, i, 4),
			.returns = cell_oid(result, i, 5),
			.writes = cell_true(result, i, 6),
		};
		(*oids)[i] = cell_oid(result, i, 0);
	}
	PQclear(result);
}

/* Both results are in the same order, so that one walk over both is enough. */
static void
read_arguments(struct catalog *catalog, PGconn *connection, const uint32_t *oids)
{
	PGresult *result = ask(connection, arguments_sql);
	int at = 0;

	for (int row = 0; row < PQntuples(result); row++) {
		struct function *function;
		struct argument argument = { cell(catalog->arena, result, row, 1),
			cell_oid(result, row, 3) };

		while (oids[at] != cell_oid(result, row, 0))
			at++;
		function = &catalog->functions[at];
		if (function->takes_count == FUNCTION_ARGUMENTS_MAX ||
		    function->gives_count == FUNCTION_ARGUMENTS_MAX)
			log_die("%s has too many arguments", function->name);
		if (cell_true(result, row, 2))
			function->takes[function->takes_count++] = argument;
		else
			function->gives[function->gives_count++] = argument;
	}
	PQclear(result);
}

static enum shape_kind
shape_kind(char letter)
{
	switch (letter) {
	case 'c':
		return SHAPE_COMPOSITE;
	case 'a':
		return SHAPE_ARRAY;
	default:
		return SHAPE_SCALAR;
	}
}

static void
read_shapes(struct catalog *catalog, PGconn *connection)
{
	PGresult *result = ask(connection, shapes_sql);
	int count = PQntuples(result);

	catalog->shapes = arena_take(catalog->arena, ((size_t)count + 1) * sizeof(struct shape));
	catalog->shapes_count = count;
	for (int i = 0; i < count; i++)
		catalog->shapes[i] = (struct shape){
			.oid = cell_oid(result, i, 0),
			.kind = shape_kind(PQgetvalue(result, i, 1)[0]),
			.name = cell(catalog->arena, result, i, 2),
			.says = cell(catalog->arena, result, i, 3),
			.element_oid = cell_oid(result, i, 4),
		};
	PQclear(result);
}

/* Whether the comment holds the word null. */
static bool
says_null(const char *says)
{
	const char *at = says;

	while (at != NULL && (at = strstr(at, "null")) != NULL) {
		bool begins = at == says || strchr(" ,;:(\"'`", at[-1]) != NULL;
		bool ends = strchr(" ,;:.)\"'`", at[4]) != NULL; /* its end as well */

		if (begins && ends)
			return true;
		at++;
	}
	return false;
}

static void
read_fields(struct catalog *catalog, PGconn *connection)
{
	PGresult *result = ask(connection, fields_sql);
	int count = PQntuples(result), at = -1;
	struct shape_field *fields =
	    arena_take(catalog->arena, ((size_t)count + 1) * sizeof(struct shape_field));

	for (int row = 0; row < count; row++) {
		uint32_t oid = cell_oid(result, row, 0);
		struct shape *shape;

		if (at < 0 || catalog->shapes[at].oid != oid) {
			while (catalog->shapes[++at].oid != oid)
				continue;
			catalog->shapes[at].fields = &fields[row];
		}
		shape = &catalog->shapes[at];
		if (++shape->fields_count > SHAPE_FIELDS_MAX)
			log_die("%s has more than %d columns", shape->name, SHAPE_FIELDS_MAX);
		fields[row].name = cell(catalog->arena, result, row, 1);
		fields[row].oid = cell_oid(result, row, 2);
		fields[row].says = cell(catalog->arena, result, row, 3);
		fields[row].not_null = !says_null(fields[row].says);
	}
	PQclear(result);
}

void
contract_read_catalog(struct catalog *catalog, const char *conninfo)
{
	PGconn *connection = PQconnectdb(conninfo);
	uint32_t *oids;

	if (PQstatus(connection) != CONNECTION_OK)
		log_die("the database cannot be reached: %s", PQerrorMessage(connection));
	/* names are qualified, and all four answers come from one moment */
	PQclear(ask(connection, "set search_path = ''"));
	PQclear(ask(connection, "begin isolation level repeatable read read only"));
	read_functions(catalog, connection, &oids);
	read_arguments(catalog, connection, oids);
	read_shapes(catalog, connection);
	read_fields(catalog, connection);
	PQfinish(connection);
}

const struct function *
catalog_function(const struct catalog *catalog, const char *name)
{
	for (int i = 0; i < catalog->functions_count; i++)
		if (strcmp(catalog->functions[i].name, name) == 0)
			return &catalog->functions[i];
	return NULL;
}

const struct shape *
contract_find_shape(const struct shape *shapes, int count, uint32_t oid)
{
	int first = 0, end = count;

	while (first < end) {
		int middle = first + (end - first) / 2;

		if (shapes[middle].oid == oid)
			return &shapes[middle];
		if (shapes[middle].oid < oid)
			first = middle + 1;
		else
			end = middle;
	}
	return NULL;
}

bool
contract_is_token(const struct shape *shape)
{
	return shape->kind == SHAPE_COMPOSITE && strcmp(shape->name, "api.signed_token") == 0;
}

bool
contract_is_sealed(const struct shape *shape)
{
	return shape->kind == SHAPE_COMPOSITE && (strcmp(shape->name, "core.sealed") == 0 ||
						     strcmp(shape->name, "core.sealed_json") == 0);
}

const struct shape *
catalog_shape(const struct catalog *catalog, uint32_t oid)
{
	return contract_find_shape(catalog->shapes, catalog->shapes_count, oid);
}
