#!/bin/sh
# The house itself: sizes, includes, banned words, formatting, and that tables and tests are in step.
# Each check prints what it found; the last line is `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0

# check NAME FINDINGS: passes when there are none.
check() {
	if [ -z "$2" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s\n%s\n' "$1" "$2" | head -20
	fi
}

tracked() {
	git ls-files --cached --others --exclude-standard -- "$@"
}

files_are_under_500_lines() {
	tracked '*.c' '*.h' '*.sql' '*.sh' Makefile socius | while read -r file; do
		[ -f "$file" ] || continue
		lines=$(wc -l <"$file")
		[ "$lines" -le 500 ] || echo "$file: $lines lines"
	done
}

# Data tables (problems, endpoints) are no functions and may be long.
functions_are_under_60_lines() {
	command -v ctags >/dev/null || { echo "ctags is missing"; return; }
	tracked 'src/*.c' 'app/*.c' | xargs ctags -x --_xformat='%F %N %n %e' --kinds-C=f \
		--fields=+ne 2>/dev/null |
		awk '$4 - $3 > 60 { print $1 ": " $2 " has " $4 - $3 " lines" }'
}

files_open_with_a_comment() {
	tracked 'src/*.[ch]' 'app/*.[ch]' 'include/*.h' 'tests/*.[ch]' | while read -r file; do
		[ -f "$file" ] || continue
		[ "$(head -c 2 "$file")" = "/*" ] || echo "$file"
	done
	tracked 'sql/*.sql' | while read -r file; do
		[ -f "$file" ] || continue
		[ "$(head -c 2 "$file")" = "--" ] || echo "$file"
	done
}

headers_compile_alone() {
	tracked 'include/*.h' 'src/*.h' | grep -v '^src/gate' | while read -r file; do
		cc -std=gnu11 -fsyntax-only -Iinclude -Isrc -I/usr/include/postgresql \
			-include include/socius/banned.h -x c "$file" 2>&1 | head -3
	done
}

kore_is_known_to_the_gate_alone() {
	tracked 'src/*.[ch]' 'app/*.[ch]' 'include/*.h' | xargs grep -nE '#include *[<"]kore/' |
		grep -vE '^(src/gate[a-z_]*\.[ch]|app/serve\.c):'
}

the_engine_knows_no_room() {
	tracked 'src/*.[ch]' 'include/*.h' | xargs grep -nE '#include "(problems|rooms|scopes)\.h"'
}

# and those of the rules that stand beside them
rooms_include_the_endpoint_header_alone() {
	tracked 'app/*/endpoints.c' | while read -r file; do
		grep -HnE '^#include' "$file" |
			grep -vE '#include "(fields\.h|rooms\.h|scopes\.h|socius/endpoint\.h|[a-z]+/thoughts\.h)"' |
			while IFS='"' read -r place header rest; do
				[ -f "$(dirname "$file")/$header" ] || echo "$place$header$rest"
			done
	done
}

sql_of_requests_has_no_clock_or_chance() {
	tracked 'sql/api/*.sql' 'sql/jobs/*.sql' |
		xargs grep -nE '\b(now|random|gen_random_uuid|clock_timestamp|statement_timestamp)\('
}

lists_have_no_offset() {
	tracked 'sql/*.sql' | xargs grep -niE '\boffset [0-9p]'
}

notes_name_their_issue() {
	tracked '*.c' '*.h' '*.sql' '*.sh' '*.md' Makefile socius | grep -v '^tests/tidy/' |
		xargs grep -nE '\b(TODO|FIXME|XXX|HACK)\b' | grep -vE 'issue [0-9]+'
}

no_path_of_a_machine() {
	tracked '*.c' '*.h' '*.sql' '*.md' '*.json' Makefile | grep -v '^tests/tidy/' |
		xargs grep -nE '/(home|root|work)/[a-z]'
}

tests_do_not_sleep() {
	tracked 'tests/unit/*' 'tests/sql/*' 'tests/api/*' 'tests/support/*.[ch]' |
		xargs grep -nE '\b(sleep|usleep|nanosleep)\b *\('
}

# What a test needs is installed by ./socius test; where it is not there, the test fails.
no_script_skips() {
	tracked 'tests/*.sh' tests/run tests/battery | grep -v '^tests/tidy/' |
		xargs grep -nE 'SKIPPED|command -v .* (\|\||&&) (exit|return|continue)'
}

# A refusal that no test meets is a promise that nobody has seen.
every_refusal_is_met_by_a_test() {
	grep -hoE '^	\{ "[a-z0-9_]+"' app/problems.c | tr -d '	{ "' | sort -u |
		while read -r slug; do
			grep -rqw -- "$slug" tests/unit tests/sql tests/api || echo "$slug"
		done
}

every_law_is_met_by_a_test() {
	grep -hoE 'view laws\.[a-z0-9_]+' sql/laws/*.sql 2>/dev/null | sed 's/view laws\.//' |
		grep -v '_examined$' | sort -u | while read -r law; do
		grep -rqw -- "$law" tests/sql || echo "$law"
	done
}

every_law_says_how_many_rows_it_examined() {
	grep -hoE 'view laws\.[a-z0-9_]+' sql/laws/*.sql 2>/dev/null | sed 's/view laws\.//' |
		grep -v '_examined$' | sort -u | while read -r law; do
		grep -qE "view laws\.${law}_examined" sql/laws/*.sql || echo "$law"
	done
}

every_setting_is_documented() {
	grep -hoE '\bSOCIUS_[A-Z_]+' socius conf/*.sh src/*.c app/*.c app/*/*.c 2>/dev/null |
		grep -vE '_$|_(H|MAX)$|^SOCIUS_(WORLD|KORE|TEST_ROOM)$' | sort -u | while read -r name; do
		grep -qw "$name" conf/socius.env || echo "$name is not in conf/socius.env"
		grep -qw "$name" docs/OPERATING.md || echo "$name is not in docs/OPERATING.md"
	done
}

code_is_formatted() {
	command -v clang-format >/dev/null || { echo "clang-format is missing"; return; }
	tracked '*.c' '*.h' | xargs clang-format --dry-run 2>&1 | grep -oE '^[^:]+:[0-9]+' | head
}

scripts_pass_shellcheck() {
	command -v shellcheck >/dev/null || { echo "shellcheck is missing"; return; }
	tracked socius '*.sh' | xargs shellcheck -S warning -f gcc
}

for name in files_are_under_500_lines functions_are_under_60_lines files_open_with_a_comment \
	headers_compile_alone kore_is_known_to_the_gate_alone the_engine_knows_no_room \
	rooms_include_the_endpoint_header_alone sql_of_requests_has_no_clock_or_chance \
	lists_have_no_offset notes_name_their_issue no_path_of_a_machine tests_do_not_sleep \
	every_refusal_is_met_by_a_test every_law_is_met_by_a_test \
	every_law_says_how_many_rows_it_examined every_setting_is_documented code_is_formatted \
	no_script_skips scripts_pass_shellcheck; do
	check "$name" "$($name)"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
