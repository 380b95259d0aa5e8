/* files: whole files and sorted folders; see ctl.h. */
#include "ctl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socius/log.h"

enum { FILES_MAX = 4096 };

struct text
files_read_if_there(struct arena *arena, const char *path)
{
	struct stat about;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	char *bytes;

	if (fd < 0 && errno == ENOENT)
		return (struct text){ 0 };
	if (fd < 0 || fstat(fd, &about) != 0)
		log_die("cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode) || about.st_size > CTL_FILE_BYTES_MAX)
		log_die("cannot read %s: not a file of at most 64 MiB", path);
	bytes = arena_take(arena, (size_t)about.st_size + 1);
	while (got < (size_t)about.st_size) {
		ssize_t part = read(fd, bytes + got, (size_t)about.st_size - got);

		if (part < 0)
			log_die("cannot read %s: %s", path, strerror(errno));
		if (part == 0)
			break;
		got += (size_t)part;
	}
	(void)close(fd); /* only read */
	return (struct text){ bytes, got };
}

struct text
files_read(struct arena *arena, const char *path)
{
	struct text found = files_read_if_there(arena, path);

	if (found.at == NULL)
		log_die("cannot read %s: there is no such file", path);
	return found;
}

void
files_write(struct arena *arena, const char *path, struct text what, int mode)
{
	const char *beside = arena_print(arena, "%s.%d", path, (int)getpid());
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	size_t put = 0;

	if (fd < 0)
		log_die("cannot write %s: %s", beside, strerror(errno));
	while (put < what.bytes) {
		ssize_t part = write(fd, what.at + put, what.bytes - put);

		if (part < 0)
			log_die("cannot write %s: %s", beside, strerror(errno));
		put += (size_t)part;
	}
	if (fsync(fd) != 0 || close(fd) != 0 || rename(beside, path) != 0)
		log_die("cannot write %s: %s", path, strerror(errno));
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **
files_list(struct arena *arena, const char *folder, const char *ending)
{
	const char **names = arena_take(arena, (FILES_MAX + 1) * sizeof(*names));
	DIR *opened = opendir(folder);
	struct dirent *entry;
	int count = 0;

	if (opened == NULL)
		log_die("cannot read the folder %s: %s", folder, strerror(errno));
	while ((entry = readdir(opened)) != NULL) {
		size_t bytes = strlen(entry->d_name);
		size_t end = strlen(ending);

		if (bytes <= end || strcmp(entry->d_name + bytes - end, ending) != 0)
			continue;
		if (count == FILES_MAX)
			log_die("more than %d files in %s", FILES_MAX, folder);
		names[count++] = arena_copy(arena, entry->d_name, bytes);
	}
	(void)closedir(opened); /* only read */
	qsort(names, (size_t)count, sizeof(*names), by_name);
	return names;
}
