/* personal_data: whatever a person leaves in any table is in its export, and is gone, unreadable or
 * said to stay once it is erased. The rows are planted by the catalog: see personal_data.sql. */
#include <criterion/criterion.h>
#include <string.h>

#include "sql/sign_in_given.h"
#include "support/sql.h"

#define SEQ_SCAN "Seq Scan on "
#define MARKER "Ada Rossi"

static const char *account, *partner;

static void
begin(void)
{
	static char tools[32 * 1024];
	FILE *file = fopen("tests/sql/personal_data.sql", "re");
	size_t bytes;

	sql_begin();
	cr_assert_not_null(file);
	bytes = fread(tools, 1, sizeof(tools) - 1, file);
	cr_assert(feof(file), "personal_data.sql is too long");
	(void)fclose(file); /* it was read to its end */
	tools[bytes] = '\0';
	PQclear(PQexec(sql_connection(), tools));
	cr_assert_eq(PQtransactionStatus(sql_connection()), PQTRANS_INTRANS, "%s",
	    PQerrorMessage(sql_connection()));
	sql_run("select pg_advisory_xact_lock(77005052)"); /* planting takes checks off tables */
	account = given_account(given_email());
	partner = sql_partner(sql_market(), "courier");
	sql_run("update identity.partner set account_id = '%s' where partner_id = '%s'", account,
	    partner);
}

TestSuite(personal_data, .init = begin, .fini = sql_end, .timeout = 120);

static void
plant_all(void)
{
	sql_run("select pg_temp.plant_all(market_id, account_id, partner_id, '" MARKER "') "
		"from identity.partner where partner_id = '%s'",
	    partner);
}

static const char *
left_over(void)
{
	return sql_text("select pg_temp.left_over('%s', '%s', '" MARKER "')", account, partner);
}

static const char *
not_exported(void)
{
	return sql_text("select pg_temp.not_exported('%s', '%s')", account, partner);
}

Test(personal_data, is_thought_of_in_every_column)
{
	cr_expect_str_eq(sql_text("select pg_temp.not_thought_of()"), "");
	cr_expect_eq(sql_count("select from identity.personal_data d where d.why = '' "
			       "or not exists (select from pg_catalog.pg_attribute a "
			       "where a.attrelid = to_regclass(d.table_name) "
			       "and a.attname = d.key_column)"),
	    0);
	cr_expect_eq(sql_count("select from identity.kept_text k where k.why = '' or not exists ("
			       "select from pg_temp.text_column t where t.column_name = "
			       "k.column_name and t.table_name = coalesce(k.table_name, "
			       "t.table_name))"),
	    0);
	/* an export has one list for each table */
	cr_expect_eq(sql_count("select from identity.personal_data d where d.is_exported "
			       "group by d.table_name having count(*) > 1"),
	    0);
}

/* Held against the people of a whole city. */
Test(personal_data, is_said_to_be_of_whom_it_is)
{
	sql_run("select from api.create_test_market(" SQL_NOW
		", gen_random_uuid(), '192.0.2.1', 1000, 1000)");
	cr_expect_str_eq(sql_text("select pg_temp.of_the_other_kind()"), "");
	sql_run("update cocreation.idea set submitter_id = '%s'", account);
	cr_expect_str_eq(
	    sql_text("select pg_temp.of_the_other_kind()"), "cocreation.idea.submitter_id");
}

Test(personal_data, is_missed_in_a_table_that_is_made_later)
{
	sql_run("create table onboarding.later (market_id int, partner_id uuid, note text)");
	cr_expect_str_eq(
	    sql_text("select pg_temp.not_thought_of()"), "onboarding.later.partner_id");
	sql_run("drop table onboarding.later; create table onboarding.later (note text); "
		"comment on column onboarding.later.note is 'sealed for the partner'");
	cr_expect_str_eq(sql_text("select pg_temp.not_thought_of()"), "onboarding.later.note");
}

Test(personal_data, is_all_in_the_export)
{
	/* where nobody has left anything there is nothing to look at */
	cr_expect_str_neq(not_exported(), "");
	plant_all();
	cr_expect_str_eq(not_exported(), "");
	/* what stands in another market is another's */
	sql_run("update cocreation.idea set market_id = %d where submitter_id = '%s'", sql_market(),
	    partner);
	cr_expect_str_eq(not_exported(), "cocreation.idea.submitter_id");
}

/* --- pages --- */

/* What of an export is read table by table, as the runner. */
static char plans[4 * 1024 * 1024];
static size_t plans_bytes;

static void
hear(void *of, const PGresult *notice)
{
	const char *said = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
	size_t bytes = strlen(said);

	(void)of;
	cr_assert_lt(plans_bytes + bytes, sizeof(plans));
	memcpy(plans + plans_bytes, said, bytes + 1);
	plans_bytes += bytes;
}

/* How many pages the export has; the rows of one table are counted into `rows`. */
static int
read_pages(const char *table, int64_t *rows)
{
	const char *after = "null";
	int pages = 0;

	*rows = 0;
	for (; after != NULL; pages++) {
		const char *page = sql_text("select (to_jsonb(p) - 'rows') || jsonb_build_object("
					    "'count', jsonb_array_length(p.rows)) "
					    "from jobs.export_page('%s', %s) p",
		    account, after);

		if (sql_true("select '%s'::jsonb ->> 'table_name' = '%s'", page, table))
			*rows += sql_int("select ('%s'::jsonb ->> 'count')::int", page);
		cr_assert_leq(sql_int("select ('%s'::jsonb ->> 'count')::int", page), 500);
		after = sql_text("select quote_literal('%s'::jsonb ->> 'next')", page);
	}
	return pages;
}

/* Every table has an index for it, which a table that is made later cannot lack. */
Test(personal_data, is_exported_by_indexes)
{
	int64_t rows;
	int market;

	cr_expect_null(sql_text("select string_agg(d.table_name, ', ') "
				"from identity.personal_data d where d.is_exported "
				"and jobs.order_of_export(d.table_name::regclass, d.key_column) "
				"is null"));
	plant_all();
	market =
	    (int)sql_int("select market_id from identity.partner where partner_id = '%s'", partner);
	sql_run("select pg_temp.crowd_all(%d, 10000)", market);
	sql_run("select pg_temp.crowd('scheduling.booking', %d, 100000)", market);
	sql_run("load 'auto_explain'; set local auto_explain.log_min_duration = 0; "
		"set local auto_explain.log_nested_statements = on; "
		"set local auto_explain.log_analyze = on; set local auto_explain.log_timing = off; "
		"set local auto_explain.log_level = notice");
	PQsetNoticeReceiver(sql_connection(), hear, NULL);
	sql_as("socius_runner");
	(void)read_pages("scheduling.booking", &rows);
	sql_as(NULL);
	sql_run("set local auto_explain.log_min_duration = -1");
	cr_expect_eq(rows, 1);
	cr_expect_not_null(strstr(plans, "Index Scan using booking_of_partner"));
	for (const char *at = plans; (at = strstr(at, SEQ_SCAN)) != NULL; at++) {
		const char *name = at + strlen(SEQ_SCAN);

		if (memmem(at, strcspn(at, "\n"), "(never executed)", 16) == NULL &&
		    memmem(at, strcspn(at, "\n"), "cost=0.00..0.00 ", 16) == NULL) /* empty */
			cr_expect(
			    sql_true(
				"select not exists (select from identity.personal_data d "
				"where d.is_exported and '%.*s' ~ ('^' || "
				"split_part(d.table_name, '.', 2) || '(_\\d+_\\d+|_other)?$'))",
				(int)strcspn(name, " \n"), name),
			    "%.300s", at);
	}
}

Test(personal_data, is_exported_page_by_page_without_gaps)
{
	static const char *const tables[] = { "scheduling.booking", "access.session" };
	int64_t rows;
	int pages;

	plant_all();
	sql_run(
	    "set local session_replication_role = replica; "
	    "insert into scheduling.booking select (jsonb_populate_record(b, jsonb_build_object("
	    "'booking_id', gen_random_uuid()))).* from scheduling.booking b, "
	    "generate_series(1, 1499) n where b.partner_id = '%s'; "
	    "insert into access.session select (jsonb_populate_record(s, jsonb_build_object("
	    "'session_id', gen_random_uuid()))).* from access.session s, "
	    "generate_series(1, 700) n where s.session_id = (select session_id "
	    "from access.session where account_id = '%s' limit 1); "
	    "set local session_replication_role = origin",
	    partner, account);
	for (size_t i = 0; i < 2; i++) {
		pages = read_pages(tables[i], &rows);
		cr_expect_eq(
		    rows, sql_count("select from %s where %s = '%s'", tables[i],
			      i == 0 ? "partner_id" : "account_id", i == 0 ? partner : account));
		cr_expect_gt(pages, 30);
	}
	cr_expect(sql_true("select bool_and(list::text !~ '\\+00:00') and "
			   "bool_or(list::text ~ 'T10:00:00Z') from pg_temp.export('%s')",
	    account));
	cr_expect(sql_true("select count(distinct r ->> 'booking_id') = 1500 and count(*) = 1500 "
			   "from pg_temp.export('%s') e, jsonb_array_elements(e.list) r "
			   "where e.table_name = 'scheduling.booking'",
	    account));
}

Test(personal_data, is_not_exported_without_an_index)
{
	sql_run("drop index access.device_of_account");
	sql_fails("P0001",
	    "select jobs.export_page('%s', jsonb_build_object('table', 'access.device'))", account);
}

Test(personal_data, is_gone_or_unreadable_after_an_erasure)
{
	plant_all();
	cr_expect_str_neq(left_over(), "");
	sql_run("select * from api.erase_account(p_account_id => '%s', p_role => 'partner', "
		"p_password => " GIVEN_HASH ", p_totp => null, p_totp_step => null, "
		"p_audit_id => '%s', p_peer => '" GIVEN_PEER "', p_request_id => 'r', "
		"p_now => " SQL_NOW ")",
	    account, sql_id());
	cr_expect_eq(sql_count("select from identity.erasure where person_id in ('%s', '%s')",
			 account, partner),
	    2);
	cr_expect_str_eq(left_over(), "");
}
