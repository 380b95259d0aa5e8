/* walls_catalog: that no table, partition, function or privilege stands outside of the walls, by
 * the catalog, for those that come later too. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(walls_catalog, .init = sql_begin, .fini = sql_end);

#define OURS "n.nspname !~ '^(pg_|information_schema$|public$)'"
#define OUR_TABLES \
	"pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace " \
	"where " OURS " and c.relkind in ('r', 'p')"

/* Expects that the statement gives no row; its first column names the culprits. */
static void
expect_none(const char *what, const char *statement)
{
	const char *culprits =
	    sql_text("select string_agg(x.culprit::text, ', ') from (%s) x (culprit)", statement);

	cr_expect_null(culprits, "%s: %s", what, culprits);
}

/* A table without walls is one of two kinds: of reference, which every wall may read and none
 * write; or of people, who know no market: the platform's entry points and the runner's jobs alone
 * touch it. The account is the one between: a market may use one and learn whether it is there, not
 * whose. */
Test(walls_catalog, leave_out_only_what_knows_no_market)
{
	expect_none("tables without walls that a wall of markets may touch",
	    "select c.oid::regclass || ' by ' || g.grantee::regrole from (select c.oid, c.relacl "
	    "from " OUR_TABLES
	    " and not c.relrowsecurity and c.oid <> 'identity.account'::regclass "
	    "and coalesce(obj_description(c.oid, 'pg_class'), '') !~ 'a reference table') c, "
	    "aclexplode(c.relacl) g where g.grantee::regrole::text in ('wall_partner', "
	    "'wall_member', 'wall_operator', 'wall_batch') or g.grantee = 0");
	expect_none("tables of reference that a wall may write",
	    "select c.oid::regclass || ' by ' || g.grantee::regrole from (select c.oid, c.relacl "
	    "from " OUR_TABLES " and not c.relrowsecurity "
	    "and obj_description(c.oid, 'pg_class') ~ 'a reference table') c, "
	    "aclexplode(c.relacl) g where g.privilege_type <> 'SELECT' "
	    "and g.grantee <> 'socius_owner'::regrole");
	expect_none("columns of an account that a market may read or write",
	    "select a.attname from pg_catalog.pg_attribute a, unnest(array['wall_partner', "
	    "'wall_member', 'wall_operator', 'wall_batch']) w "
	    "where a.attrelid = 'identity.account'::regclass and a.attnum > 0 "
	    "and not a.attisdropped and (has_column_privilege(w, a.attrelid, a.attnum, 'update') "
	    "or has_column_privilege(w, a.attrelid, a.attnum, 'select') "
	    "and a.attname not in ('account_id', 'test_market_id'))");
}

Test(walls_catalog, surround_partitions_as_their_table)
{
	cr_assert_gt(sql_count("select from pg_catalog.pg_inherits"), 2);
	expect_none("partitions without forced row security and the policies of each wall",
	    "select c.oid::regclass from pg_catalog.pg_class c where c.relispartition "
	    "and c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity "
	    "and array(select p.polname from pg_catalog.pg_policy p where p.polrelid = c.oid) "
	    "@> array['partner', 'member', 'operator', 'law']::name[])");
}

Test(walls_catalog, have_a_gate_for_each_privilege)
{
	expect_none("privileges that no policy admits",
	    "select c.oid::regclass || ' ' || g.privilege_type || ' by ' || g.grantee::regrole "
	    "from pg_catalog.pg_class c, aclexplode(c.relacl) g where c.relrowsecurity "
	    "and g.grantee <> 'socius_owner'::regrole and not exists (select "
	    "from pg_catalog.pg_policy p where p.polrelid = c.oid "
	    "and p.polroles && array[0::oid, g.grantee] and p.polcmd in ('*', "
	    "case g.privilege_type when 'SELECT' then 'r' when 'INSERT' then 'a' "
	    "when 'UPDATE' then 'w' else 'd' end))");
	expect_none("policies that admit rows without looking at them",
	    "select p.polname || ' on ' || p.polrelid::regclass from pg_catalog.pg_policy p "
	    "where case p.polcmd when 'a' then p.polwithcheck is null else p.polqual is null end");
	/* PostgreSQL holds new rows against USING where there is no WITH CHECK */
	expect_none("policies for writing that admit every row",
	    "select p.polname || ' on ' || p.polrelid::regclass from pg_catalog.pg_policy p "
	    "where p.polcmd <> 'r' and coalesce(pg_get_expr(p.polwithcheck, p.polrelid), "
	    "pg_get_expr(p.polqual, p.polrelid)) = 'true' "
	    "and (p.polname, p.polrelid::regclass::text) not in (('founder', 'core.market'), "
	    "('runner', 'core.job'), ('keeper', 'testing.market'), "
	    "('registrar', 'identity.person'))");
}

/* What partners may see of each other: which ideas there are and who stands behind them. */
Test(walls_catalog, keep_partners_apart)
{
	expect_none("tables with a partner whose rows other partners may read",
	    "select c.oid::regclass from " OUR_TABLES " and c.relrowsecurity "
	    "and exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid "
	    "and a.attname in ('partner_id', 'owner_id')) "
	    "and exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid "
	    "and p.polroles && array['wall_partner'::regrole::oid, 'wall_member'::regrole] "
	    "and pg_get_expr(p.polqual, p.polrelid) !~ 'socius\\.partner') "
	    "and has_table_privilege('wall_member', c.oid, 'select') "
	    "and c.oid <> 'cocreation.author'::regclass "
	    /* it follows from its report, which has a wall of its own */
	    "and c.oid <> 'cocreation.sales_report_part'::regclass");
}

Test(walls_catalog, surround_every_function_with_powers_of_others)
{
	expect_none("functions that run as the superuser or as a role that logs in",
	    "select p.oid::regprocedure from pg_catalog.pg_proc p "
	    "join pg_catalog.pg_namespace n on n.oid = p.pronamespace where " OURS
	    " and p.prosecdef and p.proowner not in (select r.oid from pg_catalog.pg_roles r "
	    "where r.rolname = 'socius_owner' or r.rolname ~ '^wall_')");
	expect_none("functions with powers of others that anybody may call",
	    "select p.oid::regprocedure from pg_catalog.pg_proc p "
	    "join pg_catalog.pg_namespace n on n.oid = p.pronamespace where " OURS
	    " and p.prosecdef and (p.proacl is null or exists (select from aclexplode(p.proacl) a "
	    "where a.grantee = 0))");
	expect_none("jobs and steps of the runner that do not fall back",
	    "select p.oid::regprocedure from pg_catalog.pg_proc p where p.prosecdef "
	    "and has_function_privilege('socius_runner', p.oid, 'execute') "
	    "and not coalesce(p.proconfig @> array['socius.market=0', "
	    "'socius.partner=00000000-0000-0000-0000-000000000000'], false)");
}

/* Every name in a function is qualified and the database's search path is empty. A session may set
 * another, but can put nothing there that would be found: it may create nothing anywhere. */
Test(walls_catalog, leave_no_place_for_names_of_others)
{
	cr_assert(sql_true("select s.setconfig @> array['search_path=\"\"'] "
			   "from pg_catalog.pg_db_role_setting s join pg_catalog.pg_database d "
			   "on d.oid = s.setdatabase where d.datname = current_database() "
			   "and s.setrole = 0"));
	expect_none("schemas in which a role that is not their owner may create",
	    "select n.nspname || ' by ' || r.rolname from pg_catalog.pg_namespace n, "
	    "pg_catalog.pg_roles r where n.nspname !~ '^pg_(toast|temp)' "
	    "and r.rolname ~ '^(wall_|socius_(gate|runner|law)$)' "
	    "and has_schema_privilege(r.oid, n.oid, 'create')");
}

Test(walls_catalog, stand_around_the_clocks_of_markets)
{
	int market = sql_market(), elsewhere = sql_market();

	sql_run("select core.enter(%d, null)", market);
	sql_as("wall_operator");
	sql_run("update core.market set test_now = " SQL_NOW);
	sql_as(NULL);
	cr_expect(sql_true(
	    "select test_now = " SQL_NOW " from core.market where market_id = %d", market));
	cr_expect_null(
	    sql_text("select test_now from core.market where market_id = %d", elsewhere));
	cr_expect_eq(sql_count("select from core.market where test_now is not null"), 1);
}
