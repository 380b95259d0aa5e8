/* encode_cell: PostgreSQL's binary cells as JSON and as text; see encode_parts.h. */
#include <assert.h>
#include <inttypes.h>

#include "catalog.h"
#include "encode_parts.h"
#include "socius/instant.h"
#include "socius/uuid.h"
#include "socius/world.h"

#define US_PER_S INT64_C(1000000)

/* A reader over the bytes of a cell. PostgreSQL made them: what does not fit is our own mistake. */
static struct text
cut(struct text *from, size_t bytes)
{
	struct text piece = { from->at, bytes };

	assert(from->bytes >= bytes);
	from->at += bytes;
	from->bytes -= bytes;
	return piece;
}

static int64_t
cut_integer(struct text *from, int bytes)
{
	return catalog_integer(cut(from, (size_t)bytes).at, bytes);
}

/* The next cell of an array or a composite: its length and its bytes. false: null. */
static bool
cut_cell(struct text *from, struct text *cell)
{
	int64_t bytes = cut_integer(from, 4);

	if (bytes < 0)
		return false;
	*cell = cut(from, (size_t)bytes);
	return true;
}

/* --- scalars whose JSON form is a string, as their bare text --- */

/* Base-10000 digits with a weight, as numeric_send has them: ndigits, weight, sign, dscale. */
static struct text
numeric_text(struct text cell, struct arena *arena)
{
	int64_t digits = cut_integer(&cell, 2), weight = cut_integer(&cell, 2);
	uint16_t sign = (uint16_t)cut_integer(&cell, 2);
	int64_t scale = cut_integer(&cell, 2);
	struct buffer buffer;
	size_t point;

	buffer_init(&buffer, arena, 64);
	if (sign == 0xc000)
		return TEXT("NaN");
	if (sign == 0x4000)
		buffer_add(&buffer, "-", 1);
	if (weight < 0)
		buffer_add(&buffer, "0", 1);
	for (int64_t i = 0; i <= weight; i++)
		buffer_print(&buffer, i == 0 ? "%" PRId64 : "%04" PRId64,
		    i < digits ? cut_integer(&cell, 2) : 0);
	if (scale <= 0)
		return buffer_text(&buffer);
	buffer_add(&buffer, ".", 1);
	point = buffer.bytes;
	for (int64_t i = weight + 1; (int64_t)(buffer.bytes - point) < scale; i++)
		buffer_print(
		    &buffer, "%04" PRId64, i >= 0 && i < digits ? cut_integer(&cell, 2) : 0);
	return (struct text){ buffer.at, point + (size_t)scale };
}

static struct text
bytea_text(struct text cell, struct arena *arena)
{
	static const char digits[] = "0123456789abcdef";
	char *at = arena_take(arena, cell.bytes * 2 + 1);

	for (size_t i = 0; i < cell.bytes; i++) {
		at[2 * i] = digits[(unsigned char)cell.at[i] >> 4];
		at[2 * i + 1] = digits[cell.at[i] & 15];
	}
	return (struct text){ at, cell.bytes * 2 };
}

/* Empty for `infinity` and what lies beyond the years that text can say. */
static struct text
time_text(uint32_t oid, struct text cell, struct arena *arena)
{
	char *to = arena_take(arena, INSTANT_TEXT_BYTES_MAX);
	int64_t since_2000 = catalog_integer(cell.at, (int)cell.bytes), us;
	int bytes;

	if (oid == OID_DATE) {
		if (since_2000 == INT32_MAX || since_2000 == INT32_MIN)
			return (struct text){ to, 0 };
		bytes = instant_write_date((int32_t)(since_2000 + DAYS_OF_2000), to);
	} else {
		if (since_2000 == INT64_MIN ||
		    __builtin_add_overflow(since_2000, INSTANT_OF_2000, &us))
			return (struct text){ to, 0 };
		bytes = oid == OID_TIMESTAMP ? instant_write_local(us, to) : instant_write(us, to);
	}
	return (struct text){ to, (size_t)bytes };
}

static struct text
uuid_text(struct text cell, struct arena *arena)
{
	char *to = arena_take(arena, UUID_TEXT_BYTES);
	struct uuid uuid;

	assert(cell.bytes == UUID_BYTES);
	memcpy(uuid.byte, cell.at, UUID_BYTES);
	uuid_write(&uuid, to);
	return (struct text){ to, UUID_TEXT_BYTES - 1 };
}

/* Texts of our own making: they need no escapes. */
static bool
scalar_text(uint32_t oid, struct text cell, struct arena *arena, struct text *to)
{
	switch (oid) {
	case OID_UUID:
		*to = uuid_text(cell, arena);
		return true;
	case OID_TIMESTAMPTZ:
	case OID_TIMESTAMP:
	case OID_DATE:
		*to = time_text(oid, cell, arena);
		return true;
	case OID_NUMERIC:
		*to = numeric_text(cell, arena);
		return true;
	case OID_BYTEA:
		*to = bytea_text(cell, arena);
		return true;
	case OID_XID8:
		*to = text_of(arena_print(arena, "%" PRIu64, catalog_number(cell.at, 8)));
		return true;
	default:
		return false;
	}
}

bool
encode_knows(uint32_t oid)
{
	static const uint32_t known[] = { OID_BOOL, OID_BYTEA, OID_NAME, OID_INT8, OID_INT2,
		OID_INT4, OID_TEXT, OID_JSON, OID_BPCHAR, OID_VARCHAR, OID_DATE, OID_TIMESTAMP,
		OID_TIMESTAMPTZ, OID_NUMERIC, OID_UUID, OID_JSONB, OID_XID8 };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == oid)
			return true;
	return false;
}

/* --- arrays and composites --- */

/* record_send: the number of fields, then for each its type and its cell. A field that the type
 * has got since we started is left out: no document names it yet. */
static void
composite_cell(
    const struct encoder *encoder, const struct shape *shape, struct text cell, struct json *json)
{
	int64_t count = cut_integer(&cell, 4);

	json_open_object(json);
	for (int64_t i = 0; i < count && i < shape->fields_count; i++) {
		uint32_t oid = (uint32_t)cut_integer(&cell, 4);
		struct text field;

		json_name(json, shape->fields[i].name);
		if (cut_cell(&cell, &field))
			encode_cell(encoder, oid, field, json);
		else
			json_write_null(json);
	}
	json_close_object(json);
}

/* array_send: dimensions, whether there are nulls, the element's type, then size and lower bound
 * of each dimension, then the cells with the last dimension running fastest. */
struct array {
	uint32_t element_oid;
	int64_t dimensions;
	int64_t sizes[6]; /* MAXDIM */
	struct text cells;
};

static void
array_dimension(
    const struct encoder *encoder, struct array *array, int64_t dimension, struct json *json)
{
	struct text cell;

	json_open_array(json);
	for (int64_t i = 0; i < array->sizes[dimension]; i++) {
		if (dimension + 1 < array->dimensions)
			array_dimension(encoder, array, dimension + 1, json);
		else if (cut_cell(&array->cells, &cell))
			encode_cell(encoder, array->element_oid, cell, json);
		else
			json_write_null(json);
	}
	json_close_array(json);
}

static void
array_cell(const struct encoder *encoder, struct text cell, struct json *json)
{
	struct array array = { .dimensions = cut_integer(&cell, 4) };

	assert(array.dimensions >= 0 && array.dimensions <= 6);
	(void)cut(&cell, 4); /* whether there are nulls: each cell says so again */
	array.element_oid = (uint32_t)cut_integer(&cell, 4);
	for (int64_t i = 0; i < array.dimensions; i++) {
		array.sizes[i] = cut_integer(&cell, 4);
		(void)cut(&cell, 4); /* JSON has no lower bounds */
	}
	array.cells = cell;
	/* an empty array has no dimension; sizes[0] is 0 then */
	array_dimension(encoder, &array, 0, json);
}

/* The next cell of a composite, whose type is known. */
static bool
cut_field(struct text *from, struct text *cell)
{
	(void)cut_integer(from, 4); /* its type */
	return cut_cell(from, cell);
}

/* api.signed_token (role, account_id, market_id, partner_id, expires_at, session_id) as the token
 * that it says: null where it has expired, or no key can sign it. */
static void
token_cell(const struct encoder *encoder, struct text cell, struct json *json)
{
	struct caller caller = { 0 };
	struct text field;
	int64_t expires_us = 0, life_us;
	char *token = NULL;

	(void)cut_integer(&cell, 4); /* the number of its fields */
	if (cut_field(&cell, &field))
		caller.role = arena_copy(json->to->arena, field.at, field.bytes);
	if (cut_field(&cell, &field))
		memcpy(caller.account_id.byte, field.at, UUID_BYTES);
	if (cut_field(&cell, &field))
		caller.market_id = (int32_t)catalog_integer(field.at, 4);
	caller.has_partner = cut_field(&cell, &field);
	if (caller.has_partner)
		memcpy(caller.partner_id.byte, field.at, UUID_BYTES);
	if (cut_field(&cell, &field))
		expires_us = catalog_integer(field.at, 8) + INSTANT_OF_2000;
	caller.has_session = cut_field(&cell, &field);
	if (caller.has_session)
		memcpy(caller.session_id.byte, field.at, UUID_BYTES);
	caller.totp_us = expires_us; /* made by hand; see token.h */
	life_us = expires_us - world_now_us();
	if (life_us >= US_PER_S)
		token = token_mint(encoder->token_keys, encoder->roles, &caller, world_now_us(),
		    life_us / US_PER_S);
	if (token == NULL)
		json_write_null(json);
	else
		json_write_text(json, text_of(token));
	free(token);
}

/* What a cell of core.sealed says; .at NULL: nothing. */
static struct text
sealed_text(const struct encoder *encoder, struct text cell, struct arena *arena)
{
	return keyring_open(encoder->keyring, arena, cell, world_monotonic_us());
}

static void
sealed_cell(
    const struct encoder *encoder, const struct shape *shape, struct text cell, struct json *json)
{
	struct text text = sealed_text(encoder, cell, json->to->arena);

	if (text.at == NULL)
		json_write_null(json);
	else if (strcmp(shape->name, "core.sealed_json") == 0)
		json_write_raw(json, text);
	else
		json_write_text(json, text);
}

static void
nested_cell(const struct encoder *encoder, uint32_t oid, struct text cell, struct json *json)
{
	const struct shape *shape = contract_shape(encoder->contract, oid);

	assert(shape != NULL && shape->kind != SHAPE_SCALAR);
	if (contract_is_token(shape))
		token_cell(encoder, cell, json);
	else if (contract_is_sealed(shape))
		sealed_cell(encoder, shape, cell, json);
	else if (shape->kind == SHAPE_COMPOSITE)
		composite_cell(encoder, shape, cell, json);
	else
		array_cell(encoder, cell, json);
}

static void
quoted(struct text text, struct json *json)
{
	char *raw;

	if (text.bytes == 0) {
		json_write_null(json);
		return;
	}
	raw = arena_take(json->to->arena, text.bytes + 2);
	raw[0] = raw[text.bytes + 1] = '"';
	memcpy(raw + 1, text.at, text.bytes);
	json_write_raw(json, (struct text){ raw, text.bytes + 2 });
}

/* Digits by hand: a reply has many numbers, and printf takes ten times as long. */
static void
integer(int64_t number, struct json *json)
{
	char digits[20], *end = digits + sizeof(digits), *at = end;
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		*--at = '-';
	json_write_raw(json, (struct text){ at, (size_t)(end - at) });
}

void
encode_cell(const struct encoder *encoder, uint32_t oid, struct text cell, struct json *json)
{
	struct text text;

	switch (oid) {
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
		integer(catalog_integer(cell.at, (int)cell.bytes), json);
		break;
	case OID_BOOL:
		json_write_bool(json, cell.at[0] != 0);
		break;
	case OID_TEXT:
	case OID_VARCHAR:
	case OID_BPCHAR:
	case OID_NAME:
		json_write_text(json, cell);
		break;
	case OID_JSONB:
		(void)cut(&cell, 1); /* jsonb_send begins with a version */
		json_write_raw(json, cell);
		break;
	case OID_JSON:
		json_write_raw(json, cell);
		break;
	default:
		if (!scalar_text(oid, cell, json->to->arena, &text))
			nested_cell(encoder, oid, cell, json);
		else if (oid == OID_BYTEA)
			json_write_text(json, text);
		else
			quoted(text, json);
	}
}

static bool
is_sealed(const struct encoder *encoder, uint32_t oid)
{
	const struct shape *shape = contract_shape(encoder->contract, oid);

	return shape != NULL && contract_is_sealed(shape);
}

struct text
encode_plain(const struct encoder *encoder, uint32_t oid, struct text cell, struct arena *arena)
{
	struct buffer buffer;
	struct json json;
	struct text text;

	if (oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_BPCHAR || oid == OID_NAME)
		return cell;
	if (scalar_text(oid, cell, arena, &text))
		return text;
	if (is_sealed(encoder, oid))
		return sealed_text(encoder, cell, arena);
	buffer_init(&buffer, arena, 64);
	json_init(&json, &buffer);
	encode_cell(encoder, oid, cell, &json);
	return buffer_text(&buffer);
}
