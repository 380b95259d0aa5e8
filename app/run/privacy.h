/*
 * privacy: what the runner does for persons: keys are destroyed, exports are made.
 */
#ifndef APP_RUN_PRIVACY_H
#define APP_RUN_PRIVACY_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "run/keyhole.h"
#include "socius/arena.h"

/* Destroys one key, makes one export, deletes some keys of removed test markets. false: there was
 * nothing, or it failed, which is logged and tried again. `arena` is cleared. */
bool privacy_turn(PGconn *pg, struct keyhole *keyhole, struct arena *arena, const char *now);

#endif
