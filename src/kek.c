/* kek: see kek.h. */
#include "kek.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socius/world.h"

static const char *
path_of(char to[PATH_MAX], const char *folder, const char *mark, uint32_t number)
{
	return snprintf(to, PATH_MAX, "%s/%skek-%04u.secret", folder, mark, number) >= PATH_MAX
		   ? "the name of the folder of keys is too long"
		   : NULL;
}

static bool
read_hex(const char *from, uint8_t to[KEK_BYTES])
{
	for (int i = 0; i < KEK_BYTES; i++) {
		char pair[3] = { from[2 * i], from[2 * i + 1], '\0' }, *end;

		to[i] = (uint8_t)strtoul(pair, &end, 16);
		if (end != pair + 2)
			return false;
	}
	return true;
}

static const char *
read_one(int folder, const char *name, struct kek *kek)
{
	char text[2 * KEK_BYTES + 1] = "";
	struct stat about;
	const char *why = NULL;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return "a key-encryption key cannot be opened";
	if (fstat(fd, &about) != 0 || (about.st_mode & 037) != 0)
		why = "a key-encryption key can be read by others than its owner and group";
	else if (read(fd, text, sizeof(text) - 1) != (ssize_t)sizeof(text) - 1 ||
		 !read_hex(text, kek->key))
		why = "a key-encryption key does not hold 64 hexadecimal digits";
	(void)close(fd); /* only read */
	return why;
}

static void
insert(struct kek_ring *ring, const struct kek *kek)
{
	int at = ring->count++;

	while (at > 0 && ring->keks[at - 1].number > kek->number) {
		ring->keks[at] = ring->keks[at - 1];
		at--;
	}
	ring->keks[at] = *kek;
}

const char *
kek_load(struct kek_ring *ring, const char *folder)
{
	DIR *open = opendir(folder);
	const char *first = NULL;
	struct dirent *entry;

	memset(ring, 0, sizeof(*ring));
	if (open == NULL)
		return "the folder of key-encryption keys cannot be read";
	while ((entry = readdir(open)) != NULL) {
		struct kek kek = { 0 };
		const char *why;
		char end;

		if (sscanf(entry->d_name, "kek-%9u.secre%c", &kek.number, &end) != 2 || end != 't')
			continue;
		why = ring->count == KEK_MAX ? "there are too many key-encryption keys"
					     : read_one(dirfd(open), entry->d_name, &kek);
		if (why == NULL)
			insert(ring, &kek);
		else if (first == NULL)
			first = why;
	}
	(void)closedir(open); /* only read */
	if (first == NULL && ring->count == 0)
		first = "there is no key-encryption key";
	return first;
}

/* Beside, then linked: a reader sees it whole, and of two who make it one wins. */
const char *
kek_make(const char *folder, uint32_t *number)
{
	char path[PATH_MAX], hidden[PATH_MAX], text[2 * KEK_BYTES + 1];
	uint8_t key[KEK_BYTES];
	struct kek_ring ring;
	const char *why;
	bool written;
	int fd;

	(void)kek_load(&ring, folder); /* what is wrong with it is said by who uses it */
	if (ring.count == KEK_MAX)
		return "there are too many key-encryption keys";
	*number = ring.count == 0 ? 1 : ring.keks[ring.count - 1].number + 1;
	why = path_of(path, folder, "", *number);
	if (why == NULL)
		why = path_of(hidden, folder, ".", *number);
	if (why != NULL)
		return why;
	world_chance(key, sizeof(key));
	for (int i = 0; i < KEK_BYTES; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", key[i]); /* two digits */
	(void)unlink(hidden);                                    /* of one that died here */
	fd = open(hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return "a key-encryption key cannot be made in the folder of keys";
	written = write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1 && fsync(fd) == 0;
	if (close(fd) != 0 || !written || link(hidden, path) != 0)
		why = "a key-encryption key cannot be written";
	(void)unlink(hidden); /* nothing more can be done about it */
	return why;
}

const char *
kek_forget(const char *folder, uint32_t number)
{
	char path[PATH_MAX];
	const char *why = path_of(path, folder, "", number);

	if (why == NULL && unlink(path) != 0)
		why = "a key-encryption key cannot be removed";
	return why;
}
