/*
 * services_given: what the tests of vendors, listings, redemptions and rentals begin with.
 */
#ifndef TESTS_SQL_SERVICES_GIVEN_H
#define TESTS_SQL_SERVICES_GIVEN_H

/* A listing; what is NULL or 0 is a discount of 10 at 12.00 instead of 20.00, or a rental of
 * vehicles at 35.00 instead of 50.00 a day. Texts are SQL literals without quotes. */
struct offer {
	const char *kind; /* NULL: discount */
	const char *vendor_id;
	const char *key, *digest;
	const char *list_minor, *partner_minor, *stock, *reimbursed_ppm;
	const char *asset_kind, *enrolment_kind, *from, *until;
};

const char *given_vendor(int market_id);
const char *offer_call(int market_id, struct offer offer);
const char *given_listing(int market_id, struct offer offer);
const char *given_asset(int market_id, const char *listing_id);

/* 90 % of prices are the vendor's, since 2019. */
void given_price_agreement(int market_id);

/* Statements. Equal keys of one partner give equal ids, as KEYED does. */
const char *redeem_call(int market_id, const char *partner_id, const char *listing_id,
    const char *key, const char *now);
const char *given_redemption(int market_id, const char *partner_id, const char *listing_id);

struct hire {
	const char *partner_id, *listing_id;
	const char *asset_id;     /* NULL: any */
	const char *starts_at;    /* NULL: now */
	const char *ends_at;      /* NULL: 2026-03-12 10:00+00 */
	const char *key, *digest; /* NULL: fresh; the same */
	const char *now;          /* NULL: SQL_NOW */
};

const char *rent_call(int market_id, struct hire hire);
const char *given_rental(int market_id, struct hire hire);

/* verb: return_rental or cancel_rental. */
const char *end_call(const char *verb, int market_id, const char *partner_id, const char *rental_id,
    const char *key, const char *now);

const char *rental_state(const char *rental_id);

#endif
