/* personal_data: whatever a person leaves in any table is in its export, and is gone, unreadable or
 * said to stay once it is erased. The rows are planted by the catalog: see personal_data.sql. */
#include <criterion/criterion.h>

#include "sql/sign_in_given.h"
#include "support/sql.h"

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
	sql_run("select from api.create_test_market(" SQL_NOW ", gen_random_uuid(), 1000)");
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
