/*
 * app: the marketplace as the engine sees it: rooms, roles, problems, jobs.
 */
#include "problems.h"
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"
#include "socius/job.h"

static const struct room *const rooms[] = {
	&room_identity,
	&room_onboarding,
	&room_scheduling,
	&room_fulfilment,
	&room_ledger,
	&room_payouts,
	&room_cocreation,
	&room_exchange,
	&room_services,
	&room_events,
	&room_access,
	&room_oauth,
	&room_offices,
	&room_privacy,
	&room_providers,
#ifdef SOCIUS_TEST_ROOM
	&room_test,
#endif
	NULL,
};

#define READS_OF_MARKET \
	SCOPE_SETUP_READ " " SCOPE_PARTNERS_READ " " SCOPE_SLOTS_READ " " SCOPE_BOOKINGS_READ \
			 " " SCOPE_TRIPS_READ " " SCOPE_EARNINGS_READ " " SCOPE_LEDGER_READ \
			 " " SCOPE_EVENTS_READ " " SCOPE_IDEAS_READ " " SCOPE_SALES_REPORTS_READ \
			 " " SCOPE_LISTINGS_READ " " SCOPE_VENDORS_READ " " SCOPE_REDEMPTIONS_READ \
			 " " SCOPE_RENTALS_READ " " SCOPE_SERVICE_KEYS_READ

static const struct role roles[] = {
	{ "partner",
	    SCOPE_ACCOUNT " " SCOPE_SETUP_READ " " SCOPE_PARTNERS_READ " " SCOPE_SLOTS_READ
			  " " SCOPE_BOOKINGS_READ " " SCOPE_BOOKINGS_WRITE " " SCOPE_TRIPS_READ
			  " " SCOPE_EARNINGS_READ " " SCOPE_EVENTS_READ " " SCOPE_IDEAS_READ
			  " " SCOPE_IDEAS_WRITE " " SCOPE_IDEAS_SUPPORT " " SCOPE_SALES_REPORTS_READ
			  " " SCOPE_ONBOARDING_WRITE " " SCOPE_ME_READ " " SCOPE_LISTINGS_READ
			  " " SCOPE_REDEMPTIONS_READ " " SCOPE_REDEMPTIONS_WRITE
			  " " SCOPE_RENTALS_READ " " SCOPE_RENTALS_WRITE,
	    "A courier, driver or co-creator: own rows only.", .is_partner = true },
	{ "customer",
	    SCOPE_ACCOUNT " " SCOPE_SETUP_READ " " SCOPE_PARTNERS_APPLY " " SCOPE_IDEAS_READ
			  " " SCOPE_IDEAS_SUPPORT " " SCOPE_ME_READ,
	    "An account that is no partner yet." },
	{ "operator",
	    SCOPE_ACCOUNT " " READS_OF_MARKET " " SCOPE_SETUP_WRITE " " SCOPE_PARTNERS_WRITE
			  " " SCOPE_PARTNERS_APPLY " " SCOPE_ONBOARDING_WRITE
			  " " SCOPE_BOOKINGS_ASSIGN " " SCOPE_TRIPS_WRITE " " SCOPE_PAYOUTS_PREPARE
			  " " SCOPE_CLOCK_WRITE " " SCOPE_SALES_REPORTS_WRITE
			  " " SCOPE_LISTINGS_WRITE " " SCOPE_SERVICE_KEYS_WRITE,
	    "Runs one market.", .is_office = true, .is_audited = true },
	{ "auditor", SCOPE_ACCOUNT " " SCOPE_AUDIT_READ " " READS_OF_MARKET,
	    "Reads all of one market, writes nothing.", .is_office = true, .is_audited = true },
	{ "service",
	    SCOPE_TRIPS_WRITE " " SCOPE_TRIPS_READ " " SCOPE_SALES_REPORTS_WRITE
			      " " SCOPE_SALES_REPORTS_READ " " SCOPE_TOKENS_INTROSPECT,
	    "Another system of the company, such as the ride app that reports trips.",
	    .is_service = true, .is_audited = true },
	{ "admin",
	    SCOPE_MARKETS_WRITE " " SCOPE_SETUP_READ " " SCOPE_AUDIT_READ " " SCOPE_ACCOUNT
				" " SCOPE_CLIENTS_WRITE " " SCOPE_OFFICES_WRITE,
	    "Makes markets; its tokens are for none of them.", .is_office = true,
	    .is_audited = true },
	{ 0 },
};

static const struct job jobs[] = {
	{ "run_payouts", "Pays every wallet with unsettled entries, chunk by chunk.", 0 },
	{ "make_months", "Makes the partitions by month of what grows.", 3600, true },
	{ "purge", "Throws away what is past its time.", 600, true },
	{ "close_weeks", "Closes statement weeks that ended more than 48 hours ago.", 3600 },
	{ "carry_forward", "Carries the ledger's sums of months that are over forward.", 86400 },
	{ "expire_documents", "Expires documents on the market's local date.", 60 },
	{ "mark_missed", "Marks bookings that were not checked in 15 minutes after the start.",
	    60 },
	{ "start_rentals", "Starts reserved rentals that are due.", 60 },
	{ "expire_ideas", "Expires ideas that have not found their supporters in time.", 60 },
	{ "fold_exchange", "Counts events for the archetypes and reads those anew.", 10 },
	{ "sweep_test_markets", "Removes test markets that have had their day.", 60, true },
	{ 0 },
};

const struct app app = {
	.rooms = rooms,
	.roles = roles,
	.scopes = scopes,
	.problems = problems,
	.jobs = jobs,
	.ended_sessions = "api.list_ended_sessions",
	.used_session = "api.note_service_use",
	.audits = "api.record_act",
	.unknown_persons = "api.list_unknown_persons",
	.open_markets_from = 1000000000, /* testing.market_number */
};
