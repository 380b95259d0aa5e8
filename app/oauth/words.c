/* words: what apps of others may ask for; see words.h.
 *
 * Not among them, whoever asks: the account itself (password, sessions, authenticator), applying,
 * and documents and bank accounts. */
#include "oauth/words.h"

#include <stddef.h>

#include "scopes.h"

const struct words words[] = {
	{ SCOPE_ME_READ, "see your name, your markets and what is due" },
	{ SCOPE_PARTNERS_READ, "see your profile as a partner" },
	{ SCOPE_SETUP_READ, "see programmes, stations and agreements of your market" },
	{ SCOPE_SLOTS_READ, "see which slots are free" },
	{ SCOPE_BOOKINGS_READ, "see your bookings" },
	{ SCOPE_BOOKINGS_WRITE, "book slots for you, give them back, check in and complete" },
	{ SCOPE_TRIPS_READ, "see your trips" },
	{ SCOPE_EARNINGS_READ, "see what you have earned and what was paid to you" },
	{ SCOPE_EVENTS_READ, "hear of what happens to you as it happens" },
	{ SCOPE_IDEAS_READ, "see ideas" },
	{ SCOPE_IDEAS_WRITE, "submit ideas for you, and withdraw them" },
	{ SCOPE_IDEAS_SUPPORT, "support ideas for you" },
	{ SCOPE_SALES_REPORTS_READ, "see what your ideas have sold" },
	{ SCOPE_LISTINGS_READ, "see discounts and rentals on offer" },
	{ SCOPE_REDEMPTIONS_READ, "see the discounts that you have taken" },
	{ SCOPE_REDEMPTIONS_WRITE, "take discounts for you" },
	{ SCOPE_RENTALS_READ, "see what you have rented" },
	{ SCOPE_RENTALS_WRITE, "rent things for you, which costs you money, and return them" },
	{ NULL, NULL },
};
