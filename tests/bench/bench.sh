#!/bin/sh
# Compares the whole stack over HTTP with pgbench calling the same SQL on the same cluster, in
# alternating runs, and writes docs/BENCH.md. Settings: BENCH_SECONDS of one run (4), BENCH_ROUNDS
# (3), BENCH_TRIPS a trip file for the import (tests/data/trips.csv). `bench.sh sign-ins` runs the
# part of the sign-ins alone and prints it.
set -eu
cd "$(dirname "$0")/../.."

seconds=${BENCH_SECONDS:-4}
rounds=${BENCH_ROUNDS:-3}
partners=5000
slots=20000
folder=$PWD/build/bench
out=$folder/results

# The tests' settings would disturb: an instance of our own.
SOCIUS_VAR=$folder/var
SOCIUS_PORT=${BENCH_PORT:-8190}
SOCIUS_METRICS_PORT=${BENCH_METRICS_PORT:-8191}
SOCIUS_RATE_PER_S=0
export SOCIUS_VAR SOCIUS_PORT SOCIUS_METRICS_PORT SOCIUS_RATE_PER_S
pgbench=${PG_BIN:-/usr/lib/postgresql/15/bin}/pgbench
url=http://127.0.0.1:$SOCIUS_PORT

say() { printf '%s\n' "$*" >&2; }

stop() { ./socius stop >/dev/null 2>&1 || true; }

run() {
	./socius run --detach >"$folder/start.log" 2>&1 || { cat "$folder/start.log" >&2; exit 1; }
}

start() {
	stop
	rm -rf "$folder"
	mkdir -p "$out"
	trap stop EXIT INT TERM
	run
	# pgbench wants 64 connections of its own
	./socius psql -q -c "alter system set max_connections = 150"
	stop
	run
	conninfo=$(./socius conninfo)
	say "filling the bench's markets"
	./socius psql -q -v ON_ERROR_STOP=1 -v partners=$partners -v slots=$slots \
		-f - <tests/bench/market.sql >/dev/null
	build/tests/bench/mint "$SOCIUS_VAR/keys" 4 $partners >"$folder/tokens"
}

# over_http NAME MODE MARKETS CONNECTIONS BASE: appends "rate p50_ms p99_ms refused failed"
over_http() {
	wrk -t1 -c"$4" -d"${seconds}s" --latency -s tests/bench/load.lua "$url" -- \
		"$2" "$3" $partners $slots "$5" "$folder/tokens" | sed -n 's/^RESULT //p' >>"$out/$1.http"
}

# by_pgbench NAME SCRIPT MARKETS CLIENTS BASE: appends "rate p50_ms p99_ms"
by_pgbench() {
	rm -f "$folder"/pgbench_log.*
	"$pgbench" -n -M prepared -c "$4" -j 2 -T "$seconds" -l \
		--log-prefix="$folder/pgbench_log" -D markets="$3" -D partners=$partners \
		-D slots=$slots -D base="$5" -D clients="$4" -D n=-1 \
		-f "tests/bench/$2.pgbench.sql" "$conninfo user=socius_gate" >"$folder/pgbench.out" 2>&1 ||
		{ cat "$folder/pgbench.out" >&2; exit 1; }
	rate=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$folder/pgbench.out")
	cat "$folder"/pgbench_log.* | awk '{ print $3 }' | sort -n |
		awk -v rate="$rate" '{ us[NR] = $1 } END { printf "%.0f %.3f %.3f\n", rate,
			us[int(NR * 0.5) + 1] / 1000, us[int(NR * 0.99) + 1] / 1000 }' >>"$out/$1.pgbench"
}

# compare NAME MODE MARKETS CONNECTIONS
compare() {
	say "$1: $rounds rounds of $seconds s each way"
	round=0
	while [ $round -lt "$rounds" ]; do
		over_http "$1" "$2" "$3" "$4" $((round * 2000 + 1))
		by_pgbench "$1" "$2" "$3" "$4" $((round * 2000 + 1001))
		round=$((round + 1))
	done
}

# The middle of a column of numbers.
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

column() { awk -v c="$2" '{ print $c }' "$1"; }

# row NAME TITLE GOAL: a line of the table; the ratio is the median of the rounds' ratios.
row() {
	http=$out/$1.http
	sql=$out/$1.pgbench
	ratio=$(paste -d' ' "$http" "$sql" | awk '{ printf "%.2f\n", $1 / $6 }' | median)
	spread=$(paste -d' ' "$http" "$sql" | awk '{ printf "%.2f\n", $1 / $6 }' | sort -n |
		awk 'NR == 1 { a = $1 } { b = $1 } END { print a "-" b }')
	printf '| %s | %s | %s / %s | %s | %s / %s | **%s** (%s) | %s | %s |\n' "$2" \
		"$(column "$http" 1 | median)" "$(column "$http" 2 | median)" \
		"$(column "$http" 3 | median)" "$(column "$sql" 1 | median)" \
		"$(column "$sql" 2 | median)" "$(column "$sql" 3 | median)" \
		"$ratio" "$spread" "$3" "$(column "$http" 5 | awk '{ s += $1 } END { print s }')"
}

# Pays COUNT wallets of a fresh market through the API and prints the milliseconds the runner took.
pay_wallets() {
	./socius psql -q -v ON_ERROR_STOP=1 -v market="$2" -v wallets="$1" -f - \
		<tests/bench/wallets.sql >/dev/null
	token=$(./socius token --role operator --market "payout$1")
	curl -sS -X POST "$url/v1/payout_runs" -H "Authorization: Bearer $token" \
		-H "Content-Type: application/json" -H "Idempotency-Key: bench-$1" -d '{}' >/dev/null
	until [ "$(./socius psql -qAt -c "select state from payouts.payout_run
		where market_id = $2")" = finished ]; do :; done
	./socius psql -qAt -c "select round(extract(epoch from finished_at - created_at) * 1000)
		|| ' ' || payouts_count || ' ' || total_minor from payouts.payout_run where market_id = $2"
}

import_trips() {
	file=${BENCH_TRIPS:-tests/data/trips.csv}
	lines=$(($(wc -l <"$file") - 1))
	begin=$(date +%s%N)
	./socius import trips "$file" --market benchnyc --currency USD \
		--time-zone America/New_York --drivers 200 >"$folder/import.log" 2>&1 ||
		{ cat "$folder/import.log" >&2; exit 1; }
	echo "$lines $((($(date +%s%N) - begin) / 1000000))"
}

. tests/bench/sign_in.sh

write_report() {
	# what `make bench-walls` has written stays
	walls=$(awk '/^## / { keep = /^## What the walls cost/ } keep' docs/BENCH.md)
	{
		cat tests/bench/report.md
		echo
		echo "Machine: $(nproc) cores ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1))," \
			"$(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), PostgreSQL" \
			"$(./socius psql -qAt -c 'show server_version'), fsync on;" \
			"$rounds alternating rounds of $seconds s, $(date -u +%Y-%m-%d)."
		echo
		echo "| case | HTTP ops/s | p50 / p99 ms | pgbench ops/s | p50 / p99 ms | ratio (min-max) | goal | failed |"
		echo "|---|---|---|---|---|---|---|---|"
		row book1 "book, 1 connection" 0.6
		row book8 "book, 8 connections, four markets" -
		row book64 "book, 64 connections, four markets" 2.2
		row one64 "book, 64 connections, one market" 1.5
		row hot64 "book, 64 connections, one hot slot" 8
		row read64 "read one slot, 64 connections" 0.8
		row list64 "list 50 open slots, 64 connections" 0.8
		write_sign_ins
		echo
		echo "| job | size | time | rate |"
		echo "|---|---|---|---|"
		echo "$import" | awk '{ printf "| import of a trip file through the API | %d trips | %.1f s | %.0f trips/s |\n", $1, $2 / 1000, $1 / $2 * 1000 }'
		echo "$paid10" | awk '{ printf "| payout run | %d wallets | %.2f s | %.0f wallets/s |\n", $2, $1 / 1000, $2 / $1 * 1000 }'
		echo "$paid100" | awk '{ printf "| payout run | %d wallets | %.2f s | %.0f wallets/s |\n", $2, $1 / 1000, $2 / $1 * 1000 }'
		cat tests/bench/where.md
		[ -z "$walls" ] || printf '\n%s\n' "$walls"
	} >docs/BENCH.md
}

start
if [ "${1:-}" = sign-ins ]; then
	compare_sign_ins
	write_sign_ins
	exit
fi
compare book1 book 4 1
compare book8 book 4 8
compare book64 book 4 64
compare one64 book 1 64
compare hot64 hot 1 64
compare read64 read 1 64
compare list64 list 1 64
compare_sign_ins
import=$(import_trips)
paid10=$(pay_wallets 10000 9110)
paid100=$(pay_wallets 100000 9111)
./socius laws >"$folder/laws.log" || { cat "$folder/laws.log" >&2; exit 1; }
write_report
say "wrote docs/BENCH.md"
