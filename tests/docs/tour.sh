#!/bin/sh
# Runs the README's tour and the guide, each on an instance of its own, as a newcomer would, and
# compares what comes with what is shown: in a ```console block a line that begins with `$ ` is a
# command, the others are its output, where … stands for anything.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
folder=build/test/tour
ctl=${SOCIUS_CTL:-build/socius-ctl}
blocks=$(mktemp)
trap './socius stop >/dev/null 2>&1; rm -f "$blocks"' EXIT

SOCIUS_VAR=$PWD/$folder
export SOCIUS_VAR

start_anew() {
	# shellcheck disable=SC2046 # the ports are words
	set -- $("$ctl" free-ports --count 2)
	SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2
	export SOCIUS_PORT SOCIUS_METRICS_PORT
	./socius stop >/dev/null 2>&1
	rm -rf "$folder"
	./socius run --detach >"$blocks" 2>&1 || {
		cat "$blocks"
		echo "0 passed, 1 failed"
		exit 1
	}
}

# As a pattern of case: … is anything, all else stands for itself.
pattern() {
	printf '%s' "$1" | sed 's/[][*?\\]/\\&/g; s/…/*/g'
}

check() {
	[ -n "$wanted" ] || return 0
	case $actual in
	$(pattern "$wanted")*) passed=$((passed + 1)) ;;
	*)
		failed=$((failed + 1))
		printf 'FAIL %s\nwanted: %s\ngot: %s\n' "$command" "$wanted" "$actual"
		;;
	esac
}

# tour DOCUMENT LEAST: runs it; fewer comparisons than LEAST are a fault of their own.
tour() {
	start_anew
	before=$((passed + failed))
	sed -n '/^```console$/,/^```$/p' "$1" | grep -v '^```' >"$blocks"
	command='' wanted='' actual=''
	# shellcheck disable=SC2094 # the file is only read
	while IFS= read -r line; do
		case $line in
		'$ '*)
			check
			command=$(printf '%s' "${line#\$ }" | sed "s/127\.0\.0\.1:8080/127.0.0.1:$SOCIUS_PORT/")
			wanted=''
			# an assignment is for this shell; what stands before its = is one word
			case ${command%%=*} in
			*[!a-z]*) actual=$(eval "$command" 2>&1 </dev/null | tr -d '\r') ;;
			*)
				eval "$command"
				actual=''
				;;
			esac
			;;
		*)
			[ -z "$wanted" ] || wanted="$wanted
"
			wanted=$wanted$line
			;;
		esac
	done <"$blocks"
	check
	[ $((passed + failed - before)) -ge "$2" ] || {
		failed=$((failed + 1))
		echo "FAIL $1 shows fewer than $2 commands with their output"
	}
}

tour README.md 9
tour docs/api/guide.md 32
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
