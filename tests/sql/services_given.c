/* services_given: what the tests of services begin with; see services_given.h. */
#include "sql/services_given.h"

#include <stdarg.h>

#include <criterion/criterion.h>

#include "support/sql.h"

enum { CALL_BYTES_MAX = 2048 };

#define NOW "2026-03-02 10:00:00+00"

/* Text that is valid until the test ends, as what sql_text gives. */
static const char *__attribute__((format(printf, 1, 2))) print(const char *format, ...)
{
	char call[CALL_BYTES_MAX];
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(call, sizeof(call), format, arguments);
	va_end(arguments);
	cr_assert(bytes >= 0 && bytes < CALL_BYTES_MAX, "the call is too long");
	return sql_text("select $call$%s$call$", call);
}

/* 'value' or null. */
static const char *
quoted(const char *value)
{
	return value == NULL ? "null" : print("'%s'", value);
}

static const char *
or_else(const char *value, const char *otherwise)
{
	return value != NULL ? value : otherwise;
}

/* Far from every other id, so that those that follow it are free too. */
static const char *
far_id(void)
{
	return sql_text("select gen_random_uuid()");
}

const char *
given_vendor(int market_id)
{
	const char *vendor_id = sql_id();

	sql_run("select api.create_vendor(%d, '%s', 'operator', " SQL_NOW ", '%s', " SQL_DIGEST
		", '%s', '%s', 'Autonoleggio')",
	    market_id, sql_operator(), sql_id(), vendor_id, far_id());
	return vendor_id;
}

const char *
offer_call(int market_id, struct offer offer)
{
	bool rental = offer.kind != NULL && strcmp(offer.kind, "rental") == 0;

	return print("select replayed, (\"row\").* from api.create_listing(%d, "
		     "'00000000-0000-7000-8000-00000000000a', 'operator', " SQL_NOW ", '%s', %s, "
		     "'%s', '%s', '%s', '%s', 'Something', null, %s, %s, %s, %s, %s, %s, %s, %s)",
	    market_id, or_else(offer.key, sql_id()), or_else(offer.digest, SQL_DIGEST), sql_id(),
	    far_id(), or_else(offer.kind, "discount"),
	    or_else(offer.vendor_id, given_vendor(market_id)),
	    or_else(offer.list_minor, rental ? "5000" : "2000"),
	    or_else(offer.partner_minor, rental ? "3500" : "1200"),
	    or_else(offer.stock, rental ? "null" : "10"), or_else(offer.reimbursed_ppm, "null"),
	    or_else(offer.asset_kind, rental ? "'vehicle'" : "null"), quoted(offer.enrolment_kind),
	    quoted(offer.from), quoted(offer.until));
}

const char *
given_listing(int market_id, struct offer offer)
{
	return sql_text("select listing_id from (%s) made", offer_call(market_id, offer));
}

const char *
given_asset(int market_id, const char *listing_id)
{
	const char *asset_id = sql_id();

	sql_run("select api.create_asset(%d, '%s', 'operator', " SQL_NOW ", '%s', " SQL_DIGEST
		", '%s', '%s', '%s', 'GA 123 BC')",
	    market_id, sql_operator(), sql_id(), asset_id, far_id(), listing_id);
	return asset_id;
}

void
given_price_agreement(int market_id)
{
	sql_run("insert into ledger.share_agreement (market_id, share_agreement_id, name, base, "
		"effective_from, parties, shares_ppm, created_at) values (%d, '%s', 'Prices', "
		"'price', '2019-01-01 00:00+00', '{vendor,platform}', '{900000,100000}', " SQL_NOW
		")",
	    market_id, sql_id());
}

const char *
redeem_call(
    int market_id, const char *partner_id, const char *listing_id, const char *key, const char *now)
{
	return print("select refused, detail, replayed, (\"row\").* from api.redeem_listing(%d, "
		     "'%s', '%s', '%s', md5('%s %s')::uuid, sha256('%s'), '%s', '%s', '%s', '%s')",
	    market_id, partner_id, partner_id, now, partner_id, key, listing_id, far_id(), far_id(),
	    far_id(), listing_id);
}

const char *
given_redemption(int market_id, const char *partner_id, const char *listing_id)
{
	const char *redemption_id =
	    sql_text("select case when refused is null then redemption_id end from (%s) made",
		redeem_call(market_id, partner_id, listing_id, sql_id(), NOW));

	cr_assert_not_null(redemption_id, "the listing could not be redeemed");
	return redemption_id;
}

const char *
rent_call(int market_id, struct hire hire)
{
	return print("select replayed, (\"row\").* from api.create_rental(%d, '%s', '%s', '%s', "
		     "'%s', %s, '%s', '%s', %s, %s, '%s')",
	    market_id, hire.partner_id, hire.partner_id, or_else(hire.now, NOW),
	    or_else(hire.key, sql_id()), or_else(hire.digest, SQL_DIGEST), sql_id(),
	    hire.listing_id, quoted(hire.asset_id), quoted(hire.starts_at),
	    or_else(hire.ends_at, "2026-03-12 10:00+00"));
}

const char *
given_rental(int market_id, struct hire hire)
{
	return sql_text("select rental_id from (%s) made", rent_call(market_id, hire));
}

const char *
end_call(const char *verb, int market_id, const char *partner_id, const char *rental_id,
    const char *key, const char *now)
{
	bool returns = strcmp(verb, "return_rental") == 0;

	return print("select replayed, (\"row\").* from api.%s(%d, '%s', '%s', '%s', '%s', "
		     "sha256('%s'), %s%s%s%s%s '%s')",
	    verb, market_id, partner_id, partner_id, now, key, rental_id, returns ? "'" : "",
	    returns ? far_id() : "", returns ? "', '" : "", returns ? far_id() : "",
	    returns ? "'," : "", rental_id);
}

const char *
rental_state(const char *rental_id)
{
	return sql_text("select state from services.rental where rental_id = '%s'", rental_id);
}
