/* archive: see archive.h. */
#include "archive.h"

#include <errno.h>
#include <unistd.h>

#include "socius/log.h"
#include "socius/world.h"

/* POSIX.1-1988 ustar; numbers are octal digits. */
struct head {
	char name[100], mode[8], uid[8], gid[8], size[12], time[12], sum[8], type, link[100],
	    magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], rest[12];
};

_Static_assert(sizeof(struct head) == ARCHIVE_BLOCK_BYTES, "a head is one block");

enum { SIZE_DIGITS = 11, SIZE_BINARY = 0x80 };

/* --- digests --- */

void
archive_digest_begin(struct archive_digest *digest)
{
	digest->context = EVP_MD_CTX_new();
	if (digest->context == NULL || EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1)
		log_die("SHA-256 failed");
}

void
archive_digest_add(struct archive_digest *digest, const void *at, size_t bytes)
{
	if (EVP_DigestUpdate(digest->context, at, bytes) != 1)
		log_die("SHA-256 failed");
}

void
archive_digest_end(struct archive_digest *digest, char to[ARCHIVE_DIGEST_BYTES])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned bytes;

	if (EVP_DigestFinal_ex(digest->context, raw, &bytes) != 1)
		log_die("SHA-256 failed");
	EVP_MD_CTX_free(digest->context);
	for (unsigned i = 0; i < bytes; i++)
		(void)snprintf(to + (size_t)2 * i, 3, "%02x", raw[i]); /* fits */
}

void
archive_digest_of(struct text what, char to[ARCHIVE_DIGEST_BYTES])
{
	struct archive_digest digest;

	archive_digest_begin(&digest);
	archive_digest_add(&digest, what.at, what.bytes);
	archive_digest_end(&digest, to);
}

/* --- writing --- */

void
archive_put(int fd, int64_t at, const void *from, size_t bytes)
{
	const char *left = from;

	while (bytes > 0) {
		ssize_t put = pwrite(fd, left, bytes, (off_t)at);

		if (put < 0)
			log_die("cannot write the backup: %s", strerror(errno));
		left += put;
		at += put;
		bytes -= (size_t)put;
	}
}

/* Octal where it fits, else as GNU tar does: the first bit is set and the number is binary. */
static void
write_size(char to[SIZE_DIGITS + 1], int64_t bytes)
{
	if (bytes < INT64_C(1) << (3 * SIZE_DIGITS)) {
		(void)snprintf(to, SIZE_DIGITS + 1, "%011llo", (long long)bytes); /* fits */
		return;
	}
	for (int i = SIZE_DIGITS; i > 0; i--, bytes >>= 8)
		to[i] = (char)(bytes & 0xff);
	to[0] = (char)SIZE_BINARY;
}

/* The sum of all bytes, with blanks in its own place. */
static unsigned
sum_of(const struct head *head)
{
	const unsigned char *at = (const unsigned char *)head;
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(*head); i++)
		sum += i >= offsetof(struct head, sum) && i < offsetof(struct head, type) ? ' '
											  : at[i];
	return sum;
}

void
archive_put_head(int fd, int64_t at, const char *name, int64_t bytes)
{
	struct head head = { .mode = "0000600",
		.uid = "0000000",
		.gid = "0000000",
		.type = '0',
		.magic = "ustar",
		.version = { '0', '0' } };

	(void)snprintf(head.name, sizeof(head.name), "%s", name); /* our own names fit */
	write_size(head.size, bytes);
	(void)snprintf(head.time, sizeof(head.time), "%011llo",
	    (long long)(world_now_us() / 1000000)); /* fits until the year 2242 */
	(void)snprintf(head.sum, sizeof(head.sum), "%06o", sum_of(&head)); /* fits */
	head.sum[7] = ' ';
	archive_put(fd, at, &head, sizeof(head));
}

int64_t
archive_next(int64_t head_at, int64_t bytes)
{
	int64_t blocks = (bytes + ARCHIVE_BLOCK_BYTES - 1) / ARCHIVE_BLOCK_BYTES;

	return head_at + (blocks + 1) * ARCHIVE_BLOCK_BYTES;
}

int64_t
archive_put_member(int fd, int64_t at, const char *name, struct text what)
{
	archive_put_head(fd, at, name, (int64_t)what.bytes);
	archive_put(fd, at + ARCHIVE_BLOCK_BYTES, what.at, what.bytes);
	return archive_next(at, (int64_t)what.bytes);
}

void
archive_put_end(int fd, int64_t at)
{
	static const char nothing[2 * ARCHIVE_BLOCK_BYTES];

	archive_put(fd, at, nothing, sizeof(nothing));
}

/* --- reading --- */

bool
archive_get(int fd, int64_t at, void *to, size_t bytes)
{
	char *left = to;

	while (bytes > 0) {
		ssize_t got = pread(fd, left, bytes, (off_t)at);

		if (got < 0)
			log_die("cannot read the backup: %s", strerror(errno));
		if (got == 0)
			return false;
		left += got;
		at += got;
		bytes -= (size_t)got;
	}
	return true;
}

static int64_t
read_size(const char from[SIZE_DIGITS + 1])
{
	int64_t bytes = 0;

	if (((unsigned char)from[0] & SIZE_BINARY) == 0)
		return strtoll(from, NULL, 8);
	for (int i = SIZE_DIGITS - 7; i <= SIZE_DIGITS; i++)
		bytes = (int64_t)((uint64_t)bytes << 8 | (unsigned char)from[i]);
	return bytes;
}

int64_t
archive_get_head(int fd, int64_t at, const char *name)
{
	struct head head;
	int64_t bytes;

	if (!archive_get(fd, at, &head, sizeof(head)) || memcmp(head.magic, "ustar", 6) != 0 ||
	    strncmp(head.name, name, sizeof(head.name)) != 0)
		return -1;
	head.size[SIZE_DIGITS] = (head.size[0] & SIZE_BINARY) == 0 ? '\0' : head.size[SIZE_DIGITS];
	bytes = read_size(head.size);
	return bytes < 0 || strtoul(head.sum, NULL, 8) != sum_of(&head) ? -1 : bytes;
}

struct text
archive_get_member(int fd, int64_t at, const char *name, struct arena *arena)
{
	int64_t bytes = archive_get_head(fd, at, name);
	char *to;

	if (bytes < 0 || bytes > ARCHIVE_SMALL_BYTES_MAX)
		return (struct text){ NULL, 0 };
	to = arena_take(arena, (size_t)bytes + 1);
	to[bytes] = '\0';
	if (!archive_get(fd, at + ARCHIVE_BLOCK_BYTES, to, (size_t)bytes))
		return (struct text){ NULL, 0 };
	return (struct text){ to, (size_t)bytes };
}

const char *
archive_value(struct text manifest, const char *name, int number, struct arena *arena)
{
	size_t bytes = strlen(name);
	const char *line = manifest.at;

	while (line != NULL && *line != '\0') {
		const char *end = strchr(line, '\n');

		if (end == NULL)
			return NULL;
		if (strncmp(line, name, bytes) == 0 && line[bytes] == ' ' && number-- == 0)
			return arena_copy(
			    arena, line + bytes + 1, (size_t)(end - line) - bytes - 1);
		line = end + 1;
	}
	return NULL;
}
