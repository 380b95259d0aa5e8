/*
 * payday: what the tests of payouts, statements and jobs share: a market with terms, trips in it,
 * and the runner's steps.
 */
#ifndef TESTS_PAYDAY_H
#define TESTS_PAYDAY_H

#include <stdint.h>

/* A test market, EUR in Rome, made in the week of SQL_NOW; fares are split 80/20 since 2019. */
int payday_market(void);

/* A completed trip of this partner at this moment, reported at SQL_NOW, with a tip of 1.00. */
void payday_trip(
    int market_id, const char *partner_id, const char *payment, int64_t fare_minor, const char *at);

/* Asks for a run as an operator with a key of its own; returns its id. */
const char *payday_run(int market_id, int64_t minimum_minor);

/* One step of the run's job as the runner; NULL: it is done. */
const char *payday_step(int market_id, const char *run_id);

/* A run from asking to its end. */
const char *payday_pay(int market_id);

/* So many partners' wallets without partners behind them, each with one entry of 5.00. */
void payday_crowd(int market_id, int wallets);

/* Every law of payouts and statements is clean. */
void payday_laws_hold(void);

#endif
