#!/bin/sh
# GET /docs: headers, media types and what is not found, directly and through the edge; and in a
# browser the page itself: it shows the API, a request tried out with a token is answered, and the
# content security policy stops nothing.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
ctl=${SOCIUS_CTL:-build/socius-ctl}
place=$(mktemp -d /tmp/socius-page.XXXXXX)
chmod 755 "$place"
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

shows_what_it_is() {
	expect "$name: the page" "200 text/html; charset=utf-8" \
		"$(get '%{http_code} %{content_type}' /docs)"
	expect "$name: with a slash" 200 "$(get '%{http_code}' /docs/)"
	expect "$name: our script" "200 text/javascript; charset=utf-8" \
		"$(get '%{http_code} %{content_type}' /docs/page.js)"
	expect "$name: our style" "200 text/css; charset=utf-8" \
		"$(get '%{http_code} %{content_type}' /docs/page.css)"
	for path in /docs /docs/page.js; do
		expect "$name: $path: policy" "default-src 'none'; script-src 'self'; style-src 'self'; \
img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
form-action 'none'" "$(header Content-Security-Policy "$path")"
		expect "$name: $path: no guessing" nosniff "$(header X-Content-Type-Options "$path")"
		expect "$name: $path: caches ask" no-cache "$(header Cache-Control "$path")"
		tag=$(header ETag "$path")
		expect "$name: $path: not modified" "304 0" \
			"$(get '%{http_code} %{size_download}' "$path" -H "If-None-Match: $tag")"
		expect "$name: $path: modified" 200 \
			"$(get '%{http_code}' "$path" -H 'If-None-Match: "another"')"
		expect "$name: $path: head" "200 0" "$(get '%{http_code} %{size_download}' "$path" --head)"
	done
	expect "$name: nothing inline" 0 "$(curl -sk "$url/docs" | grep -cE '<script>|style=|onclick')"
	expect "$name: post" 405 "$(get '%{http_code}' /docs -X POST)"
}

finds_nothing_else() {
	for path in /docs/../healthz /docs/%2e%2e/healthz /docs/..%2fconf%2fkore.conf /docs/package.json \
		/docs/missing.html /docs/index.html /docs// /docs/. /docsx /docs/page.js/; do
		expect "$name: $path" "404 application/problem+json" \
			"$(get '%{http_code} %{content_type}' "$path")"
	done
}

is_used() {
	token=$(./socius token --role operator --market demo)
	visit "$url/docs"
	expect "$name: authorized and tried out" \
		'{"value":"status 200, body true"}' \
		"$(run tests/docs/page_story.js "\"$token\"")"
	expect "$name: the console is empty" '{"value":[]}' "$(console)"
	picture "build/test/page-$name.png"
}

# A clone whose build had no npm that works.
says_how_to_get_it() {
	mkdir -p "$place/clone/build/programs" "$place/broken"
	git ls-files -z | tar --null -T - -cf - | tar -C "$place/clone" -xf -
	cp build/socius.so build/socius-run build/socius-ctl "$place/clone/build/programs/"
	printf '#!/bin/sh\nexit 1\n' >"$place/broken/npm"
	chmod +x "$place/broken/npm"
	PATH=$place/broken:$PATH make -s -C "$place/clone" build/docs/swagger-ui-bundle.js \
		>"$place/said" 2>&1
	expect "without npm: the build goes on" 0 $?
	expect "without npm: and says so" 1 "$(grep -c 'npm cannot install swagger-ui' "$place/said")"
	./socius stop >/dev/null 2>&1
	"$place/clone/socius" run --detach --programs build/programs >"$place/said" 2>&1
	expect "without npm: it starts" 0 $?
	name='without npm' url=http://127.0.0.1:$SOCIUS_PORT
	expect "without npm: the page says how to get it" 1 \
		"$(curl -s "$url/docs" | grep -c 'apt-get install npm')"
	expect "without npm: no bundle" 404 "$(get '%{http_code}' /docs/swagger-ui-bundle.js)"
	shows_what_it_is
}

start_instance() {
	./socius run --detach --edge >"$place/said" 2>&1 || {
		cat "$place/said"
		echo "0 passed, 1 failed"
		exit 1
	}
}

mkdir -p build/test
# shellcheck disable=SC2046 # the ports are words
set -- $("$ctl" free-ports --count 4)
SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2 SOCIUS_EDGE_PORT=$3 driver_port=$4
SOCIUS_VAR=$place/var
export SOCIUS_VAR SOCIUS_PORT SOCIUS_METRICS_PORT SOCIUS_EDGE_PORT
start_instance
expect "run says where it is" 1 "$(grep -c "http://127.0.0.1:$SOCIUS_PORT/docs" "$place/said")"
expect "npm has brought swagger-ui" yes "$([ -e build/docs/swagger-ui-bundle.js ] && echo yes)"
start_browser
for name in directly edge; do
	url=http://127.0.0.1:$SOCIUS_PORT
	[ "$name" = directly ] || url=https://127.0.0.1:$SOCIUS_EDGE_PORT
	shows_what_it_is
	finds_nothing_else
	is_used
done
says_how_to_get_it
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
