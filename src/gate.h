/*
 * gate: the server itself: connections in, requests through the engine, replies out.
 *
 * The gate stands on Kore for processes, sandbox, event loop and timers, and on nothing else of it:
 * its connections are raw (docs/adr/0001-raw-connections.md). app/serve.c hooks these functions
 * into Kore; conf/kore.conf names the two connect callbacks.
 */
#ifndef SOCIUS_GATE_H
#define SOCIUS_GATE_H

#include "socius/endpoint.h"

struct connection; /* Kore's */

#define GATE_EXPORT __attribute__((visibility("default")))

/* In the parent, before the workers are forked: settings, contract, document, shared memory. Dies
 * with one clear line when something is unusable. */
void gate_prepare(const struct app *of);

/* In a worker, inside the sandbox: link, keys, pool, timers, signals. */
void gate_begin(void);

/* In a worker that is about to exit. */
void gate_end(void);

/* Connect callbacks of the API's listener and of the one for GET /metrics. */
GATE_EXPORT void gate_connect(struct connection *connection);
GATE_EXPORT void gate_metrics_connect(struct connection *connection);

#endif
