#!/bin/sh
# Throws bytes at what reads strangers' bytes, by libFuzzer under ASan and UBSan: from the seeds in
# tests/fuzz/corpus/ and what earlier runs on this machine have found (build/fuzz/corpus/).
# FUZZ_SECONDS for each target (10); an input that breaks one is kept in build/fuzz/found/.
set -u
cd "$(dirname "$0")/../.." || exit 2

seconds=${FUZZ_SECONDS:-10}
out=build/fuzz
targets=''
passed=0
failed=0
mkdir -p "$out/found"
for source in tests/fuzz/*.c; do
	! grep -q '^LLVMFuzzerTestOneInput' "$source" || targets="$targets $(basename "$source" .c)"
done

# fuzz TARGET: its exit code
fuzz() {
	mkdir -p "$out/corpus/$1"
	"$out/tests/fuzz/$1" -max_total_time="$seconds" -max_len=4096 -timeout=5 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$out/found/$1-" "$out/corpus/$1" \
		"tests/fuzz/corpus/$1" >"$out/$1.log" 2>&1
}

number() {
	sed -n "s/.*$1 *\([0-9]*\).*/\1/p" "$out/$2.log" | tail -n 1
}

make -s --no-print-directory -j"$(nproc)" FUZZ=1 fuzzers || {
	echo "0 passed, 1 failed"
	exit 1
}
echo "| target | seconds | inputs tried | a second | branches met | corpus |"
echo "|---|---|---|---|---|---|"
for target in $targets; do
	if fuzz "$target"; then
		passed=$((passed + 1))
		printf '| %s | %s | %s | %s | %s | %s |\n' "$target" "$seconds" \
			"$(number stat::number_of_executed_units: "$target")" \
			"$(number stat::average_exec_per_sec: "$target")" \
			"$(number 'DONE *cov:' "$target")" "$(number 'corp:' "$target")"
	else
		failed=$((failed + 1))
		tail -n 40 "$out/$target.log"
		echo "FAIL $target: see $out/found"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
