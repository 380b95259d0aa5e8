/* ports: TCP ports of the loopback that nobody listens on, for instances of tests. */
#include "ctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "socius/log.h"

enum { PORTS_MAX = 16 };

int
free_ports_run(struct ctl *ctl)
{
	int64_t count = options_int(ctl, "--count", 1, 1, PORTS_MAX);

	options_end(ctl);
	/* all stay bound until the program ends, so that no two are the same */
	for (int64_t i = 0; i < count; i++) {
		struct sockaddr_in address = { .sin_family = AF_INET,
			.sin_addr = { htonl(INADDR_LOOPBACK) } };
		socklen_t bytes = sizeof(address);
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		    getsockname(fd, (struct sockaddr *)&address, &bytes) != 0)
			log_die("no free port: %s", strerror(errno));
		(void)printf("%d\n", ntohs(address.sin_port));
	}
	return 0;
}
