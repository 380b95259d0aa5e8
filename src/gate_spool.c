/* gate_spool: bodies that are too large for memory, in files; see gate_private.h. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate_private.h"
#include "socius/log.h"

/* A worker that was killed may have left files behind. */
void
spool_prepare(void)
{
	DIR *open;
	struct dirent *entry;

	if (mkdir(gate.spool_folder, 0700) != 0 && errno != EEXIST)
		log_die("cannot make %s: %s", gate.spool_folder, strerror(errno));
	open = opendir(gate.spool_folder);
	if (open == NULL)
		log_die("cannot read %s: %s", gate.spool_folder, strerror(errno));
	while ((entry = readdir(open)) != NULL)
		if (strncmp(entry->d_name, "blob-", 5) == 0 &&
		    unlinkat(dirfd(open), entry->d_name, 0) != 0)
			log_die("cannot empty %s: %s", gate.spool_folder, strerror(errno));
	(void)closedir(open); /* only read */
}

bool
spool_open(struct exchange *exchange)
{
	char *path = arena_print(exchange->request.arena, "%s/blob-XXXXXX", gate.spool_folder);

	exchange->spool_fd = mkstemp(path);
	if (exchange->spool_fd < 0) {
		log_line(LOG_LEVEL_ERROR, "spool.failed", "error", strerror(errno), NULL);
		return false;
	}
	exchange->spool_path = path;
	return true;
}

bool
spool_take(void *of, const char *at, size_t bytes)
{
	struct exchange *exchange = of;

	while (bytes > 0) {
		ssize_t written = write(exchange->spool_fd, at, bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			log_line(LOG_LEVEL_ERROR, "spool.failed", "error", strerror(errno), NULL);
			return false;
		}
		at += written;
		bytes -= (size_t)written;
	}
	return true;
}

bool
spool_done(struct exchange *exchange)
{
	bool closed = close(exchange->spool_fd) == 0;

	exchange->spool_fd = -1;
	exchange->request.blob_path = exchange->spool_path;
	return closed;
}

void
spool_end(struct exchange *exchange)
{
	if (exchange->spool_fd >= 0)
		(void)close(exchange->spool_fd); /* its file goes anyway */
	if (unlink(exchange->spool_path) != 0)
		log_line(LOG_LEVEL_ERROR, "spool.failed", "error", strerror(errno), NULL);
	exchange->spool_path = NULL;
}
