/* What tests/docs/authorize.sh asks of the page /oauth/authorize: runs in it. The first argument says
 * what, the last is what to call with the answer. */
const what = arguments[0], given = arguments[1], done = arguments[arguments.length - 1];

const sections = ["waits", "fault", "ask", "sign-in", "decide", "done"];

function until(holds) {
	return new Promise((resolve, reject) => {
		const give_up = setTimeout(() => reject(new Error("never came")), 20000);
		const look = () => holds() ? (clearTimeout(give_up), resolve()) : setTimeout(look, 20);

		look();
	});
}

const shown = () => sections.filter((id) => !document.getElementById(id).hidden).join(" ");
const visible = (element) => element.getClientRects().length > 0;
const text = (id) => document.getElementById(id).innerText.trim();

/* RFC 6238, `ahead` steps from now. */
async function totp({ secret, ahead }) {
	const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c)
		.toString(2).padStart(5, "0")).join("");
	const bytes = new Uint8Array(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
	const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-1" }, false,
		["sign"]);
	const step = new DataView(new ArrayBuffer(8));

	step.setUint32(4, Math.floor(Date.now() / 30000) + ahead);
	const mac = new DataView(await crypto.subtle.sign("HMAC", key, step.buffer));
	const at = mac.getUint8(19) & 15;

	return String((mac.getUint32(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}

const steps = {
	/* waits until these sections are shown */
	shows: (wanted) => until(() => shown() === wanted).then(() => shown()),
	/* waits until this field is shown and has the focus */
	wants: (id) => until(() => visible(document.getElementById(id)) &&
		document.activeElement.id === id).then(() => id),
	text: (id) => text(id),
	/* what a narrow screen, a keyboard and a reader need */
	fits: () => {
		const fields = [...document.querySelectorAll("input, button")].filter(visible);

		return "wide " + (document.documentElement.scrollWidth <= window.innerWidth) +
			", labelled " + fields.every((field) => field.innerText !== "" ||
				field.labels.length > 0) +
			", high " + fields.every((field) => field.getBoundingClientRect().height >= 44);
	},
	paper: () => getComputedStyle(document.body).backgroundColor,
	totp,
};

Promise.resolve().then(() => steps[what](given)).then(done, (fault) => done(String(fault)));
