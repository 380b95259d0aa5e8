# shellcheck shell=sh disable=SC2154
# Not a test: what the tests of pages share, to be sourced. A browser by WebDriver (Debian's chromium
# and chromium-driver), and curl. Wants place, url and driver_port; sets session.

driver=''
session=''

# expect NAME WANTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: wanted "%s", got "%s"\n' "$1" "$2" "$3"
	fi
}

# get FORMAT PATH [WORDS OF CURL...]: what curl's --write-out says
get() {
	format=$1
	path=$2
	shift 2
	curl -sk --path-as-is -o /dev/null -w "$format" "$@" "$url$path"
}

header() {
	curl -sk -o /dev/null -D - "$url$2" | tr -d '\r' | sed -n "s/^$1: //Ip"
}

# wire METHOD PATH BODY: WebDriver
wire() {
	curl -s -m 60 -X "$1" "http://127.0.0.1:$driver_port$2" -H 'Content-Type: application/json' \
		${3:+-d "$3"}
}

# start_browser [MEMBERS]: further members of goog:chromeOptions
start_browser() {
	[ -n "$driver" ] || {
		chromedriver --port="$driver_port" >"$place/driver.log" 2>&1 &
		driver=$!
		curl -s -o /dev/null --retry 50 --retry-delay 1 --retry-connrefused \
			"http://127.0.0.1:$driver_port/status"
	}
	session=$(wire POST /session '{"capabilities":{"alwaysMatch":{"acceptInsecureCerts":true,
		"goog:loggingPrefs":{"browser":"ALL"},"goog:chromeOptions":{"args":["--headless=new",
		"--no-sandbox","--disable-gpu","--disable-dev-shm-usage","--window-size=1280,1400",
		"--user-data-dir='"$place"'/browser"]'"${1:-}"'}}}}' |
		sed -n 's/.*"sessionId":"\([^"]*\)".*/\1/p')
	expect "the browser starts" yes "${session:+yes}"
}

leave_browser() {
	[ -z "$session" ] || wire DELETE "/session/$session" >/dev/null
	session=''
}

end_browser() {
	leave_browser
	[ -z "$driver" ] || { kill "$driver" && wait "$driver"; } 2>/dev/null
}

visit() {
	wire POST "/session/$session/url" "{\"url\":\"$1\"}" >/dev/null
	wire POST "/session/$session/timeouts" '{"script":60000}' >/dev/null
}

# A file of JavaScript as a JSON string without its quotes.
script() {
	sed 's/\\/\\\\/g; s/"/\\"/g; s/	/ /g' "$1" | tr '\n' '~' | sed 's/~/\\n/g'
}

# run FILE [ARGUMENTS AS JSON]: what the script says
run() {
	wire POST "/session/$session/execute/async" \
		"{\"script\":\"$(script "$1")\",\"args\":[${2:-}]}"
}

# What the console holds.
console() {
	wire POST "/session/$session/se/log" '{"type":"browser"}'
}

# As at night, or by day: dark, light
light() {
	wire POST "/session/$session/goog/cdp/execute" '{"cmd":"Emulation.setEmulatedMedia",
		"params":{"features":[{"name":"prefers-color-scheme","value":"'"$1"'"}]}}' >/dev/null
}

picture() {
	wire GET "/session/$session/screenshot" | sed 's/.*"value":"//; s/".*//' | base64 -d >"$1"
}
