/* uuid: text, version 7 and digests. */
#include <criterion/criterion.h>

#include "socius/uuid.h"
#include "socius/world.h"

Test(uuid, reads_what_it_writes)
{
	struct uuid id;
	char text[UUID_TEXT_BYTES];

	cr_assert(uuid_read(TEXT("0189C6A0-7b2c-7def-8123-0123456789ab"), &id));
	uuid_write(&id, text);
	cr_assert_str_eq(text, "0189c6a0-7b2c-7def-8123-0123456789ab");
}

Test(uuid, refuses_other_shapes)
{
	struct uuid id;

	cr_assert_not(uuid_read(TEXT("0189c6a07b2c7def81230123456789ab"), &id));
	cr_assert_not(uuid_read(TEXT("0189c6a0-7b2c-7def-8123-0123456789a"), &id));
	cr_assert_not(uuid_read(TEXT("0189c6a0-7b2c-7def-8123-0123456789ag"), &id));
	cr_assert_not(uuid_read(TEXT("{189c6a0-7b2c-7def-8123-0123456789ab"), &id));
	cr_assert_not(uuid_read(TEXT("0189c6a0x7b2c-7def-8123-0123456789ab"), &id));
}

Test(uuid, orders_version_7_by_time)
{
	uint8_t chance[10] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct uuid earlier = uuid_v7(1795341600000000, chance);
	struct uuid later = uuid_v7(1795341600001000, (uint8_t[10]){ 0 });

	cr_assert_lt(memcmp(&earlier, &later, sizeof(earlier)), 0);
	cr_assert_eq(earlier.byte[6] >> 4, 7);
	cr_assert_eq(earlier.byte[8] >> 6, 2);
}

Test(uuid, derives_the_same_id_from_the_same_bytes)
{
	struct uuid a = uuid_of_digest("key", 3), b = uuid_of_digest("key", 3);
	struct uuid c = uuid_of_digest("kez", 3);

	cr_assert(uuid_equal(&a, &b));
	cr_assert_not(uuid_equal(&a, &c));
	cr_assert_eq(a.byte[6] >> 4, 8);
}

Test(world, stands_still_when_told)
{
	struct uuid first, second;

	world_hold_still(1795341600000000);
	cr_assert_eq(world_now_us(), 1795341600000000);
	first = world_fresh_id();
	second = world_fresh_id();
	cr_assert_lt(memcmp(&first, &second, sizeof(first)), 0);
	world_hold_still(1795341600000000);
	second = world_fresh_id();
	cr_assert(uuid_equal(&first, &second), "the same world gives the same ids");
}
