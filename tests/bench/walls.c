/*
 * walls: what one operation costs a server process in CPU time, with walls and without: calls a
 * function of the bench's markets as the gate does, by a prepared statement of its own role, in
 * short bursts on the one database and on the other in turn, so that whatever else the machine does
 * meets both alike. User and system time of each server process are read from /proc before and
 * after each burst. Prints the microseconds of an operation: "with without".
 *
 * Usage: walls CONNINFO_WITH CONNINFO_WITHOUT book|read MARKET ROUND COUNT
 */
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socius/log.h"

enum {
	BURSTS = 40,
	WARM = 640,
	BATCH = 64,
	PARTNERS = 5000,
	SLOTS_A_ROUND = 1000,
	STAT_BYTES_MAX = 1024
};

#define BOOK \
	"select f.refused, (f.\"row\").* from api.book_slot_batch($1::int, $2::uuid[], " \
	"$2::uuid[], " \
	"$3::timestamptz[], $4::uuid[], $5::bytea[], $6::uuid[], $7::uuid[]) f"
#define READ \
	"select (f).* from api.get_slot($1::int, $2::uuid, '2026-11-22Z'::timestamptz, $3::uuid) " \
	"f"

/* One database: its connection, operations done and the time they took. */
struct arm {
	PGconn *connection;
	int done;
	double us;
};

static int round_no;

/* User and system time of a process: fields 14 and 15 of its stat, in ticks. */
static double
cpu_us(int pid)
{
	char path[64], stat[STAT_BYTES_MAX + 1], *at;
	FILE *file;
	long ticks;
	size_t bytes;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid); /* fits */
	file = fopen(path, "re");
	if (file == NULL)
		log_die("%s cannot be read", path);
	bytes = fread(stat, 1, STAT_BYTES_MAX, file);
	(void)fclose(file); /* only read */
	stat[bytes] = '\0';
	at = strrchr(stat, ')');
	for (int field = 2; at != NULL && field < 14; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL)
		log_die("%s is not as expected", path);
	ticks = strtol(at, &at, 10);
	ticks += strtol(at, NULL, 10);
	return (double)ticks * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static void
expect_rows(PGresult *result, int rows)
{
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != rows)
		log_die("%d rows instead of %d: %s", PQntuples(result), rows,
		    PQresultErrorMessage(result));
	PQclear(result);
}

/* The text of an array, as it grows. */
struct array {
	char text[BATCH * 80];
	size_t bytes;
};

__attribute__((format(printf, 2, 3))) static void
add(struct array *array, const char *format, ...)
{
	va_list list;
	int bytes;

	va_start(list, format);
	bytes =
	    vsnprintf(array->text + array->bytes, sizeof(array->text) - array->bytes, format, list);
	va_end(list);
	if (bytes < 0 || (size_t)bytes >= sizeof(array->text) - array->bytes)
		log_die("an array is too long");
	array->bytes += (size_t)bytes;
}

/* A number written as a UUID, as market.sql does. */
#define ID "%08x-0000-0000-0000-%012x"

/* A batch of bookings: different partners, slots of this round alone. */
static void
book(struct arm *arm, const char *market)
{
	struct array arrays[6] = { 0 };
	const char *values[7] = { market };

	for (int i = 0; i < BATCH; i++, arm->done++) {
		char mark = i == 0 ? '{' : ',';
		unsigned slot = (unsigned)(arm->done * 7919L % SLOTS_A_ROUND +
					   (long)round_no * SLOTS_A_ROUND + 1);
		unsigned of = (unsigned)round_no, fresh = (unsigned)arm->done + 1;

		add(&arrays[0], "%c" ID, mark, 0U, (unsigned)(arm->done % PARTNERS + 1));
		add(&arrays[1], "%c2026-11-22Z", mark);
		add(&arrays[2], "%c" ID, mark, 0xb0000000U + of, fresh);
		add(&arrays[3], "%c\\\\x%064x", mark, 1U);
		add(&arrays[4], "%c" ID, mark, 0xe0000000U + of, fresh);
		add(&arrays[5], "%c" ID, mark, 0U, slot);
	}
	for (int i = 0; i < 6; i++) {
		add(&arrays[i], "}");
		values[i + 1] = arrays[i].text;
	}
	expect_rows(PQexecPrepared(arm->connection, "call", 7, values, NULL, NULL, 1), BATCH);
}

static void
read_slot(struct arm *arm, const char *market)
{
	struct array partner = { 0 }, slot = { 0 };
	const char *values[] = { market, partner.text, slot.text };

	add(&partner, ID, 0U, (unsigned)(arm->done % PARTNERS + 1));
	add(&slot, ID, 0U, (unsigned)(arm->done * 7919L % 10000 + 1));
	expect_rows(PQexecPrepared(arm->connection, "call", 3, values, NULL, NULL, 1), 1);
	arm->done++;
}

static void
enter(struct arm *arm, const char *conninfo, bool books)
{
	arm->connection = PQconnectdb(conninfo);
	if (PQstatus(arm->connection) != CONNECTION_OK)
		log_die("%s", PQerrorMessage(arm->connection));
	PQclear(PQprepare(arm->connection, "call", books ? BOOK : READ, 0, NULL));
}

int
main(int argc, char **argv)
{
	struct arm arms[2] = { 0 };
	bool books;
	int count;

	if (argc != 7)
		log_die("usage: walls CONNINFO_WITH CONNINFO_WITHOUT book|read MARKET ROUND COUNT");
	books = strcmp(argv[3], "book") == 0;
	round_no = (int)strtol(argv[5], NULL, 10);
	count = (int)strtol(argv[6], NULL, 10);
	for (int i = 0; i < 2; i++) {
		enter(&arms[i], argv[1 + i], books);
		while (arms[i].done < WARM) /* plans are made, caches filled */
			(books ? book : read_slot)(&arms[i], argv[4]);
	}
	for (int burst = 0; burst < 2 * BURSTS; burst++) {
		/* with, without, without, with, ... */
		struct arm *arm = &arms[(burst ^ burst >> 1) & 1];
		int until = arm->done + count / BURSTS;
		double before = cpu_us(PQbackendPID(arm->connection));

		while (arm->done < until)
			(books ? book : read_slot)(arm, argv[4]);
		arm->us += cpu_us(PQbackendPID(arm->connection)) - before;
	}
	for (int i = 0; i < 2; i++) {
		(void)printf("%.2f%c", arms[i].us / (arms[i].done - WARM), i == 0 ? ' ' : '\n');
		PQfinish(arms[i].connection);
	}
	return 0;
}
