/* agreements: which parties fit which base, and which version is in force. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(agreements, .init = sql_begin, .fini = sql_end);

#define PARTNER_PLATFORM \
	"[{\"party\": \"partner\", \"share_ppm\": 10000}, " \
	"{\"party\": \"platform\", \"share_ppm\": 990000}]"
#define VENDOR_PLATFORM \
	"[{\"party\": \"vendor\", \"share_ppm\": 900000}, " \
	"{\"party\": \"platform\", \"share_ppm\": 100000}]"
#define ALL_THREE \
	"[{\"party\": \"vendor\", \"share_ppm\": 900000}, " \
	"{\"party\": \"partner\", \"share_ppm\": 50000}, " \
	"{\"party\": \"platform\", \"share_ppm\": 50000}]"
#define VENDOR_ALONE "[{\"party\": \"vendor\", \"share_ppm\": 1000000}]"
#define PLATFORM_ALONE "[{\"party\": \"platform\", \"share_ppm\": 1000000}]"

static const char *const bases[] = { "fare", "slot_pay", "net_sales", "price" };

static const char *
agree_call(int market, const char *base, const char *from, const char *parties)
{
	return sql_text("select $call$ select * from api.create_share_agreement(%d, '%s', "
			"'operator', " SQL_NOW ", '%s', '%s', " SQL_DIGEST ", '%s', 'Terms', '%s', "
			"'%s', '%s') $call$",
	    market, sql_operator(), sql_id(), sql_id(), sql_id(), base, from, parties);
}

Test(agreements, know_partners_but_where_prices_are_split)
{
	int market = sql_market();

	for (int i = 0; i < 4; i++) {
		bool price = i == 3;

		sql_as("socius_gate");
		sql_refused("agreement_parts_wrong", "%s",
		    agree_call(market, bases[i], "2026-01-01", ALL_THREE));
		sql_refused("agreement_parts_wrong", "%s",
		    agree_call(market, bases[i], "2026-01-01", PLATFORM_ALONE));
		sql_refused("agreement_parts_wrong", "%s",
		    agree_call(market, bases[i], "2026-01-01",
			price ? PARTNER_PLATFORM : VENDOR_PLATFORM));
		sql_run("%s", agree_call(market, bases[i], "2026-01-01",
				  price ? VENDOR_PLATFORM : PARTNER_PLATFORM));
		sql_as(NULL);
	}
	cr_assert_eq(
	    sql_count("select from ledger.share_agreement where market_id = %d", market), 4);
	sql_as("socius_gate");
	sql_run("%s", agree_call(market, "price", "2026-04-01", VENDOR_ALONE));
}

Test(agreements, keep_wrong_parties_out_of_the_table_too)
{
	static const char *const wrong[][3] = {
		{ "fare", "{vendor,platform}", "{900000,100000}" },
		{ "price", "{partner,platform}", "{900000,100000}" },
		{ "price", "{vendor,platform}", "{900000,99999}" },
		{ "price", "{vendor,vendor}", "{500000,500000}" },
		{ "price", "{vendor,platform}", "{1000000}" },
		{ "price", "{vendor}", "{}" },
		{ "net_sales", "{partner,vendor,platform}", "{10000,10000,980000}" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		sql_refused("agreement_parts_wrong",
		    "insert into ledger.share_agreement values (%d, '%s', 'x', '%s', "
		    "'2026-01-01', '%s', '%s', " SQL_NOW ")",
		    sql_market(), sql_id(), wrong[i][0], wrong[i][1], wrong[i][2]);
}

Test(agreements, are_in_force_until_the_next_of_their_base)
{
	int market = sql_market();
	static const char *const asked[][2] = {
		{ "price", "2025-12-31 23:59:59.999999+00" },
		{ "price", "2026-01-01 00:00+00" },
		{ "price", "2026-03-31 23:59:59.999999+00" },
		{ "price", "2026-04-01 00:00+00" },
		{ "net_sales", "2026-04-01 00:00+00" },
	};
	static const char *const answers[] = { "none", "{900000,100000}", "{900000,100000}",
		"{1000000}", "none" };

	sql_run("%s", agree_call(market, "price", "2026-01-01 00:00+00", VENDOR_PLATFORM));
	sql_run("%s", agree_call(market, "price", "2026-04-01 00:00+00", VENDOR_ALONE));
	for (int i = 0; i < 5; i++)
		cr_expect_str_eq(sql_text("select coalesce((select shares_ppm::text "
					  "from ledger.agreement_at(%d, '%s', '%s')), 'none')",
				     market, asked[i][0], asked[i][1]),
		    answers[i], "%s at %s", asked[i][0], asked[i][1]);
}

/* Late reports get what was in force when they happened: so that stays. */
Test(agreements, change_the_past_only_where_none_was_in_force)
{
	int market = sql_market();
	const char *refused;

	sql_as("socius_gate");
	sql_run("%s", agree_call(market, "fare", "2026-01-01 00:00+00", PARTNER_PLATFORM));
	sql_refused("agreement_in_force", "%s",
	    agree_call(market, "fare", "2026-01-01 00:00+00", PARTNER_PLATFORM));
	sql_refused("agreement_in_force", "%s",
	    agree_call(market, "fare", "2026-02-01 00:00+00", PARTNER_PLATFORM));
	refused = agree_call(market, "fare", "2026-03-02 09:59:59.999999+00", PARTNER_PLATFORM);
	sql_refused("agreement_in_force", "%s", refused);
	/* before the first version, of another base, and from now on */
	sql_run("%s", agree_call(market, "fare", "2025-06-01 00:00+00", PARTNER_PLATFORM));
	sql_run("%s", agree_call(market, "net_sales", "2026-02-01 00:00+00", PARTNER_PLATFORM));
	sql_run("%s", agree_call(market, "fare", "2026-03-02 10:00+00", PARTNER_PLATFORM));
	sql_run("%s", agree_call(market, "fare", "2026-04-01 00:00+00", PARTNER_PLATFORM));
	/* between versions to come none has happened yet */
	sql_run("%s", agree_call(market, "fare", "2026-03-20 00:00+00", PARTNER_PLATFORM));
	/* before the first, but not into what the first has split since */
	sql_refused("agreement_in_force", "%s",
	    agree_call(market, "fare", "2025-07-01 00:00+00", PARTNER_PLATFORM));
}

Test(agreements, say_from_when_on_they_can_be_effective)
{
	int market = sql_market();
	const char *const clocks[][2] = { { "2026-03-02 10:00+00", "2026-03-02T10:00:00Z" },
		{ "2026-03-02 10:00:00.000001+00", "2026-03-02T11:00:00Z" } };

	sql_run("%s", agree_call(market, "fare", "2026-01-01 00:00+00", PARTNER_PLATFORM));
	for (int i = 0; i < 2; i++) {
		sql_run("update core.market set test_now = '%s' where market_id = %d", clocks[i][0],
		    market);
		sql_run("create or replace function pg_temp.earliest(p_call text) returns text "
			"language plpgsql as $$ declare v_detail text; begin execute p_call; "
			"return null; exception when sqlstate 'SO001' then "
			"get stacked diagnostics v_detail = pg_exception_detail; "
			"return v_detail::jsonb ->> 'earliest'; end $$");
		cr_expect_str_eq(
		    sql_text("select pg_temp.earliest($text$%s$text$)",
			agree_call(market, "fare", "2026-02-01 00:00+00", PARTNER_PLATFORM)),
		    clocks[i][1]);
		sql_run("%s", agree_call(market, "fare", clocks[i][1], PARTNER_PLATFORM));
	}
}
