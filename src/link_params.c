/* link_params: values into PostgreSQL's binary parameters, and into arrays of them for batches. */
#include <assert.h>

#include "catalog.h"
#include "link_private.h"
#include "socius/instant.h"
#include "socius/log.h"

enum { ARRAY_HEAD_BYTES = 20, ELEMENT_HEAD_BYTES = 4, JSONB_VERSION = 1 };

/* What PostgreSQL calls each type, and how long it is (0: as long as its bytes). */
static const struct {
	Oid one, array, element;
	int bytes;
} kinds[] = {
	[INT] = { OID_INT4, 1007, OID_INT4, 4 },
	[LONG] = { OID_INT8, 1016, OID_INT8, 8 },
	[BOOL] = { OID_BOOL, 1000, OID_BOOL, 1 },
	[STRING] = { OID_TEXT, 1009, OID_TEXT, 0 },
	[UUID] = { OID_UUID, 2951, OID_UUID, 16 },
	[INSTANT] = { OID_TIMESTAMPTZ, 1185, OID_TIMESTAMPTZ, 8 },
	[LOCAL_TIME] = { OID_TIMESTAMP, 1115, OID_TIMESTAMP, 8 },
	[DATE] = { OID_DATE, 1182, OID_DATE, 4 },
	[BYTES] = { OID_BYTEA, 1001, OID_BYTEA, 0 },
	[ITEMS] = { OID_JSONB, 3807, OID_JSONB, 0 },
};

Oid
link_params_oid(enum type type, bool array)
{
	return array ? kinds[type].array : kinds[type].one;
}

static void
reserve(struct link_scratch *scratch, size_t bytes)
{
	size_t room = scratch->room > 0 ? scratch->room : 4096;

	if (bytes <= scratch->room)
		return;
	while (room < bytes)
		room *= 2;
	free(scratch->at);
	scratch->at = malloc(room);
	if (scratch->at == NULL)
		log_die("link: no memory for a message of %zu bytes", bytes);
	scratch->room = room;
}

static char *
put_number(char *to, uint64_t number, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		to[i] = (char)(number & 0xff);
		number >>= 8;
	}
	return to + bytes;
}

/* A number as PostgreSQL counts it: moments and dates from the year 2000 on. */
static int64_t
number_of(enum type type, const struct value *value)
{
	if (type == INSTANT || type == LOCAL_TIME)
		return value->number - INSTANT_OF_2000;
	if (type == DATE)
		return value->number - DAYS_OF_2000;
	assert(type != INT || value->number == (int32_t)value->number);
	return value->number;
}

static size_t
value_bytes(enum type type, const struct value *value)
{
	if (value->null)
		return 0;
	if (kinds[type].bytes > 0)
		return (size_t)kinds[type].bytes;
	return value->bytes.bytes + (type == ITEMS ? 1 : 0);
}

static char *
put_value(char *to, enum type type, const struct value *value)
{
	if (type == UUID) {
		memcpy(to, value->uuid.byte, UUID_BYTES);
		return to + UUID_BYTES;
	}
	if (kinds[type].bytes > 0)
		return put_number(to, (uint64_t)number_of(type, value), kinds[type].bytes);
	if (type == ITEMS)
		*to++ = JSONB_VERSION;
	if (value->bytes.bytes > 0)
		memcpy(to, value->bytes.at, value->bytes.bytes);
	return to + value->bytes.bytes;
}

static const struct value *
value_at(const struct link_slot *slot, int arg)
{
	const struct value *value = &slot->call->args[arg];

	assert(value->null || value->type == slot->statement->of->types[arg]);
	return value;
}

/* A one-dimensional array with a value of each slot; see array_recv in PostgreSQL's arrayfuncs.c.
 */
static char *
put_array(char *to, enum type type, int arg, const struct link_slot *first, int calls)
{
	const struct link_slot *slot = first;
	char *has_nulls = to + 4;
	bool nulls = false;

	to = put_number(to, 1, 4); /* dimensions */
	to = put_number(to, 0, 4);
	to = put_number(to, kinds[type].element, 4);
	to = put_number(to, (uint64_t)calls, 4);
	to = put_number(to, 1, 4); /* the first index */
	for (int i = 0; i < calls; i++, slot = slot->next) {
		const struct value *value = value_at(slot, arg);

		if (value->null) {
			nulls = true;
			to = put_number(to, UINT32_MAX, 4);
			continue;
		}
		to = put_number(to, value_bytes(type, value), 4);
		to = put_value(to, type, value);
	}
	(void)put_number(has_nulls, nulls ? 1 : 0, 4); /* what follows stands already */
	return to;
}

/* How much of the scratch the arguments need. */
static size_t
scratch_bytes(const struct link_statement *statement, const struct link_slot *first, int calls)
{
	const struct link_slot *slot = first;
	size_t bytes = 0;

	if (statement->batched)
		bytes = (size_t)statement->of->args_count *
			(ARRAY_HEAD_BYTES + ELEMENT_HEAD_BYTES * (size_t)calls);
	for (int i = 0; i < calls; i++, slot = slot->next)
		for (int arg = 0; arg < statement->of->args_count; arg++)
			if (statement->batched || statement->of->types[arg] == ITEMS)
				bytes +=
				    value_bytes(statement->of->types[arg], value_at(slot, arg));
	return bytes;
}

/* One value: numbers are written, bytes are pointed to. Returns the end of the scratch in use. */
static char *
one_value(
    struct link_params *params, int arg, char *scratch, enum type type, const struct value *value)
{
	params->lengths[arg] = (int)value_bytes(type, value);
	if (value->null) {
		params->values[arg] = NULL;
	} else if (type == UUID) {
		params->values[arg] = (const char *)value->uuid.byte;
	} else if (kinds[type].bytes > 0) {
		(void)put_value(params->numbers[arg], type, value); /* its length is known */
		params->values[arg] = params->numbers[arg];
	} else if (type == ITEMS) {
		params->values[arg] = scratch;
		return put_value(scratch, type, value);
	} else {
		params->values[arg] = value->bytes.bytes > 0 ? value->bytes.at : "";
	}
	return scratch;
}

void
link_params_of(struct link_params *params, struct link_scratch *scratch,
    const struct link_statement *statement, const struct link_slot *first, int calls)
{
	const struct statement *of = statement->of;
	char *at;

	assert(calls == 1 || statement->batched);
	reserve(scratch, scratch_bytes(statement, first, calls));
	at = scratch->at;
	params->count = of->args_count;
	for (int arg = 0; arg < of->args_count; arg++) {
		char *from = at;

		params->formats[arg] = 1;
		if (!statement->batched || arg == of->market_arg) {
			at = one_value(params, arg, at, of->types[arg], value_at(first, arg));
			continue;
		}
		at = put_array(at, of->types[arg], arg, first, calls);
		params->values[arg] = from;
		params->lengths[arg] = (int)(at - from);
	}
}
