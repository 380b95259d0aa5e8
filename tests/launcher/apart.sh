#!/bin/sh
# Who the processes of an instance are, and what each of them can reach: started by root every one is
# a user of its own, and none but the owner can become the database's superuser or read what is not
# for it. Started by anybody else they are one user. TESTS_PROGRAMS is the folder of the built
# programs.
set -u
cd "$(dirname "$0")/../.." || exit 2
# root alone can start an instance of several users
[ "$(id -u)" = 0 ] || exec sudo -n TESTS_PROGRAMS="${TESTS_PROGRAMS:-}" tests/launcher/apart.sh

passed=0
failed=0
programs=${TESTS_PROGRAMS:-build/sanitized}
place=$(mktemp -d /tmp/socius-apart.XXXXXX)
chmod 755 "$place"
said=$place/said
SOCIUS_VAR=$place/var
export SOCIUS_VAR
psql=${PG_BIN:-/usr/lib/postgresql/15/bin}/psql

finish() {
	trap - EXIT
	[ ! -e "$SOCIUS_VAR" ] || ./socius stop >/dev/null 2>&1
	rm -rf "$place"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# expect NAME WANTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: wanted "%s", got "%s"\n' "$1" "$2" "$3"
		[ ! -s "$said" ] || tail -n 5 "$said"
	fi
}

start() { # $name is what it is called
	# shellcheck disable=SC2046 # the ports are words
	set -- $("$programs/socius-ctl" free-ports --count 3)
	SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2 SOCIUS_EDGE_PORT=$3
	export SOCIUS_PORT SOCIUS_METRICS_PORT SOCIUS_EDGE_PORT
	code=0
	./socius run --detach --edge --programs "$programs" >"$said" 2>&1 || code=$?
	expect "$name: it starts" 0 "$code"
}

pid() {
	awk -v name="$1" '$1 == name { print $2 }' "$SOCIUS_VAR/run/services"
}

# All users of a process and of those that it has started.
users_of() {
	{
		echo "$1"
		awk -v parent="$1" '$1 == "PPid:" && $2 == parent { print FILENAME }' \
			/proc/[0-9]*/status 2>/dev/null | sed 's|/proc/\([0-9]*\)/.*|\1|'
	} | while read -r process; do
		stat -c %U "/proc/$process" 2>/dev/null
	done | sort -u | tr '\n' ' '
}

# What of the capabilities is left: effective, permitted and those that a program would get.
powers_of() {
	sed -n 's/^Cap\(Eff\|Prm\|Inh\|Amb\):\t0*//p' "/proc/$1/status" | tr '\n' ' '
}

# as USER COMMAND...: with the groups that the process of that user has
as() {
	user=$1
	shift
	groups=--groups=socius-data
	[ "$user" = socius-api ] || [ "$user" = socius-runner ] || groups=--clear-groups
	setpriv --reuid="$user" --regid="$(id -g "$user")" "$groups" --no-new-privs -- "$@"
}

# connects USER ROLE DATABASE
connects() {
	if as "$1" "$psql" -XqAt "host=$SOCIUS_VAR/run user=$2 dbname=$3" -c 'select 1' \
		>"$said" 2>&1; then
		echo yes
	else
		echo no
	fi
}

# Which of the files a user can read, and of the folders list.
reads() {
	user=$1
	shift
	for file in "$@"; do
		if as "$user" test -r "$SOCIUS_VAR/$file"; then
			printf '%s ' "$file"
		fi
	done
}

is_a_user_each() {
	expect "the supervisor" "socius " "$(stat -c '%U ' "/proc/$(pid supervisor)")"
	expect "PostgreSQL" "socius " "$(users_of "$(pid postgresql)")"
	expect "the API" "socius-api " "$(users_of "$(pid api)")"
	expect "the runner" "socius-runner " "$(users_of "$(pid runner)")"
	expect "the edge" "socius-edge " "$(users_of "$(pid edge)")"
	for service in postgresql api runner edge; do
		expect "$service has no capability" "    " "$(powers_of "$(pid $service)")"
	done
}

has_one_role_each() {
	for user in socius-api socius-runner socius-edge; do
		for database in socius socius_keys postgres template1; do
			for role in postgres socius_law socius_gate socius_runner; do
				wanted=no
				case "$user $role $database" in
				"socius-api socius_gate socius"*) wanted=yes ;;
				"socius-runner socius_runner socius"*) wanted=yes ;;
				esac
				expect "$user as $role in $database" $wanted \
					"$(connects "$user" "$role" "$database")"
			done
		done
	done
	expect "socius, whose all is, as postgres" yes "$(connects socius postgres socius)"
	for database in socius socius_keys; do
		as socius-api "$psql" -XqAt "host=$SOCIUS_VAR/run user=socius_gate dbname=$database" \
			-c 'create temporary table pg_class (x int)' >"$said" 2>&1
		expect "temporary objects in $database" 1 \
			"$(grep -c 'permission denied to create temporary tables' "$said")"
	done
}

reads_what_is_for_it() {
	token=keys/$(basename "$(find "$SOCIUS_VAR/keys" -name '*.key')")
	set -- "$token" keys/cursor.secret keys/vault.secret keys/kek-0001.secret edge/key.pem \
		conf/kore.conf conf/nginx.conf conf/pg_hba.conf pg pg/PG_VERSION spool mail log \
		log/api.log log/postgresql.log run
	secrets="keys/cursor.secret keys/vault.secret keys/kek-0001.secret"
	expect "the API reads" "$token $secrets conf/kore.conf spool " "$(reads socius-api "$@")"
	expect "the runner reads" "keys/kek-0001.secret mail " "$(reads socius-runner "$@")"
	expect "the edge reads" "edge/key.pem conf/nginx.conf " "$(reads socius-edge "$@")"
	expect "a stranger reads" "" "$(reads nobody "$@")"
	expect "nobody writes the programs" "" "$(for user in socius-api socius-runner socius-edge; do
		as $user find "$SOCIUS_VAR/bin" -writable 2>/dev/null
	done)"
}

token_status() {
	curl -s -o /dev/null -m 5 -w '%{http_code}' -H "Authorization: Bearer $(./socius token \
		--role operator --market demo)" "http://127.0.0.1:$SOCIUS_PORT/v1/programmes"
}

shares_new_keys() {
	./socius keys rotate >"$said" 2>&1
	expect "a new key is the API's to read" "socius-api 640" \
		"$(stat -c '%G %a' "$SOCIUS_VAR/keys/$(cat "$said").key")"
	expect "it signs" 200 "$(token_status)"
	./socius rotate-kek >"$said" 2>&1
	expect "a new key-encryption key" "socius-data 640" \
		"$(stat -c '%G %a' "$SOCIUS_VAR/keys/kek-0002.secret")"
}

# As systemd starts the launcher, with capabilities that PostgreSQL's user must not get: what lies in
# the folder is that user's to replace.
lends_no_powers() {
	./socius stop >"$said" 2>&1
	mv "$SOCIUS_VAR/bin/socius-ctl" "$place/kept"
	printf '#!/bin/sh\nsed -n "s/^CapAmb:.//p" /proc/self/status\n' >"$SOCIUS_VAR/bin/socius-ctl"
	chmod 755 "$SOCIUS_VAR/bin/socius-ctl"
	expect "what is in the folder has no capabilities" 0000000000000000 "$(setpriv --reuid=socius \
		--regid=socius --clear-groups --inh-caps=-all,+setuid --ambient-caps=-all,+setuid \
		-- ./socius status)"
	mv "$place/kept" "$SOCIUS_VAR/bin/socius-ctl"
}

# As the first releases made it: all by one user, its owner. It goes on as several, and back.
start_as_owner() {
	(cd "$SOCIUS_VAR" && setpriv --reuid=socius --regid=socius --clear-groups --no-new-privs -- \
		bin/socius-ctl supervise --detach --edge) >"$said" 2>&1
	expect "as one user: it starts" 0 $?
	for service in api runner edge; do
		expect "as one user: $service" "socius " "$(users_of "$(pid $service)")"
	done
	expect "as one user: it signs" 200 "$(token_status)"
	./socius stop >"$said" 2>&1
}

takes_over_an_older_one() {
	./socius stop >"$said" 2>&1
	start_as_owner
	rm -rf "$SOCIUS_VAR/run" "$SOCIUS_VAR/mail"
	chown -R socius: "$SOCIUS_VAR"
	find "$SOCIUS_VAR/keys" "$SOCIUS_VAR/edge" "$SOCIUS_VAR/spool" "$SOCIUS_VAR/log" \
		"$SOCIUS_VAR/conf" -exec chmod go-rwx {} +
	chmod 750 "$SOCIUS_VAR"
	start_as_owner
	name="several again"
	start
	expect "several again: the API" "socius-api " "$(users_of "$(pid api)")"
	expect "several again: it signs" 200 "$(token_status)"
}

# An ordinary user has one identity to give.
is_one_user() {
	for service in supervisor postgresql api runner edge; do
		expect "$service" "$(id -un) " "$(users_of "$(pid $service)")"
	done
}

name="first start"
start
if [ "$(id -u)" != 0 ]; then
	is_one_user
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
fi
is_a_user_each
has_one_role_each
reads_what_is_for_it
shares_new_keys
takes_over_an_older_one
lends_no_powers
./socius stop >"$said" 2>&1
expect "it stops" 0 $?
expect "nothing is left" 0 "$(pgrep -c -u socius-api,socius-runner,socius-edge -f "$place")"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
