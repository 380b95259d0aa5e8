/* retention: what is past its time goes, in bounded steps; months of events go into the archive. */
#include <criterion/criterion.h>

#include "support/sql.h"

/* Long after what the tests plant, and before the machine's clock: policies hold age against that.
 */
#define LATER "now()"

static int market;

static void
begin(void)
{
	sql_begin();
	market = sql_market();
}

TestSuite(retention, .init = begin, .fini = sql_end);

/* Runs the job until it has nothing more to do; returns how many steps had more behind them. */
static int
purge(void)
{
	int steps = 0;

	sql_as("socius_runner");
	while (sql_text("select jobs.purge(0, '%s', " LATER ")", sql_id()) != NULL) {
		steps++;
		cr_assert_lt(steps, 1000);
	}
	sql_as(NULL);
	return steps;
}

static void
keys(const char *operation, const char *age, int count)
{
	sql_run("insert into core.request_key (market_id, account_id, operation, key, digest, "
		"resource_id, created_at, recorded_at) select %d, '%s', '%s', n::text, " SQL_DIGEST
		", gen_random_uuid(), " SQL_NOW ", now() - interval '%s' "
		"from generate_series(1, %d) n",
	    market, sql_id(), operation, age, count);
}

static int
keys_left(void)
{
	return sql_count("select from core.request_key where market_id = %d", market);
}

Test(retention, keeps_keys_for_72_hours)
{
	keys("create_zone", "71 hours", 3);
	keys("create_slot", "73 hours", 4);
	(void)purge();
	cr_expect_eq(keys_left(), 3);
}

Test(retention, keeps_keys_of_payouts_for_30_days)
{
	keys("create_payout_run", "29 days", 3);
	keys("resume_payout_run", "31 days", 4);
	(void)purge();
	cr_expect_eq(keys_left(), 3);
}

Test(retention, goes_in_steps_of_2000_rows)
{
	keys("create_zone", "80 hours", 5000);
	cr_expect_geq(purge(), 2);
	cr_expect_eq(keys_left(), 0);
}

/* Each statement that deletes keys takes longer than a step may: one portion goes, and more is
 * left. */
Test(retention, ends_a_step_that_takes_long)
{
	keys("create_zone", "80 hours", 600);
	sql_run("create function pg_temp.dawdle() returns trigger language plpgsql as "
		"$$ begin perform count(*) from generate_series(1, 3000000); return null; end $$");
	sql_run("create trigger dawdle after delete on core.request_key "
		"for each statement execute function pg_temp.dawdle()");
	sql_as("socius_runner");
	cr_expect_not_null(sql_text("select jobs.purge(0, '%s', " LATER ")", sql_id()));
	sql_as(NULL);
	cr_expect_eq(keys_left(), 350);
	(void)purge();
	cr_expect_eq(keys_left(), 0);
}

Test(retention, may_delete_nothing_that_is_young)
{
	keys("create_zone", "71 hours", 2);
	keys("create_zone", "73 hours", 2);
	keys("create_payout_run", "73 hours", 2);
	sql_as("wall_purge");
	sql_run("delete from core.request_key");
	sql_as(NULL);
	cr_expect_eq(keys_left(), 4);
	sql_run("insert into access.audit_record (market_id, record_id, occurred_at, act, outcome) "
		"values (%d, '%s', now() - interval '83 months', 'x.y', 'done')",
	    market, sql_id());
	sql_as("wall_purge");
	sql_run("delete from access.audit_record");
	sql_as(NULL);
	cr_expect_eq(sql_count("select from access.audit_record where market_id = %d", market), 1);
	sql_fails("SO002", "update access.audit_record set act = 'z' where market_id = %d", market);
}

Test(retention, keeps_audit_records_for_84_months)
{
	sql_run("update core.market set is_test = false where market_id = %d", market);
	sql_run("insert into access.audit_record (market_id, record_id, occurred_at, act, outcome) "
		"select %d, gen_random_uuid(), now() - age, 'x.y', 'done' from unnest(array["
		"interval '83 months', interval '85 months']) age",
	    market);
	(void)purge();
	cr_expect_eq(sql_count("select from access.audit_record where market_id = %d", market), 1);
}

/* A job that is done for good, one that comes again, and one that failed: that one is somebody's.
 */
Test(retention, keeps_jobs_that_are_done_for_30_days)
{
	sql_run("insert into core.job (market_id, job_id, kind, state, due_at, created_at, "
		"finished_at, every_s) select %d, gen_random_uuid(), 'x', state, " SQL_NOW
		", " SQL_NOW ", now() - age, every_s from (values "
		"('done', interval '31 days', null), ('done', interval '29 days', null), "
		"('failed', interval '31 days', null), ('queued', interval '31 days', 60)) "
		"as j (state, age, every_s)",
	    market);
	(void)purge();
	cr_expect_eq(sql_count("select from core.job where market_id = %d", market), 3);
}

/* Two sessions on one device and one on another, made so long ago; each with two tokens. */
static void
sessions(const char *account, const char *age)
{
	sql_run("insert into access.device (device_id, account_id, name, known_at) "
		"select md5(%d::text || n || '%s')::uuid, '%s', 'phone', now() - interval '%s' "
		"from generate_series(1, 2) n",
	    market, age, account, age);
	sql_run(
	    "insert into access.session (session_id, account_id, device_id, of_market, role, "
	    "made_at, used_at, idle_at, expires_at) select gen_random_uuid(), '%s', "
	    "md5(%d::text || n || '%s')::uuid, %d, 'customer', at, at, at + interval '30 days', "
	    "at + interval '90 days' from unnest(array[1, 1, 2]) n, "
	    "(select now() - interval '%s') t (at)",
	    account, market, age, market, age);
	sql_run("insert into access.refresh_token (token_hash, session_id, issued_at, used_at) "
		"select sha256((s.session_id::text || u)::bytea), s.session_id, s.made_at, "
		"case u when 1 then s.made_at + interval '1 hour' end "
		"from access.session s, generate_series(1, 2) u where s.account_id = '%s' "
		"and s.made_at = now() - interval '%s'",
	    account, age);
}

static const char *
account(void)
{
	const char *id = sql_id();

	sql_run("insert into identity.account (account_id, name, created_at) values ('%s', "
		"'A', " SQL_NOW ")",
	    id);
	sql_run(
	    "insert into access.credential (account_id, email, email_key, password_hash, "
	    "locale, created_at, changed_at) values ('%s', 'x', '%s', '$argon2id$x', 'en', " SQL_NOW
	    ", " SQL_NOW ")",
	    id, id);
	return id;
}

Test(retention, keeps_sessions_for_13_months_after_their_end)
{
	const char *ada = account();

	sessions(ada, "15 months");
	sessions(ada, "17 months");
	(void)purge();
	cr_expect_eq(sql_count("select from access.session where account_id = '%s'", ada), 3);
	cr_expect_eq(sql_count("select from access.device where account_id = '%s'", ada), 2);
	cr_expect_eq(sql_count("select from access.refresh_token t join access.session s using "
			       "(session_id) where s.account_id = '%s' and t.used_at is null",
			 ada),
	    3);
}

Test(retention, keeps_used_tokens_of_sessions_for_30_days)
{
	const char *ada = account();

	sessions(ada, "29 days");
	sessions(ada, "32 days");
	(void)purge();
	cr_expect_eq(sql_count("select from access.refresh_token t join access.session s using "
			       "(session_id) where s.account_id = '%s' and t.used_at is not null",
			 ada),
	    3);
}

/* Each rule of the job is found by an index, as the role that deletes, on tables that are not
 * small. */
Test(retention, finds_what_is_old_by_indexes)
{
	int64_t rules = sql_int("select count(*) from jobs.retention()");

	cr_assert_gt(rules, 10);
	for (int64_t rule = 1; rule <= rules; rule++) {
		const char *query = sql_text(
		    "select format('select t.ctid from %%s t where t.%%I < now() - interval ''1 "
		    "day'' and %%s order by t.%%I limit 2000', r.table_name, r.stamp, r.condition, "
		    "r.stamp) from (select x.*, row_number() over () as number "
		    "from jobs.retention() x) r where r.number = %ld",
		    (long)rule);
		const char *plan;

		sql_as("wall_purge");
		sql_run("select set_config(split_part(s, '=', 1), split_part(s, '=', 2), true) "
			"from pg_catalog.pg_proc, unnest(proconfig) s "
			"where oid = 'jobs.purge'::regproc and s like 'enable_%%'");
		plan = sql_text("explain (format json) %s", query);
		sql_as(NULL);
		cr_expect_not_null(strstr(plan, "Index Scan"), "%s:\n%s", query, plan);
		cr_expect_null(strstr(plan, "Sort"), "%s:\n%s", query, plan);
	}
}

/* --- the catalog --- */

enum { MANUAL_BYTES_MAX = 256 * 1024 };

static const char *
manual(void)
{
	static char text[MANUAL_BYTES_MAX];
	FILE *file = fopen("docs/OPERATING.md", "r");
	size_t bytes;

	cr_assert_not_null(file);
	bytes = fread(text, 1, sizeof(text) - 1, file);
	cr_assert_lt(bytes, sizeof(text) - 1);
	text[bytes] = '\0';
	(void)fclose(file);
	return text;
}

Test(retention, is_said_of_every_table_in_the_manual)
{
	const char *text = manual();
	const char *tables = sql_text(
	    "select string_agg(c.oid::regclass::text, ' ' order by 1) from pg_catalog.pg_class c "
	    "join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', "
	    "'p') "
	    "and not c.relispartition and c.relpersistence = 'p' and n.nspname !~ "
	    "'^(pg_|information_schema$|public$)'");
	char name[128], row[160];
	int length, count = 0;

	for (const char *at = tables; sscanf(at, "%127s%n", name, &length) == 1; at += length) {
		(void)snprintf(row, sizeof(row), "| `%s` |", name); /* fits */
		cr_expect_not_null(strstr(text, row), "docs/OPERATING.md has no row for %s", name);
		count++;
	}
	cr_expect_gt(count, 50);
}

Test(retention, names_no_table_in_the_manual_that_is_none)
{
	const char *at = strstr(manual(), "## How long rows stay");
	const char *end;
	char name[128];

	cr_assert_not_null(at);
	end = strstr(at + 1, "\n## ");
	while ((at = strstr(at, "\n| `")) != NULL && at < end) {
		if (sscanf(at, "\n| `%127[a-z_.]`", name) == 1 && strncmp(name, "keys.", 5) != 0)
			cr_expect_not_null(sql_text("select to_regclass('%s')", name),
			    "docs/OPERATING.md speaks of %s, which is no table", name);
		at++;
	}
}

/* --- the archive of events --- */

/* An event of a month, by the real clock; the months have partitions. */
static const char *
event(int of, const char *month, int xid)
{
	const char *id = sql_id();

	sql_run(
	    "insert into events.event (market_id, event_id, recorded_month, xid, kind, subject, "
	    "subject_id, to_state, actor_id, actor_role, occurred_at) values (%d, '%s', '%s', "
	    "'%d', 'thing.made', 'thing', '%s', 'there', '%s', 'operator', '%s')",
	    of, id, month, xid, sql_id(), sql_id(), month);
	return id;
}

static void
given_months(void)
{
	sql_run("select pg_advisory_xact_lock(77005052)");
	/* what the database has already stands in the first partition, which goes out of the way */
	sql_run("alter table events.event detach partition events.event_%s",
	    sql_text("select to_char(now() at time zone 'UTC', 'YYYY_MM')"));
	sql_run("select core.make_months('events.event', '2024-01-01', 3)");
	sql_run("update core.market set is_test = false where market_id = %d", market);
}

#define TAKE "select jobs.take_month('2025-03-31 12:00+00', %d)"

Test(archive, takes_months_that_are_over_for_so_long, .init = begin, .fini = sql_end, .timeout = 60)
{
	given_months();
	event(market, "2024-02-01", 5);
	sql_as("socius_runner");
	cr_expect_null(sql_text(TAKE, 13));
	cr_expect_null(sql_text("select jobs.take_month('2025-02-28 23:59+00', 12)"));
	cr_expect_str_eq(
	    sql_text("select jobs.take_month('2025-03-01 00:00+00', 12)"), "2024-02-01");
	cr_expect_str_eq(sql_text(TAKE, 12), "2024-02-01");
}

Test(archive, waits_longer_after_each_failure, .init = begin, .fini = sql_end, .timeout = 60)
{
	given_months();
	event(market, "2024-02-01", 5);
	event(market, "2024-03-01", 6);
	sql_as("socius_runner");
	cr_expect_str_eq(sql_text(TAKE, 12), "2024-02-01");
	cr_expect_null(sql_text(TAKE, 11), "it is at it, and the younger one waits");
	sql_run("select jobs.fail_month('2024-02-01', 'no space left', '2025-03-31 12:00+00')");
	cr_expect_null(sql_text("select jobs.take_month('2025-03-31 12:00:01+00', 12)"));
	cr_expect_str_eq(
	    sql_text("select jobs.take_month('2025-03-31 12:00:02+00', 12)"), "2024-02-01");
	sql_run("select jobs.fail_month('2024-02-01', 'no space left', '2025-03-31 12:01+00')");
	cr_expect_null(sql_text("select jobs.take_month('2025-03-31 12:01:03+00', 12)"));
	cr_expect_str_eq(sql_text("select concat_ws(', ', what, state, attempts, error) "
				  "from jobs.list_failing() where what ~ '^archive'"),
	    "archive of 2024-02, retrying, 2, no space left");
	cr_expect(sql_true("select jobs.try_again(id::uuid, '2025-03-31 12:01+00') "
			   "from jobs.list_failing() where what ~ '^archive'"));
	cr_expect_str_eq(
	    sql_text("select jobs.take_month('2025-03-31 12:01:03+00', 12)"), "2024-02-01");
	sql_run("select jobs.finish_month('2024-02-01', 1, 'digest', " SQL_NOW ")");
	cr_expect_eq(sql_count("select from jobs.list_failing() where what ~ '^archive'"), 0);
}

Test(archive, lists_a_month_page_by_page, .init = begin, .fini = sql_end, .timeout = 60)
{
	const char *first, *second;
	int other = sql_market();

	given_months();
	first = event(market, "2024-02-01", 5);
	second = event(market, "2024-02-01", 6);
	event(market, "2024-03-01", 7);
	event(other, "2024-02-01", 6); /* of a test market */
	sql_as("socius_runner");
	cr_expect_str_eq(
	    sql_text("select string_agg(line::jsonb ->> 'event_id', ' ') from jobs.list_month("
		     "'2024-02-01', 0, 0, 0, '00000000-0000-0000-0000-000000000000', 1)"),
	    first);
	cr_expect_str_eq(sql_text("select string_agg(line::jsonb ->> 'event_id', ' ') "
				  "from jobs.list_month('2024-02-01', %d, 1, 5, '%s', 9)",
			     market, first),
	    second);
}

#define FINISH "select jobs.finish_month('2024-02-01', %d, 'digest', " SQL_NOW ")"

Test(archive, drops_what_it_has_and_tells_readers_from_before, .init = begin, .fini = sql_end,
    .timeout = 60)
{
	const char *first, *second, *young;

	given_months();
	first = event(market, "2024-02-01", 5);
	second = event(market, "2024-02-01", 6);
	young = event(market, "2024-03-01", 7);
	sql_run("savepoint before");
	sql_as("socius_runner");
	sql_fails("P0001", FINISH, 1);
	sql_as("socius_runner");
	sql_run(FINISH, 2);
	sql_as("socius_gate");
	sql_refused("cursor_expired", "select * from api.list_events(%d, null, 9, 1, 5, '%s')",
	    market, first);
	sql_refused("cursor_expired", "select * from api.stream_events(%d, '%s', 9, 1, 5, '%s')",
	    market, sql_id(), first);
	cr_expect_str_eq(sql_text("select event_id from api.list_events(%d, null, 9, 1, 6, '%s')",
			     market, second),
	    young);
	cr_expect_str_eq(
	    sql_text("select event_id from api.list_events(%d, null, 9, null, null, null)", market),
	    young);
	sql_as(NULL);
	cr_expect_null(sql_text("select to_regclass('events.event_2024_02')"));
	cr_expect_eq(sql_count("select from events.archived_month where month = '2024-02-01' "
			       "and events = 2 and digest = 'digest'"),
	    1);
}

Test(archive, drops_no_month_that_it_does_not_have, .init = begin, .fini = sql_end, .timeout = 60)
{
	given_months();
	sql_as("wall_purge");
	sql_fails("P0001", "select events.drop_month('2024-01-01')");
}

/* A city with everything in it: no law asks for events that are in the archive. */
Test(archive, breaks_no_law, .init = sql_begin, .fini = sql_end, .timeout = 120)
{
	const char *laws, *culprits;

	sql_run("delete from testing.market");
	market = (int)sql_int("select market_id from api.create_test_market(" SQL_NOW
			      ", gen_random_uuid(), '192.0.2.1', 20, 20)");
	sql_run("insert into events.archived (market_id, epoch, xid, event_id, occurred_until) "
		"select %d, 1, '9', '%s', 'infinity'",
	    market, sql_id());
	cr_assert_gt(sql_count("select from events.event where market_id = %d", market), 20);
	sql_run("delete from events.event where market_id = %d", market);
	sql_run("create function pg_temp.broken(p_law text) returns bigint language plpgsql as $$ "
		"declare v_rows bigint; begin execute format('select count(*) from laws.%%I "
		"where market_id = %d', p_law) into v_rows; return v_rows; end $$",
	    market);
	laws =
	    "pg_catalog.pg_class c where c.relnamespace = 'laws'::regnamespace and c.relkind = 'v' "
	    "and c.relname !~ '_examined$' and exists (select from pg_catalog.pg_attribute a "
	    "where a.attrelid = c.oid and a.attname = 'market_id')";
	cr_assert_gt(sql_count("select from %s", laws), 40);
	culprits = sql_text("with c as materialized (select c.relname from %s) "
			    "select string_agg(c.relname, ' ') from c "
			    "where pg_temp.broken(c.relname) > 0",
	    laws);
	cr_expect_null(culprits, "%s", culprits);
}
