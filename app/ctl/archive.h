/*
 * archive: the file of a backup. It is a tar file (POSIX.1-1988 ustar) of three members, so that it
 * can be opened without us:
 *
 *	database.dump   pg_dump's custom format: pg_restore reads it
 *	cursor.secret   what signs the cursors that clients hold
 *	manifest        lines of a name and a value; the last one is the digest of those before it
 */
#ifndef APP_CTL_ARCHIVE_H
#define APP_CTL_ARCHIVE_H

#include <stdint.h>

#include <openssl/evp.h>

#include "ctl.h"

enum { ARCHIVE_BLOCK_BYTES = 512, ARCHIVE_SMALL_BYTES_MAX = 64 * 1024, ARCHIVE_DIGEST_BYTES = 65 };

#define ARCHIVE_DUMP "database.dump"
#define ARCHIVE_SECRET "cursor.secret"
#define ARCHIVE_MANIFEST "manifest"
#define ARCHIVE_FORMAT "socius-backup 1\n"

/* A digest while its bytes come by; in the end 64 hexadecimal digits. */
struct archive_digest {
	EVP_MD_CTX *context;
};

void archive_digest_begin(struct archive_digest *digest);
void archive_digest_add(struct archive_digest *digest, const void *at, size_t bytes);
void archive_digest_end(struct archive_digest *digest, char to[ARCHIVE_DIGEST_BYTES]);
void archive_digest_of(struct text what, char to[ARCHIVE_DIGEST_BYTES]);

/* Writes at this place of the file; dies when it cannot. */
void archive_put(int fd, int64_t at, const void *from, size_t bytes);

/* The head of a member; its bytes follow, and the next member begins at archive_next. */
void archive_put_head(int fd, int64_t at, const char *name, int64_t bytes);

/* A small member whole; returns where the next one begins. */
int64_t archive_put_member(int fd, int64_t at, const char *name, struct text what);

/* Two empty blocks: the end. */
void archive_put_end(int fd, int64_t at);

int64_t archive_next(int64_t head_at, int64_t bytes);

/* Reads exactly so much at this place; false: the file ends before. */
bool archive_get(int fd, int64_t at, void *to, size_t bytes);

/* The head at this place is that of this member: its size; -1: it is not. */
int64_t archive_get_head(int fd, int64_t at, const char *name);

/* A small member whole, NUL-terminated; {NULL, 0}: it is not there. */
struct text archive_get_member(int fd, int64_t at, const char *name, struct arena *arena);

/* The value in the manifest of the `number`-th line of this name, from 0; NULL: there is none. */
const char *archive_value(struct text manifest, const char *name, int number, struct arena *arena);

#endif
