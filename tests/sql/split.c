/* split: money is divided to the last unit, by whatever shares. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(split, .init = sql_begin, .fini = sql_end);

static const char *
split(int64_t amount, const char *shares_ppm)
{
	return sql_text("select ledger.split(%lld, '{%s}')", (long long)amount, shares_ppm);
}

Test(split, gives_what_is_left_to_the_largest_remainders)
{
	cr_assert_str_eq(split(1003, "10000,200000,790000"), "{10,201,792}");
	cr_assert_str_eq(split(101, "330000,330000,340000"), "{33,33,35}");
	cr_assert_str_eq(split(1, "200000,800000"), "{0,1}");
	cr_assert_str_eq(split(100, "333333,333333,333334"), "{33,33,34}");
}

Test(split, gives_a_tie_to_the_line_with_the_lower_number)
{
	cr_assert_str_eq(split(1, "500000,500000"), "{1,0}");
	cr_assert_str_eq(split(2, "250000,250000,250000,250000"), "{1,1,0,0}");
	cr_assert_str_eq(split(5, "100000,300000,500000,100000"), "{1,2,2,0}");
}

Test(split, gives_nothing_to_a_share_of_nothing)
{
	cr_assert_str_eq(split(1003, "0,1000000"), "{0,1003}");
	cr_assert_str_eq(split(0, "200000,800000"), "{0,0}");
}

Test(split, mirrors_a_refund)
{
	cr_assert_str_eq(split(-1003, "10000,200000,790000"), "{-10,-201,-792}");
	cr_assert_str_eq(split(-1, "500000,500000"), "{-1,0}");
}

Test(split, holds_the_largest_amount)
{
	cr_assert_str_eq(
	    split(9007199254740991, "200000,800000"), "{1801439850948198,7205759403792793}");
	cr_assert_str_eq(split(9007199254740991, "1,999999"), "{9007199255,9007190247541736}");
	cr_assert_str_eq(
	    split(INT64_MAX, "500000,500000"), "{4611686018427387904,4611686018427387903}");
}

Test(split, dies_on_shares_that_are_no_whole)
{
	sql_fails("P0001", "select ledger.split(100, '{200000,799999}')");
	sql_fails("P0001", "select ledger.split(100, '{-200000,1200000}')");
	sql_fails("P0001", "select ledger.split(100, '{}')");
	sql_fails("P0001", "select ledger.split(100, '{500000,null,500000}')");
}

/* 100,000 amounts up to 2^53, two to six shares: cut points in a million, sorted, make the shares.
 */
static void
make_cases(void)
{
	sql_run("select setseed(0.42)");
	sql_run(
	    "create temporary table random_case on commit drop as "
	    "select c.number, c.amount, c.shares, ledger.split(c.amount, c.shares) as parts from ("
	    "select number, case number %% 3 when 0 then floor(random() * 100) "
	    "when 1 then floor(random() * 1e7) else floor(random() * 9007199254740991) end"
	    "::bigint * (1 - 2 * (number %% 2)) as amount, "
	    "(select array_agg((o.cut - o.before)::int) from (select u.cut, "
	    "lag(u.cut, 1, 0) over (order by u.cut) as before from unnest(array[1000000] || "
	    "(select array_agg(floor(random() * 1000001)::int) "
	    "from generate_series(0, number %% 5))) as u (cut)) o) as shares "
	    "from generate_series(1, 100000) as number) c");
}

Test(split, loses_no_unit_in_any_case)
{
	make_cases();
	cr_assert_eq(
	    sql_int("select count(*) from random_case where cardinality(shares) > 1"), 100000);
	cr_assert_eq(sql_int("select count(distinct shares) from random_case") > 50000, 1);
	cr_assert_eq(sql_count("select from random_case where amount <> "
			       "(select sum(p) from unnest(parts) as p)"),
	    0);
	/* each part is within one unit of its exact share */
	cr_assert_eq(sql_count("select from random_case cross join lateral unnest(shares, parts) "
			       "as e (share, part) where abs(e.part * 1000000::numeric "
			       "- amount::numeric * e.share) >= 1000000"),
	    0);
}

Test(split, rounds_up_no_line_before_one_with_a_larger_remainder)
{
	make_cases();
	/* a line's claim: the remainder of its exact share, and before it among equals */
	cr_assert_eq(
	    sql_count(
		"select from (select number, mod(abs(amount)::numeric * share, 1000000) * 10 "
		"- line as claim, abs(part) - div(abs(amount)::numeric * share, 1000000) as up "
		"from random_case cross join lateral unnest(shares, parts) with ordinality "
		"as e (share, part, line)) l group by number having min(claim) filter (where "
		"up = 1) < max(claim) filter (where up = 0) or max(up) > 1 or min(up) < 0"),
	    0);
}

Test(split, mirrors_every_case_and_takes_lines_in_any_order)
{
	make_cases();
	cr_assert_eq(sql_count("select from random_case where ledger.split(-amount, shares) <> "
			       "(select array_agg(-p order by line) "
			       "from unnest(parts) with ordinality as e (p, line))"),
	    0);
	/* turned round, the same line gets the same part, unless remainders tie */
	cr_assert_eq(
	    sql_count(
		"select from (select c.*, ledger.split(amount, (select array_agg(s order by "
		"line desc) from unnest(shares) with ordinality as e (s, line))) as turned, "
		"(select count(distinct mod(abs(amount)::numeric * s, 1000000)) "
		"from unnest(shares) as s) = cardinality(shares) as untied from random_case c) t "
		"where untied and parts <> (select array_agg(p order by line desc) "
		"from unnest(turned) with ordinality as e (p, line))"),
	    0);
}
