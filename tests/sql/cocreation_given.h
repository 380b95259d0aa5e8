/*
 * cocreation_given: ideas, supporters and reports of sales for tests of co-creation, made through
 * the API's own functions.
 */
#ifndef TESTS_COCREATION_GIVEN_H
#define TESTS_COCREATION_GIVEN_H

#include <stdint.h>

/* A statement that submits an idea. `authors` is JSON, or NULL. */
const char *submit_call(
    int market_id, const char *partner_id, const char *authors, const char *key);

/* An idea submitted at SQL_NOW by the partner, its only author, or by these authors. */
const char *given_idea(int market_id, const char *partner_id);
const char *given_idea_of(int market_id, const char *partner_id, const char *authors);

/* The account of a partner. */
const char *account_of(const char *partner_id);

/* A statement of an account's: support_idea or withdraw_support. `now` is a timestamp in text. */
const char *support_call(const char *verb, int market_id, const char *account_id, const char *role,
    const char *idea_id, const char *now);

/* So many fresh customers support the idea. */
void given_supporters(int market_id, const char *idea_id, int count);

/* A statement that withdraws an idea. */
const char *withdraw_call(
    int market_id, const char *partner_id, const char *idea_id, const char *key);

/* An agreement on net sales, in force from then on: the partner's part, the platform the rest. */
const char *given_royalty(int market_id, int share_ppm, const char *effective_from);

struct sales {
	const char *idea_id;
	const char *period; /* default "2026-02", which was over at SQL_NOW */
	int64_t gross_minor, returns_minor;
	const char *restates; /* or NULL */
	const char *key;      /* default: a fresh one */
	const char *now;      /* default SQL_NOW's */
};

/* A statement that reports sales; a report, posted. */
const char *report_call(int market_id, struct sales sales);
const char *given_report(int market_id, struct sales sales);

/* One cell of an idea, as text; of a partner's wallet. */
const char *of_idea(const char *idea_id, const char *column);
int64_t balance_of(const char *partner_id);

#endif
