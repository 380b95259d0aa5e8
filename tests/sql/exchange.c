/* exchange: rule 1 by its table, and its words. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(exchange, .init = sql_begin, .fini = sql_end);

/* Information: of nothing in force, in SQL. */
#define NONE "null"

struct reading {
	int shared, controlled, events;
	const char *information; /* I in SQL */
	const char *declared;
	const char *before; /* NULL: none */
	bool withdrawn;
	const char *archetype, *basis;
};

static void
expect(struct reading reading)
{
	const char *text = sql_text(
	    "select archetype || ' ' || basis from exchange.archetype_of(%d, %d, %d, %s, '%s', "
	    "nullif('%s', ''), %s)",
	    reading.shared, reading.controlled, reading.events, reading.information,
	    reading.declared, reading.before == NULL ? "" : reading.before,
	    reading.withdrawn ? "true" : "false");

	cr_expect_str_eq(text, sql_text("select '%s %s'", reading.archetype, reading.basis),
	    "S %d, C %d, n %d, I %s, before %s: %s", reading.shared, reading.controlled,
	    reading.events, reading.information, reading.before == NULL ? "-" : reading.before,
	    text);
}

/* The fourteen cases of the rule, in its order. What is declared plays no part in the first eleven,
 * so it is the opposite of what must come out. */
Test(exchange, reads_the_table_of_rule_1)
{
	static const struct reading table[] = {
		{ 10, 0, 10, "0", "advisor", NULL, false, "host", "observed" },
		{ 10, 0, 10, "0", "advisor", NULL, false, "host", "observed" },
		{ 10, 0, 10, "66", "director", NULL, false, "companion", "observed" },
		{ 0, 10, 10, "66", "host", NULL, false, "advisor", "observed" },
		{ 0, 10, 10, "0", "companion", NULL, false, "director", "observed" },
		{ 6, 5, 11, "0", "companion", "director", false, "director", "observed" },
		{ 11, 9, 20, "0", "advisor", "director", false, "host", "observed" },
		{ 9, 11, 20, "0", "advisor", "host", false, "host", "observed" },
		{ 4, 5, 9, "0", "companion", "host", false, "director", "observed" },
		{ 10, 0, 10, "33", "advisor", "companion", true, "host", "observed" },
		{ 4, 0, 4, "0", "host", NULL, false, "host", "declared" },
		{ 6, 0, 6, "0", "advisor", NULL, false, "host", "observed" },
		{ 5, 10, 11, "0", "companion", NULL, false, "director", "observed" },
		{ 10, 10, 12, "66", "director", NULL, false, "companion", "observed" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		expect(table[i]);
}

/* Purchases are the second case of the table: they weigh nothing, whoever writes their rows. */
Test(exchange, weighs_no_purchase_and_no_ballot)
{
	static const char *const never[] = { "purchase", "rental", "financing", "survey",
		"governance_ballot" };

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		cr_expect(sql_true("select side is null and weight is null from exchange.weight "
				   "where rule_version = 1 and what = '%s'",
			      never[i]),
		    "%s", never[i]);
	cr_expect_eq(sql_count("select from exchange.weight where side is not null"), 20);
	cr_expect_eq(sql_count("select from exchange.evidence v join exchange.weight w "
			       "using (what) where w.side is null"),
	    0);
}

Test(exchange, shows_what_is_declared_below_five_events)
{
	static const char *const archetypes[] = { "host", "companion", "advisor", "director" };

	for (size_t i = 0; i < sizeof(archetypes) / sizeof(archetypes[0]); i++) {
		expect((struct reading){
		    0, 0, 0, NONE, archetypes[i], NULL, false, archetypes[i], "declared" });
		/* what was observed before is over */
		expect((struct reading){
		    0, 4, 4, NONE, archetypes[i], "host", false, archetypes[i], "declared" });
	}
	/* a purpose in force is observed, and only participation is declared */
	expect((struct reading){ 0, 4, 4, "0", "companion", NULL, false, "host", "declared" });
	expect((struct reading){ 0, 4, 4, "50", "director", NULL, false, "advisor", "declared" });
}

Test(exchange, reads_what_is_not_used_as_gathered_from_five_events_on)
{
	expect((struct reading){ 5, 0, 5, NONE, "companion", NULL, false, "host", "observed" });
	expect(
	    (struct reading){ 5, 0, 5, NONE, "companion", "companion", false, "host", "observed" });
	expect((struct reading){ 0, 5, 5, NONE, "advisor", NULL, false, "director", "observed" });
}

Test(exchange, turns_at_50_first_then_at_55_and_45)
{
	expect((struct reading){ 50, 50, 9, NONE, "director", NULL, false, "host", "observed" });
	expect((struct reading){ 49, 51, 9, NONE, "host", NULL, false, "director", "observed" });
	expect(
	    (struct reading){ 54, 46, 9, NONE, "host", "director", false, "director", "observed" });
	expect((struct reading){ 55, 45, 9, NONE, "host", "director", false, "host", "observed" });
	expect((struct reading){ 45, 55, 9, NONE, "host", "host", false, "host", "observed" });
	expect((struct reading){ 44, 56, 9, NONE, "host", "host", false, "director", "observed" });
	/* rounded down: 449 of 1,000 is 44 */
	expect(
	    (struct reading){ 449, 551, 9, NONE, "host", "host", false, "director", "observed" });
	/* the other axis, and the raw 50 after a withdrawal */
	expect((struct reading){ 9, 0, 9, "54", "host", "host", false, "host", "observed" });
	expect((struct reading){ 9, 0, 9, "55", "host", "host", false, "companion", "observed" });
	expect(
	    (struct reading){ 9, 0, 9, "45", "host", "companion", false, "companion", "observed" });
	expect((struct reading){ 9, 0, 9, "45", "host", "companion", true, "host", "observed" });
	expect((struct reading){ 9, 0, 9, "50", "host", "host", true, "companion", "observed" });
}

Test(exchange, counts_in_integers_that_cannot_overflow)
{
	expect((struct reading){
	    2000000000, 1, 2000000000, NONE, "director", NULL, false, "host", "observed" });
}

/* The rule said twice: the law's version agrees with the function's, over a grid. */
Test(exchange, agrees_with_its_law)
{
	cr_expect_eq(
	    sql_int("select count(*) from generate_series(0, 24) s, generate_series(0, 24) c, "
		    "(values (0), (4), (5), (9)) n (n), (values (null), (0), (44), (45), (49), "
		    "(50), (54), (55), (99)) i (i), unnest(array['host', 'companion', 'advisor', "
		    "'director']) d, unnest(array[null, 'host', 'companion', 'advisor', "
		    "'director']) b, exchange.archetype_of(s, c, n.n, i.i, d, b) a "
		    "where (n.n < 5 or s + c > 0) and exchange.follows(s, c, n.n, i.i, d, b, "
		    "a.archetype, a.basis) is not true"),
	    0);
	cr_expect_eq(
	    sql_int("select count(*) from generate_series(1, 24) s, generate_series(0, 24) c, "
		    "unnest(array[null, 'host', 'director']) b, "
		    "exchange.archetype_of(s, c, 9, 0, 'host', b) a "
		    "where exchange.follows(s, c, 9, 0, 'host', b, "
		    "case a.archetype when 'host' then 'director' else 'host' end, a.basis)"),
	    0);
}

/* --- words --- */

Test(exchange, says_what_it_means)
{
	cr_expect_str_eq(sql_text("select (exchange.show('host', 'observed', 1)).sentence"),
	    "You choose your work; we use your data only to run it.");
	cr_expect_str_eq(sql_text("select (exchange.show('advisor', 'declared', 1)).sentence"),
	    "As your programme declares: you are given your work; we use your data to fit it to "
	    "you.");
	cr_expect_str_eq(sql_text("select (x).participation || ' ' || (x).information from "
				  "exchange.show('companion', 'observed', 1) x"),
	    "shared leveraged");
	cr_expect_str_eq(sql_text("select (x).participation || ' ' || (x).information from "
				  "exchange.show('director', 'observed', 1) x"),
	    "controlled gathered");
}

/* So many points more, on the other side, turn it; one less does not. */
Test(exchange, says_exactly_what_would_have_turned_it)
{
	cr_expect_eq(
	    sql_int("select count(*) from generate_series(0, 60) x (s), generate_series(0, 60) y "
		    "(c), exchange.archetype_of(x.s, y.c, 9, null, 'host', null) a, "
		    "lateral (select substring(exchange.counterfactual(x.s, y.c, 9, a.archetype) "
		    "from 'With (\\d+)')::int as points) p, "
		    "lateral (select case a.archetype when 'host' then 0 else p.points end as s, "
		    "case a.archetype when 'host' then p.points else 0 end as c) m, "
		    "exchange.archetype_of(x.s + m.s, y.c + m.c, 9, null, 'host', a.archetype) "
		    "turned, exchange.archetype_of(x.s + greatest(m.s - 1, 0), "
		    "y.c + greatest(m.c - 1, 0), 9, null, 'host', a.archetype) kept "
		    "where x.s + y.c > 0 and (p.points is null or p.points < 1 "
		    "or turned.archetype = a.archetype or kept.archetype <> a.archetype)"),
	    0);
	cr_expect_str_eq(sql_text("select exchange.counterfactual(4, 0, 4, 'host')"),
	    "It is read from five counted events on; there are 4. Until then it says what your "
	    "programme declares.");
}

Test(exchange, never_suggests_a_consent)
{
	cr_expect_eq(
	    sql_count("select from unnest(array['host', 'companion', 'advisor', 'director']) a, "
		      "generate_series(0, 9) n, exchange.counterfactual(n, 9 - n, n, a) x "
		      "where x ~* 'consent|data|information|allow|permi'"),
	    0);
}

/* --- what is declared --- */

static const char *
programme(int market, const char *kind, const char *archetype)
{
	const char *id = sql_id();

	sql_run("insert into onboarding.programme (market_id, programme_id, name, kind, archetype, "
		"created_at) values (%d, '%s', 'P', '%s', '%s', " SQL_NOW ")",
	    market, id, kind, archetype);
	return id;
}

static const char *
shown(int market, const char *partner)
{
	return sql_text("select (p.exchange).archetype || ' ' || (p.exchange).basis "
			"from api.get_partner(%d, null, '%s') p",
	    market, partner);
}

Test(exchange, is_what_the_programme_declares_at_first)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	cr_expect_str_eq(shown(market, ada), "host declared"); /* no programme: open terms */
	sql_run("update onboarding.enrolment set programme_id = '%s' where partner_id = '%s'",
	    programme(market, "courier", "advisor"), ada);
	cr_expect_str_eq(shown(market, ada), "advisor declared");
	/* the oldest enrolment that is not closed speaks for the whole */
	sql_run("insert into onboarding.enrolment (market_id, partner_id, kind, programme_id, "
		"state, created_at) values (%d, '%s', 'driver', '%s', 'active', " SQL_NOW
		" + interval '1 hour')",
	    market, ada, programme(market, "driver", "companion"));
	cr_expect_str_eq(shown(market, ada), "advisor declared");
	sql_run("update onboarding.enrolment set state = 'closed' where partner_id = '%s' "
		"and kind = 'courier'",
	    ada);
	cr_expect_str_eq(shown(market, ada), "companion declared");
	cr_expect_str_eq(
	    sql_text("select string_agg(e.kind || ' ' || (e.exchange).archetype, ', ') "
		     "from api.get_archetype(%d, '%s', " SQL_NOW ", '%s') a, "
		     "unnest(a.enrolments) e",
		market, ada, ada),
	    "courier advisor, driver companion");
}

Test(exchange, is_shown_to_the_partner_itself_and_its_operators)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier"), *bob = sql_partner(market, "courier");

	cr_expect_str_eq(
	    sql_text("select window_from || ' ' || window_until || ' ' || events || ' ' || changes "
		     "from api.get_archetype(%d, null, " SQL_NOW ", '%s')",
		market, ada),
	    "2025-12-03 2026-03-02 0 0");
	sql_refused("partner_unknown", "select api.get_archetype(%d, '%s', " SQL_NOW ", '%s')",
	    market, bob, ada);
	sql_refused("partner_unknown", "select api.get_archetype(%d, null, " SQL_NOW ", '%s')",
	    market, sql_id());
	sql_refused("partner_unknown", "select api.get_archetype(%d, null, " SQL_NOW ", '%s')",
	    sql_market(), ada);
}
