/* link_slots: slots, lists of them, and the answers that end them. */
#include <assert.h>

#include "link_private.h"
#include "poison.h"
#include "socius/log.h"

void
link_list_add(struct link_list *list, struct link_slot *slot)
{
	slot->next = NULL;
	if (list->tail == NULL)
		list->head = slot;
	else
		list->tail->next = slot;
	list->tail = slot;
	list->count++;
}

void
link_list_put_before(struct link_list *list, const struct link_list *first)
{
	if (first->count == 0)
		return;
	first->tail->next = list->head;
	list->head = first->head;
	if (list->tail == NULL)
		list->tail = first->tail;
	list->count += first->count;
}

struct link_slot *
link_list_take(struct link_list *list)
{
	struct link_slot *slot = list->head;

	if (slot == NULL)
		return NULL;
	list->head = slot->next;
	if (list->head == NULL)
		list->tail = NULL;
	list->count--;
	slot->next = NULL;
	return slot;
}

struct link_slot *
link_list_take_live(struct link *link, struct link_list *list)
{
	struct link_slot *slot;

	while ((slot = link_list_take(list)) != NULL && slot->call == NULL)
		link_slot_free(link, slot);
	return slot;
}

void
link_list_expire(struct link *link, struct link_list *list, int64_t asked_before_us)
{
	struct link_list kept = { 0 };
	struct link_slot *slot;

	while ((slot = link_list_take(list)) != NULL) {
		if (slot->call == NULL)
			link_slot_free(link, slot);
		else if (slot->asked_us < asked_before_us)
			link_fail(link, slot, OUTCOME_UNAVAILABLE, false);
		else
			link_list_add(&kept, slot);
	}
	*list = kept;
}

/* What is kept of a spare slot is its place in the list. */
static void
slot_keep(struct link *link, struct link_slot *slot)
{
	link_list_add(&link->spare, slot);
	poison(&slot->next + 1, sizeof(*slot) - sizeof(slot->next));
}

static void
slots_grow(struct link *link)
{
	struct link_slots *block = calloc(1, sizeof(*block));

	if (block == NULL)
		log_die("link: no memory");
	block->next = link->blocks;
	link->blocks = block;
	for (int i = 0; i < LINK_SLOTS_OF_BLOCK; i++)
		slot_keep(link, &block->slot[i]);
}

struct link_slot *
link_slot_new(struct link *link)
{
	struct link_slot *slot;

	if (link->spare.count == 0)
		slots_grow(link);
	slot = link_list_take(&link->spare);
	unpoison(slot, sizeof(*slot));
	memset(slot, 0, sizeof(*slot));
	link->waiting++;
	return slot;
}

void
link_slot_free(struct link *link, struct link_slot *slot)
{
	link->waiting--;
	slot_keep(link, slot);
}

/* The slot ends first: `done` may ask again, and may take it. */
void
link_answer(struct link *link, struct link_slot *slot, const struct answer *answer)
{
	struct call *call = slot->call;

	link_slot_free(link, slot);
	if (call == NULL)
		return;
	call->slot = NULL;
	call->done(call, answer);
}

void
link_answer_rows(
    struct link *link, struct link_slot *slot, const PGresult *result, int first, int count)
{
	struct answer answer = { .outcome = OUTCOME_ROWS, .sent = true };

	answer.rows.result = result;
	answer.rows.first = first;
	answer.rows.count = count;
	link_answer(link, slot, &answer);
}

void
link_answer_failed(struct link *link, struct link_slot *slot, const PGresult *result)
{
	struct answer answer = { .outcome = OUTCOME_FAILED, .sent = true };

	answer.sqlstate = link_sqlstate(result);
	answer.message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	answer.constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	answer.detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	link_answer(link, slot, &answer);
}

void
link_fail(struct link *link, struct link_slot *slot, enum outcome outcome, bool sent)
{
	assert(outcome != OUTCOME_ROWS);
	slot->outcome = outcome;
	slot->sent = sent;
	link_list_add(&link->failed, slot);
}

/* A call that failed on our side of the wire failed because its statement is not prepared. */
void
link_answer_failed_ones(struct link *link)
{
	struct link_list failed = link->failed;
	struct link_slot *slot;

	link->failed =
	    (struct link_list){ 0 }; /* those that fail meanwhile wait for the next turn */
	while ((slot = link_list_take(&failed)) != NULL) {
		struct answer answer = { .outcome = slot->outcome, .sent = slot->sent };

		if (slot->outcome == OUTCOME_FAILED) {
			answer.sqlstate = "26000";
			answer.message = "the statement could not be prepared";
		}
		link_answer(link, slot, &answer);
	}
}
