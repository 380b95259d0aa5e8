/* What a person does on /docs, run in the page by tests/docs/page.sh: authorizes with a token, opens
 * an operation, tries it out. The last argument is what to call with the outcome. */
const [token, done] = arguments;

function until(what, name) {
	return new Promise((resolve, reject) => {
		const give_up = setTimeout(() => reject(new Error("never came: " + name)), 20000);
		const look = () => {
			const found = what();

			if (!found)
				return setTimeout(look, 20);
			clearTimeout(give_up);
			resolve(found);
		};
		look();
	});
}

const one = (selector) => until(() => document.querySelector(selector), selector);

function type(input, text) {
	const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;

	set.call(input, text);
	input.dispatchEvent(new Event("input", { bubbles: true }));
}

async function story() {
	const said = [];

	(await one("button.authorize")).click();
	type(await one(".auth-container input"), token);
	(await one(".auth-btn-wrapper button[type=submit]")).click();
	(await one(".auth-btn-wrapper .btn-done")).click();
	// of so many operations the page holds those in sight: who looks for one filters
	type(await one(".operation-filter-input"), "/v1/stations");
	await until(() => [...document.querySelectorAll(".opblock [data-path]")]
		.every((shown) => shown.dataset.path.startsWith("/v1/stations")), "stations alone");
	(await one('.opblock-get [data-path="/v1/stations"] a')).click();
	// the example is made of the references that a request needs resolved, too
	await until(() => document.querySelector(".opblock.is-open .responses-inner")
		?.textContent.includes("station_id"), "an example of the reply");
	(await one(".opblock.is-open .execute")).click();
	const status = await one(".live-responses-table tbody .response-col_status");

	said.push("status " + status.textContent.trim().slice(0, 3));
	status.scrollIntoView();
	said.push("body " + document.querySelector(".live-responses-table").textContent
		.includes('"has_more"'));
	return said.join(", ");
}

story().then(done, (fault) => done(String(fault)));
