/*
 * identities: which system user each process of an instance is.
 *
 * The supervisor, PostgreSQL and the command line are one user, the owner of everything in
 * $SOCIUS_VAR. Started by root, or with the capabilities for it, the supervisor keeps API, runner
 * and edge apart from it and from each other: each is a user of its own, `<owner>-api`,
 * `<owner>-runner` and `<owner>-edge`, whom PostgreSQL knows as one role only, and who reads what
 * was shared with it and nothing else. API and runner have the group `<owner>-data` in common: of
 * those who reach PostgreSQL's socket and the key-encryption keys. Started by anybody else all
 * are one user, and nothing stands between them (docs/OPERATING.md).
 */
#ifndef APP_CTL_IDENTITIES_H
#define APP_CTL_IDENTITIES_H

#include <stdbool.h>
#include <stddef.h>

struct ctl;

enum identity { IDENTITY_OWNER, IDENTITY_API, IDENTITY_RUNNER, IDENTITY_EDGE, IDENTITIES };

/* Whether the processes of this supervisor are kept apart. */
bool identities_apart(void);

/* The name of the user; the owner's, where they are not kept apart. */
const char *identities_user(enum identity identity);

/* The group of API and runner; NULL: they are not kept apart. */
const char *identities_data_group(void);

/* Between fork and exec: becomes the user, without a capability. false: it cannot. */
bool identities_become(enum identity identity);

/* Shares what API, runner and edge need of $SOCIUS_VAR with them, where they are kept apart. */
void identities_share(struct ctl *ctl);

/* The same for the keys alone, where the folder is shared: after one was made. */
void identities_share_keys(struct ctl *ctl);

/* A file of $SOCIUS_VAR with this text, which that user can read; its path. */
const char *identities_lend(
    struct ctl *ctl, const char *name, const char *text, enum identity identity);

/* A log that the edge opens itself. */
void identities_share_log(int fd, enum identity identity);

#endif
