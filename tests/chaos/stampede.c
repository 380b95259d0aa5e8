/*
 * stampede: many callers, each a partner, want one of few seats at the same hour, all at once. Each
 * tries up to three slots, so exactly as many get a seat as there are seats.
 */
#include "check.h"
#include "load.h"
#include "play.h"
#include "socius/log.h"
#include "socius/world.h"

enum { TRIES = 3 };

struct herd {
	int tries[LOAD_CLIENTS_MAX];
	bool has_seat[LOAD_CLIENTS_MAX];
	int lost; /* answers that were neither a seat nor a refusal */
};

/* Caller i begins at slot i, so that enough callers begin at each. */
static int
next_try(struct load *load, int client)
{
	struct herd *herd = load->of;
	char key[UUID_TEXT_BYTES];
	int number;

	if (herd->has_seat[client] || herd->tries[client] == TRIES)
		return LOAD_END;
	play_draw_key(load->chance, key);
	number = record_add(load->record, BOOK, key);
	if (number < 0)
		return LOAD_END;
	load->record->operations[number].partner = client;
	load->record->operations[number].thing =
	    (client + herd->tries[client]++) % load->city->slots_count;
	return number;
}

static void
try_ended(struct load *load, int client, int number, const struct answer *answer, int64_t begun_us)
{
	struct operation *operation = &load->record->operations[number];
	struct herd *herd = load->of;

	(void)begun_us;
	operation->outcome = answer->outcome;
	memcpy(operation->made, answer->made, UUID_TEXT_BYTES);
	herd->has_seat[client] |= answer->outcome == DONE;
	herd->lost += answer->outcome != DONE && answer->outcome != REFUSED;
}

int
play_stampede(struct play *play)
{
	static struct herd herd;
	struct load load = { .city = &play->city,
		.record = &play->record,
		.chance = &play->chance,
		.clients_count = (int)play->callers,
		.of = &herd,
		.next = next_try,
		.ended = try_ended };
	int seats = (int)(play->slots * play->capacity), seated = 0, faults;
	int64_t started_us;

	if (play->callers < seats)
		log_die("a stampede needs more callers than seats");
	city_make(&play->city, play_keys(play), (int)play->callers, (int)play->slots,
	    (int)play->slots, (int)play->capacity);
	started_us = world_monotonic_us();
	load_run(&load);
	(void)printf("%ld callers, %d requests in %.0f ms\n", play->callers, play->record.count,
	    (double)(world_monotonic_us() - started_us) / 1e3);
	play_print_record(&play->record);
	for (int i = 0; i < play->callers; i++)
		seated += herd.has_seat[i];
	(void)printf("%d seats, %d seated, %d answers lost\n", seats, seated, herd.lost);
	check_open(play_conninfo(play));
	faults = check_record(&play->city, &play->record) + check_rest(&play->city, &play->record) +
		 herd.lost + (seated != seats);
	(void)printf("%d faults\n", faults);
	return faults;
}
