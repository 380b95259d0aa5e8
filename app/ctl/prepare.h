/*
 * prepare: what an instance needs before it can run: folders, keys, certificate, configuration and
 * the plan of its services.
 */
#ifndef APP_CTL_PREPARE_H
#define APP_CTL_PREPARE_H

#include "ctl.h"
#include "service.h"

enum { PLAN_FRONTS_MAX = 3 };

struct plan {
	bool edge;
	bool database_only;
	const char *seed; /* a file, or NULL */

	struct service clears;            /* args[0] NULL: nothing to clear away */
	struct service makes_cluster;     /* args[0] NULL: there is one */
	struct service makes_certificate; /* args[0] NULL: there is one, or no edge */
	struct service database;
	struct service migrates;
	struct service seeds; /* args[0] NULL: not asked for */
	struct service fronts[PLAN_FRONTS_MAX];
	int fronts_count;
};

/* Takes --edge, --database-only and --seed out of the arguments. */
void prepare_options(struct ctl *ctl, struct plan *plan);

/* Makes folders, keys and configuration, checks ports and cluster, and fills in the plan. Dies
 * with one line about what is not usable. */
void prepare(struct ctl *ctl, struct plan *plan);

/* The edge's part of it: its problems, and the plan to make a certificate where there is none. */
void prepare_edge(struct ctl *ctl, struct plan *plan);

/* The new cluster is complete: from now on it is the instance's. */
void prepare_keep_cluster(struct ctl *ctl);

bool prepare_database_is_up(struct ctl *ctl);
bool prepare_api_is_up(struct ctl *ctl); /* GET /readyz says 200 */
bool prepare_edge_is_up(struct ctl *ctl);

/* The last line of a service's log that says what went wrong. */
const char *prepare_last_log_line(struct ctl *ctl, const char *service);

/* Says where everything is. */
void prepare_announce(struct ctl *ctl, const struct plan *plan, bool detached);

/* Tells systemd, where it has started us, that the instance is up: sd_notify(3). */
void prepare_notify(void);

#endif
