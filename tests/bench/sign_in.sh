# Sign-ins, and what they do to other calls; read by tests/bench/bench.sh, whose functions it uses.
# shellcheck shell=sh disable=SC2154 # folder, out, url, seconds, rounds are its settings

phones=8 # accounts, each with a phone that has signed in before

field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

post() {
	curl -sS -X POST "$url$1" -H "Content-Type: application/json" -d "$2"
}

# The code of the letter to an address; the runner writes it.
code_for() {
	until letter=$(grep -l "^To: .*$1" "$SOCIUS_VAR"/mail/*.eml 2>/dev/null); do :; done
	sed '1,/^$/d' "$letter" | grep -o '[0-9]\{8\}' | head -n 1
}

# A line of JSON for each phone: what it signs in with.
make_phones() {
	: >"$folder/phones"
	phone=0
	while [ $phone -lt $phones ]; do
		email=bench$phone@example.com
		confirmation=$(post /v1/accounts "{\"email\":\"$email\",
			\"password\":\"a courier rides at dusk\",\"name\":\"Bench\"}" | field confirmation_id)
		post /v1/accounts/confirmations "{\"confirmation_id\":\"$confirmation\",
			\"code\":\"$(code_for $email)\"}" >/dev/null
		body="{\"email\":\"$email\",\"password\":\"a courier rides at dusk\",
			\"device_name\":\"phone\",\"market_code\":\"demo\"}"
		secret=$(post /v1/auth/sessions "$body" | field device_secret)
		[ -n "$secret" ] || { say "phone $phone cannot sign in"; exit 1; }
		printf '%s,"device_secret":"%s"}\n' "$(echo "${body%\}}" | tr -d '\n\t')" "$secret" \
			>>"$folder/phones"
		phone=$((phone + 1))
	done
}

# sign_in NAME CONNECTIONS SECONDS: appends "rate p50_ms p99_ms failed"
sign_in() {
	wrk -t1 -c"$2" -d"${3}s" --latency -s tests/bench/sign_in.lua "$url" -- "$folder/phones" |
		sed -n 's/^RESULT //p' >>"$out/$1.signin"
}

# The same reads without sign-ins, beside one at a time and beside four, in turn.
compare_sign_ins() {
	say "sign-ins: $rounds rounds of $seconds s, alone and beside reads"
	make_phones
	round=0
	while [ $round -lt "$rounds" ]; do
		sign_in alone1 1 "$seconds"
		sign_in alone4 4 "$seconds"
		over_http beside0 read 1 16 1
		for at_once in 1 4; do
			sign_in beside$at_once $at_once $((seconds + 1)) &
			beside=$!
			over_http beside$at_once read 1 16 1
			wait $beside
		done
		round=$((round + 1))
	done
}

# sign_in_row TITLE ALONE BESIDE
sign_in_row() {
	printf '| %s | %s | %s / %s | %s | %s | %s / %s | %s |\n' "$1" \
		"$(column "$out/$2.signin" 1 | median)" "$(column "$out/$2.signin" 2 | median)" \
		"$(column "$out/$2.signin" 3 | median)" "$(column "$out/$3.signin" 1 | median)" \
		"$(column "$out/$3.http" 1 | median)" "$(column "$out/$3.http" 2 | median)" \
		"$(column "$out/$3.http" 3 | median)" \
		"$(cat "$out/$2.signin" "$out/$3.signin" | awk '{ s += $4 } END { print s }')"
}

write_sign_ins() {
	echo
	echo "| sign-ins | alone a second | p50 / p99 ms | beside reads a second | reads a second, 16 connections | their p50 / p99 ms | failed |"
	echo "|---|---|---|---|---|---|---|"
	printf '| none | - | - | - | %s | %s / %s | %s |\n' \
		"$(column "$out/beside0.http" 1 | median)" "$(column "$out/beside0.http" 2 | median)" \
		"$(column "$out/beside0.http" 3 | median)" \
		"$(column "$out/beside0.http" 5 | awk '{ s += $1 } END { print s }')"
	sign_in_row "one at a time" alone1 beside1
	sign_in_row "four at once" alone4 beside4
}
