/* rows: binary cells as values. */
#include <criterion/criterion.h>

#include "socius/instant.h"
#include "socius/rows.h"
#include "support/cells.h"

static const struct cells_column columns[] = {
	{ "small", OID_INT2 },
	{ "middle", OID_INT4 },
	{ "large", OID_INT8 },
	{ "yes", OID_BOOL },
	{ "words", OID_TEXT },
	{ "data", OID_JSONB },
	{ "id", OID_UUID },
	{ "at", OID_TIMESTAMPTZ },
	{ 0 },
};

static PGresult *result;
static struct rows rows;

/* Two calls answered in one batch: the second row is ours. */
static void
given(void)
{
	static const uint8_t id[16] = { 1, 35, 69, 103 };

	result = cells_new(columns);
	for (int column = 0; column < 8; column++)
		cells_put_null(result, 0, column);
	cells_put_int(result, 1, 0, -2, 2);
	cells_put_int(result, 1, 1, INT32_MIN, 4);
	cells_put_int(result, 1, 2, INT64_MAX, 8);
	cells_put_int(result, 1, 3, 1, 1);
	cells_put_text(result, 1, 4, "words");
	cells_put_jsonb(result, 1, 5, "{\"a\": 1}");
	cells_put(result, 1, 6, id, sizeof(id));
	cells_put_int(result, 1, 7, 0, 8);
	rows = (struct rows){ .result = result, .first = 1, .count = 1 };
}

static void
ended(void)
{
	PQclear(result);
}

TestSuite(rows, .init = given, .fini = ended);

Test(rows, finds_columns_by_name)
{
	const struct rows none = { 0 };

	cr_assert_eq(rows_column(&rows, "large"), 2);
	cr_assert_eq(rows_column(&rows, "huge"), -1);
	cr_assert_eq(rows_column(&none, "large"), -1);
}

Test(rows, counts_from_its_own_first_row)
{
	const struct rows before = { .result = result, .first = 0, .count = 1 };

	cr_assert(rows_null(&before, 0, 0));
	cr_assert_not(rows_null(&rows, 0, 0));
}

Test(rows, reads_numbers_with_their_sign)
{
	cr_assert_eq(rows_int(&rows, 0, 0), -2);
	cr_assert_eq(rows_int(&rows, 0, 1), INT32_MIN);
	cr_assert_eq(rows_int(&rows, 0, 2), INT64_MAX);
	cr_assert(rows_bool(&rows, 0, 3));
}

Test(rows, reads_texts)
{
	cr_assert(text_is(rows_text(&rows, 0, 4), "words"));
	cr_assert(text_is(rows_text(&rows, 0, 5), "{\"a\": 1}"));
	cr_assert_eq(rows_bytes(&rows, 0, 5).bytes, 9);
}

Test(rows, reads_ids_and_instants)
{
	cr_assert_eq(rows_uuid(&rows, 0, 6).byte[1], 35);
	cr_assert_eq(rows_instant(&rows, 0, 7), INSTANT_OF_2000);
}

Test(rows, reads_infinity_as_the_largest_instant)
{
	cells_put_int(result, 1, 7, INT64_MAX, 8);
	cr_assert_eq(rows_instant(&rows, 0, 7), INT64_MAX);
}
