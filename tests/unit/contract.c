/* contract: rows against a catalog that is made by hand; each disagreement is said once. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "catalog.h"
#include "contract_parts.h"

enum {
	OID_INT4_ARRAY = 1007,
	OID_UUID_ARRAY = 2951,
	OID_FLOAT8 = 701,
	THING = 20001,
	THING_ODD = 20002
};

static const struct shape_field thing_fields[] = {
	{ "thing_id", NULL, OID_UUID, true },
	{ "at", NULL, OID_TIMESTAMPTZ, true },
};

static const struct shape_field odd_fields[] = {
	{ "thing_id", NULL, OID_UUID, true },
	{ "weight", NULL, OID_FLOAT8, true },
};

static struct shape shapes[] = {
	{ OID_INT4, SHAPE_SCALAR, "integer" },
	{ OID_TEXT, SHAPE_SCALAR, "text" },
	{ OID_FLOAT8, SHAPE_SCALAR, "double precision" },
	{ OID_TIMESTAMPTZ, SHAPE_SCALAR, "timestamp with time zone" },
	{ OID_UUID, SHAPE_SCALAR, "uuid" },
	{ OID_UUID_ARRAY, SHAPE_ARRAY, "uuid[]", .element_oid = OID_UUID },
	{ THING, SHAPE_COMPOSITE, "api.thing", .fields_count = 2, .fields = thing_fields },
	{ THING_ODD, SHAPE_COMPOSITE, "api.odd", .fields_count = 2, .fields = odd_fields },
};

enum { MADE, MADE_BATCH, LISTED, FUNCTIONS };

static struct function functions[FUNCTIONS + 1];
static struct endpoint endpoints[3];
static struct arena arena;
static struct catalog catalog;
static struct operation operation;
static struct check check;

static const struct role roles[] = { { "keeper", "things.read things.write" }, { 0 } };
static const struct room room = { .name = "things", .endpoints = endpoints };
static const struct room *const rooms[] = { &room, NULL };
static struct app of;

/* A row and its functions that agree; each test spoils one thing. */
static void
given(void)
{
	static const struct field makes[] = { { "market_id", MARKET, INT },
		{ "thing_id", FRESH, UUID }, { "shop_id", PATH, UUID }, { 0 } };

	arena_init(&arena);
	functions[MADE] = (struct function){ "api.make_thing", "Makes. Refuses: slot_full.", true,
		false, true, OID_RECORD, 3, 4,
		{ { "p_market_id", OID_INT4 }, { "p_thing_id", OID_UUID },
		    { "p_shop_id", OID_UUID } },
		{ { "refused", OID_TEXT }, { "detail", OID_JSONB }, { "replayed", OID_BOOL },
		    { "row", THING } } };
	functions[MADE_BATCH] = functions[MADE];
	functions[MADE_BATCH].name = "api.make_thing_batch";
	functions[MADE_BATCH].set = true;
	functions[MADE_BATCH].takes[1].oid = OID_UUID_ARRAY;
	functions[MADE_BATCH].takes[2].oid = OID_UUID_ARRAY;
	functions[LISTED] = (struct function){ "api.list_things", "Lists. Refuses: nothing.", true,
		true, false, THING, 4, 0,
		{ { "p_market_id", OID_INT4 }, { "p_limit", OID_INT4 },
		    { "p_after_at", OID_TIMESTAMPTZ }, { "p_after_thing_id", OID_UUID } } };
	endpoints[0] = (struct endpoint){ .says = "Make.",
		.method = POST,
		.path = "/v1/shops/{shop_id}/things",
		.scope = "things.write",
		.calls = "api.make_thing",
		.batch = true,
		.takes = makes,
		.status = 201,
		.fails = "slot_full" };
	catalog = (struct catalog){ &arena, functions, FUNCTIONS, shapes,
		sizeof(shapes) / sizeof(shapes[0]) };
	of = (struct app){ .rooms = rooms, .roles = roles, .problems = app.problems };
	operation = (struct operation){ .endpoint = &endpoints[0], .id = "make_thing" };
	check = (struct check){ &of, &catalog, &operation, 0 };
	cr_redirect_stderr();
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(contract, .init = given, .fini = ended);

static const struct field lists[] = { { "market_id", MARKET, INT }, { "limit", LIMIT, INT },
	{ "after_at", CURSOR, INSTANT }, { "after_thing_id", CURSOR, UUID }, { 0 } };

static void
given_list(void)
{
	endpoints[0] = (struct endpoint){ .says = "List.",
		.method = GET,
		.path = "/v1/things",
		.calls = "api.list_things",
		.takes = lists,
		.gives = LIST };
	operation.id = "list_things";
}

/* Checks, and wants exactly this to be said. */
static void
assert_said(const char *said)
{
	contract_check_row(&check);
	contract_check_call(&check);
	(void)fflush(stderr); /* what is missing fails below */
	cr_assert_eq(check.disagreements, said[0] != '\0', "%d disagreements", check.disagreements);
	cr_assert_stderr_eq_str(said);
}

#define ON_MAKE "socius: POST /v1/shops/{shop_id}/things: "
#define ON_LIST "socius: GET /v1/things: "

Test(contract, derives_statements_from_a_row_that_agrees)
{
	contract_check_row(&check);
	contract_check_call(&check);
	cr_assert_eq(check.disagreements, 0);
	cr_assert_str_eq(operation.statement.sql,
	    "select f.refused, f.detail, f.replayed, (f.\"row\").* "
	    "from api.make_thing($1::int, $2::uuid, $3::uuid) as f");
	cr_assert_str_eq(operation.statement.batch_sql,
	    "select f.refused, f.detail, f.replayed, (f.\"row\").* "
	    "from api.make_thing_batch($1::int, $2::uuid[], $3::uuid[]) as f");
	cr_assert_eq(operation.statement.lane, LANE_WRITE);
	cr_assert_eq(operation.statement.market_arg, 0);
	cr_assert_eq(operation.statement.args_count, 3);
	cr_assert(operation.refuses);
	cr_assert(operation.replays);
	cr_assert_eq(operation.gives->oid, THING);
}

Test(contract, derives_the_statement_of_a_list)
{
	given_list();
	contract_check_row(&check);
	contract_check_call(&check);
	cr_assert_eq(check.disagreements, 0);
	cr_assert_str_eq(operation.statement.sql,
	    "select f.* from api.list_things($1::int, $2::int, $3::timestamptz, $4::uuid) as f");
	cr_assert_null(operation.statement.batch_sql);
	cr_assert_eq(operation.statement.lane, LANE_READ);
	cr_assert_not(operation.refuses);
}

Test(contract, sends_slow_rows_by_the_slow_lane)
{
	given_list();
	endpoints[0].slow = true;
	contract_check_call(&check);
	cr_assert_eq(operation.statement.lane, LANE_SLOW);
}

Test(contract, knows_what_each_argument_of_asks_is)
{
	static struct function asked = { "api.ask_thing", "Refuses: nothing.", true, true, false,
		THING, 2, 0, { { "p_shop_id", OID_UUID }, { "p_market_id", OID_INT4 } } };

	functions[FUNCTIONS] = asked;
	catalog.functions_count++;
	endpoints[0].asks = "api.ask_thing";
	contract_check_call(&check);
	cr_assert_eq(check.disagreements, 0);
	cr_assert_eq(operation.asks_args[0], 2);
	cr_assert_eq(operation.asks_args[1], 0);
	cr_assert_str_eq(
	    operation.asks.sql, "select f.* from api.ask_thing($1::uuid, $2::int) as f");
	cr_assert_eq(operation.asks.market_arg, 1);
}

Test(contract, sends_asks_that_write_by_the_lane_of_writes)
{
	static struct function asked = { "api.ask_thing", "Refuses: nothing.", true, false, false,
		THING, 1, 0, { { "p_market_id", OID_INT4 } } };

	functions[FUNCTIONS] = asked;
	catalog.functions_count++;
	endpoints[0].asks = "api.ask_thing";
	contract_check_call(&check);
	cr_assert_eq(operation.asks.lane, LANE_READ);
	functions[FUNCTIONS].writes = true;
	operation.asks = (struct statement){ 0 };
	contract_check_call(&check);
	cr_assert_eq(operation.asks.lane, LANE_WRITE);
}

Test(contract, misses_who_prepares_what_is_prepared)
{
	static const struct field takes[] = { { "market_id", MARKET, INT },
		{ "thing_id", PREPARED, UUID }, { "shop_id", PATH, UUID }, { 0 } };

	endpoints[0].takes = takes;
	assert_said(ON_MAKE "nothing prepares what is PREPARED\n");
}

Test(contract, misses_the_function)
{
	endpoints[0].calls = "api.no_thing";
	assert_said(ON_MAKE "there is no function api.no_thing\n");
}

Test(contract, wants_one_function_of_a_name)
{
	given_list();
	functions[FUNCTIONS] = functions[LISTED];
	catalog.functions_count++;
	assert_said(ON_LIST "there is more than one function api.list_things\n");
}

Test(contract, wants_a_function_that_it_may_call)
{
	given_list();
	functions[LISTED].callable = false;
	assert_said(ON_LIST "api.list_things is not security definer, or may not be executed\n");
}

Test(contract, compares_names_of_arguments)
{
	functions[MADE].takes[2].name = "p_store_id";
	assert_said(ON_MAKE "argument 3 of api.make_thing is p_store_id, the row has p_shop_id\n");
}

Test(contract, compares_types_of_arguments)
{
	functions[MADE].takes[2].oid = OID_TEXT;
	assert_said(ON_MAKE "argument p_shop_id of api.make_thing is text, the row has uuid\n");
}

Test(contract, compares_the_number_of_arguments)
{
	given_list();
	functions[LISTED].takes_count = 3;
	assert_said(ON_LIST "api.list_things takes 3 arguments, the row has 4\n");
}

Test(contract, wants_arrays_in_a_batch)
{
	functions[MADE_BATCH].takes[2].oid = OID_UUID;
	assert_said(
	    ON_MAKE "argument p_shop_id of api.make_thing_batch is uuid, the row has uuid[]\n");
}

Test(contract, wants_the_same_columns_of_a_batch)
{
	functions[MADE_BATCH].gives[2].name = "again";
	assert_said(ON_MAKE
	    "api.make_thing_batch gives again as column 3, api.make_thing gives replayed\n");
}

Test(contract, misses_the_batch)
{
	functions[MADE_BATCH].name = "api.make_thing_pile";
	assert_said(ON_MAKE "there is no function api.make_thing_batch\n");
}

Test(contract, compares_refusals_both_ways)
{
	endpoints[0].fails = NULL;
	assert_said(ON_MAKE "api.make_thing refuses slot_full, .fails does not say so\n");
}

Test(contract, wants_no_refusal_that_never_comes)
{
	endpoints[0].fails = "slot_full slot_started";
	assert_said(ON_MAKE ".fails has slot_started, api.make_thing does not refuse it\n");
}

Test(contract, wants_a_comment_that_says_what_is_refused)
{
	given_list();
	functions[LISTED].says = "Lists.";
	assert_said(ON_LIST "the comment on api.list_things does not say Refuses:\n");
}

Test(contract, wants_problems_that_exist)
{
	endpoints[0].fails = "slot_full thing_is_sad";
	functions[MADE].says = "Refuses: slot_full thing_is_sad.";
	assert_said(ON_MAKE "there is no problem thing_is_sad\n");
}

Test(contract, wants_a_scope_that_some_role_has)
{
	endpoints[0].scope = "things.burn";
	assert_said(ON_MAKE "no role has the scope things.burn\n");
}

Test(contract, wants_path_and_row_to_name_the_same_parameters)
{
	endpoints[0].path = "/v1/shops/{store_id}/things";
	assert_said("socius: POST /v1/shops/{store_id}/things: {shop_id} is not in the path\n");
}

Test(contract, wants_each_parameter_of_the_path)
{
	given_list();
	endpoints[0].path = "/v1/things/{more}";
	assert_said("socius: GET /v1/things/{more}: the path has 1 parameters, .takes has 0\n");
}

Test(contract, wants_method_and_path_once)
{
	given_list();
	endpoints[1] = endpoints[0];
	endpoints[0].calls = "api.other";
	operation.endpoint = &endpoints[1];
	assert_said(ON_LIST "another row has its method and path\n");
}

Test(contract, wants_each_function_once)
{
	given_list();
	endpoints[1] = endpoints[0];
	endpoints[0].path = "/v1/others";
	operation.endpoint = &endpoints[1];
	assert_said(ON_LIST "another row calls api.list_things\n");
}

Test(contract, wants_a_column_for_each_sort_key)
{
	static const struct field takes[] = { { "market_id", MARKET, INT }, { "limit", LIMIT, INT },
		{ "after_at", CURSOR, INSTANT }, { "after_name", CURSOR, UUID }, { 0 } };

	given_list();
	endpoints[0].takes = takes;
	functions[LISTED].takes[3].name = "p_after_name";
	assert_said(ON_LIST "the result has no column for the sort key after_name\n");
}

Test(contract, wants_sort_keys_of_their_columns_type)
{
	static const struct field takes[] = { { "market_id", MARKET, INT }, { "limit", LIMIT, INT },
		{ "after_at", CURSOR, INSTANT }, { "after_thing_id", CURSOR, STRING }, { 0 } };

	given_list();
	endpoints[0].takes = takes;
	functions[LISTED].takes[3].oid = OID_TEXT;
	assert_said(ON_LIST "the sort key after_thing_id is text, its column uuid\n");
}

Test(contract, wants_columns_that_a_reply_can_show)
{
	functions[MADE].gives[3].oid = THING_ODD;
	functions[MADE_BATCH].gives[3].oid = THING_ODD;
	assert_said(ON_MAKE "weight is double precision, which no reply can show\n");
}

Test(contract, wants_rows_for_a_list)
{
	given_list();
	functions[LISTED].set = false;
	assert_said(ON_LIST "api.list_things does not return rows of a composite type\n");
}

Test(contract, wants_a_get_that_does_not_write)
{
	given_list();
	functions[LISTED].writes = true;
	assert_said(ON_LIST "api.list_things is volatile: a GET must not write\n");
}

Test(contract, wants_types_that_a_source_can_give)
{
	static const struct field takes[] = { { "market_id", MARKET, LONG },
		{ "limit", LIMIT, INT }, { "after_at", CURSOR, INSTANT },
		{ "after_thing_id", CURSOR, UUID }, { 0 } };

	given_list();
	endpoints[0].takes = takes;
	functions[LISTED].takes[0].oid = OID_INT8;
	assert_said(ON_LIST "market_id has a type that its source cannot give\n");
}

Test(contract, wants_the_market_first_in_a_batch)
{
	static const struct field takes[] = { { "thing_id", FRESH, UUID },
		{ "market_id", MARKET, INT }, { "shop_id", PATH, UUID }, { 0 } };
	const struct argument market = functions[MADE].takes[0];

	endpoints[0].takes = takes;
	for (int i = MADE; i <= MADE_BATCH; i++) {
		functions[i].takes[0] = functions[i].takes[1];
		functions[i].takes[1] = market;
	}
	assert_said(ON_MAKE "a row that goes in batches takes the market first\n");
}

Test(contract, wants_the_detail_behind_a_refusal)
{
	endpoints[0].batch = false;
	functions[MADE].gives[1].name = "why";
	contract_check_call(&check);
	cr_assert_gt(check.disagreements, 0);
}

Test(contract, wants_a_media_type_for_a_download)
{
	static const struct field takes[] = { { "market_id", MARKET, INT }, { 0 } };

	given_list();
	endpoints[0].takes = takes;
	endpoints[0].gives = DOWNLOAD;
	functions[LISTED].takes_count = 1;
	assert_said(ON_LIST "a download needs .media\n");
}

Test(contract, wants_asks_to_be_for_prepares)
{
	functions[FUNCTIONS] = functions[LISTED];
	functions[FUNCTIONS].name = "api.other_things";
	functions[FUNCTIONS].takes_count = 1;
	catalog.functions_count++;
	endpoints[0].asks = "api.other_things";
	assert_said(ON_MAKE ".asks is for .prepares, which is missing\n");
}

Test(contract, wants_the_row_to_have_what_asks_takes)
{
	functions[FUNCTIONS] = functions[LISTED];
	functions[FUNCTIONS].name = "api.other_things";
	functions[FUNCTIONS].takes_count = 1;
	functions[FUNCTIONS].takes[0].name = "p_color";
	catalog.functions_count++;
	endpoints[0].asks = "api.other_things";
	contract_check_call(&check);
	(void)fflush(stderr); /* what is missing fails below */
	cr_assert_stderr_eq_str(ON_MAKE "the row has nothing for p_color of api.other_things\n");
}

/* A row with a name that is sealed for somebody; the functions take it beside the others. */
static void
given_name(const struct field *name)
{
	static struct field takes[5];
	const struct field *makes = endpoints[0].takes;

	for (int i = 0; i < 3; i++)
		takes[i] = makes[i];
	takes[3] = *name;
	endpoints[0].takes = takes;
	endpoints[0].batch = false;
	functions[MADE].takes[functions[MADE].takes_count++] =
	    (struct argument){ "p_name", OID_TEXT };
}

Test(contract, wants_a_person_for_what_is_sealed)
{
	const struct field name = { "name", BODY, STRING, .seals = "a.b.name" };

	given_name(&name);
	assert_said(ON_MAKE "name cannot be sealed: it needs .person and ids\n");
}

Test(contract, wants_to_be_blind_of_something)
{
	const struct field name = { "name", BLIND, STRING, .of = "email" };

	given_name(&name);
	assert_said(ON_MAKE "name has no .of\n");
}

Test(contract, clears_what_a_patch_may_leave_out)
{
	const struct field name = { "name", CLEARED, BOOL, .of = "thing_id" };

	given_name(&name);
	functions[MADE].takes[functions[MADE].takes_count - 1].oid = OID_BOOL;
	assert_said(ON_MAKE "name is not .of an optional field of a PATCH\n");
}

Test(contract, gives_asks_nothing_in_clear_that_is_sealed)
{
	const struct field name = { "name", BODY, STRING, .seals = "a.b.name",
		.person = "thing_id" };

	given_name(&name);
	functions[FUNCTIONS] = functions[LISTED];
	functions[FUNCTIONS].name = "api.other_things";
	functions[FUNCTIONS].takes_count = 1;
	functions[FUNCTIONS].takes[0] = (struct argument){ "p_name", OID_TEXT };
	catalog.functions_count++;
	endpoints[0].asks = "api.other_things";
	contract_check_call(&check);
	(void)fflush(stderr); /* fails below */
	cr_assert_stderr_eq_str(ON_MAKE "api.other_things would get name in clear\n");
}
