#!/bin/sh
# The committed documents of the API are those that tables and catalog make, and the OpenAPI
# document lints without an error.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

if ! "$SOCIUS_CTL" document --to "$fresh" --conninfo "$(./socius conninfo)"; then
	echo "0 passed, 1 failed"
	exit 1
fi
for name in openapi.json problems.md roles.md; do
	if cmp -s "$fresh/$name" "docs/api/$name"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL docs/api/$name is not current: make docs"
		diff "$fresh/$name" "docs/api/$name" | cut -c1-200 | head -20
	fi
done
cp tests/docs/package.json tests/docs/package-lock.json "$fresh"
if npm ci --prefix "$fresh" --ignore-scripts --no-audit --no-fund >"$fresh/lint.log" 2>&1 &&
	"$fresh/node_modules/.bin/redocly" lint "$fresh/openapi.json" >>"$fresh/lint.log" 2>&1; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	echo "FAIL docs/api/openapi.json does not lint:"
	head -60 "$fresh/lint.log"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
