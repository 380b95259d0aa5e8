/* mutants: every entry point of a market without its filters, by the catalog, and all of the house
 * without any: behind the walls nothing of others is seen or moved. See mutants.sql. */
#include <criterion/criterion.h>

#include "support/sql.h"

static int market, elsewhere;
static const char *courier;

static int
make_city(void)
{
	return (int)sql_int(
	    "select market_id from api.create_test_market(" SQL_NOW ", gen_random_uuid(), "
	    "'192.0.2.1', 20, 20)");
}

static void
begin(void)
{
	static char tools[32 * 1024];
	FILE *file = fopen("tests/sql/mutants.sql", "re");
	size_t bytes;

	sql_begin();
	cr_assert_not_null(file);
	bytes = fread(tools, 1, sizeof(tools) - 1, file);
	cr_assert(feof(file), "mutants.sql is too long");
	(void)fclose(file); /* it was read to its end */
	tools[bytes] = '\0';
	PQclear(PQexec(sql_connection(), tools));
	cr_assert_eq(PQtransactionStatus(sql_connection()), PQTRANS_INTRANS, "%s",
	    PQerrorMessage(sql_connection()));
	/* those that others made are none of ours */
	sql_run("delete from testing.market");
	market = make_city();
	elsewhere = make_city();
	courier = sql_text("select p.partner_id from identity.partner p "
			   "where p.market_id = %d and p.name like 'Giulia%%'",
	    market);
}

TestSuite(mutants, .init = begin, .fini = sql_end);

/* Takes the filters out of the functions that `which` names; how many it took out. */
static int64_t
mutate(const char *which)
{
	sql_run("do $$ declare v text; begin for v in select m.definition from mutant m "
		"where m.filters > 0 and %s loop execute v; end loop; end $$",
	    which);
	return sql_int("select coalesce(sum(m.filters), 0) from mutant m where %s", which);
}

static void
expect_nothing_foreign(const char *how)
{
	const char *leaks;

	sql_run("call pg_temp.try_mutants(%d, %d, '%s')", market, elsewhere, courier);
	leaks = sql_text("select string_agg(o.name || ' (' || o.caller || '): ' || o.leaks, '; ') "
			 "from outcome o where o.leaks is not null");
	cr_expect_null(leaks, "%s", leaks);
	/* what the test is worth: the same calls without walls */
	printf(
	    "%s: %d mutants of %d functions, %d filters taken out of entry points and %d of what "
	    "they call; %d calls: %d answer, %d refuse, %d show or move what is foreign when "
	    "the walls are away\n",
	    how, (int)sql_int("select count(*) from mutant m where m.is_entry and m.filters > 0"),
	    (int)sql_int("select count(*) from mutant m where m.is_entry"),
	    (int)sql_int("select sum(m.filters) from mutant m where m.is_entry"),
	    (int)sql_int("select sum(m.filters) from mutant m where not m.is_entry"),
	    (int)sql_int("select count(*) from outcome"),
	    (int)sql_int("select count(*) from outcome o where o.went = 'said'"),
	    (int)sql_int("select count(*) from outcome o where o.went = 'refused'"),
	    (int)sql_int("select count(*) from outcome o where o.leaks_without_walls is not null"));
}

/* A test that finds nothing to mutate, or whose calls reach nothing, proves nothing. */
static void
expect_enough(void)
{
	cr_expect_geq(
	    sql_int("select count(*) from mutant m where m.is_entry and m.filters > 0"), 75);
	cr_expect_leq(sql_int("select count(*) from mutant m where m.is_entry and m.filters = 0"),
	    25, "nothing to mutate in %s",
	    sql_text("select string_agg(m.oid::regproc::text, ' ') from mutant m "
		     "where m.is_entry and m.filters = 0"));
	cr_expect_geq(
	    sql_int("select count(*) from outcome o where o.leaks_without_walls is not null"), 45);
	cr_expect_leq(
	    sql_int("select count(*) from outcome o where o.went not in ('said', 'refused')"), 25,
	    "%s",
	    sql_text("select string_agg(o.name || ' ' || o.went, '; ') from outcome o "
		     "where o.went not in ('said', 'refused')"));
}

Test(mutants, show_nothing_foreign_one_by_one)
{
	cr_assert_geq(mutate("m.is_entry"), 170);
	expect_nothing_foreign("one by one");
	expect_enough();
}

Test(mutants, show_nothing_foreign_all_together)
{
	cr_assert_geq(mutate("m.is_entry"), 170);
	cr_assert_geq(mutate("not m.is_entry"), 150);
	expect_nothing_foreign("all together");
	expect_enough();
}

/* Functions as they are answer the same calls: what is refused above is not refused for nothing. */
Test(mutants, come_of_functions_that_show_nothing_foreign_either)
{
	sql_run("call pg_temp.try_mutants(%d, %d, '%s')", market, elsewhere, courier);
	cr_expect_eq(sql_int("select count(*) from outcome o where o.leaks is not null"), 0);
	cr_expect_eq(
	    sql_int("select count(*) from outcome o where o.leaks_without_walls is not null "
		    "and o.caller <> 'partner, of others'"),
	    0, "%s",
	    sql_text("select string_agg(o.name || ': ' || o.leaks_without_walls, '; ') "
		     "from outcome o where o.leaks_without_walls is not null"));
	cr_expect_geq(sql_int("select count(*) from outcome o where o.went = 'said'"), 60);
}
