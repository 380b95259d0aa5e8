/*
 * scopes: what a token may do; app.c says which role holds which.
 */
#ifndef APP_SCOPES_H
#define APP_SCOPES_H

#define SCOPE_MARKETS_WRITE "markets.write"   /* make markets: admins */
#define SCOPE_SETUP_WRITE "setup.write"       /* programmes, zones, stations, slots, agreements */
#define SCOPE_SETUP_READ "setup.read"         /* the same, to read */
#define SCOPE_PARTNERS_WRITE "partners.write" /* review documents */
#define SCOPE_PARTNERS_APPLY "partners.apply" /* make partners; a customer: itself */
#define SCOPE_ONBOARDING_WRITE "onboarding.write" /* enrolments, documents, bank account: own */
#define SCOPE_PARTNERS_READ "partners.read"
#define SCOPE_SLOTS_READ "slots.read"
#define SCOPE_BOOKINGS_READ "bookings.read"
#define SCOPE_BOOKINGS_WRITE "bookings.write"   /* book, forfeit, check in, complete: own */
#define SCOPE_BOOKINGS_ASSIGN "bookings.assign" /* book for partners, cancel */
#define SCOPE_TRIPS_READ "trips.read"
#define SCOPE_TRIPS_WRITE "trips.write"         /* report finished trips: the ride app */
#define SCOPE_EARNINGS_READ "earnings.read"     /* balance, earnings, statements, payouts */
#define SCOPE_LEDGER_READ "ledger.read"         /* all transactions of the market */
#define SCOPE_PAYOUTS_PREPARE "payouts.prepare" /* start a payout run */
#define SCOPE_IDEAS_READ "ideas.read"
#define SCOPE_IDEAS_WRITE "ideas.write"     /* submit and withdraw: own */
#define SCOPE_IDEAS_SUPPORT "ideas.support" /* support, and take it back: own */
#define SCOPE_SALES_REPORTS_READ "sales_reports.read"
#define SCOPE_SALES_REPORTS_WRITE "sales_reports.write" /* report sales of ideas */
#define SCOPE_EVENTS_READ "events.read"
#define SCOPE_ME_READ "me.read"               /* the account itself */
#define SCOPE_ACCOUNT "account"               /* own password, sessions, authenticator */
#define SCOPE_AUDIT_READ "audit.read"         /* who did what */
#define SCOPE_CLOCK_WRITE "clock.write"       /* move the clock of a test market */
#define SCOPE_LISTINGS_WRITE "listings.write" /* make vendors, listings and their assets */
#define SCOPE_LISTINGS_READ "listings.read"   /* discounts and rentals on offer */
#define SCOPE_VENDORS_READ "vendors.read"     /* vendors, what they are owed, their assets */
#define SCOPE_REDEMPTIONS_READ "redemptions.read"
#define SCOPE_REDEMPTIONS_WRITE "redemptions.write" /* take a discount: own */
#define SCOPE_RENTALS_READ "rentals.read"
#define SCOPE_RENTALS_WRITE "rentals.write"           /* rent, cancel, return: own */
#define SCOPE_CLIENTS_WRITE "clients.write"           /* apps of others: admins */
#define SCOPE_SERVICE_KEYS_READ "service_keys.read"   /* which services there are */
#define SCOPE_SERVICE_KEYS_WRITE "service_keys.write" /* make, rotate and end their keys */
#define SCOPE_TOKENS_INTROSPECT "tokens.introspect"   /* ask what a token is worth */

#endif
