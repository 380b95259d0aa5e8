/* page.js: shows /openapi.json by swagger-ui. Requests go to where the page came from. */
"use strict";

async function show() {
	const reply = await fetch("/openapi.json");
	const spec = await reply.json();

	spec.servers = [{ url: window.location.origin, description: "this instance" }];
	window.SwaggerUIBundle({
		spec,
		dom_id: "#api",
		deepLinking: true,
		docExpansion: "list",
		displayRequestDuration: true,
		defaultModelsExpandDepth: 0,
		filter: true,
		tryItOutEnabled: true,
		validatorUrl: null,
	});
}

show().catch((fault) => {
	document.getElementById("api").textContent = "/openapi.json cannot be shown: " + fault.message;
});
