/* definers: functions with the powers of another role mean by each name what they meant when they
 * were written, whatever their caller has prepared; and callers can prepare nothing. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "support/sql.h"

TestSuite(definers, .init = sql_begin, .fini = sql_end);

#define OURS "n.nspname !~ '^(pg_|information_schema$)'"

/* Definers without the search path. */
#define WITHOUT \
	"select string_agg(p.oid::regprocedure::text, ', ') from pg_catalog.pg_proc p " \
	"join pg_catalog.pg_namespace n on n.oid = p.pronamespace where " OURS \
	" and p.prosecdef and not coalesce('search_path=pg_catalog, pg_temp' = any " \
	"(p.proconfig), " \
	"false)"

/* What roles that log in, or anybody, may do in this database but connect; and who else may that.
 */
#define LEAVE \
	"select string_agg(a.privilege_type || ' by ' || a.grantee::regrole, ', ') " \
	"from pg_catalog.pg_database d, aclexplode(d.datacl) a " \
	"where d.datname = current_database() and a.grantee <> d.datdba " \
	"and (a.privilege_type <> 'CONNECT' or a.grantee = 0)"

Test(definers, have_a_search_path_each)
{
	cr_assert_gt(sql_int("select count(*) from pg_catalog.pg_proc p where p.prosecdef"), 100);
	cr_expect_null(sql_text(WITHOUT), "%s", sql_text(WITHOUT));
}

Test(definers, get_it_whoever_writes_them)
{
	sql_run("create function api.fresh() returns int language sql security definer "
		"as $$ select 1 $$");
	cr_expect_null(sql_text(WITHOUT), "created: %s", sql_text(WITHOUT));
	sql_run("create or replace function api.fresh() returns int language sql security definer "
		"set search_path = api, public as $$ select 2 $$");
	cr_expect_null(sql_text(WITHOUT), "replaced: %s", sql_text(WITHOUT));
	sql_run("alter function api.fresh() reset search_path");
	cr_expect_null(sql_text(WITHOUT), "altered: %s", sql_text(WITHOUT));
	sql_run("alter function api.fresh() security invoker");
	sql_run("alter routine api.fresh() reset all; alter routine api.fresh() security definer");
	cr_expect_null(sql_text(WITHOUT), "made one: %s", sql_text(WITHOUT));
}

Test(definers, are_called_by_who_can_prepare_nothing)
{
	static const char *const logins[] = { "socius_gate", "socius_runner", "socius_law" };

	cr_assert_not_null(sql_text("select datacl::text from pg_catalog.pg_database "
				    "where datname = current_database()"));
	cr_expect_null(sql_text(LEAVE), "%s", sql_text(LEAVE));
	cr_expect_null(sql_text("select string_agg(n.nspname, ', ') "
				"from pg_catalog.pg_namespace n, aclexplode(n.nspacl) a "
				"where " OURS " and a.grantee = 0 "
				"and a.privilege_type = 'CREATE'"));
	for (int i = 0; i < 3; i++) {
		sql_as(logins[i]);
		sql_fails("42501", "create temporary table pg_proc (proname text)");
		sql_fails("42501", "create function pg_temp.lower(text) returns text language sql "
				   "as $$ select 'evil' $$");
		sql_fails("42501", "create operator pg_temp.= (leftarg = text, rightarg = text, "
				   "function = pg_catalog.texteq)");
		sql_fails("42501", "create table public.pg_proc (proname text)");
		sql_as(NULL);
	}
}

/* A type of a caller's own, of a name that functions use without its schema; whoever converts to it
 * runs the caller's code with the function's powers. PostgreSQL looks for types and tables among
 * the temporary ones first, unless a search path says otherwise. */
static void
smuggle(void)
{
	sql_run("set local spy.saw = ''");
	sql_run("create function pg_temp.spy(p_id pg_catalog.uuid) returns bool language plpgsql "
		"as $$ begin perform pg_catalog.set_config('spy.saw', current_user, true); "
		"return true; end $$");
	sql_run("grant execute on function pg_temp.spy to public");
	sql_run("create domain pg_temp.uuid as pg_catalog.uuid check (pg_temp.spy(value))");
}

#define PROBE \
	"create function api.probe() returns pg_catalog.text language plpgsql security definer " \
	"as $$ declare v_id uuid := '00000000-0000-0000-0000-000000000001'; " \
	"begin return v_id::text; end $$; " \
	"alter function api.probe owner to wall_operator; " \
	"grant execute on function api.probe to socius_gate"

Test(definers, do_not_find_what_their_caller_has_smuggled_in)
{
	smuggle();
	sql_run(PROBE);
	sql_as("socius_gate");
	sql_run("select api.probe()");
	sql_as(NULL);
	cr_expect_str_eq(sql_text("select current_setting('spy.saw')"), "");
}

/* That the one above would fail: the same without the search path. */
Test(definers, would_find_it_without_their_search_path)
{
	sql_run("alter event trigger settle_definers disable");
	smuggle();
	sql_run(PROBE);
	sql_as("socius_gate");
	sql_run("select api.probe()");
	sql_as(NULL);
	cr_expect_str_eq(sql_text("select current_setting('spy.saw')"), "wall_operator");
}

/* The keys of persons stand in a database of their own. */
Test(definers, are_closed_in_the_database_of_the_keys_too)
{
	const char *conninfo = sql_text(
	    "select '%s dbname=' || current_database() || '_keys'", getenv("SOCIUS_TEST_CONNINFO"));
	static const char *const none[] = { WITHOUT, LEAVE };
	PGconn *keys = PQconnectdb(conninfo);

	cr_assert_eq(PQstatus(keys), CONNECTION_OK, "%s", PQerrorMessage(keys));
	for (int i = 0; i < 2; i++) {
		PGresult *result = PQexec(keys, none[i]);

		cr_assert_eq(PQntuples(result), 1, "%s", PQresultErrorMessage(result));
		cr_expect(PQgetisnull(result, 0, 0), "%s", PQgetvalue(result, 0, 0));
		PQclear(result);
	}
	PQfinish(keys);
}
