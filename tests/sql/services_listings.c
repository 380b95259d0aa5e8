/* services: vendors, listings and redemptions, as SQL sees them. */
#include <criterion/criterion.h>

#include "sql/services_given.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"

static int market;
static const char *partner;

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	partner = sql_partner(market, "courier");
}

TestSuite(listings, .init = begin, .fini = sql_end);

/* What a caller (NULL: an operator) sees of a listing. */
static const char *
seen(const char *what, const char *listing, const char *caller, const char *now)
{
	return sql_text("select %s::text from api.get_listing(%d, %s%s%s, '%s', '%s')", what,
	    market, caller == NULL ? "" : "'", caller == NULL ? "null" : caller,
	    caller == NULL ? "" : "'", now, listing);
}

/* --- vendors --- */

Test(listings, give_a_vendor_a_wallet)
{
	const char *vendor = given_vendor(market);

	cr_assert_str_eq(sql_text("select concat_ws(' ', name, balance_minor, currency) "
				  "from api.get_vendor(%d, '%s')",
			     market, vendor),
	    "Autonoleggio 0 EUR");
	cr_assert_str_eq(
	    sql_text("select owner_kind from ledger.wallet where owner_id = '%s'", vendor),
	    "vendor");
	cr_assert_eq(sql_count("select from events.event where subject_id = '%s' "
			       "and kind = 'vendor.created'",
			 vendor),
	    1);
	sql_refused("vendor_unknown", "select api.get_vendor(%d, '%s')", sql_market(), vendor);
}

Test(listings, list_vendors_page_by_page)
{
	const char *first = given_vendor(market), *second = given_vendor(market);

	given_vendor(sql_market());
	cr_assert_str_eq(
	    sql_text("select string_agg(vendor_id::text, ' ') from api.list_vendors(%d, 1, null)",
		market),
	    first);
	cr_assert_str_eq(
	    sql_text("select string_agg(vendor_id::text, ' ') from api.list_vendors(%d, 9, '%s')",
		market, first),
	    second);
}

Test(listings, make_a_vendor_once_for_one_key)
{
	static const char *const call =
	    "select replayed from api.create_vendor(%d, "
	    "'00000000-0000-7000-8000-00000000000a', 'operator', " SQL_NOW
	    ", 'key', %s, '%s', gen_random_uuid(), 'One')";

	cr_assert_not(sql_true(call, market, SQL_DIGEST, sql_id()));
	cr_assert(sql_true(call, market, SQL_DIGEST, sql_id()));
	sql_refused("key_reused", call, market, SQL_OTHER_DIGEST, sql_id());
	cr_assert_eq(sql_count("select from api.list_vendors(%d, 9, null)", market), 1);
}

/* --- listings --- */

Test(listings, show_what_a_partner_saves)
{
	const char *listing = given_listing(market, (struct offer){ 0 });

	cr_assert_str_eq(sql_text("select concat_ws(' ', kind, vendor_name, list_price_minor, "
				  "partner_price_minor, saving_minor, currency, stock, stock_left, "
				  "available, reasons) "
				  "from api.get_listing(%d, '%s', " SQL_NOW ", '%s')",
			     market, partner, listing),
	    "discount Autonoleggio 2000 1200 800 EUR 10 10 t {}");
	cr_assert_null(seen("assets_free", listing, partner, NOW));
	cr_assert_null(seen("reimbursed_ppm", listing, partner, NOW));
	cr_assert_str_eq(seen("reimbursed_ppm", listing, NULL, NOW), "1000000");
	sql_refused("listing_unknown", "select api.get_listing(%d, null, " SQL_NOW ", '%s')",
	    sql_market(), listing);
}

Test(listings, count_what_is_free_of_a_rental)
{
	const char *listing = given_listing(market, (struct offer){ .kind = "rental" });

	cr_assert_str_eq(seen("reasons", listing, partner, NOW), "{no_asset_free}");
	given_asset(market, listing);
	given_asset(market, listing);
	cr_assert_str_eq(seen("assets_free", listing, partner, NOW), "2");
	cr_assert_str_eq(seen("available", listing, partner, NOW), "true");
	cr_assert_null(seen("stock_left", listing, partner, NOW));
}

Test(listings, say_why_a_partner_may_not)
{
	const char *window = given_listing(market,
	    (struct offer){ .from = "2026-03-03 00:00+00", .until = "2026-03-04 00:00+00" });
	const char *drivers = given_listing(market, (struct offer){ .enrolment_kind = "driver" });
	const char *couriers = given_listing(market, (struct offer){ .enrolment_kind = "courier" });
	const char *once = given_listing(market, (struct offer){ .stock = "1" });

	cr_assert_str_eq(seen("reasons", window, partner, NOW), "{not_yet_available}");
	cr_assert_str_eq(seen("reasons", window, partner, "2026-03-03 00:00+00"), "{}");
	cr_assert_str_eq(
	    seen("reasons", window, partner, "2026-03-04 00:00+00"), "{no_longer_available}");
	cr_assert_str_eq(seen("reasons", drivers, partner, NOW), "{not_enrolled}");
	cr_assert_str_eq(seen("reasons", drivers, NULL, NOW), "{}");
	cr_assert_str_eq(seen("reasons", couriers, partner, NOW), "{}");
	given_redemption(market, partner, once);
	cr_assert_str_eq(seen("reasons", once, partner, NOW), "{redeemed_already,sold_out}");
	cr_assert_str_eq(seen("reasons", once, sql_partner(market, "courier"), NOW), "{sold_out}");
}

Test(listings, want_the_fields_of_their_kind)
{
	static const struct offer wrong[] = {
		{ .stock = "null" },
		{ .asset_kind = "'bike'" },
		{ .kind = "rental", .stock = "1" },
		{ .kind = "rental", .asset_kind = "null" },
		{ .kind = "rental", .reimbursed_ppm = "5" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		sql_refused("listing_kind_differs", "%s", offer_call(market, wrong[i]));
	sql_refused("listing_price_wrong", "%s",
	    offer_call(market, (struct offer){ .list_minor = "100", .partner_minor = "101" }));
	sql_refused("listing_times_wrong", "%s",
	    offer_call(market,
		(struct offer){ .from = "2026-03-03 00:00+00", .until = "2026-03-03 00:00+00" }));
	sql_refused(
	    "vendor_unknown", "%s", offer_call(market, (struct offer){ .vendor_id = sql_id() }));
}

Test(listings, are_made_once_for_one_key)
{
	const char *vendor = given_vendor(market);
	const char *made = given_listing(market, (struct offer){ .vendor_id = vendor, .key = "k" });

	cr_assert_str_eq(
	    given_listing(market, (struct offer){ .vendor_id = vendor, .key = "k" }), made);
	sql_refused("key_reused", "%s",
	    offer_call(market,
		(struct offer){ .vendor_id = vendor, .key = "k", .digest = SQL_OTHER_DIGEST }));
}

Test(listings, come_by_kind_page_by_page)
{
	const char *first = given_listing(market, (struct offer){ 0 });
	const char *rental = given_listing(market, (struct offer){ .kind = "rental" });
	const char *last = given_listing(market, (struct offer){ 0 });

	given_listing(sql_market(), (struct offer){ 0 });
	cr_assert_eq(
	    sql_count("select from api.list_listings(%d, '%s', " SQL_NOW ", null, 9, null)", market,
		partner),
	    3);
	cr_assert_str_eq(sql_text("select listing_id from api.list_listings(%d, '%s', " SQL_NOW
				  ", 'rental', 9, null)",
			     market, partner),
	    rental);
	cr_assert_str_eq(sql_text("select string_agg(listing_id::text, ' ') from "
				  "api.list_listings(%d, null, " SQL_NOW ", 'discount', 9, '%s')",
			     market, first),
	    last);
}

Test(listings, have_assets_of_their_own)
{
	const char *rental = given_listing(market, (struct offer){ .kind = "rental" });
	const char *discount = given_listing(market, (struct offer){ 0 });
	const char *van = given_asset(market, rental), *other = given_asset(market, rental);
	static const char *const call =
	    "select api.create_asset(%d, '00000000-0000-7000-8000-00000000000a', "
	    "'operator', " SQL_NOW ", '%s', " SQL_DIGEST ", '%s', gen_random_uuid(), '%s', 'GA 1')";

	cr_assert_str_eq(
	    sql_text("select asset_id from api.list_assets(%d, '%s', 1, null)", market, rental),
	    van);
	cr_assert_str_eq(sql_text("select asset_id from api.list_assets(%d, '%s', 9, '%s')", market,
			     rental, van),
	    other);
	sql_refused("listing_unknown", "select from api.list_assets(%d, '%s', 9, null)",
	    sql_market(), rental);
	sql_refused("listing_kind_differs", call, market, sql_id(), sql_id(), discount);
	sql_refused("listing_unknown", call, market, sql_id(), sql_id(), sql_id());
}

/* --- redemptions --- */

static int64_t
balance_of_vendor(const char *listing)
{
	return sql_int("select w.balance_minor from services.listing l join ledger.wallet w "
		       "on w.market_id = l.market_id and w.owner_id = l.vendor_id "
		       "where l.listing_id = '%s'",
	    listing);
}

Test(listings, redeem_and_pay_the_vendor_back)
{
	const char *listing = given_listing(market, (struct offer){ 0 });
	const char *redemption = given_redemption(market, partner, listing);

	cr_assert_str_eq(sql_text("select concat_ws(' ', x.kind, x.accounts, x.amounts, "
				  "w.owner_kind) from ledger.transaction x join ledger.wallet w "
				  "on w.owner_id = x.owner_id where x.cause_id = '%s'",
			     redemption),
	    "discount {5200,2000} {800,-800} vendor");
	cr_assert_eq(balance_of_vendor(listing), 800);
	cr_assert_str_eq(seen("stock_left", listing, NULL, NOW), "9");
	cr_assert_eq(sql_count("select from events.event where subject_id = '%s' "
			       "and kind = 'redemption.made' and partner_id = '%s'",
			 redemption, partner),
	    1);
}

Test(listings, reimburse_the_agreed_part_rounded_down)
{
	const char *part = given_listing(market,
	    (struct offer){
		.list_minor = "1999", .partner_minor = "1000", .reimbursed_ppm = "333333" });
	const char *none = given_listing(market, (struct offer){ .reimbursed_ppm = "0" });

	given_redemption(market, partner, part);
	cr_assert_eq(balance_of_vendor(part), 332); /* 999 * 0.333333 = 332.999667 */
	cr_assert_eq(sql_count("select from ledger.transaction where cause_id = '%s'",
			 given_redemption(market, partner, none)),
	    0);
}

Test(listings, redeem_once_for_one_key)
{
	const char *listing = given_listing(market, (struct offer){ 0 });
	const char *code =
	    sql_text("select code from (%s) m", redeem_call(market, partner, listing, "key", NOW));

	cr_assert_eq(sql_count("select from (%s) m where replayed and code = '%s'",
			 redeem_call(market, partner, listing, "key", NOW), code),
	    1);
	sql_refused("key_reused", "%s",
	    redeem_call(market, partner, given_listing(market, (struct offer){ 0 }), "key", NOW));
	sql_refused("redeemed_already", "%s", redeem_call(market, partner, listing, "k2", NOW));
	cr_assert_eq(balance_of_vendor(listing), 800);
	cr_assert_str_eq(seen("stock_left", listing, NULL, NOW), "9");
}

Test(listings, redeem_no_more_than_there_is)
{
	const char *listing = given_listing(market, (struct offer){ .stock = "1" });
	const char *late = sql_partner(market, "courier");

	given_redemption(market, partner, listing);
	sql_refused("sold_out", "%s", redeem_call(market, late, listing, "key", NOW));
	/* the replay of who was in time still gets its code */
	cr_assert_eq(
	    sql_count("select from services.redemption where listing_id = '%s'", listing), 1);
}

Test(listings, refuse_a_redemption_by_name)
{
	const char *window = given_listing(market,
	    (struct offer){ .from = "2026-03-03 00:00+00", .until = "2026-03-04 00:00+00" });

	sql_refused("not_yet_available", "%s", redeem_call(market, partner, window, "a", NOW));
	sql_may_retry("available_from", "2026-03-03T00:00:00Z", 14 * 3600);
	sql_refused("no_longer_available", "%s",
	    redeem_call(market, partner, window, "a", "2026-03-04 00:00+00"));
	sql_refused("not_enrolled", "%s",
	    redeem_call(market, partner,
		given_listing(market, (struct offer){ .enrolment_kind = "driver" }), "a", NOW));
	sql_refused("listing_kind_differs", "%s",
	    redeem_call(market, partner, given_listing(market, (struct offer){ .kind = "rental" }),
		"a", NOW));
	sql_refused("listing_unknown", "%s", redeem_call(market, partner, sql_id(), "a", NOW));
	sql_refused("partner_unknown", "%s",
	    redeem_call(market, sql_id(), given_listing(market, (struct offer){ 0 }), "a", NOW));
}

Test(listings, want_an_active_enrolment_for_a_discount)
{
	const char *listing = given_listing(market, (struct offer){ .enrolment_kind = "courier" });

	sql_run(
	    "update onboarding.enrolment set state = 'applied' where partner_id = '%s'", partner);
	sql_refused("not_enrolled", "%s", redeem_call(market, partner, listing, "a", NOW));
}

Test(listings, write_codes_that_people_can_read_out)
{
	cr_assert_str_eq(
	    sql_text("select services.code_of('00000000-0000-7000-8000-000000000001')"),
	    sql_text("select services.code_of('00000000-0000-7000-8000-000000000001')"));
	cr_assert_eq(sql_count("select from generate_series(1, 2000) where "
			       "services.code_of(gen_random_uuid()) !~ "
			       "'^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$'"),
	    0);
	cr_assert_eq(sql_int("select count(distinct services.code_of(gen_random_uuid())) "
			     "from generate_series(1, 2000)"),
	    2000);
	/* all 32 letters come, about as often as each other: 2000 * 12 / 32 is 750 */
	cr_assert_eq(sql_count("select from (select regexp_split_to_table(replace("
			       "services.code_of(gen_random_uuid()), '-', ''), '') as letter "
			       "from generate_series(1, 2000)) c group by letter "
			       "having count(*) between 500 and 1000"),
	    32);
}

Test(listings, take_codes_from_no_id_that_is_shown)
{
	const char *listing = given_listing(market, (struct offer){ 0 });
	const char *redemption = given_redemption(market, partner, listing);

	cr_assert_eq(sql_count("select from services.redemption r where redemption_id = '%s' "
			       "and exists (select from events.event e where services.code_of("
			       "e.event_id) = r.code) or services.code_of(redemption_id) = code "
			       "or exists (select from ledger.transaction x where "
			       "services.code_of(x.transaction_id) = r.code)",
			 redemption),
	    0);
}

Test(listings, show_redemptions_to_their_partner_and_to_operators)
{
	const char *rival = sql_partner(market, "courier");
	const char *first = given_listing(market, (struct offer){ 0 });
	const char *second = given_listing(market, (struct offer){ 0 });
	const char *mine = given_redemption(market, partner, first);

	given_redemption(market, rival, first);
	sql_run("%s", redeem_call(market, partner, second, "k", "2026-03-02 11:00+00"));
	cr_assert_str_eq(sql_text("select listing_id from "
				  "api.list_redemptions(%d, '%s', null, 1, null, null)",
			     market, partner),
	    second);
	cr_assert_str_eq(sql_text("select string_agg(redemption_id::text, ' ') from "
				  "api.list_redemptions(%d, '%s', '%s', 9, null, null)",
			     market, partner, first),
	    mine);
	cr_assert_eq(
	    sql_count("select from api.list_redemptions(%d, '%s', null, 9, '" NOW "', '%s')",
		market, partner, mine),
	    0);
	cr_assert_eq(
	    sql_count("select from api.list_redemptions(%d, null, null, 9, null, null)", market),
	    3);
	cr_assert_eq(sql_count("select from api.get_redemption(%d, null, '%s')", market, mine), 1);
	sql_refused(
	    "redemption_unknown", "select api.get_redemption(%d, '%s', '%s')", market, rival, mine);
	sql_refused(
	    "redemption_unknown", "select api.get_redemption(%d, null, '%s')", sql_market(), mine);
}

Test(listings, redeem_as_a_batch_does_one_by_one)
{
	const char *listing = given_listing(market, (struct offer){ .stock = "1" });

	sql_as("socius_gate");
	cr_assert_str_eq(
	    sql_text("select string_agg(coalesce(refused, 'made'), ' ') from "
		     "api.redeem_listing_batch(%d, array['%s', '%s', '%s']::uuid[], "
		     "array_fill('%s'::uuid, array[3]), array_fill(" SQL_NOW ", array[3]), "
		     "array['%s', '%s', '%s']::uuid[], array_fill(" SQL_DIGEST ", array[3]), "
		     "array['%s', '%s', '%s']::uuid[], array['%s', '%s', '%s']::uuid[], "
		     "array['%s', '%s', '%s']::uuid[], array['%s', '%s', '%s']::uuid[])",
		market, partner, partner, sql_id(), partner, sql_id(), sql_id(), sql_id(), sql_id(),
		sql_id(), sql_id(), sql_id(), sql_id(), sql_id(), sql_id(), sql_id(), sql_id(),
		listing, listing, listing),
	    "made redeemed_already partner_unknown");
}
