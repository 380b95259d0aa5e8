/* edge: what the private nginx needs besides its configuration; see prepare.h. */
#include "prepare.h"

#include <signal.h>
#include <unistd.h>

#include "socius/endpoint.h"
#include "socius/problem.h"

/* What nginx says by itself, and as which problem it leaves the house. 494 to 497 are nginx's own:
 * header too large, certificate faults, plain HTTP on a TLS port. */
static const struct {
	const char *statuses;
	const char *slug;
} edge_errors[] = {
	{ "400 495 496 497 501", "malformed_request" }, /* 501: chunks by another name */
	{ "405", "method_not_implemented" },
	{ "408", "request_timeout" },
	{ "413", "body_too_large" },
	{ "414", "path_too_long" },
	{ "494", "headers_too_large" },
	{ "500", "internal_error" },
	{ "502 503 504", "unavailable" },
	{ "505", "version_unsupported" },
};

/* Text inside nginx's single quotes. */
static void
add_quoted(struct buffer *buffer, struct text text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		if (text.at[i] == '\'' || text.at[i] == '\\')
			buffer_add(buffer, "\\", 1);
		buffer_add(buffer, text.at + i, 1);
	}
}

static void
add_problem(struct buffer *buffer, const char *statuses, const char *slug)
{
	struct problem problem = { 0 };
	struct buffer body;

	problem_set(&problem, slug, NULL);
	buffer_init(&body, buffer->arena, 512);
	problem_write(&problem, "$request_id", &body);
	buffer_print(
	    buffer, "error_page %s =%d /problem/%s;\n", statuses, problem.kind->status, slug);
	/* headers of a location replace those above it: all are said again */
	buffer_print(buffer,
	    "location = /problem/%s {\n\tinternal;\n"
	    "\tadd_header Strict-Transport-Security \"max-age=63072000\" always;\n"
	    "\tadd_header X-Content-Type-Options nosniff always;\n"
	    "\tadd_header Cross-Origin-Resource-Policy same-origin always;\n"
	    "\tadd_header Cache-Control no-store always;\n"
	    "\tadd_header Request-Id $request_id always;\n",
	    slug);
	if (problem.kind->retry_after_s > 0)
		buffer_print(
		    buffer, "\tadd_header Retry-After %d always;\n", problem.kind->retry_after_s);
	buffer_print(buffer, "\treturn %d '", problem.kind->status);
	add_quoted(buffer, buffer_text(&body));
	buffer_add_text(buffer, "';\n}\n");
}

void
prepare_edge(struct ctl *ctl, struct plan *plan)
{
	const char *var = ctl->settings.var;
	const char *key = arena_print(&ctl->arena, "%s/edge/key.pem", var);
	const char *certificate = arena_print(&ctl->arena, "%s/edge/certificate.pem", var);
	struct buffer buffer;

	buffer_init(&buffer, &ctl->arena, 8192);
	for (size_t i = 0; i < sizeof(edge_errors) / sizeof(*edge_errors); i++)
		add_problem(&buffer, edge_errors[i].statuses, edge_errors[i].slug);
	files_write(&ctl->arena, arena_print(&ctl->arena, "%s/conf/edge-problems.conf", var),
	    buffer_text(&buffer), 0640);
	if (access(key, F_OK) == 0 && access(certificate, F_OK) == 0)
		return;
	plan->makes_certificate = (struct service){ .name = "openssl",
		.once = true,
		.args = { "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
		    "ec_paramgen_curve:P-256", "-nodes", "-days", "825", "-subj", "/CN=localhost",
		    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1",
		    /* of a server, and nobody's issuer */
		    "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
		    "keyUsage=critical,digitalSignature", "-addext", "extendedKeyUsage=serverAuth",
		    "-keyout", key, "-out", certificate },
		.stop_signal = SIGTERM,
		.patience_s = 5 };
}
