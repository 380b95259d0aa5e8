/* core: refusals, clock, keys and batches, on which every room stands. */
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(core, .init = sql_begin, .fini = sql_end);

Test(core, refuse_by_name_with_a_detail)
{
	sql_refused("slot_full", "select core.refuse('slot_full', '{\"free\": 0}')");
	sql_run("create function pg_temp.detail_of_refusal() returns text language plpgsql as $$ "
		"declare "
		"v_detail text; begin perform core.refuse('slot_full', '{\"free\": 0}'); exception "
		"when "
		"sqlstate 'SO001' then get stacked diagnostics v_detail = pg_exception_detail; "
		"return v_detail; end $$");
	cr_assert_str_eq(sql_text("select pg_temp.detail_of_refusal()::jsonb ->> 'free'"), "0");
}

Test(core, take_the_clock_of_a_test_market_where_it_stands)
{
	int market = sql_market();

	cr_assert(sql_true("select core.clock(%d, " SQL_NOW ") = " SQL_NOW, market));
	sql_run("update core.market set test_now = " SQL_NOW
		" + interval '1 h' where market_id = %d",
	    market);
	cr_assert(
	    sql_true("select core.clock(%d, " SQL_NOW ") = " SQL_NOW " + interval '1 h'", market));
	cr_assert(sql_true("select core.clock(0, " SQL_NOW ") = " SQL_NOW));
}

Test(core, give_ids_that_follow_another)
{
	cr_assert_str_eq(
	    sql_text("select core.following_id('0190d5b2-7d43-7abc-8def-0123456789ff', 1)"),
	    "0190d5b2-7d43-7abc-8def-012345678a00");
	cr_assert_str_eq(
	    sql_text("select core.following_id('0190d5b2-7d43-7abc-8def-0123ffffffff', 2)"),
	    "0190d5b2-7d43-7abc-8def-012300000001");
	cr_assert_str_eq(
	    sql_text("select core.id_of_market(255)"), "00000000-0000-0000-0000-0000000000ff");
}

/* --- keys --- */

#define CLAIM "core.claim_key(%d, '%s', 'make', '%s', %s, '%s', " SQL_NOW ")"

Test(core, remember_a_key_for_its_market_caller_and_operation)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *caller = sql_id(), *made = sql_id();

	cr_assert_null(sql_text("select " CLAIM, market, caller, "k", SQL_DIGEST, made));
	cr_assert_str_eq(
	    sql_text("select " CLAIM, market, caller, "k", SQL_DIGEST, sql_id()), made);
	sql_refused("key_reused", "select " CLAIM, market, caller, "k", SQL_OTHER_DIGEST, sql_id());
	cr_assert_null(sql_text("select " CLAIM, market, caller, "l", SQL_DIGEST, sql_id()));
	cr_assert_null(sql_text("select " CLAIM, market, sql_id(), "k", SQL_DIGEST, sql_id()));
	cr_assert_null(sql_text("select " CLAIM, elsewhere, caller, "k", SQL_DIGEST, sql_id()));
	cr_assert_null(sql_text("select core.claim_key(%d, '%s', 'move', 'k', " SQL_DIGEST
				", '%s', " SQL_NOW ")",
	    market, caller, sql_id()));
}

Test(core, hold_keys_to_their_shape)
{
	const char *caller = sql_id();

	sql_refused("request_key_key_check", "select " CLAIM, 1, caller, "", SQL_DIGEST, sql_id());
	sql_refused("request_key_digest_check", "select " CLAIM, 1, caller, "k", "'x'", sql_id());
}

/* Sends, on a connection of its own, what will have to wait. */
static void
send_claim(PGconn *connection, int market, const char *made)
{
	char statement[512];

	(void)snprintf(statement, sizeof(statement), "select " CLAIM, market,
	    "00000000-0000-7000-8000-000000000001", "k", SQL_DIGEST, made);
	cr_assert(PQsendQuery(connection, statement), "%s", PQerrorMessage(connection));
}

/* The claim's answer: NULL when the key was new. The result is the caller's to clear. */
static PGresult *
receive_claim(PGconn *connection)
{
	PGresult *result = PQgetResult(connection);

	cr_assert_eq(PQresultStatus(result), PGRES_TUPLES_OK, "%s", PQresultErrorMessage(result));
	cr_assert_null(PQgetResult(connection));
	return result;
}

static void
run_on(PGconn *connection, const char *statement)
{
	PGresult *result = PQexec(connection, statement);

	cr_assert_eq(PQresultStatus(result), PGRES_COMMAND_OK, "%s", PQresultErrorMessage(result));
	PQclear(result);
}

/* Two connections claim one key: the first has it, the second waits, then `end` ends the first.
 * Returns what the second is answered. */
static PGresult *
claim_twice(int market, const char *end)
{
	PGconn *first = sql_connect(), *second = sql_connect();
	PGresult *answer;

	run_on(first, "begin");
	send_claim(first, market, "00000000-0000-7000-8000-00000000000a");
	PQclear(receive_claim(first));
	send_claim(second, market, "00000000-0000-7000-8000-00000000000b");
	while (!sql_true(
	    "select exists (select from pg_catalog.pg_locks where pid = %d and not granted)",
	    PQbackendPID(second)))
		sql_run("select pg_stat_clear_snapshot()");
	run_on(first, end);
	answer = receive_claim(second);
	PQfinish(first);
	PQfinish(second);
	return answer;
}

static void
forget_claims(int market)
{
	sql_run("delete from core.request_key where market_id = %d", market);
	sql_run("commit");
}

Test(core, let_a_twin_wait_and_answer_it_the_same, .timeout = 60)
{
	int market = (int)getpid();
	PGresult *answer = claim_twice(market, "commit");

	cr_expect_str_eq(PQgetvalue(answer, 0, 0), "00000000-0000-7000-8000-00000000000a");
	PQclear(answer);
	forget_claims(market);
}

Test(core, let_a_twin_have_the_key_when_the_first_came_to_nothing, .timeout = 60)
{
	int market = (int)getpid();
	PGresult *answer = claim_twice(market, "rollback");

	cr_expect(PQgetisnull(answer, 0, 0));
	PQclear(answer);
	forget_claims(market);
}

/* --- batches --- */

/* A hot function that refuses negative numbers, and tells who asked and when. */
static void
make_hot_function(const char *owner, const char *lock)
{
	sql_run(
	    "create type api.answer as (who uuid, at timestamptz, number int);"
	    "create function api.ask(p_market_id int, p_partner_id uuid, p_now timestamptz, "
	    "p_number int, out refused text, out detail jsonb, out replayed boolean, "
	    "out \"row\" api.answer) language plpgsql security definer set socius.market = '0' "
	    "set socius.partner = '00000000-0000-0000-0000-000000000000' as $$ begin "
	    "perform core.enter(p_market_id, p_partner_id); replayed := false; "
	    "if p_number < 0 then refused := 'negative'; detail := '{\"least\": 0}'; return; end "
	    "if; "
	    "\"row\" := (current_setting('socius.partner'), p_now, p_number); end $$;"
	    "alter function api.ask owner to %s;"
	    "call core.make_batch('api.ask(int, uuid, timestamptz, int)', '%s', '%s')",
	    owner, owner, lock);
}

#define ASK "api.ask_batch(%d, array['%s', '%s']::uuid[], array[" SQL_NOW ", " SQL_NOW "], %s)"

Test(core, answer_each_call_of_a_batch_in_order)
{
	int market = sql_market();
	const char *ada = sql_id(), *bob = sql_id();

	make_hot_function("wall_partner", "none");
	sql_as("socius_gate");
	cr_assert_str_eq(
	    sql_text("select string_agg(concat_ws(' ', refused, detail ->> 'least', (\"row\").who, "
		     "(\"row\").number), ', ') from " ASK,
		market, ada, bob, "array[7, -1]"),
	    sql_text("select '%s 7, negative 0'", ada));
	cr_assert_eq(sql_count("select * from api.ask_batch(%d, '{}', '{}', '{}')", market), 0);
}

Test(core, give_a_batch_the_clock_of_a_test_market)
{
	int market = sql_market();

	make_hot_function("wall_partner", "none");
	sql_run("update core.market set test_now = " SQL_NOW
		" + interval '1 h' where market_id = %d",
	    market);
	cr_assert(sql_true("select bool_and((\"row\").at = " SQL_NOW " + interval '1 h') from " ASK,
	    market, sql_id(), sql_id(), "array[1, 2]"));
}

Test(core, lock_the_market_of_a_batch)
{
	int market = sql_market();

	make_hot_function("wall_partner", "market");
	sql_run("select * from " ASK, market, sql_id(), sql_id(), "array[1, 2]");
	cr_assert_eq(
	    sql_count("select from pg_catalog.pg_locks where locktype = 'advisory' "
		      "and classid = 5051 and objid = %d and pid = pg_backend_pid() and granted",
		market),
	    1);
}

Test(core, lock_the_wallets_of_a_batch)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "driver"), *bob = sql_partner(market, "driver");

	sql_partner(market, "driver");
	make_hot_function("wall_member", "wallets");
	sql_run(
	    "savepoint before_the_batch"); /* so that its locks are a transaction id of their own */
	sql_run("select * from " ASK, market, ada, bob, "array[1, 2]");
	cr_assert_eq(sql_int("select count(distinct xmax::text) from ledger.wallet "
			     "where market_id = %d and owner_id in ('%s', '%s')",
			 market, ada, bob),
	    1);
	cr_assert_eq(
	    sql_count(
		"select from ledger.wallet where market_id = %d and xmax::text <> '0'", market),
	    2);
}

Test(core, make_no_batch_that_would_lock_nothing)
{
	make_hot_function("wall_partner", "none");
	sql_fails("P0001", "call core.make_batch('api.ask(int, uuid, timestamptz, int)', "
			   "'wall_partner', 'wallets')");
}
