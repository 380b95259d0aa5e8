/* token_keys: the folder of signing keys; see token.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grammar.h"
#include "socius/uuid.h"
#include "socius/world.h"
#include "token.h"

static const char suffix[] = ".key";

enum { SUFFIX_BYTES = sizeof(suffix) - 1, FILE_BYTES_MAX = 2 * TOKEN_SECRET_BYTES_MAX + 2 };

static int
digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Hexadecimal digits, and one line end at most. */
static const char *
read_secret(struct text text, struct token_key *key)
{
	while (
	    text.bytes > 0 && (text.at[text.bytes - 1] == '\n' || text.at[text.bytes - 1] == '\r'))
		text.bytes--;
	if (text.bytes % 2 != 0 || !grammar_all(text, HEX) ||
	    text.bytes < 2 * TOKEN_SECRET_BYTES_MIN || text.bytes > 2 * TOKEN_SECRET_BYTES_MAX)
		return "a key file does not hold 64 to 128 hexadecimal digits";
	for (size_t i = 0; i < text.bytes; i += 2)
		key->secret[i / 2] = (uint8_t)(digit(text.at[i]) << 4 | digit(text.at[i + 1]));
	key->secret_bytes = (int)(text.bytes / 2);
	return NULL;
}

/* The kid is the name without its suffix; false: this is no key file. */
static bool
read_kid(const char *name, struct token_key *key)
{
	size_t bytes = strlen(name);

	if (bytes <= SUFFIX_BYTES || bytes - SUFFIX_BYTES > TOKEN_KID_BYTES_MAX ||
	    strcmp(name + bytes - SUFFIX_BYTES, suffix) != 0 || name[0] == '.')
		return false;
	bytes -= SUFFIX_BYTES;
	for (size_t i = 0; i < bytes; i++)
		if (!grammar_is(name[i], DIGIT) && strchr("._-", name[i]) == NULL &&
		    !((name[i] | 0x20) >= 'a' && (name[i] | 0x20) <= 'z'))
			return false;
	memcpy(key->kid, name, bytes);
	return true;
}

static const char *
read_file(int folder, const char *name, struct token_key *key)
{
	char text[FILE_BYTES_MAX];
	struct stat about;
	const char *why = NULL;
	ssize_t bytes;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return "a key file cannot be opened";
	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
		why = "a key file is not a file";
	else if ((about.st_mode & 037) != 0)
		why = "a key file can be read by others than its owner and group";
	else if ((bytes = read(fd, text, sizeof(text))) < 0)
		why = "a key file cannot be read";
	else
		why = read_secret((struct text){ text, (size_t)bytes }, key);
	(void)close(fd); /* only read */
	if (why == NULL)
		key->written_ns =
		    about.st_mtim.tv_sec * INT64_C(1000000000) + about.st_mtim.tv_nsec;
	return why;
}

/* Keeps the keys in the order of their kids, whatever the folder's. */
static void
insert(struct token_keys *keys, const struct token_key *key)
{
	int at = keys->count++;

	while (at > 0 && strcmp(keys->keys[at - 1].kid, key->kid) > 0) {
		keys->keys[at] = keys->keys[at - 1];
		at--;
	}
	keys->keys[at] = *key;
}

static void
find_newest(struct token_keys *keys)
{
	for (int i = 1; i < keys->count; i++)
		if (keys->keys[i].written_ns >= keys->keys[keys->newest].written_ns)
			keys->newest = i;
}

const char *
token_keys_load(struct token_keys *keys, const char *folder)
{
	DIR *open = opendir(folder);
	const char *first = NULL;
	struct dirent *entry;

	memset(keys, 0, sizeof(*keys));
	if (open == NULL)
		return "the folder of keys cannot be read";
	while ((entry = readdir(open)) != NULL) {
		struct token_key key;
		const char *why;

		memset(&key, 0, sizeof(key));
		if (!read_kid(entry->d_name, &key))
			continue;
		why = keys->count == TOKEN_KEYS_MAX ? "there are too many keys"
						    : read_file(dirfd(open), entry->d_name, &key);
		if (why == NULL)
			insert(keys, &key);
		else if (first == NULL)
			first = why;
	}
	(void)closedir(open); /* only read */
	find_newest(keys);
	return first;
}

static bool
write_all(int fd, const char *at, size_t bytes)
{
	while (bytes > 0) {
		ssize_t written = write(fd, at, bytes);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			at += written;
			bytes -= (size_t)written;
		}
	}
	return fsync(fd) == 0;
}

const char *
token_key_make(const char *folder, char kid[TOKEN_KID_BYTES_MAX + 1])
{
	char path[PATH_MAX], hidden[PATH_MAX], text[2 * TOKEN_SECRET_BYTES_MIN + 2];
	uint8_t secret[TOKEN_SECRET_BYTES_MIN];
	struct uuid id = world_fresh_id();
	bool written;
	int fd;

	uuid_write(&id, kid);
	if (snprintf(path, sizeof(path), "%s/%s%s", folder, kid, suffix) >= (int)sizeof(path) ||
	    snprintf(hidden, sizeof(hidden), "%s/.%s", folder, kid) >= (int)sizeof(hidden))
		return "the name of the folder of keys is too long";
	world_chance(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", secret[i]); /* always two digits */
	text[sizeof(text) - 2] = '\n';
	fd = open(hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return "a key file cannot be made in the folder of keys";
	written = write_all(fd, text, sizeof(text) - 1);
	if (close(fd) != 0 || !written || rename(hidden, path) != 0) {
		(void)unlink(hidden); /* nothing more can be done about it */
		return "a key file cannot be written";
	}
	return NULL;
}
