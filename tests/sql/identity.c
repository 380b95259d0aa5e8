/* identity: markets, partners and the test clock, as SQL sees them. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(identity, .init = sql_begin, .fini = sql_end);

Test(identity, give_each_partner_one_wallet)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "driver");

	cr_assert_eq(sql_int("select count(*) from ledger.wallet where market_id = %d "
			     "and owner_id = '%s' and currency = 'EUR' and floor_minor = -50000",
			 market, partner),
	    1);
}
