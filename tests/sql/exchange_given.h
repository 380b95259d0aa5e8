/*
 * exchange_given: things that happened long enough ago to be counted, and the job that counts them.
 */
#ifndef TESTS_EXCHANGE_GIVEN_H
#define TESTS_EXCHANGE_GIVEN_H

/* So many bookings or trips of a partner, of this origin, at an instant. The feed shows them after
 * all that happened before. */
void happened_bookings(
    int market_id, const char *partner_id, const char *origin, int count, const char *at);
void happened_trips(
    int market_id, const char *partner_id, const char *origin, int count, const char *at);

/* So many events of another kind: idea.submitted, ... partner_id may be NULL. */
void happened(int market_id, const char *partner_id, const char *kind, int count, const char *at);

/* One step of jobs.fold_exchange; the instant to go on at, or NULL. */
const char *fold_step(int market_id, const char *now);

/* Steps until there is nothing to do. */
void fold(int market_id, const char *now);

/* "<archetype> <basis> <S>/<C> of <n>" of a partner as a whole, or of an enrolment; or NULL. */
const char *reading_of(int market_id, const char *partner_id, const char *part);

/* How many rows the six laws of the exchange show for this market. */
int exchange_breaches(int market_id);

#endif
