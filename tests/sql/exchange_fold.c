/* exchange_fold: what happened is counted once, read by the rule, and each change is on record. */
#include <criterion/criterion.h>

#include "sql/exchange_given.h"
#include "support/sql.h"

TestSuite(exchange_fold, .init = sql_begin, .fini = sql_end);

#define DAY "2026-03-02 10:00:00+00"

#define EXPECT_READING(market, partner, part, expected) \
	cr_expect_str_eq(reading_of(market, partner, part), expected, "%s: %s", part, \
	    reading_of(market, partner, part))

Test(exchange_fold, counts_each_thing_on_its_side_and_for_its_enrolment)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	happened_bookings(market, ada, "self", 3, DAY);
	happened_bookings(market, ada, "reserved", 2, DAY);
	happened_bookings(market, ada, "assigned", 4, DAY);
	happened_trips(market, ada, "offer", 2, DAY);
	happened_trips(market, ada, "assigned", 6, DAY);
	happened(market, ada, "idea.submitted", 2, DAY);
	happened(market, ada, "idea.supported", 3, DAY);
	fold(market, DAY);
	EXPECT_READING(market, ada, "whole", "host observed 20/10 of 22");
	EXPECT_READING(market, ada, "courier", "host observed 5/4 of 9");
	EXPECT_READING(market, ada, "driver", "director observed 2/6 of 8");
	EXPECT_READING(market, ada, "co_creator", "host observed 13/0 of 5");
	cr_expect_eq(exchange_breaches(market), 0);
}

Test(exchange_fold, counts_nobody_and_no_consumption)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	happened(market, NULL, "idea.supported", 9, DAY);
	happened(market, ada, "redemption.made", 13, DAY);
	happened(market, ada, "rental.started", 3, DAY);
	happened(market, ada, "trip.no_show", 3, DAY);
	happened(market, ada, "idea.support_withdrawn", 3, DAY);
	fold(market, DAY);
	cr_expect_eq(sql_count("select from exchange.daily_count where market_id = %d", market), 0);
	cr_expect_null(reading_of(market, ada, "whole"));
	happened_bookings(market, ada, "self", 10, DAY);
	fold(market, DAY);
	EXPECT_READING(market, ada, "whole", "host observed 10/0 of 10");
}

/* A kill in a step rolls it back: the same step again counts each event once. */
Test(exchange_fold, counts_each_event_once_whatever_is_interrupted)
{
	int market = sql_market(), steps = 0;
	const char *ada = sql_partner(market, "courier"), *again_at;

	happened_bookings(market, ada, "self", 4500, DAY);
	do {
		sql_run("savepoint before_the_kill");
		(void)fold_step(market, DAY); /* killed */
		sql_run("rollback to before_the_kill");
		again_at = fold_step(market, DAY);
		steps++;
		cr_expect_eq(exchange_breaches(market), 0);
	} while (again_at != NULL);
	cr_expect_eq(steps, 5);
	cr_expect_eq(
	    sql_int("select sum(events) from exchange.daily_count where market_id = %d", market),
	    4500);
	fold(market, DAY);
	cr_expect_eq(
	    sql_int("select sum(events) from exchange.daily_count where market_id = %d", market),
	    4500);
}

/* The events of this very transaction are hidden, as those of any that still runs. */
Test(exchange_fold, waits_for_transactions_that_still_run)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier"), *job = sql_id();

	happened_bookings(market, ada, "self", 5, DAY);
	sql_run("update events.event set xid = pg_current_xact_id() where market_id = %d", market);
	fold(market, DAY);
	cr_expect_null(reading_of(market, ada, "whole"));
	/* a clock that stands still would not bring the job back: it looks again in a second */
	sql_run("update core.market set test_now = '2025-01-01 10:00+00' where market_id = %d; "
		"insert into core.job (market_id, job_id, kind, due_at, created_at, every_s) "
		"values (%d, '%s', 'fold_exchange', " SQL_NOW ", " SQL_NOW ", 10)",
	    market, market, job);
	sql_as("socius_runner");
	sql_run("select core.finish_step(%d, '%s', jobs.fold_exchange(%d, '%s', '" DAY "'), "
		"'" DAY "')",
	    market, job, market, job);
	sql_as(NULL);
	cr_expect(sql_true("select retry_at = '2026-03-02 10:00:01+00' "
			   "and due_at = '2025-01-01 10:00+00' and state = 'queued' "
			   "from core.job where job_id = '%s'",
	    job));
}

Test(exchange_fold, catches_up_a_step_a_second)
{
	int market = sql_market();

	happened_bookings(market, sql_partner(market, "courier"), "self", 2000, DAY);
	cr_expect_str_eq(fold_step(market, DAY), "2026-03-02 10:00:01+00");
	/* the clock of a test market would not come to the next second by itself */
	sql_run(
	    "update core.market set test_now = '2026-03-02 09:00+00' where market_id = %d", market);
	cr_expect_str_eq(fold_step(market, DAY), "2026-03-02 09:00:00+00");
}

Test(exchange_fold, goes_on_in_the_next_epoch)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	happened_bookings(market, ada, "self", 3, DAY);
	sql_run("update events.event set xid = '2000000000' where market_id = %d "
		"and kind = 'booking.confirmed'",
	    market);
	sql_run("set local socius.epoch = 2");
	happened_bookings(market, ada, "assigned", 4, DAY);
	sql_run("update events.event set epoch = 2 where market_id = %d and epoch = 1 "
		"and xid < '2000000000' and kind = 'booking.confirmed'",
	    market);
	fold(market, DAY);
	EXPECT_READING(market, ada, "whole", "director observed 3/4 of 7");
	cr_expect_eq(sql_int("select epoch from exchange.fold where market_id = %d", market), 2);
	cr_expect_eq(exchange_breaches(market), 0);
}

Test(exchange_fold, forgets_a_day_when_it_leaves_the_window)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	happened_bookings(market, ada, "self", 6, DAY);
	happened_bookings(market, ada, "assigned", 5, "2026-03-03 10:00+00");
	fold(market, "2026-03-03 10:00+00");
	EXPECT_READING(market, ada, "whole", "host observed 6/5 of 11");
	/* the 90 days up to May 30 begin with March 2; the next day is the market's, not UTC's */
	fold(market, "2026-05-30 21:59:59+00");
	EXPECT_READING(market, ada, "whole", "host observed 6/5 of 11");
	fold(market, "2026-05-30 22:00:00+00");
	EXPECT_READING(market, ada, "whole", "director observed 0/5 of 5");
	EXPECT_READING(market, ada, "courier", "director observed 0/5 of 5");
	fold(market, "2026-05-31 22:00:00+00");
	EXPECT_READING(market, ada, "whole", "host declared 0/0 of 0");
	cr_expect_str_eq(sql_text("select string_agg(trigger || ' ' || archetype, ', ' "
				  "order by change_no) from exchange.tag where market_id = %d "
				  "and part = 'whole'",
			     market),
	    "events host, window director, window host");
	cr_expect_eq(exchange_breaches(market), 0);
}

/* As when a test market's clock is sent on before the runner has come by. */
Test(exchange_fold, reads_nobody_for_a_day_that_is_gone_when_it_is_counted)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	happened_bookings(market, ada, "self", 6, DAY);
	fold(market, "2026-07-12 10:00+00");
	cr_expect_null(reading_of(market, ada, "whole"));
	cr_expect_eq(
	    sql_int("select sum(events) from exchange.daily_count where market_id = %d", market),
	    6);
	cr_expect_eq(exchange_breaches(market), 0);
}

Test(exchange_fold, looks_after_a_crowd_whose_days_leave_step_by_step)
{
	int market = sql_market(), steps = 1;

	sql_run("insert into exchange.fold (market_id) values (%d); "
		"insert into exchange.daily_count (market_id, partner_id, day, what, events) "
		"select %d, core.derived_id(int4send(n)), '2026-03-02'::date + n %% 3, "
		"'trip_offer_accepted', 5 from generate_series(1, 4500) n",
	    market, market);
	sql_run("select core.enter(%d, null)", market);
	sql_run("select exchange.read_again(%d, (select array_agg(distinct partner_id) "
		"from exchange.daily_count where market_id = %d), '2026-03-05', 'events', " SQL_NOW
		")",
	    market, market);
	cr_expect_eq(sql_count("select from exchange.reading where market_id = %d "
			       "and part = 'whole' and events = 5",
			 market),
	    4500);
	while (fold_step(market, "2027-01-01 10:00+00") != NULL)
		steps++;
	cr_expect_eq(steps, 5);
	cr_expect_eq(sql_count("select from exchange.reading where market_id = %d "
			       "and part = 'whole' and events = 0 and basis = 'declared'",
			 market),
	    4500);
	cr_expect_eq(
	    sql_count("select from laws.exchange_leaves_its_window where market_id = %d", market),
	    0);
}

Test(exchange_fold, holds_the_pole_between_45_and_55)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	happened_bookings(market, ada, "assigned", 5, DAY);
	fold(market, DAY);
	happened_bookings(market, ada, "self", 6, DAY);
	fold(market, DAY);
	EXPECT_READING(market, ada, "whole", "director observed 6/5 of 11");
	happened_bookings(market, ada, "self", 1, DAY);
	fold(market, DAY);
	EXPECT_READING(market, ada, "whole", "host observed 7/5 of 12");
	happened_bookings(market, ada, "assigned", 3, DAY);
	fold(market, DAY);
	EXPECT_READING(market, ada, "whole", "host observed 7/8 of 15");
	happened_bookings(market, ada, "assigned", 1, DAY);
	fold(market, DAY);
	EXPECT_READING(market, ada, "whole", "director observed 7/9 of 16");
	cr_expect_eq(exchange_breaches(market), 0);
}

Test(exchange_fold, reads_a_changed_programme_anew)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier"), *programme = sql_id();

	happened_bookings(market, ada, "self", 4, DAY);
	fold(market, DAY);
	EXPECT_READING(market, ada, "whole", "host declared 4/0 of 4");
	sql_run("insert into onboarding.programme (market_id, programme_id, name, kind, archetype, "
		"created_at) values (%d, '%s', 'P', 'courier', 'advisor', " SQL_NOW "); "
		"update onboarding.enrolment set programme_id = '%s' where partner_id = '%s'",
	    market, programme, programme, ada);
	happened(market, ada, "enrolment.activated", 1, DAY);
	fold(market, DAY);
	EXPECT_READING(market, ada, "whole", "advisor declared 4/0 of 4");
	cr_expect_str_eq(sql_text("select trigger from exchange.tag where market_id = %d "
				  "and part = 'whole' and change_no = 2",
			     market),
	    "enrolment");
	cr_expect_eq(exchange_breaches(market), 0);
}

Test(exchange_fold, shows_what_counted_most)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	happened_bookings(market, ada, "self", 7, DAY);
	happened_bookings(market, ada, "offer", 1, DAY);
	happened_bookings(market, ada, "assigned", 2, DAY);
	happened_trips(market, ada, "self", 3, DAY);
	happened_trips(market, ada, "assigned", 4, DAY);
	happened(market, ada, "idea.submitted", 2, "2026-02-01 10:00+00");
	fold(market, DAY);
	cr_expect_str_eq(
	    sql_text("select string_agg(c.what || ' ' || c.events || 'x' || c.weight || '=' || "
		     "c.points, ', ') from api.get_archetype(%d, '%s', " SQL_NOW ", '%s') a, "
		     "unnest(a.contributions) c",
		market, ada, ada),
	    "idea_submitted 2x5=10, slot_self_booked 7x1=7, trip_assigned 4x1=4, "
	    "trip_offer_accepted 3x1=3, slot_assigned 2x1=2");
	cr_expect_str_eq(
	    sql_text("select concat_ws(' ', (exchange).archetype, events, shared_points, "
		     "controlled_points, participation_percent, changes, changed_at, "
		     "counterfactual) from api.get_archetype(%d, '%s', " SQL_NOW ", '%s')",
		market, ada, ada),
	    "host 19 21 6 77 1 2026-03-02 10:00:00+00 With 20 points more of work that we "
	    "assigned, it would say that you are given your work.");
}

Test(exchange_fold, keeps_each_change_as_it_was_told)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	happened_bookings(market, ada, "self", 5, DAY);
	fold(market, DAY);
	cr_expect(sql_true("select evidence = sha256('slot_self_booked 5') and participation = 100 "
			   "from exchange.tag where market_id = %d and part = 'whole'",
	    market));
	cr_expect_str_eq(sql_text("select string_agg(concat_ws(' ', subject, from_state, to_state, "
				  "actor_role), ', ' order by subject) from events.event "
				  "where market_id = %d and kind = 'exchange.changed'",
			     market),
	    "courier_exchange host runner, exchange host runner");
	sql_fails(
	    "SO002", "update exchange.tag set archetype = 'director' where market_id = %d", market);
	sql_fails("SO002", "truncate exchange.tag");
	sql_run("delete from exchange.tag where market_id = %d", market); /* a test market goes */
	sql_run("update core.market set is_test = false where market_id = %d", market);
	happened_bookings(market, ada, "assigned", 9, DAY);
	fold(market, DAY);
	sql_fails("SO002", "delete from exchange.tag where market_id = %d", market);
}

/* --- laws --- */

Test(exchange_fold, is_watched_by_its_laws)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	happened_bookings(market, ada, "self", 6, DAY);
	fold(market, DAY);
	sql_breaks_law("exchange_counts_its_events",
	    "update exchange.daily_count set events = 7 where market_id = %d", market);
	sql_breaks_law("exchange_counts_its_events",
	    "delete from exchange.daily_count where market_id = %d", market);
	sql_breaks_law("exchange_sums_its_counts",
	    "update exchange.reading set shared = 7 where market_id = %d", market);
	sql_breaks_law("exchange_sums_its_counts",
	    "delete from exchange.reading where market_id = %d", market);
	sql_breaks_law("exchange_leaves_its_window",
	    "update exchange.fold set swept_day = '2026-03-02' where market_id = %d", market);
	sql_breaks_law("exchange_reads_by_the_rule",
	    "update exchange.reading set archetype = 'director' where market_id = %d", market);
	sql_breaks_law("exchange_reads_by_the_rule",
	    "update exchange.reading set changes = 2 where market_id = %d", market);
	sql_breaks_law("exchange_changes_are_on_record",
	    "delete from events.event where market_id = %d and kind = 'exchange.changed'", market);
	sql_breaks_law("exchange_changes_are_on_record",
	    "insert into exchange.tag select (t).* from (select jsonb_populate_record(t, "
	    "'{\"change_no\": 3}') as t from exchange.tag t where market_id = %d) x",
	    market);
	cr_expect_eq(exchange_breaches(market), 0);
}

/* Whoever asks for a tag to decide by is seen in the catalog. */
Test(exchange_fold, decides_nothing_by_the_catalog)
{
	cr_expect_eq(sql_count("select from laws.tags_decide_nothing"), 0, "%s",
	    sql_text("select string_agg(reader, ', ') from laws.tags_decide_nothing"));
	sql_breaks_law("tags_decide_nothing",
	    "create function scheduling.favour(p_partner_id uuid) returns boolean language sql as "
	    "'select archetype = ''host'' from exchange.reading where partner_id = p_partner_id "
	    "limit 1'");
	sql_breaks_law("tags_decide_nothing",
	    "create function ledger.favour(p_partner_id uuid) returns boolean language sql as "
	    "'select (exchange).archetype = ''host'' from identity.partner_shown "
	    "where partner_id = p_partner_id'");
	sql_breaks_law("tags_decide_nothing",
	    "create view scheduling.favoured as select partner_id from exchange.reading "
	    "where archetype = 'host'");
	sql_breaks_law("tags_decide_nothing",
	    "create policy favour on scheduling.slot using (exists (select from exchange.reading r "
	    "where r.market_id = slot.market_id and r.archetype = 'host'))");
}
