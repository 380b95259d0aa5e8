/* secret: see secret.h. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "socius/arena.h"
#include "socius/log.h"
#include "socius/world.h"

enum { SECRET_BYTES = 32 };

const char *
secret_read(struct arena *arena, const char *folder, const char *name)
{
	const char *path = arena_print(arena, "%s/%s.secret", folder, name);
	char secret[2 * SECRET_BYTES + 1] = "";
	uint8_t chance[SECRET_BYTES];
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ssize_t bytes;

	if (fd < 0 && errno == EACCES) /* somebody else's, for us to read */
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		log_die("cannot open %s: %s", path, strerror(errno));
	bytes = read(fd, secret, sizeof(secret) - 1);
	if (bytes == 0) {
		world_chance(chance, sizeof(chance));
		for (size_t i = 0; i < sizeof(chance); i++)
			(void)snprintf(secret + 2 * i, 3, "%02x", chance[i]); /* two digits */
		bytes = write(fd, secret, sizeof(secret) - 1);
	}
	if (close(fd) != 0 || bytes != (ssize_t)sizeof(secret) - 1)
		log_die("%s does not hold %d characters", path, 2 * SECRET_BYTES);
	return arena_copy(arena, secret, sizeof(secret) - 1);
}
