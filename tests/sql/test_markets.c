/* test_markets: a city in one call, that obeys every law, and goes whole. */
#include <criterion/criterion.h>

#include "support/sql.h"

/* The call, with a seed that is far from every id of the tests. */
#define CALL_FROM(peer, allowed, of_network) \
	"api.create_test_market(" SQL_NOW ", gen_random_uuid(), '" peer "', " allowed \
	", " of_network ")"
#define CALL(allowed) CALL_FROM("192.0.2.1", allowed, "1000")
static int market;

/* One test market, made at SQL_NOW. */
static int
make(int allowed)
{
	int64_t made;

	sql_as("socius_gate");
	made = sql_int("select market_id from " CALL("%d"), allowed);
	sql_as(NULL);
	return (int)made;
}

static void
begin(void)
{
	sql_begin();
	sql_run("delete from testing.market"); /* those that others made */
	market = make(20);
}

TestSuite(test_markets, .init = begin, .fini = sql_end);

/* The runner's step, so long after SQL_NOW. */
static const char *
sweep(const char *after)
{
	const char *again_at;

	sql_as("socius_runner");
	again_at = sql_text("select jobs.sweep_test_markets(0, '%s', " SQL_NOW " + interval '%s')",
	    sql_id(), after);
	sql_as(NULL);
	return again_at;
}

/* Rows of the market, in every table that there is. */
static int64_t
rows_left(void)
{
	return sql_int(
	    "select coalesce(sum((xpath('/row/c/text()', query_to_xml(format('select count(*) as c "
	    "from %%s where market_id = %d', c.oid::regclass), false, true, '')))[1]::text::int), "
	    "0) from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid "
	    "and a.attname = 'market_id' where c.relkind in ('r', 'p') and not c.relispartition",
	    market);
}

/* Every law, over everything that is in the database. */
static void
laws_hold(void)
{
	int64_t laws = sql_int("select count(*) from pg_catalog.pg_class where relkind = 'v' "
			       "and relnamespace = 'laws'::regnamespace "
			       "and relname !~ '_examined$'");

	cr_assert_gt(laws, 40);
	for (int i = 0; i < laws; i++) {
		const char *law = sql_text(
		    "select relname from pg_catalog.pg_class where relkind = 'v' and relnamespace "
		    "= 'laws'::regnamespace and relname !~ '_examined$' order by relname "
		    "offset %d limit 1",
		    i);

		cr_expect_eq(sql_count("select from laws.%s l where "
				       "coalesce((to_jsonb(l) ->> 'market_id')::int, %d) = %d",
				 law, market, market),
		    0, "%s", law);
	}
}

/* --- making --- */

Test(test_markets, stand_in_mid_week)
{
	cr_assert_str_eq(sql_text("select to_char(test_now at time zone time_zone, "
				  "'FMDay HH24:MI') from core.market where market_id = %d",
			     market),
	    "Wednesday 14:00");
	cr_assert(sql_true("select seqmin = 1000000000 from pg_catalog.pg_sequence "
			   "where seqrelid = 'testing.market_number'::regclass"),
	    "it is .open_markets_from of app/app.c");
	cr_assert(
	    sql_true("select is_test and code ~ '^test-[0-9a-f]{8}$' and market_id >= 1000000000 "
		     "from core.market where market_id = %d",
		market));
}

Test(test_markets, obey_every_law)
{
	laws_hold();
}

Test(test_markets, have_people_with_a_past)
{
	static const struct {
		const char *name;
		int balance_minor, entries;
	} people[] = { { "Giulia Ferrero", 7200, 3 }, { "Marco Gallo", 0, 0 },
		{ "Irene Sacco", 0, 2 } };

	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
		cr_expect_str_eq(
		    sql_text("select w.balance_minor || ' ' || w.entries from identity.partner p "
			     "join ledger.wallet w on w.market_id = p.market_id "
			     "and w.owner_id = p.partner_id where p.market_id = %d "
			     "and p.name = '%s'",
			market, people[i].name),
		    sql_text("select '%d %d'", people[i].balance_minor, people[i].entries));
	cr_assert_str_eq(sql_text("select string_agg(b.state || ' ' || b.origin, ', ' "
				  "order by b.starts_at) from scheduling.booking b "
				  "join identity.partner p using (market_id, partner_id) "
				  "where b.market_id = %d and p.name = 'Giulia Ferrero'",
			     market),
	    "completed self, completed self, confirmed self, confirmed assigned");
	cr_assert_eq(sql_count("select from scheduling.slot where market_id = %d "
			       "and booked = capacity",
			 market),
	    1);
	cr_assert_eq(sql_count("select from payouts.payout_run where market_id = %d "
			       "and state = 'finished' and payouts_count > 1 "
			       "and left_out_count = 1",
			 market),
	    1);
	cr_assert_str_eq(sql_text("select p.name || ' ' || l.reason from payouts.left_out l "
				  "join identity.partner p using (market_id, partner_id) "
				  "where l.market_id = %d",
			     market),
	    "Davide Bruno bank_account_due");
}

Test(test_markets, name_everyone_in_them_once)
{
	sql_run(
	    "create temporary table made as select t.* from " CALL("20") " m, unnest(m.tokens) t");
	cr_assert_gt(sql_int("select count(*) from made"), 7);
	cr_assert_eq(sql_count("select name from made group by name having count(*) > 1"), 0);
	cr_assert_eq(
	    sql_count("select from made where (role = 'partner') <> (partner_id is not null) "
		      "or (token).role <> role or (token).account_id <> account_id "
		      "or (token).partner_id is distinct from partner_id "
		      "or (token).expires_at <> " SQL_NOW " + interval '24 hours'"),
	    0);
	cr_assert_eq(sql_count("select from made t left join identity.account a using (account_id) "
			       "where a.test_market_id is distinct from (t.token).market_id"),
	    0);
}

Test(test_markets, have_numbers_that_are_never_given_again)
{
	int next = make(20);

	cr_assert_gt(next, market);
	(void)sweep("25 hours"); /* one of both */
	(void)sweep("25 hours");
	cr_assert_gt(make(20), next);
}

Test(test_markets, are_refused_where_they_are_off)
{
	sql_refused("test_markets_off", "select * from " CALL("0"));
}

Test(test_markets, are_refused_where_enough_live)
{
	cr_assert_gt(make(2), market);
	sql_refused("test_markets_full", "select * from " CALL("2"));
	sql_may_retry("next_goes_at", "2026-03-03T10:00:00Z", 86400);
	(void)sweep("25 hours"); /* the first */
	cr_assert_gt(make(2), market);
}

Test(test_markets, are_refused_where_enough_of_one_network_live)
{
	cr_assert_gt(sql_int("select market_id from " CALL_FROM("192.0.2.77", "20", "2")), market);
	sql_refused("test_markets_full", "select * from " CALL_FROM("192.0.2.78", "20", "2"));
	cr_assert_gt(
	    sql_int("select market_id from " CALL_FROM("2001:db8:0:100::1", "20", "1")), market);
	sql_refused(
	    "test_markets_full", "select * from " CALL_FROM("2001:db8:0:1ff::2", "20", "1"));
	cr_assert_eq(sql_count("select from testing.market where network ~ '192'"), 0,
	    "the address itself is not kept");
}

/* --- ended by who made them --- */

static const char *
code_of(int of)
{
	return sql_text("select code from core.market where market_id = %d", of);
}

static void
end_market(void)
{
	const char *code = code_of(market);

	sql_as("socius_gate");
	sql_run(
	    "select api.end_test_market(%d, '%s', " SQL_NOW " + interval '1 hour')", market, code);
	sql_as(NULL);
}

Test(test_markets, are_ended_with_their_tokens)
{
	sql_run("insert into access.service_key (market_id, service_key_id, name, scope, "
		"made_at, made_by, expires_at) values (%d, '%s', 'a', 'trips.write', " SQL_NOW
		", '%s', " SQL_NOW " + interval '1 day')",
	    market, sql_id(), sql_id());
	sql_run("insert into access.service_secret (market_id, secret_hash, secret_id, "
		"service_key_id, prefix, made_at, ends_at) select market_id, sha256('a'), '%s', "
		"service_key_id, 'a', made_at, expires_at from access.service_key "
		"where market_id = %d",
	    sql_id(), market);
	end_market();
	end_market();
	/* until they would have ended by themselves */
	cr_assert_eq(
	    sql_count("select from api.list_ended_sessions(" SQL_NOW
		      " + interval '23 hours') e where e.session_id in (select session_id "
		      "from testing.market where market_id = %d union all select secret_id "
		      "from access.service_secret where market_id = %d)",
		market, market),
	    2);
	cr_assert_null(sweep("1 hour 4 minutes"), "requests may be under way");
	cr_assert_not_null(sweep("1 hour 5 minutes"));
	cr_assert_eq(rows_left(), 0);
}

Test(test_markets, leave_room_for_others_of_their_network_when_they_are_ended)
{
	sql_refused("test_markets_full", "select * from " CALL_FROM("192.0.2.1", "20", "1"));
	end_market();
	cr_assert_gt(sql_int("select market_id from api.create_test_market(" SQL_NOW
			     " + interval '1 hour', gen_random_uuid(), '192.0.2.1', 20, 1)"),
	    market);
}

Test(test_markets, are_ended_by_their_own_operator_only)
{
	int other = make(20);

	sql_refused("market_unknown", "select api.end_test_market(%d, '%s', " SQL_NOW ")", market,
	    code_of(other));
	sql_refused("market_unknown", "select api.end_test_market(%d, '%s', " SQL_NOW ")",
	    market + 1000, code_of(market));
}

/* --- going --- */

Test(test_markets, live_for_a_day)
{
	int64_t rows = rows_left();

	cr_assert_gt(rows, 200);
	cr_assert_null(sweep("24 hours"));
	cr_assert_null(sweep("24 hours 4 minutes"));
	cr_assert_eq(rows_left(), rows);
}

Test(test_markets, go_whole)
{
	int64_t accounts =
	    sql_int("select count(*) from identity.account where test_market_id is null");

	cr_assert_not_null(sweep("24 hours 5 minutes"));
	cr_assert_null(sweep("24 hours 5 minutes"));
	cr_assert_eq(rows_left(), 0);
	cr_assert_eq(sql_count("select from core.market where market_id = %d", market), 0);
	cr_assert_eq(
	    sql_count("select from identity.account where test_market_id = %d", market), 0);
	cr_assert_eq(sql_int("select count(*) from identity.account where test_market_id is null"),
	    accounts);
	laws_hold();
	cr_assert_eq(sql_count("select from laws.rows_have_their_market"), 0);
}

Test(test_markets, go_one_by_one_and_leave_the_others)
{
	int real = sql_market(), other = make(20);
	const char *partner = sql_partner(real, "courier");

	sql_run("update testing.market set expires_at = expires_at + interval '1 hour' "
		"where market_id = %d",
	    other);
	cr_assert_not_null(sweep("24 hours 5 minutes"));
	cr_assert_null(sweep("24 hours 5 minutes"));
	cr_assert_eq(
	    sql_count("select from core.market where market_id in (%d, %d)", real, other), 2);
	cr_assert_eq(sql_count("select from identity.partner where partner_id = '%s'", partner), 1);
}

static void
sweep_all(const char *after)
{
	while (sweep(after) != NULL)
		continue;
}

/* What a busy day would leave; the laws look at none of a market that is half gone. */
Test(test_markets, go_by_two_thousand_rows_a_step)
{
	int64_t rows, before;
	sql_run("insert into core.request_key (market_id, account_id, operation, key, digest, "
		"resource_id, created_at) select %d, core.derived_id(i::text::bytea), 'x', "
		"'y', " SQL_DIGEST ", gen_random_uuid(), " SQL_NOW
		" from generate_series(1, 5000) i",
	    market);
	sql_run("insert into identity.account (account_id, name, created_at, test_market_id) "
		"select gen_random_uuid(), 'One of many', " SQL_NOW
		", %d from generate_series(1, 3000)",
	    market);
	for (before = rows_left() + 3000; before > 2000; before -= 2000) {
		cr_assert_not_null(sweep("25 hours"));
		rows = rows_left() +
		       sql_count("select from identity.account where name = 'One of many'");
		cr_assert(rows >= before - 2000 && rows < before);
		laws_hold();
	}
	sweep_all("25 hours");
	cr_assert_eq(rows_left(), 0);
	cr_assert_eq(sql_count("select from identity.account where name = 'One of many'"), 0);
}

/* Whatever keeps one from going does not keep the others. */
Test(test_markets, go_though_one_cannot)
{
	int other = make(20);
	sql_run("create table core.clings as select %d as id; "
		"alter table core.clings add foreign key (id) references core.market",
	    market);
	sweep_all("25 hours");
	cr_assert_eq(sql_count("select from core.market where market_id = %d", other), 0);
	cr_assert_eq(sql_count("select from testing.market where last_error like '%%clings%%'"), 1);
	sql_run("drop table core.clings");
	sweep_all("26 hours");
	cr_assert_eq(sql_count("select from core.market where market_id = %d", market), 0);
}

Test(test_markets, take_the_accounts_with_them_that_were_made_there)
{
	const char *account = sql_id();
	int real = sql_market();

	sql_run("select core.enter(%d, null); insert into identity.account (account_id, name, "
		"created_at) values ('%s', 'New', " SQL_NOW ")",
	    market, account);
	sql_refused("account_foreign",
	    "insert into identity.partner (market_id, partner_id, account_id, name, digest, "
	    "created_at) values (%d, '%s', '%s', 'Both', " SQL_DIGEST ", " SQL_NOW ")",
	    real, sql_id(), account);
	cr_assert_gt(sql_count("select from identity.person where market_id = %d", market), 5);
	cr_assert_not_null(sweep("25 hours"));
	cr_assert_eq(sql_count("select from identity.account where account_id = '%s'", account), 0);
	cr_assert_eq(sql_count("select from identity.person where market_id = %d", market), 0);
}

Test(test_markets, know_the_accounts_that_were_made_there)
{
	sql_run("select core.enter(%d, null)", market);
	sql_run("insert into identity.account (account_id, name, created_at) values ('%s', "
		"'New', " SQL_NOW ")",
	    sql_id());
	sql_run("select core.enter(%d, null)", sql_market());
	sql_run("insert into identity.account (account_id, name, created_at) values ('%s', "
		"'Old', " SQL_NOW ")",
	    sql_id());
	cr_assert_eq(sql_count("select from identity.account where name = 'New' "
			       "and test_market_id = %d",
			 market),
	    1);
	cr_assert_eq(sql_count("select from identity.account where name = 'Old' "
			       "and test_market_id is null"),
	    1);
}

Test(test_markets, get_no_jobs_once_they_have_had_their_day)
{
	sql_run("delete from core.job");
	sql_as("socius_runner");
	sql_run("select core.ensure_jobs('mark_missed', 60, " SQL_NOW " + interval '23 hours')");
	sql_as(NULL);
	cr_assert_eq(sql_count("select from core.job where market_id = %d", market), 1);
	sql_run("delete from core.job");
	sql_as("socius_runner");
	sql_run("select core.ensure_jobs('mark_missed', 60, " SQL_NOW " + interval '24 hours')");
	sql_as(NULL);
	cr_assert_eq(sql_count("select from core.job where market_id = %d", market), 0);
}

Test(test_markets, are_swept_by_a_job_of_the_platform)
{
	sql_run("select pg_advisory_xact_lock(77005051)");
	sql_run("delete from core.job");
	sql_as("socius_runner");
	sql_run("select core.ensure_platform_job('sweep_test_markets', 60, " SQL_NOW ")");
	sql_run("select core.ensure_platform_job('sweep_test_markets', 60, " SQL_NOW ")");
	cr_assert_str_eq(
	    sql_text("select market_id || ' ' || kind from core.take_job(" SQL_NOW ", true)"),
	    "0 sweep_test_markets");
	sql_run("select core.finish_step(0, job_id, null, " SQL_NOW ") "
		"from core.take_job(" SQL_NOW ", true)");
	cr_assert_eq(
	    sql_count("select from core.take_job(" SQL_NOW " + interval '59 s', true)"), 0);
	cr_assert_eq(
	    sql_count("select from core.take_job(" SQL_NOW " + interval '60 s', true)"), 1);
}

/* --- walls --- */

Test(test_markets, reach_every_table_of_markets)
{
	cr_assert_gt(sql_int("select count(*) from testing.tables()"), 20);
	cr_assert_null(sql_text(
	    "select string_agg(c.oid::regclass::text, ', ') from pg_catalog.pg_class c "
	    "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
	    "join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'market_id' "
	    "where n.nspname !~ '^(pg_|information_schema)' and c.relkind in ('r', 'p') "
	    "and not c.relispartition and c.relpersistence = 'p' "
	    "and not (has_table_privilege('wall_test', c.oid, 'select, delete') "
	    "and has_schema_privilege('wall_test', n.oid, 'usage') "
	    "and (c.oid = 'core.market'::regclass or exists (select from pg_catalog.pg_policy p "
	    "where p.polrelid = c.oid and p.polname in ('test_market', 'keeper'))))"));
}

Test(test_markets, reach_a_table_that_is_made_later)
{
	sql_run("create table scheduling.later (market_id int not null, n int not null, primary "
		"key (market_id, n), foreign key (market_id) references core.market); "
		"alter table scheduling.later owner to socius_owner; "
		"call core.raise_walls('scheduling.later'); call testing.open_doors(); "
		"insert into scheduling.later values (%d, 1)",
	    market);
	cr_assert_not_null(sweep("25 hours"));
	cr_assert_eq(sql_count("select from scheduling.later"), 0);
}

Test(test_markets, are_all_that_may_be_deleted)
{
	int real = sql_market();

	sql_partner(real, "courier");
	sql_run("select core.enter(%d, null)", real);
	sql_as("wall_test");
	sql_run("delete from onboarding.enrolment where market_id = %d", real);
	sql_run("delete from ledger.wallet");
	sql_fails("SO002", "delete from identity.account where test_market_id is null");
	sql_as(NULL);
	cr_assert_eq(sql_count("select from onboarding.enrolment where market_id = %d", real), 1);
	cr_assert_eq(sql_count("select from ledger.wallet where market_id = %d", real), 1);
	cr_assert_gt(sql_count("select from ledger.wallet where market_id = %d", market), 0);
	sql_run("update core.market set is_test = false where market_id = %d", real);
	sql_fails("SO002", "delete from core.market where market_id = %d", real);
	cr_assert_null(sql_text(
	    "select string_agg(r.rolname || ' from ' || c.oid::regclass, ', ') "
	    "from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid "
	    "and a.attname = 'market_id', pg_catalog.pg_roles r where c.relkind in ('r', 'p') "
	    "and r.rolname ~ '^(wall|socius)_' and r.rolname not in ('wall_test', 'wall_purge', "
	    "'socius_owner') "
	    "and c.relpersistence = 'p' and has_table_privilege(r.oid, c.oid, 'delete') "
	    "and c.oid <> all (array['cocreation.support'::regclass, 'identity.person'])"));
}

Test(test_markets, break_their_law_when_something_is_left)
{
	sql_breaks_law("rows_have_their_market",
	    "insert into scheduling.zone (market_id, zone_id, name, created_at) "
	    "values (999999999, '%s', 'Nowhere', " SQL_NOW ")",
	    sql_id());
	sql_breaks_law("rows_have_their_market",
	    "insert into identity.account (account_id, name, created_at, test_market_id) "
	    "values ('%s', 'Nobody', " SQL_NOW ", 999999999)",
	    sql_id());
	sql_breaks_law("rows_have_their_market",
	    "insert into testing.market (market_id, made_at, expires_at) "
	    "values (999999999, " SQL_NOW ", " SQL_NOW ")");
}
