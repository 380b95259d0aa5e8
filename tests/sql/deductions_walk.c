/* deductions_walk: random debts, earnings and reversals against a model that counts for itself. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "sql/debts.h"
#include "support/sql.h"

TestSuite(deductions_walk, .init = sql_begin, .fini = sql_end);

enum { STEPS = 160, WALKS = 3 };

static const char *const kinds[] = { "dues", "insurance", "rental", "financing", "voluntary" };

struct debt {
	const char *id;
	int kind, day; /* of February; no two debts of one kind on one day */
	int64_t owed, withheld;
};

struct earning {
	const char *id;
	int64_t wallet, taken[STEPS]; /* from each debt */
	bool reversed;
};

struct walk {
	uint32_t seed;
	int market;
	const char *partner;
	struct debt debts[STEPS];
	struct earning earnings[STEPS];
	int debts_count, earnings_count;
	int64_t balance;
};

/* Numerical Recipes' generator; the high bits are the better ones. */
static int64_t
chance(struct walk *it, int64_t below)
{
	it->seed = it->seed * 1664525u + 1013904223u;
	return (int64_t)(it->seed >> 8) % below;
}

static void
owe(struct walk *it)
{
	struct debt *debt = &it->debts[it->debts_count];
	bool again = true;

	if (it->debts_count == 5 * 28)
		return;
	while (again) {
		debt->kind = (int)chance(it, 5);
		debt->day = 1 + (int)chance(it, 28);
		again = false;
		for (int i = 0; i < it->debts_count; i++)
			again |= it->debts[i].kind == debt->kind && it->debts[i].day == debt->day;
	}
	debt->owed = 1 + chance(it, 3000);
	debt->id = debts_owe(it->market, it->partner, kinds[debt->kind], debt->owed,
	    sql_text("select '2026-02-%02d 12:00+00'", debt->day));
	it->debts_count++;
}

/* The open debt that comes first by kind and day, or NULL. */
static struct debt *
first_open(struct walk *it)
{
	struct debt *first = NULL;

	for (int i = 0; i < it->debts_count; i++) {
		struct debt *debt = &it->debts[i];

		if (debt->withheld < debt->owed &&
		    (first == NULL ||
			debt->kind * 100 + debt->day < first->kind * 100 + first->day))
			first = debt;
	}
	return first;
}

/* The model goes cent by cent, so that it has no arithmetic in common with what it checks. */
static void
earn(struct walk *it)
{
	struct earning *earning = &it->earnings[it->earnings_count++];
	int64_t share = chance(it, chance(it, 2) ? 8000 : 12), extra = chance(it, 500);
	struct debt *debt;

	earning->id = debts_earn(it->market, it->partner, share, extra);
	earning->wallet = share + extra;
	it->balance += share + extra;
	for (int64_t cent = 4; cent <= share && (debt = first_open(it)) != NULL; cent += 4) {
		debt->withheld++;
		earning->taken[debt - it->debts]++;
		it->balance--;
	}
}

static void
reverse(struct walk *it)
{
	struct earning *earning;

	if (it->earnings_count == 0)
		return;
	earning = &it->earnings[chance(it, it->earnings_count)];
	if (earning->reversed) {
		sql_refused("transaction_reversed_already", "%s",
		    debts_reverse_call(it->market, it->partner, earning->id));
		return;
	}
	sql_run("%s", debts_reverse_call(it->market, it->partner, earning->id));
	earning->reversed = true;
	it->balance -= earning->wallet;
	for (int i = 0; i < it->debts_count; i++) {
		it->debts[i].withheld -= earning->taken[i];
		it->balance += earning->taken[i];
	}
}

/* Each debt and the wallet are where the model says. */
static void
compare(const struct walk *it, int step)
{
	int64_t left = 0;

	for (int i = 0; i < it->debts_count; i++) {
		left += it->debts[i].owed - it->debts[i].withheld;
		cr_assert_eq(debts_withheld(it->debts[i].id), it->debts[i].withheld,
		    "debt %d (%s) after step %d of market %d", i, kinds[it->debts[i].kind], step,
		    it->market);
	}
	cr_assert(debts_wallet_is(it->market, it->partner, it->balance, left), "step %d", step);
}

static void
walk(uint32_t seed)
{
	struct walk *it = calloc(1, sizeof(*it));

	it->seed = seed;
	it->market = sql_market();
	it->partner = sql_partner(it->market, "driver");
	for (int step = 0; step < STEPS; step++) {
		int64_t what = chance(it, 10);

		if (what < 2)
			owe(it);
		else if (what < 8)
			earn(it);
		else
			reverse(it);
		if (step % 20 == 19)
			compare(it, step);
	}
	cr_assert_gt(it->debts_count, 10);
	cr_assert_gt(it->earnings_count, 60);
	cr_assert_eq(
	    sql_count("select from ledger.withholding where market_id = %d "
		      "group by earning_id having sum(amount_minor) > max(share_minor) / 4",
		it->market),
	    0);
	debts_laws_hold(it->market);
	free(it);
}

Test(deductions_walk, agrees_with_the_model)
{
	for (uint32_t seed = 1; seed <= WALKS; seed++)
		walk(seed);
}
