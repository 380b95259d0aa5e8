/* scheduling: a batch of bookings does what its asks would do one by one, in their order. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

enum { PARTNERS = 12, SEEDS = 12, ASKS = 40 };

static int market;

static void
begin(void)
{
	sql_begin();
	market = sql_market();
}

TestSuite(together, .init = begin, .fini = sql_end);

/* What a random ask can meet: slots in each other's way, of few seats, across midnight, too long
 * together for one day, not released yet, already begun; and one nobody is enrolled for. */
static void
given_slots(void)
{
	static const struct slot_plan plans[] = {
		{ .starts_local = "2026-03-03T08:00", .minutes = 240, .capacity = 2 },
		{ .starts_local = "2026-03-03T10:00", .minutes = 240, .capacity = 3 },
		{ .starts_local = "2026-03-03T12:00", .minutes = 300, .capacity = 50 },
		{ .starts_local = "2026-03-03T17:00", .minutes = 300, .capacity = 50 },
		{ .starts_local = "2026-03-03T22:00", .minutes = 240, .capacity = 4 },
		{ .starts_local = "2026-03-04T00:30", .minutes = 480, .capacity = 50 },
		{ .starts_local = "2026-03-04T10:00", .minutes = 120, .capacity = 1 },
		{ .starts_local = "2026-03-05T10:00",
		    .minutes = 120,
		    .capacity = 9,
		    .release_at = "2026-03-04T00:00:00Z" },
		{ .starts_local = "2026-03-02T10:30",
		    .minutes = 120,
		    .capacity = 9,
		    .now = "'2026-03-01 10:00:00+00'" },
	};

	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		(void)given_slot(market, plans[i]);
}

static void
given_partners(void)
{
	for (int i = 0; i < PARTNERS; i++)
		(void)sql_partner(market, i == 0 ? "driver" : "courier");
}

/* Asks of one batch; now and then one repeats the key of an earlier one, with the same digest or
 * another, and one asks for a slot that is not there. */
static void
make_asks(int seed)
{
	sql_run("select setseed(%d / 100.0)", seed);
	sql_run("drop table if exists drawn, ask");
	sql_run("create temp table drawn as select n, "
		"(select partner_id from (select p.partner_id, row_number() over (order by "
		"p.partner_id) as i from identity.partner p where p.market_id = %1$d) x "
		"where i = 1 + floor(r1 * %2$d)) as partner_id, "
		"coalesce((select slot_id from (select s.slot_id, row_number() over (order by "
		"s.starts_at, s.slot_id) as i from scheduling.slot s where s.market_id = %1$d) x "
		"where i = 1 + floor(r2 * 10)), gen_random_uuid()) as slot_id, "
		"floor(n * (0.85 + r3 / 7)) as key, "
		"sha256(convert_to('ask' || (r3 > 0.2), 'UTF8')) as digest, "
		"gen_random_uuid() as event_id "
		"from (select n, random() as r1, random() as r2, random() as r3 "
		"from generate_series(1, %3$d) n) chances",
	    market, PARTNERS, ASKS);
	sql_run("create temp table ask as "
		"select *, md5(partner_id || ' ' || key)::uuid as booking_id from drawn");
}

/* What the calls left behind, as one text. */
static const char *
left_behind(void)
{
	return sql_text(
	    "select concat_ws(E'\\n', "
	    "(select string_agg(b::text, E'\\n' order by b.booking_id) "
	    "from scheduling.booking b where b.market_id = %1$d), "
	    "(select string_agg(d::text, E'\\n' order by d.partner_id, d.day) "
	    "from scheduling.partner_day d where d.market_id = %1$d and d.seconds > 0), "
	    "(select string_agg(concat_ws(' ', s.slot_id, s.booked), E'\\n' order by s.slot_id) "
	    "from scheduling.slot s where s.market_id = %1$d), "
	    "(select string_agg(concat_ws(' ', e.event_id, e.kind, e.partner_id, e.subject_id, "
	    "e.to_state, e.actor_id, e.actor_role, e.occurred_at), E'\\n' order by e.event_id) "
	    "from events.event e where e.market_id = %1$d))",
	    market);
}

/* What the calls answered, as one text. */
#define ANSWERS(calls) \
	"with answered as materialized (" calls \
	") select string_agg(a::text, E'\\n' order by n) from answered a"

#define IN_ORDER \
	"select a.n, b.refused, b.detail, b.replayed, b.\"row\" from (select * from ask order by " \
	"n) a, lateral api.book_slot(%d, a.partner_id, a.partner_id, " SQL_NOW \
	", a.booking_id, a.digest, a.event_id, a.slot_id) b"

#define AT_ONCE \
	"select b.n, b.refused, b.detail, b.replayed, b.\"row\" from " \
	"(select array_agg(partner_id order by n) as partner_id, " \
	"array_agg(" SQL_NOW " order by n) as now, array_agg(booking_id order by n) as " \
	"booking_id, array_agg(digest order by n) as digest, " \
	"array_agg(event_id order by n) as event_id, array_agg(slot_id order by n) as slot_id " \
	"from ask) a, lateral rows from (api.book_slot_batch(%d, a.partner_id, " \
	"a.partner_id, a.now, a.booking_id, a.digest, a.event_id, a.slot_id)) with ordinality " \
	"as b (refused, detail, replayed, \"row\", n)"

Test(together, is_the_same_as_in_order)
{
	int booked = 0, refused = 0;

	given_slots();
	given_partners();
	for (int seed = 1; seed <= SEEDS; seed++) {
		const char *in_order, *left_in_order, *at_once, *left_at_once;

		make_asks(seed);
		sql_run("savepoint before");
		in_order = sql_text(ANSWERS(IN_ORDER), market);
		left_in_order = left_behind();
		booked += sql_count("select from scheduling.booking where market_id = %d", market);
		sql_run("rollback to before");
		at_once = sql_text(ANSWERS(AT_ONCE), market);
		left_at_once = left_behind();
		refused += sql_count("select from ask a where not exists (select from "
				     "scheduling.booking b where b.booking_id = a.booking_id)");
		sql_run("rollback to before");
		cr_assert_str_eq(at_once, in_order, "seed %d", seed);
		cr_assert_str_eq(left_at_once, left_in_order, "seed %d", seed);
	}
	cr_assert_gt(booked, SEEDS * 5);
	cr_assert_gt(refused, SEEDS * 5);
}

#define TOGETHER \
	"select from (select array_agg(partner_id order by n) as partner_id, " \
	"array_agg(" SQL_NOW " order by n) as now, array_agg(booking_id order by n) as " \
	"booking_id, array_agg(digest order by n) as digest, " \
	"array_agg(event_id order by n) as event_id, array_agg(slot_id order by n) as slot_id " \
	"from ask) a, unnest(scheduling.book_together(%d, a.partner_id, a.partner_id, a.now, " \
	"a.booking_id, a.digest, a.event_id, a.slot_id)) b where b.booking_id is not null"

Test(together, books_all_that_stand_in_nobodys_way)
{
	const char *slot_id = given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-03T22:00", .minutes = 240, .capacity = PARTNERS });

	given_partners();
	sql_run("create temp table ask as select row_number() over () as n, partner_id, "
		"'%s'::uuid as slot_id, gen_random_uuid() as booking_id, sha256('x') as digest, "
		"gen_random_uuid() as event_id from identity.partner where market_id = %d",
	    slot_id, market);
	cr_assert_eq(sql_count(TOGETHER, market), PARTNERS - 1, "the driver is no courier");
	cr_assert_eq(booked_of(slot_id), PARTNERS - 1);
}

Test(together, gives_way_to_a_key_whose_booking_was_given_back)
{
	const char *partner_id = sql_partner(market, "courier");
	const char *other_id = sql_partner(market, "courier");
	const char *slot_id = given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-03T08:00", .minutes = 240, .capacity = 5 });
	const char *booking_id = given_booking(market, partner_id, slot_id);

	sql_run(
	    "%s", forfeit_call(market, partner_id, booking_id, "back", "2026-03-02 10:00:00+00"));
	sql_run("create temp table ask as select n, partner_id, '%s'::uuid as slot_id, "
		"booking_id, sha256('%s') as digest, gen_random_uuid() as event_id from (values "
		"(1, '%s'::uuid, '%s'::uuid), (2, '%s', gen_random_uuid())) as v (n, partner_id, "
		"booking_id)",
	    slot_id, slot_id, partner_id, booking_id, other_id);
	sql_refused("not_together", TOGETHER, market);
	cr_assert(sql_true("select bool_and(refused is null) and count(*) filter (where replayed) "
			   "= 1 from (" AT_ONCE ") answered",
	    market));
	cr_assert_str_eq(state_of(booking_id), "forfeited");
	cr_assert_eq(booked_of(slot_id), 1);
}
