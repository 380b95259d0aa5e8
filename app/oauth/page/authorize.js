/* authorize.js: says who asks for what, signs the account in, and sends its answer back.
 *
 * Who is signed in is known to this page alone, as long as it is open: it keeps no cookie and stores
 * nothing, and its session ends with the answer or with the page. */
"use strict";

const names = ["response_type", "client_id", "redirect_uri", "scope", "code_challenge",
	"code_challenge_method"];
const asked = new URLSearchParams(window.location.search);
const part = (id) => document.getElementById(id);

let request = null; /* as the API has read it */
let session = null; /* of this page */

async function call(method, path, body, token) {
	const headers = {};

	if (body !== undefined)
		headers["Content-Type"] = "application/json";
	if (token !== undefined)
		headers.Authorization = "Bearer " + token;
	const reply = await fetch(path, { method, headers, body: JSON.stringify(body),
		keepalive: true, credentials: "omit", cache: "no-store" });
	const text = await reply.text();

	return { ok: reply.ok, retry: reply.headers.get("Retry-After"),
		json: text === "" ? null : JSON.parse(text) };
}

function show(...ids) {
	for (const id of ["waits", "fault", "ask", "sign-in", "decide", "done"])
		part(id).hidden = !ids.includes(id);
}

/* What cannot go back to the app, because nobody knows where it is, is said here. */
function fail(says) {
	part("fault-says").textContent = says;
	show("fault");
	part("fault").querySelector("h1").focus();
}

const says_of = {
	client_unknown: "The link comes from an app that is not registered here.",
	redirect_uri_wrong: "The app wants the answer to go where it has not registered.",
	invalid_fields: "The link is incomplete or damaged.",
};

function end_session() {
	const ended = session;

	session = null;
	return ended === null ? Promise.resolve()
		: call("POST", "/v1/auth/revoke", { token: ended.refresh_token }).catch(() => {});
}

/* RFC 6749 section 4.1.2, RFC 9207. The address is one that the app has registered. */
async function answer(says, members) {
	const query = new URLSearchParams(members);
	const where = request.redirect_uri;

	if (asked.has("state"))
		query.set("state", asked.get("state"));
	query.set("iss", request.iss);
	await end_session();
	part("done-says").textContent = says;
	part("back").href = where + (where.includes("?") ? "&" : "?") + query;
	show("done");
	part("done-says").focus();
	window.location.replace(part("back").href);
}

function say_why(id, reply) {
	const wait = reply.json.code === "sign_in_delayed" && reply.retry !== null
		? " Wait " + reply.retry + " seconds." : "";

	part(id).textContent = reply.json.title + wait;
}

function want(id) {
	part(id + "-field").hidden = false;
	part(id).required = true;
	part(id).focus();
}

async function sign_in(event) {
	const body = { email: part("email").value, password: part("password").value,
		device_name: ("A browser, to decide about " + request.client_name).slice(0, 100) };

	event.preventDefault();
	if (part("totp").value !== "")
		body.totp = part("totp").value;
	if (part("market").value !== "")
		body.market_code = part("market").value;
	part("sign-in-go").disabled = true;
	part("sign-in-says").textContent = "";
	const reply = await call("POST", "/v1/auth/sessions", body);

	part("sign-in-go").disabled = false;
	if (!reply.ok) {
		say_why("sign-in-says", reply);
		part("totp").value = "";
		if (reply.json.code.startsWith("totp_"))
			want("totp");
		else if (reply.json.code.startsWith("market_"))
			want("market");
		return;
	}
	session = reply.json;
	part("password").value = "";
	const me = (await call("GET", "/v1/me", undefined, session.access_token)).json;

	part("who").textContent = me.name;
	part("where").textContent = me.market.name;
	show("ask", "decide");
	part("decide").querySelector("h2").focus();
}

async function allow() {
	const body = { client_id: request.client_id, redirect_uri: request.redirect_uri,
		scope: request.permissions.map((permission) => permission.scope).join(" "),
		code_challenge: asked.get("code_challenge"),
		code_challenge_method: asked.get("code_challenge_method") };

	part("allow").disabled = true;
	part("decide-says").textContent = "";
	const reply = await call("POST", "/v1/auth/authorizations", body, session.access_token);

	part("allow").disabled = false;
	if (reply.ok)
		await answer("Allowed.", { code: reply.json.code });
	else
		say_why("decide-says", reply);
}

function ask() {
	for (const app of document.querySelectorAll("[data-app]"))
		app.textContent = request.client_name;
	for (const permission of request.permissions) {
		const item = document.createElement("li");

		item.textContent = permission.says;
		part("permissions").append(item);
	}
	part("sign-in").addEventListener("submit", (event) => attempt(sign_in(event), "sign-in"));
	part("allow").addEventListener("click", () => attempt(allow(), "decide"));
	for (const button of document.querySelectorAll("[data-deny]"))
		button.addEventListener("click", () => answer("Not allowed.", { error: "access_denied" }));
	window.addEventListener("pagehide", end_session);
	document.title = request.client_name + " asks to use your account";
	show("ask", "sign-in");
	part("ask").querySelector("h1").focus();
}

/* The network may be away for a moment. */
function attempt(step, where) {
	step.catch(() => {
		part(where + "-says").textContent = "There was no answer. Try again.";
		for (const button of document.querySelectorAll("button"))
			button.disabled = false;
	});
}

async function begin() {
	const query = new URLSearchParams();

	for (const name of names) {
		if (asked.getAll(name).length > 1 || asked.getAll("state").length > 1)
			return fail(says_of.invalid_fields);
		if (asked.get(name))
			query.set(name, asked.get(name));
	}
	const reply = await call("GET", "/v1/auth/authorizations?" + query);

	if (!reply.ok)
		return fail(says_of[reply.json.code] ?? reply.json.title);
	request = reply.json;
	if (request.error === null)
		return ask();
	for (const app of document.querySelectorAll("[data-app]"))
		app.textContent = request.client_name;
	return answer("The app has asked for what it cannot have.", { error: request.error });
}

begin().catch(() => fail("There was no answer. Load the page again."));
