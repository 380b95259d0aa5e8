#!/bin/sh
# GET /oauth/authorize: headers; and in a browser what people do on it, by the keyboard alone on a
# screen of 360 px: they read who asks for what, sign in, allow or do not; the answer goes to the app,
# and to nobody who has not registered.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
ctl=${SOCIUS_CTL:-build/socius-ctl}
place=$(mktemp -d /tmp/socius-authorize.XXXXXX)
chmod 755 "$place"
json='Content-Type: application/json'
password='a courier rides at dusk'
verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
# shellcheck source=tests/docs/browser.sh
. tests/docs/browser.sh

finish() {
	trap - EXIT
	end_browser
	./socius stop >/dev/null 2>&1
	rm -rf "$place"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

member() {
	sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'
}

# sign_up EMAIL
sign_up() {
	asked=$(curl -s "$api/v1/accounts" -H "$json" \
		-d '{"email":"'"$1"'","password":"'"$password"'","name":"Ada Rossi"}' |
		member confirmation_id)
	code=''
	for _ in $(seq 100); do
		code=$(grep -lF "$1" "$SOCIUS_VAR"/mail/*.eml 2>/dev/null | head -n 1 |
			xargs -r sed -n 's/.*code is \([0-9]*\).*/\1/p')
		[ -z "$code" ] || break
		sleep 0.1
	done
	expect "$1 signs up" 201 "$(curl -s -o /dev/null -w '%{http_code}' \
		"$api/v1/accounts/confirmations" -H "$json" \
		-d '{"confirmation_id":"'"$asked"'","code":"'"$code"'"}')"
}

sign_in() {
	curl -s "$api/v1/auth/sessions" -H "$json" -d '{"email":"'"$1"'","password":"'"$password"'",
		"device_name":"curl","market_code":"demo"}' | member access_token
}

# enrol EMAIL: an authenticator, whose first code the browser reckons
enrol() {
	token=$(sign_in "$1")
	secret=$(curl -s "$api/v1/auth/totp" -H "Authorization: Bearer $token" -H "$json" \
		-d '{"password":"'"$password"'"}' | member secret)
	visit "$url/oauth/authorize"
	code=$(story totp '{"secret":"'"$secret"'","ahead":0}')
	expect "$1 enrols an authenticator" 201 "$(curl -s -o /dev/null -w '%{http_code}' \
		"$api/v1/auth/totp/confirmations" -H "Authorization: Bearer $token" -H "$json" \
		-d '{"code":"'"$code"'"}')"
}

# story WHAT [GIVEN AS JSON]
story() {
	run tests/docs/authorize_story.js "\"$1\",${2:-null}" | sed 's/^{"value":"\(.*\)"}$/\1/'
}

# keys TEXT: typed as it stands; ~ is the tabulator, ! is Enter
keys() {
	typed=$(printf '%s' "$1" | sed 's/./{"type":"keyDown","value":"&"},{"type":"keyUp","value":"&"},/g
		s/"~"/"\\uE004"/g; s/"!"/"\\uE007"/g; s/,$//')
	wire POST "/session/$session/actions" \
		'{"actions":[{"type":"key","id":"keyboard","actions":['"$typed"']}]}' >/dev/null
}

# ask [MORE OF THE QUERY]: the app sends the browser to us
ask() {
	visit "$url/oauth/authorize?response_type=code&client_id=$client&redirect_uri=$back\
&state=a%20b%26c&code_challenge=$challenge&code_challenge_method=${2:-S256}${1:-}"
}

# Where the browser is, once it has left our page.
answer() {
	for _ in $(seq 100); do
		at=$(wire GET "/session/$session/url" | member value)
		case $at in */oauth/authorize*) sleep 0.1 ;; *) break ;; esac
	done
	printf '%s' "$at"
}

shows_what_it_is() {
	for path in /oauth/authorize /oauth/authorize.js /oauth/authorize.css; do
		expect "$name: $path" 200 "$(get '%{http_code}' "$path?client_id=x")"
		expect "$name: $path: policy" "default-src 'none'; script-src 'self'; style-src 'self'; \
img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
form-action 'none'" "$(header Content-Security-Policy "$path")"
		expect "$name: $path: tells nobody" no-referrer "$(header Referrer-Policy "$path")"
	done
	expect "$name: nothing inline" 0 \
		"$(curl -sk "$url/oauth/authorize" | grep -cE '<script>|style=|onclick')"
	expect "$name: says who speaks" "\"issuer\":\"$issuer\"" \
		"$(curl -sk "$url/.well-known/oauth-authorization-server" | grep -o '"issuer":"[^"]*"')"
}

is_allowed() {
	ask '&scope=me.read%20bookings.read'
	expect "$name: asks" "ask sign-in" "$(story shows '"ask sign-in"')"
	expect "$name: who" "Shifts asks to use your account" \
		"$(wire GET "/session/$session/title" | member value)"
	expect "$name: what" 'see your bookings\nsee your name, your markets and what is due' \
		"$(story text '"permissions"')"
	expect "$name: signing in fits" "wide true, labelled true, high true" "$(story fits)"
	picture "build/test/authorize-$name-ask.png"
	keys "~$1~$password!"
	[ "$2" = known ] || {
		expect "$name: wants a market" market "$(story wants '"market"')"
		keys 'demo!'
	}
	expect "$name: signed in" "ask decide" "$(story shows '"ask decide"')"
	expect "$name: by name" Ada "$(story text '"who"' | cut -c 1-3)"
	expect "$name: deciding fits" "wide true, labelled true, high true" "$(story fits)"
	picture "build/test/authorize-$name-decide.png"
	keys '~!'
	at=$(answer)
	code=$(printf '%s' "$at" | sed -n 's/.*[?&]code=\([^&]*\).*/\1/p')
	expect "$name: the answer" "http://127.0.0.1:$SOCIUS_PORT/back?code=$code&state=a+b%26c&iss=\
$(printf '%s' "$issuer" | sed 's/:/%3A/g; s/\//%2F/g')" "$at"
	expect "$name: the app's tokens" '"scope":"me.read"' "$(curl -s "$api/v1/auth/tokens" \
		-d grant_type=authorization_code -d "code=$code" -d "client_id=$client" \
		-d "redirect_uri=http://127.0.0.1:$SOCIUS_PORT/back" -d "code_verifier=$verifier" |
		grep -o '"scope":"[^"]*"')"
	expect "$name: the page has signed out" 1 "$(curl -s "$api/v1/auth/sessions?limit=3" \
		-H "Authorization: Bearer $(sign_in "$1")" | grep -o '{[^{}]*decide about Shifts[^{}]*}' |
		head -n 1 | grep -c '"state":"ended","ended_by":"account"')"
}

is_not_allowed() {
	ask
	expect "$name: asks for all" "ask sign-in" "$(story shows '"ask sign-in"')"
	keys "~~~~!"
	expect "$name: not allowed" "http://127.0.0.1:$SOCIUS_PORT/back?error=access_denied\
&state=a+b%26c" "$(answer | sed 's/&iss=.*//')"
	ask '&scope=account'
	expect "$name: too much" "http://127.0.0.1:$SOCIUS_PORT/back?error=invalid_scope\
&state=a+b%26c" "$(answer | sed 's/&iss=.*//')"
	ask '' plain
	expect "$name: without S256" "http://127.0.0.1:$SOCIUS_PORT/back?error=invalid_request\
&state=a+b%26c" "$(answer | sed 's/&iss=.*//')"
}

# Whoever is not registered gets nobody sent.
goes_nowhere_else() {
	for query in "client_id=00000000-0000-7000-8000-000000000001&redirect_uri=$back" \
		"client_id=$client&redirect_uri=https%3A%2F%2Fevil.example%2F" \
		"client_id=$client&redirect_uri=javascript%3Aalert(1)" \
		"client_id=$client&client_id=$client&redirect_uri=$back" "client_id=x" ''; do
		visit "$url/oauth/authorize?response_type=code&$query"
		expect "$name: $query" fault "$(story shows '"fault"')"
		expect "$name: $query: stays" 1 \
			"$(wire GET "/session/$session/url" | grep -c "$url/oauth/authorize")"
	done
	expect "$name: at night it is dark" 'rgb(27, 27, 27)' "$(story paper)"
	picture "build/test/authorize-$name-fault.png"
}

wants_the_authenticator() {
	ask '&scope=me.read'
	expect "$name: asks again" "ask sign-in" "$(story shows '"ask sign-in"')"
	keys "~$1~wrong!"
	for _ in $(seq 100); do
		says=$(story text '"sign-in-says"')
		[ -z "$says" ] || break
	done
	expect "$name: a wrong password" "Address and password do not fit." "$says"
	# the focus is on the password still; what was typed is replaced
	wire POST "/session/$session/execute/sync" \
		'{"script":"document.getElementById(\"password\").select()","args":[]}' >/dev/null
	keys "$password!"
	expect "$name: wants a code" totp "$(story wants '"totp"')"
	keys "$(story totp '{"secret":"'"$secret"'","ahead":1}')!"
	expect "$name: signed in with it" "ask decide" "$(story shows '"ask decide"')"
	keys '~~!'
	expect "$name: and said no" "http://127.0.0.1:$SOCIUS_PORT/back?error=access_denied" \
		"$(answer | sed 's/&state=.*//')"
}

mkdir -p build/test
# shellcheck disable=SC2046 # the ports are words
set -- $("$ctl" free-ports --count 4)
SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2 SOCIUS_EDGE_PORT=$3 driver_port=$4
SOCIUS_VAR=$place/var
export SOCIUS_VAR SOCIUS_PORT SOCIUS_METRICS_PORT SOCIUS_EDGE_PORT
./socius run --detach --edge >"$place/said" 2>&1 || {
	cat "$place/said"
	echo "0 passed, 1 failed"
	exit 1
}
api=http://127.0.0.1:$SOCIUS_PORT issuer=https://127.0.0.1:$SOCIUS_EDGE_PORT
back=http%3A%2F%2F127.0.0.1%3A$SOCIUS_PORT%2Fback
client=$(curl -s "$api/v1/clients" -H "Authorization: Bearer $(./socius token --role admin)" \
	-H "Idempotency-Key: shifts" -H "$json" -d '{"name":"Shifts",
	"redirect_uris":"http://127.0.0.1/back","scope":"me.read bookings.read"}' | member client_id)
narrow=',"mobileEmulation":{"deviceMetrics":{"width":360,"height":740,"pixelRatio":1}}'
start_browser "$narrow"
sign_up ada@example.com
known=''
for name in directly edge; do
	url=$api
	[ "$name" = directly ] || url=$issuer
	shows_what_it_is
	is_allowed ada@example.com "$known"
	known=known
	light dark
	is_not_allowed
	goes_nowhere_else
done
name=authenticator url=$api
enrol ada@example.com
wants_the_authenticator ada@example.com
expect "the policy has stopped nothing" 0 "$(console | grep -c 'Content Security Policy')"
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
