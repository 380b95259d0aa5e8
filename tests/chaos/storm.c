/*
 * storm: bookings, forfeits, trips and payout runs from many callers, while clients hang up and
 * processes are killed; then everything is looked up, and asked again by its key.
 */
#include "check.h"
#include "load.h"
#include "play.h"
#include "socius/log.h"
#include "socius/world.h"

enum { PARTNERS = 400, SLOTS = 160, SLOTS_AT_ONCE = 2, CAPACITY = 60 };
enum { PAIR_STEP = 7919 }; /* a prime: PARTNERS * SLOTS has none but 2 and 5 */
enum { PAY_EVERY = 500, FORFEIT_PERCENT = 20, TRIP_PERCENT = 35, GOODS_PERCENT = 15 };
enum { STOCK = 150, RENT_DAYS = 60, RENTERS = 2 };

/* When to give up: so long after the time was over, and so much more for each kill. */
enum {
	PATIENCE_US = 60 * 1000 * 1000,
	KILL_PATIENCE_US = 1000 * 1000,
	POSTGRES_PATIENCE_US = 10 * 1000 * 1000
};

/* The storm: what its callbacks share. */
struct storm {
	struct play *play;
	struct strike strike;
	int64_t started_us, ends_us, gives_up_us; /* monotonic */
	int pairs;                                /* of partner and slot asked for so far */
	int goods;                                /* of partner and discount, idea or van */
	int forfeited;   /* operations looked at for something to give back */
	int asked_again; /* the second time: operations gone through */
	int disagreed;
};

/* --- what the storm asks for --- */

/* A booking of ours that is acknowledged and that nobody has given back yet, or -1. */
static int
booking_to_forfeit(struct storm *of)
{
	const struct record *record = &of->play->record;

	while (of->forfeited < record->count) {
		const struct operation *operation = &record->operations[of->forfeited];

		if (operation->outcome == ASKED)
			return -1;
		of->forfeited++;
		if (operation->kind == BOOK && operation->outcome == DONE)
			return of->forfeited - 1;
	}
	return -1;
}

static int
add_booking(struct storm *of, const char *key)
{
	struct record *record = &of->play->record;
	int64_t pair = (int64_t)of->pairs * PAIR_STEP % (PARTNERS * SLOTS);
	int number;

	if (of->pairs == PARTNERS * SLOTS || (number = record_add(record, BOOK, key)) < 0)
		return LOAD_LATER;
	of->pairs++;
	record->operations[number].partner = (int)(pair % PARTNERS);
	record->operations[number].thing = (int)(pair / PARTNERS);
	return number;
}

static int
add_trip(struct play *play, const char *key)
{
	int number = record_add(&play->record, TRIP, key);

	if (number >= 0)
		play->record.operations[number].partner =
		    (int)chance_below(&play->chance, PARTNERS);
	return number;
}

static int
add_forfeit(struct record *record, int booking, const char *key)
{
	int number = record_add(record, FORFEIT, key);

	if (number >= 0) {
		record->operations[number].booking = booking;
		record->operations[number].partner = record->operations[booking].partner;
	}
	return number;
}

/* By turns a discount, an idea to support, a day of a van; LOAD_LATER: all were asked for. */
static int
add_goods(struct storm *of, const char *key)
{
	static const enum kind kinds[] = { REDEEM, SUPPORT, RENT };
	static const int most[] = { PARTNERS * CITY_DISCOUNTS, PARTNERS * CITY_IDEAS,
		RENTERS * CITY_VANS * RENT_DAYS };
	int which = of->goods % 3, pair = of->goods / 3, number;

	if (pair >= most[which] ||
	    (number = record_add(&of->play->record, kinds[which], key)) < 0) {
		of->goods += of->goods / 3 < most[0];
		return LOAD_LATER;
	}
	of->goods++;
	of->play->record.operations[number].partner = pair % PARTNERS;
	of->play->record.operations[number].thing =
	    kinds[which] == RENT ? pair / RENTERS : pair / PARTNERS;
	return number;
}

static int
next_fresh(struct load *load, int client)
{
	struct storm *of = load->of;
	int64_t now_us = world_monotonic_us(), dice = chance_below(load->chance, 100);
	bool is_over = strike_is_over(&of->strike) && load->hang_ups == 0;
	char key[UUID_TEXT_BYTES];
	int booking;

	(void)client;
	if ((is_over && now_us > of->ends_us) || now_us > of->gives_up_us ||
	    load->record->count == RECORD_OPERATIONS_MAX)
		return LOAD_END;
	play_draw_key(load->chance, key);
	if (load->record->count % PAY_EVERY == PAY_EVERY - 1)
		return record_add(load->record, PAY, key);
	if (dice < TRIP_PERCENT)
		return add_trip(of->play, key);
	if (dice < TRIP_PERCENT + FORFEIT_PERCENT && (booking = booking_to_forfeit(of)) >= 0)
		return add_forfeit(load->record, booking, key);
	if (dice < TRIP_PERCENT + FORFEIT_PERCENT + GOODS_PERCENT)
		return add_goods(of, key);
	return of->pairs < PARTNERS * SLOTS ? add_booking(of, key) : add_trip(of->play, key);
}

static void
fresh_ended(
    struct load *load, int client, int number, const struct answer *answer, int64_t begun_us)
{
	struct operation *operation = &load->record->operations[number];
	struct storm *of = load->of;

	(void)client;
	operation->outcome = answer->outcome;
	if (answer->outcome != DONE)
		return;
	memcpy(operation->made, answer->made, UUID_TEXT_BYTES);
	if (answer->replayed)
		log_die("a fresh key was answered with a replay: %s", operation->key);
	strike_done(&of->strike, begun_us);
}

static void
turned(struct load *load)
{
	struct storm *of = load->of;

	strike_turn(&of->strike);
}

/* --- asking again by the same keys --- */

static int
next_again(struct load *load, int client)
{
	struct storm *of = load->of;

	(void)client;
	while (of->asked_again < load->record->count) {
		const struct operation *operation = &load->record->operations[of->asked_again++];

		if (operation->outcome == DONE || operation->outcome == UNKNOWN)
			return of->asked_again - 1;
	}
	return LOAD_END;
}

/* What was there is answered as a replay with the same id; what was not may be done now. */
static void
again_ended(
    struct load *load, int client, int number, const struct answer *answer, int64_t begun_us)
{
	struct operation *operation = &load->record->operations[number];
	struct storm *of = load->of;
	bool agrees;

	(void)client;
	(void)begun_us;
	if (operation->is_there)
		agrees = answer->outcome == DONE &&
			 (answer->replayed || operation->kind == SUPPORT) &&
			 (operation->outcome != DONE || strcmp(answer->made, operation->made) == 0);
	else
		agrees =
		    answer->outcome == REFUSED || (answer->outcome == DONE && !answer->replayed);
	if (!agrees) {
		of->disagreed++;
		(void)fprintf(stderr, "%s under key %s, asked again: %d %s%s\n",
		    record_kinds[operation->kind], operation->key, answer->status, answer->code,
		    answer->replayed ? " replayed" : "");
	}
	operation->outcome = answer->outcome;
	memcpy(operation->made, answer->made, UUID_TEXT_BYTES);
}

/* --- the storm --- */

static void
print_figures(struct storm *of, const struct load *load)
{
	static const char *const names[TARGETS] = { "workers", "postgres", "runner" };
	double seconds = (double)(world_monotonic_us() - of->started_us) / 1e6;

	(void)printf("%d operations in %.1f s, %.0f/s\n", load->record->count, seconds,
	    load->record->count / seconds);
	play_print_record(load->record);
	(void)printf("hung up: %d before the request was out, %d after\n", load->hang_ups_unsent,
	    load->hang_ups_sent);
	for (int i = 0; i < TARGETS; i++) {
		double median_ms, most_ms;

		strike_recovery(&of->strike, (enum target)i, &median_ms, &most_ms);
		(void)printf("killed %s: %d, acknowledging again in %.0f ms, at most %.0f ms\n",
		    names[i], of->strike.done[i], median_ms, most_ms);
	}
}

/* Looks everything up, asks again, and looks again. */
static int
settle(struct load *load)
{
	struct storm *of = load->of;
	int faults;

	play_await_ready();
	check_open(play_conninfo(of->play));
	check_await_payouts(load->city);
	faults = check_record(load->city, load->record);
	load->next = next_again;
	load->ended = again_ended;
	load->turned = NULL;
	load_run(load);
	check_await_payouts(load->city);
	return faults + of->disagreed + check_record(load->city, load->record) +
	       check_rest(load->city, load->record);
}

int
play_storm(struct play *play)
{
	static struct storm of;
	struct load load = { .city = &play->city,
		.record = &play->record,
		.chance = &play->chance,
		.clients_count = (int)play->connections,
		.hang_ups = (int)play->hang_ups,
		.of = &of,
		.next = next_fresh,
		.ended = fresh_ended,
		.turned = turned };
	int faults = 0;

	of.play = play;
	of.strike.chance = &play->chance;
	of.strike.var = play->var;
	for (int i = 0; i < TARGETS; i++)
		of.strike.left[i] = (int)play->kills[i];
	city_make(&play->city, play_keys(play), PARTNERS, SLOTS, SLOTS_AT_ONCE, CAPACITY);
	city_stock(&play->city, STOCK);
	of.started_us = world_monotonic_us();
	of.ends_us = of.started_us + play->seconds * INT64_C(1000000);
	of.gives_up_us = of.ends_us + PATIENCE_US +
			 (play->kills[WORKER] + play->kills[RUNNER]) * (int64_t)KILL_PATIENCE_US +
			 play->kills[POSTGRES] * (int64_t)POSTGRES_PATIENCE_US;
	load_run(&load);
	print_figures(&of, &load);
	if (!strike_is_over(&of.strike) || load.hang_ups > 0) {
		(void)fputs("not all kills and hang-ups were done in time\n", stderr);
		faults++;
	}
	faults += settle(&load);
	(void)printf("%d faults\n", faults);
	return faults;
}
