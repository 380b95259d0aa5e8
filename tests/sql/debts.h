/*
 * debts: what the tests of deductions share: what a partner owes and earns, and the laws of it.
 */
#ifndef TESTS_DEBTS_H
#define TESTS_DEBTS_H

#include <stdbool.h>
#include <stdint.h>

/* The partner owes so much more since `at`, and the market's own wallet is credited with it, as a
 * vendor's would be for a rental; returns the deduction's id. */
const char *debts_owe(
    int market_id, const char *partner_id, const char *kind, int64_t amount_minor, const char *at);

/* An earning that puts share and extra (tips, tolls) on the wallet; returns its transaction. */
const char *debts_earn(
    int market_id, const char *partner_id, int64_t share_minor, int64_t extra_minor);

/* The statement that reverses a transaction. */
const char *debts_reverse_call(int market_id, const char *partner_id, const char *transaction_id);

/* What was withheld for a deduction so far. */
int64_t debts_withheld(const char *deduction_id);

/* Whether the wallet holds and owes so much. */
bool debts_wallet_is(
    int market_id, const char *partner_id, int64_t balance_minor, int64_t owed_minor);

/* Every law of deductions, and of the ledger under them, is clean in this market. */
void debts_laws_hold(int market_id);

#endif
