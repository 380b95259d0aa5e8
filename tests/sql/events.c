/* events: one order for all readers. */
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(events, .init = sql_begin, .fini = sql_end);

/* An event that a transaction of long ago wrote: epoch and xid are given. */
static const char *
old_event(int market, int epoch, int xid, const char *partner)
{
	const char *id = sql_id();

	sql_run(
	    "insert into events.event (market_id, epoch, xid, event_id, kind, partner_id, subject, "
	    "subject_id, actor_id, actor_role, occurred_at) values (%d, %d, '%d', '%s', "
	    "'thing.seen', %s%s%s, 'thing', '%s', '%s', 'operator', " SQL_NOW ")",
	    market, epoch, xid, id, partner == NULL ? "" : "'", partner == NULL ? "null" : partner,
	    partner == NULL ? "" : "'", sql_id(), sql_id());
	return id;
}

/* A page of one after a place in the feed: the event's id, or NULL. */
static const char *
next_event(int market, const char *caller, int epoch, int xid, const char *after)
{
	if (sql_count("select * from api.list_events(%d, %s, 1, %d, %d, '%s')", market, caller,
		epoch, xid, after) == 0)
		return NULL;
	return sql_text("select event_id from api.list_events(%d, %s, 1, %d, %d, '%s')", market,
	    caller, epoch, xid, after);
}

Test(events, come_in_the_order_of_transactions)
{
	int market = sql_market();
	const char *late = old_event(market, 1, 5, NULL);
	const char *early = old_event(market, 1, 4, NULL);
	const char *twin = old_event(market, 1, 4, NULL);

	cr_assert_str_eq(
	    sql_text("select event_id from api.list_events(%d, null, 1, null, null, null)", market),
	    early);
	cr_assert_str_eq(next_event(market, "null", 1, 4, early), twin);
	cr_assert_str_eq(next_event(market, "null", 1, 4, twin), late);
	cr_assert_null(next_event(market, "null", 1, 5, late));
}

Test(events, are_a_partners_own_or_the_whole_markets)
{
	int market = sql_market();
	const char *ada = sql_id(), *bob = sql_id();
	const char *adas = old_event(market, 1, 4, ada);

	old_event(market, 1, 5, bob);
	old_event(market, 1, 6, NULL);
	old_event(sql_market(), 1, 6, ada);
	cr_assert_str_eq(sql_text("select string_agg(event_id::text, ' ') "
				  "from api.list_events(%d, '%s', 9, null, null, null)",
			     market, ada),
	    adas);
	cr_assert_eq(
	    sql_count("select * from api.list_events(%d, null, 9, null, null, null)", market), 3);
	cr_assert_eq(sql_count("select * from api.stream_events(%d, '%s', 9, null, null, null)",
			 market, bob),
	    1);
}

Test(events, hide_what_may_still_be_overtaken)
{
	int market = sql_market();

	sql_partner(market, "courier");
	cr_assert_gt(sql_int("select count(*) from events.event where market_id = %d", market), 0);
	cr_assert_eq(
	    sql_count("select * from api.list_events(%d, null, 9, null, null, null)", market), 0);
}

Test(events, follow_a_restore_though_transaction_ids_begin_anew)
{
	int market = sql_market();
	const char *restored = old_event(market, 1, 2000000000, NULL);
	const char *fresh = old_event(market, 2, 5, NULL);

	cr_assert_null(next_event(market, "null", 1, 0, restored));
	sql_run("set local socius.epoch = 2");
	cr_assert_str_eq(next_event(market, "null", 1, 0, fresh), restored);
	cr_assert_str_eq(next_event(market, "null", 1, 2000000000, restored), fresh);
	cr_assert_null(next_event(market, "null", 2, 5, fresh));
}

Test(events, begin_a_new_epoch_by_hand)
{
	int market = sql_market();

	old_event(market, 41, 5, NULL);
	sql_run("call core.begin_epoch()");
	cr_assert(sql_true("select 'socius.epoch=42' = any (s.setconfig) "
			   "from pg_catalog.pg_db_role_setting s "
			   "join pg_catalog.pg_database d on d.oid = s.setdatabase "
			   "where d.datname = current_database() and s.setrole = 0"));
}

Test(events, are_walked_in_order_by_who_catches_up)
{
	int market = sql_market();
	const char *plan;

	sql_run(
	    "insert into events.event (market_id, epoch, xid, event_id, kind, subject, subject_id, "
	    "actor_id, actor_role, occurred_at) select %d, 1, n::text::xid8, '%s', 'thing.seen', "
	    "'thing', '%s', '%s', 'operator', " SQL_NOW " from generate_series(1, 20000) n",
	    market, sql_id(), sql_id(), sql_id());
	sql_run("analyze events.event");
	sql_run("select core.enter(%d, null)", market);
	sql_run("select set_config(split_part(s, '=', 1), split_part(s, '=', 2), true) "
		"from pg_catalog.pg_proc, unnest(proconfig) s "
		"where oid = 'api.list_events'::regproc and s like 'enable_%%'");
	sql_as("wall_member");
	plan = sql_text(
	    "explain (format json) select (events.show_event(e, null)).* from events.event e "
	    "where e.market_id = %d and e.epoch = 1 and (e.xid, e.event_id) > ('10'::xid8, "
	    "'00000000-0000-0000-0000-000000000000') and e.xid < '19000'::xid8 "
	    "order by e.xid, e.event_id limit 50",
	    market);
	cr_assert_not_null(strstr(plan, "AND (xid < '19000'::xid8))"), "%s", plan);
	cr_assert_not_null(strstr(plan, "\"Index Cond\""), "%s", plan);
	cr_assert_not_null(strstr(plan, "_pkey\""), "%s", plan);
	cr_assert_null(strstr(plan, "Seq Scan"), "%s", plan);
	cr_assert_null(strstr(plan, "\"Sort\""), "%s", plan);
}

/* --- readers beside writers --- */

static void
run_on(PGconn *connection, const char *statement)
{
	PGresult *result = PQexec(connection, statement);
	ExecStatusType status = PQresultStatus(result);

	cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s",
	    PQresultErrorMessage(result));
	PQclear(result);
}

static void
write_event(PGconn *connection, int market, int number)
{
	char statement[512];

	(void)snprintf(statement, sizeof(statement),
	    "insert into events.event (market_id, event_id, kind, subject, subject_id, actor_id, "
	    "actor_role, occurred_at) values (%d, '00000000-0000-7000-8000-%012d', 'thing.seen', "
	    "'thing', '00000000-0000-7000-8000-%012d', '00000000-0000-0000-0000-000000000000', "
	    "'runner', " SQL_NOW ")",
	    market, number, number);
	run_on(connection, statement);
}

/* A reader that pages through the feed one event at a time and keeps its place. */
struct reader {
	int market;
	int epoch;
	int64_t xid;
	const char *event_id;
	int seen;
	int64_t sum; /* of the numbers that write_event was given */
};

static bool
read_on(struct reader *reader)
{
	const char *place =
	    sql_text("select coalesce((select concat_ws(' ', e.epoch, e.xid, e.event_id) "
		     "from api.list_events(%d, null, 1, %d, %ld, '%s') e), '')",
		reader->market, reader->epoch, (long)reader->xid, reader->event_id);
	const char *number = strrchr(place, '-');
	char *end;

	if (number == NULL)
		return false;
	reader->epoch = (int)strtol(place, &end, 10);
	reader->xid = strtol(end, &end, 10);
	reader->event_id = end + 1;
	reader->seen++;
	reader->sum += strtol(number + 1, NULL, 10);
	return true;
}

/* Reads until so many events are seen. Other tests' transactions may hide them for a while: the
 * suite's own time limit ends a wait in vain. */
static void
read_all(struct reader *reader, int count)
{
	while (reader->seen < count)
		(void)read_on(reader);
}

/* The rows of this test are committed, so they are not rolled back. */
Test(events, lose_nothing_to_a_reader_while_a_transaction_stays_open, .timeout = 300)
{
	PGconn *slow = sql_connect(), *quick = sql_connect();
	char statement[512];
	struct reader reader = { .market = (int)getpid() * 100,
		.event_id = "00000000-0000-0000-0000-000000000000" };

	sql_run(
	    "rollback"); /* this reader sees what others commit, and holds nothing back itself */
	(void)snprintf(statement, sizeof(statement),
	    "insert into core.market (market_id, code, name, currency, currency_exponent, "
	    "time_zone, "
	    "is_test, created_at) values (%d, 't%d', 'Feed', 'EUR', 2, 'Europe/Rome', "
	    "true, " SQL_NOW ")",
	    reader.market, reader.market);
	run_on(quick, statement);
	write_event(quick, reader.market, 1);
	read_all(&reader, 1);
	run_on(slow, "begin");
	write_event(slow, reader.market, 2); /* begins first, commits last */
	for (int number = 3; number <= 12; number++) {
		write_event(quick, reader.market, number);
		cr_assert_not(read_on(&reader), "passed a transaction that still runs");
	}
	run_on(slow, "commit");
	write_event(quick, reader.market, 13);
	read_all(&reader, 13);
	cr_assert_not(read_on(&reader));
	cr_assert_eq(reader.sum, 13 * 14 / 2, "an event was seen twice");
	(void)snprintf(statement, sizeof(statement),
	    "delete from events.event where market_id = %d; delete from core.market where "
	    "market_id = %d",
	    reader.market, reader.market);
	run_on(quick, statement);
	PQfinish(slow);
	PQfinish(quick);
}

/* --- laws --- */

/* A step in the life of one subject. */
static void
step(int market, const char *subject_id, const char *from_state, const char *to_state)
{
	sql_run(
	    "insert into events.event (market_id, event_id, kind, subject, subject_id, from_state, "
	    "to_state, actor_id, actor_role, occurred_at) values (%d, '%s', 'thing.moved', "
	    "'thing', "
	    "'%s', nullif('%s', ''), '%s', '%s', 'operator', " SQL_NOW ")",
	    market, sql_id(), subject_id, from_state, to_state, sql_id());
}

Test(events, see_a_broken_chain)
{
	int market = sql_market();
	const char *thing = sql_id();
	int64_t before = sql_int("select count(*) from laws.event_chain_holds");

	step(market, thing, "", "open");
	step(market, thing, "open", "busy");
	step(market, thing, "busy", "open");
	step(market, thing, "open", "closed");
	cr_assert_eq(
	    sql_int("select count(*) from laws.event_chain_holds where market_id = %d", market), 0);
	sql_breaks_law("event_chain_holds",
	    "delete from events.event where subject_id = '%s' "
	    "and to_state = 'busy'",
	    thing);
	sql_breaks_law("event_chain_holds",
	    "delete from events.event where subject_id = '%s' "
	    "and from_state is null",
	    thing);
	sql_breaks_law("event_chain_holds",
	    "update events.event set to_state = 'lost' "
	    "where subject_id = '%s' and to_state = 'busy'",
	    thing);
	step(market, thing, "", "open");
	cr_assert_gt(sql_int("select count(*) from laws.event_chain_holds"), before);
}

Test(events, see_an_event_without_its_market_or_partner)
{
	int market = sql_market();

	sql_partner(market, "courier");
	sql_breaks_law("event_has_market",
	    "update events.event set market_id = -1 where market_id = %d", market);
	sql_breaks_law("event_has_market",
	    "update events.event set partner_id = '%s' where market_id = %d", sql_id(), market);
}

Test(events, see_an_event_without_a_proper_name)
{
	int market = sql_market();

	sql_partner(market, "courier");
	sql_breaks_law("event_is_named",
	    "update events.event set kind = 'Partner!' where market_id = %d", market);
}

Test(events, see_an_enrolment_that_moved_in_silence)
{
	int market = sql_market();

	sql_partner(market, "courier");
	sql_breaks_law("enrolment_stands_where_its_events_end",
	    "update onboarding.enrolment set state = 'suspended' where market_id = %d", market);
}
