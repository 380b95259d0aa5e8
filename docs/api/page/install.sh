#!/bin/sh
# Brings swagger-ui for GET /docs into a folder, by npm: docs/api/page/install.sh FOLDER. Never fails:
# where npm is missing or cannot install, it says so in one line, and the next build tries again.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
mkdir -p "$1/npm"
folder=$(CDPATH='' cd -- "$1" && pwd -P)

without() {
	echo "socius: $1: GET /docs will say how to get its page" >&2
	exit 0
}

command -v npm >/dev/null || without "npm is missing"
cp "$here/package.json" "$here/package-lock.json" "$folder/npm/"
# no script of a package is run
npm ci --prefix "$folder/npm" --ignore-scripts --no-audit --no-fund --fetch-retries 1 \
	--fetch-timeout 20000 >"$folder/npm.log" 2>&1 ||
	without "npm cannot install swagger-ui (see $folder/npm.log)"
got=$folder/npm/node_modules/swagger-ui-dist
# the bundle comes last, and whole: it tells that all are there
cp "$got/swagger-ui.css" "$got/favicon-32x32.png" "$folder/" &&
	cp "$got/swagger-ui-bundle.js" "$folder/bundle.part" &&
	mv "$folder/bundle.part" "$folder/swagger-ui-bundle.js" ||
	without "swagger-ui cannot be copied"
