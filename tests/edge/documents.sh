#!/bin/sh
# The document and the pages: compressed, known again by their tags, and kept to themselves by
# browsers; straight from the API and through its edge. And the edge's own certificate.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
heads=$(mktemp /tmp/socius-heads.XXXXXX)
body=$(mktemp /tmp/socius-body.XXXXXX)

# expect NAME WANTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $1: wanted \"$2\", got \"$3\""
	fi
}

[ -n "${SOCIUS_EDGE_URL:-}" ] || {
	echo "0 passed, 0 failed"
	exit
}

# get PATH [WORDS OF CURL...]: the status; the head is in $heads, the body, as sent, in $body
get() {
	path=$1
	shift
	: >"$body"
	curl -sk -m 30 -D "$heads" -o "$body" -w '%{http_code}' "$@" "$url$path"
}

header() {
	tr -d '\r' <"$heads" | sed -n "s/^$1: //Ip"
}

# is_small PATH MOST: compressed, no larger than so many bytes, and the same when it is unpacked
is_small() {
	expect "$url$1: status" 200 "$(get "$1")"
	tag=$(header ETag)
	plain=$(sha256sum <"$body")
	expect "$url$1: is not compressed unasked" "" "$(header Content-Encoding)"
	expect "$url$1: depends on what is asked" Accept-Encoding "$(header Vary)"
	expect "$url$1: compressed" 200 "$(get "$1" -H 'Accept-Encoding: br;q=1.0, gzip;q=0.8')"
	expect "$url$1: says so" gzip "$(header Content-Encoding)"
	expect "$url$1: is small" yes "$([ "$(wc -c <"$body")" -le "$2" ] && echo yes)"
	expect "$url$1: is the same" "$plain" "$(gzip -dc <"$body" | sha256sum)"
	zipped=$(header ETag)
	expect "$url$1: has a tag of its own" yes "$([ "$tag" != "$zipped" ] && echo yes)"
	expect "$url$1: is known again" "304 0" \
		"$(get "$1" -H 'Accept-Encoding: gzip' -H "If-None-Match: $zipped") $(wc -c <"$body")"
	expect "$url$1: its tag again" "$zipped" "$(header ETag)"
	expect "$url$1: is known again as it is" 304 "$(get "$1" -H "If-None-Match: $tag")"
	expect "$url$1: is not taken for the other" 200 "$(get "$1" -H "If-None-Match: $zipped")"
	expect "$url$1: caches ask" no-cache "$(header Cache-Control)"
	for refused in 'gzip;q=0' 'gzip; q=0.000, *' 'identity' 'deflate, *;q=0'; do
		expect "$url$1: $refused" "200 " \
			"$(get "$1" -H "Accept-Encoding: $refused") $(header Content-Encoding)"
	done
}

for url in "$SOCIUS_URL" "$SOCIUS_EDGE_URL"; do
	is_small /openapi.json 100000
	is_small /docs/swagger-ui-bundle.js 700000
	get /docs/favicon-32x32.png -H 'Accept-Encoding: gzip' >/dev/null
	expect "$url: what is small already stays" "" "$(header Content-Encoding)"
	for page in /docs /oauth/authorize; do
		get "$page" >/dev/null
		expect "$url$page: alone in its window" same-origin "$(header Cross-Origin-Opener-Policy)"
		expect "$url$page: not for others" same-origin "$(header Cross-Origin-Resource-Policy)"
	done
	get /v1/nothing >/dev/null
	expect "$url: replies are not for others" same-origin "$(header Cross-Origin-Resource-Policy)"
done
# what the edge says by itself
expect "the edge's own problems" 501 "$(get /docs -X TRACE)"
expect "the edge's own problems are not for others" same-origin "$(header Cross-Origin-Resource-Policy)"

certificate=$SOCIUS_VAR/edge/certificate.pem
expect "the edge's certificate is no authority's" 1 \
	"$(openssl x509 -in "$certificate" -noout -ext basicConstraints | grep -c 'CA:FALSE')"
expect "the edge's certificate is a server's" 1 \
	"$(openssl x509 -in "$certificate" -noout -ext extendedKeyUsage | grep -c 'Server Authentication')"
expect "who trusts it reaches the edge" 200 "$(curl -s -o /dev/null -w '%{http_code}' \
	--cacert "$certificate" "https://localhost:${SOCIUS_EDGE_URL##*:}/healthz")"

rm -f "$heads" "$body"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
