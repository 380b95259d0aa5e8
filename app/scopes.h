/*
 * scopes: what a token may do; scopes.c says it in words, app.c which role holds which.
 */
#ifndef APP_SCOPES_H
#define APP_SCOPES_H

#include "socius/endpoint.h"

#define SCOPE_MARKETS_WRITE "markets.write"
#define SCOPE_SETUP_WRITE "setup.write"
#define SCOPE_SETUP_READ "setup.read"
#define SCOPE_PARTNERS_WRITE "partners.write"
#define SCOPE_PARTNERS_APPLY "partners.apply"
#define SCOPE_ONBOARDING_WRITE "onboarding.write"
#define SCOPE_PARTNERS_READ "partners.read"
#define SCOPE_SLOTS_READ "slots.read"
#define SCOPE_BOOKINGS_READ "bookings.read"
#define SCOPE_BOOKINGS_WRITE "bookings.write"
#define SCOPE_BOOKINGS_ASSIGN "bookings.assign"
#define SCOPE_TRIPS_READ "trips.read"
#define SCOPE_TRIPS_WRITE "trips.write"
#define SCOPE_EARNINGS_READ "earnings.read"
#define SCOPE_LEDGER_READ "ledger.read"
#define SCOPE_PAYOUTS_PREPARE "payouts.prepare"
#define SCOPE_IDEAS_READ "ideas.read"
#define SCOPE_IDEAS_WRITE "ideas.write"
#define SCOPE_IDEAS_SUPPORT "ideas.support"
#define SCOPE_SALES_REPORTS_READ "sales_reports.read"
#define SCOPE_SALES_REPORTS_WRITE "sales_reports.write"
#define SCOPE_EVENTS_READ "events.read"
#define SCOPE_ME_READ "me.read"
#define SCOPE_ACCOUNT "account"
#define SCOPE_AUDIT_READ "audit.read"
#define SCOPE_OFFICES_WRITE "offices.write"
#define SCOPE_CLOCK_WRITE "clock.write"
#define SCOPE_LISTINGS_WRITE "listings.write"
#define SCOPE_LISTINGS_READ "listings.read"
#define SCOPE_VENDORS_READ "vendors.read"
#define SCOPE_REDEMPTIONS_READ "redemptions.read"
#define SCOPE_REDEMPTIONS_WRITE "redemptions.write"
#define SCOPE_RENTALS_READ "rentals.read"
#define SCOPE_RENTALS_WRITE "rentals.write"
#define SCOPE_CLIENTS_WRITE "clients.write"
#define SCOPE_SERVICE_KEYS_READ "service_keys.read"
#define SCOPE_SERVICE_KEYS_WRITE "service_keys.write"
#define SCOPE_TOKENS_INTROSPECT "tokens.introspect"

/* Ends with an empty row. */
extern const struct scope scopes[];

#endif
