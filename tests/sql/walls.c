/* walls: what the gate may touch, in every room, by the catalog and by trying. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(walls, .init = sql_begin, .fini = sql_end);

#define OURS "n.nspname !~ '^(pg_|information_schema$|public$)'"

/* Expects that the statement gives no row; its first column names the culprits. */
static void
expect_none(const char *what, const char *statement)
{
	const char *culprits =
	    sql_text("select string_agg(x.culprit::text, ', ') from (%s) x (culprit)", statement);

	cr_expect_null(culprits, "%s: %s", what, culprits);
}

Test(walls, stand_around_every_table_of_a_market)
{
	cr_assert_gt(sql_count("select from pg_catalog.pg_class c join pg_catalog.pg_namespace n "
			       "on n.oid = c.relnamespace where " OURS " and c.relrowsecurity"),
	    10);
	expect_none("without forced row security",
	    "select c.oid::regclass from pg_catalog.pg_class c "
	    "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
	    "join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'market_id' "
	    "where " OURS " and c.relkind in ('r', 'p') "
	    "and not (c.relrowsecurity and c.relforcerowsecurity)");
	expect_none("with row security and without a policy",
	    "select c.oid::regclass from pg_catalog.pg_class c where c.relrowsecurity "
	    "and not exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid)");
}

Test(walls, are_made_of_policies_that_name_the_market)
{
	expect_none("policies that do not ask for the market",
	    "select p.polname || ' on ' || p.polrelid::regclass from pg_catalog.pg_policy p "
	    "where p.polroles && array['wall_partner'::regrole::oid, 'wall_member'::regrole, "
	    "'wall_operator'::regrole, 'wall_platform'::regrole, 'wall_runner'::regrole, "
	    "'wall_batch'::regrole, 0::oid] "
	    "and coalesce(pg_get_expr(p.polqual, p.polrelid), '') "
	    "|| coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') !~ 'market_id = ' "
	    "and not (p.polrelid = 'core.job'::regclass and p.polname = 'runner') "
	    /* everybody may read which markets there are, and the platform makes them */
	    "and not (p.polrelid = 'core.market'::regclass "
	    "and p.polname in ('reader', 'founder')) "
	    /* an id is held against those of all markets */
	    "and p.polrelid <> 'identity.person'::regclass");
}

Test(walls, let_the_gate_touch_no_table)
{
	expect_none("the gate has leave to touch",
	    "select c.oid::regclass from pg_catalog.pg_class c "
	    "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
	    "where " OURS " and c.relkind in ('r', 'p', 'v', 'm', 'S') "
	    "and (case when c.relkind = 'S' then has_sequence_privilege('socius_gate', c.oid, "
	    "'usage, select, update') else has_table_privilege('socius_gate', c.oid, "
	    "'select, insert, update, delete, truncate, references, trigger') "
	    "or has_any_column_privilege('socius_gate', c.oid, "
	    "'select, insert, update, references') end)");
	expect_none("a role that logs in owns or is a member",
	    "select c.oid::regclass::text from pg_catalog.pg_class c where c.relowner in "
	    "('socius_gate'::regrole, 'socius_runner'::regrole, 'socius_law'::regrole) "
	    "union all select m.roleid::regrole::text from pg_catalog.pg_auth_members m "
	    "where m.member in ('socius_gate'::regrole, 'socius_runner'::regrole, "
	    "'socius_law'::regrole)");
}

Test(walls, belong_to_roles_that_own_no_table)
{
	expect_none("tables that a wall owns, or the superuser",
	    "select c.oid::regclass from pg_catalog.pg_class c "
	    "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
	    "where " OURS " and c.relkind in ('r', 'p') and c.relowner <> 'socius_owner'::regrole");
	expect_none("roles that walk around the walls",
	    "select r.rolname from pg_catalog.pg_roles r where r.rolname ~ '^(wall|socius)_' "
	    "and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb)");
}

Test(walls, surround_every_entry_point)
{
	cr_assert_gt(
	    sql_count("select from pg_catalog.pg_proc where pronamespace = 'api'::regnamespace"),
	    10);
	expect_none("entry points that are not security definer, a wall's, with both settings",
	    "select p.oid::regprocedure from pg_catalog.pg_proc p "
	    "where p.pronamespace = 'api'::regnamespace and not (p.prosecdef "
	    "and p.proowner::regrole::text in ('wall_partner', 'wall_member', 'wall_operator', "
	    "'wall_platform', 'wall_batch', 'wall_test') and coalesce(p.proconfig @> "
	    "array['socius.market=0', "
	    "'socius.partner=00000000-0000-0000-0000-000000000000'], false))");
	expect_none("entry points that the gate may not call, neither alone nor in batches",
	    "select p.oid::regprocedure from pg_catalog.pg_proc p "
	    "where p.pronamespace = 'api'::regnamespace "
	    "and not exists (select from pg_catalog.pg_proc b where b.pronamespace = "
	    "p.pronamespace "
	    "and b.proname in (p.proname, p.proname || '_batch') "
	    "and has_function_privilege('socius_gate', b.oid, 'execute'))");
	expect_none("entry points that somebody else may call",
	    "select p.oid::regprocedure || ' by ' || a.grantee from pg_catalog.pg_proc p, "
	    "aclexplode(p.proacl) a where p.pronamespace = 'api'::regnamespace "
	    "and (a.grantee = 0 or a.grantee::regrole::text not in ('socius_gate', "
	    "'wall_partner', 'wall_member', 'wall_operator', 'wall_platform', 'wall_batch', "
	    "'wall_test'))");
	expect_none("entry points that do not enter first",
	    "select p.oid::regprocedure from pg_catalog.pg_proc p "
	    "where p.pronamespace = 'api'::regnamespace "
	    "and p.prosrc !~ '\\mbegin\\s+(--[^\\n]*\\s+)*(perform|\\w+ :=) core\\.enter\\('");
}

Test(walls, leave_the_gate_no_other_function)
{
	expect_none("functions beside the entry points that the gate may call",
	    "select p.oid::regprocedure from pg_catalog.pg_proc p "
	    "join pg_catalog.pg_namespace n on n.oid = p.pronamespace "
	    "where " OURS " and n.nspname <> 'api' "
	    "and has_function_privilege('socius_gate', p.oid, 'execute')");
}

Test(walls, let_the_market_lead_every_key)
{
	expect_none("unique indexes that the market does not lead",
	    "select i.indexrelid::regclass from pg_catalog.pg_index i "
	    "join pg_catalog.pg_class c on c.oid = i.indrelid "
	    "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
	    "join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'market_id' "
	    "where " OURS " and i.indisunique "
	    "and c.oid not in ('core.market'::regclass, 'identity.person'::regclass) "
	    "and i.indkey[0] <> a.attnum");
}

Test(walls, keep_clock_and_chance_out_of_functions)
{
	expect_none("functions that ask clock or chance themselves",
	    "select p.oid::regprocedure from pg_catalog.pg_proc p "
	    "where p.pronamespace in ('api'::regnamespace, 'jobs'::regnamespace) "
	    "and p.prosrc ~* '\\m(now|random|gen_random_uuid|clock_timestamp|statement_timestamp"
	    "|transaction_timestamp|timeofday)\\s*\\(|\\m(current_timestamp|current_date"
	    "|current_time|localtimestamp|localtime)\\M'");
}

Test(walls, say_what_every_entry_point_refuses)
{
	expect_none("entry points without a comment of the agreed form",
	    "select p.oid::regprocedure from pg_catalog.pg_proc p "
	    "where p.pronamespace = 'api'::regnamespace and p.proname !~ '_batch$' "
	    "and coalesce(obj_description(p.oid, 'pg_proc'), '') !~ "
	    "'^[A-Z].*\\. Refuses: (nothing\\.|[a-z_]+( [a-z_]+)*\\.?)$'");
	expect_none("laws without a sentence or without their count",
	    "select c.oid::regclass from pg_catalog.pg_class c "
	    "where c.relnamespace = 'laws'::regnamespace and c.relname !~ '_examined$' "
	    "and (obj_description(c.oid, 'pg_class') is null "
	    "or to_regclass('laws.' || c.relname || '_examined') is null)");
	expect_none("laws that do not see as the law",
	    "select c.oid::regclass from pg_catalog.pg_class c "
	    "where c.relnamespace = 'laws'::regnamespace and not (c.relowner = 'wall_law'::regrole "
	    "and has_table_privilege('socius_law', c.oid, 'select'))");
}

/* --- by trying --- */

/* Whoever runs the laws owns nothing and is no superuser: a function inside a law runs as
 * socius_law and not as the owner of the view. */
Test(walls, let_the_law_see_through_them)
{
	int64_t views = sql_int("select count(*) from pg_catalog.pg_class "
				"where relnamespace = 'laws'::regnamespace and relkind = 'v'");

	for (int i = 0; i < views; i++) {
		const char *view =
		    sql_text("select relname from pg_catalog.pg_class where relnamespace = "
			     "'laws'::regnamespace and relkind = 'v' order by relname "
			     "offset %d limit 1",
			i);
		PGresult *result;

		sql_run("savepoint before_the_law");
		sql_as("socius_law");
		result = PQexec(
		    sql_connection(), sql_text("select 'select count(*) from laws.%s'", view));
		cr_expect_eq(PQresultStatus(result), PGRES_TUPLES_OK, "%s: %s", view,
		    PQresultErrorMessage(result));
		PQclear(result);
		sql_run("rollback to before_the_law");
		sql_as(NULL);
	}
}

Test(walls, stop_the_gate_at_the_tables)
{
	static const char *const tables[] = { "core.market", "core.request_key", "core.job",
		"events.event", "identity.account", "identity.partner", "onboarding.programme",
		"onboarding.enrolment", "ledger.wallet", "ledger.transaction" };

	sql_as("socius_gate");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		sql_fails("42501", "select * from %s", tables[i]);
}

Test(walls, show_nothing_to_a_role_that_did_not_enter)
{
	static const char *const roles[] = { "wall_partner", "wall_member", "wall_operator",
		"wall_runner" };

	sql_partner(sql_market(), "courier");
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		sql_as(roles[i]);
		cr_expect_eq(sql_count("select from identity.partner"), 0, "%s", roles[i]);
		cr_expect_eq(sql_count("select from events.event"), 0, "%s", roles[i]);
		sql_as(NULL);
	}
}

/* A function that forgot its WHERE. */
static void
make_mutant(const char *owner)
{
	sql_run("create function api.mutant(p_market_id int, p_partner_id uuid) returns bigint "
		"language plpgsql security definer set socius.market = '0' "
		"set socius.partner = '00000000-0000-0000-0000-000000000000' as $$ begin "
		"perform core.enter(p_market_id, p_partner_id); "
		"return (select count(*) from identity.partner) "
		"+ (select count(*) from onboarding.enrolment) "
		"+ (select count(distinct e.partner_id) from events.event e); end $$; "
		"alter function api.mutant owner to %s; "
		"grant execute on function api.mutant to socius_gate",
	    owner);
}

Test(walls, stop_a_function_that_forgot_its_where)
{
	static const struct {
		const char *owner;
		int partners; /* of the three that there are, seen for one partner */
	} walls[] = { { "wall_partner", 1 }, { "wall_member", 1 }, { "wall_operator", 2 } };
	int market = sql_market(), elsewhere = sql_market();
	const char *ada = sql_partner(market, "courier");

	sql_partner(market, "courier");
	sql_partner(elsewhere, "courier");
	for (size_t i = 0; i < sizeof(walls) / sizeof(walls[0]); i++) {
		make_mutant(walls[i].owner);
		sql_as("socius_gate");
		cr_expect_eq(sql_int("select api.mutant(%d, '%s')", market, ada),
		    3 * walls[i].partners, "%s", walls[i].owner);
		cr_expect_eq(sql_int("select api.mutant(%d, '%s')", elsewhere, ada),
		    strcmp(walls[i].owner, "wall_operator") == 0 ? 3 : 0, "%s", walls[i].owner);
		sql_as(NULL);
		sql_run("drop function api.mutant");
	}
}

Test(walls, stop_writing_for_another_market)
{
	int market = sql_market(), elsewhere = sql_market();

	sql_run("select core.enter(%d, null)", market);
	sql_as("wall_operator");
	sql_fails("42501",
	    "insert into onboarding.programme (market_id, programme_id, name, kind, "
	    "archetype, created_at) values (%d, '%s', 'x', 'courier', 'host', " SQL_NOW ")",
	    elsewhere, sql_id());
	sql_run("insert into onboarding.programme (market_id, programme_id, name, kind, archetype, "
		"created_at) values (%d, '%s', 'x', 'courier', 'host', " SQL_NOW ")",
	    market, sql_id());
}

Test(walls, fall_back_behind_an_entry_point)
{
	int market = sql_market();

	sql_as("socius_gate");
	sql_run("select * from api.list_partners(%d, null, 9, null, null)", market);
	cr_assert_str_eq(sql_text("select current_setting('socius.market')"), "0");
	cr_assert_str_eq(sql_text("select current_setting('socius.partner')"),
	    "00000000-0000-0000-0000-000000000000");
}
