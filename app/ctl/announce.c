/* announce: whether an instance is up, and where everything is; see prepare.h. */
#include "prepare.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>

#include "socius/log.h"
#include "socius/world.h"

enum { PROBE_PATIENCE_MS = 2000, PROBES_MAX = 16 };

bool
prepare_database_is_up(struct ctl *ctl)
{
	return PQping(database_conninfo(ctl, "postgres", "postgres")) == PQPING_OK;
}

static size_t
ignore(char *bytes, size_t size, size_t count, void *of)
{
	(void)bytes;
	(void)of;
	return size * count;
}

/* Status of a GET; 0: no answer. */
static long
status_of(const char *url)
{
	CURL *curl = curl_easy_init();
	long status = 0;

	if (curl == NULL)
		log_die("libcurl cannot be used");
	/* options that every libcurl has */
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PROBE_PATIENCE_MS);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L); /* our own, on this machine */
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	if (curl_easy_perform(curl) == CURLE_OK)
		(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status); /* 0 stays 0 */
	curl_easy_cleanup(curl);
	return status;
}

static const char *
api_url(struct ctl *ctl)
{
	return arena_print(&ctl->arena, "http://%s",
	    settings_reach(&ctl->arena, ctl->settings.address, ctl->settings.port));
}

static const char *
edge_url(struct ctl *ctl)
{
	return arena_print(&ctl->arena, "https://%s",
	    settings_reach(&ctl->arena, ctl->settings.edge_address, ctl->settings.edge_port));
}

/* Each worker has connections of its own to the database: as many fresh connections as meet all of
 * them, more likely than not. Where the bucket of probes is small it is empty after the first. */
bool
prepare_api_is_up(struct ctl *ctl)
{
	const char *url = arena_print(&ctl->arena, "%s/readyz", api_url(ctl));
	int probes = 2 * ctl->settings.workers;
	long status = status_of(url);
	bool ready = status == 200;

	for (int i = 1; i < probes && i < PROBES_MAX && ready && status == 200; i++) {
		status = status_of(url);
		ready = status == 200 || status == 429;
	}
	return ready;
}

bool
prepare_edge_is_up(struct ctl *ctl)
{
	return status_of(arena_print(&ctl->arena, "%s/readyz", edge_url(ctl))) == 200;
}

void
prepare_notify(void)
{
	const char *path = world_setting("NOTIFY_SOCKET", NULL);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	static const char ready[] = "READY=1";
	size_t bytes = path != NULL ? strlen(path) : 0;
	int fd;

	if (bytes == 0 || bytes >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, bytes);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0'; /* an abstract socket, unix(7) */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, ready, sizeof(ready) - 1, 0, (struct sockaddr *)&address,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes)) < 0)
		(void)fprintf(stderr, "socius: systemd does not hear that we are ready\n");
	if (fd >= 0)
		(void)close(fd); /* one datagram, sent or not */
}

/* Words that mark the line which says why a program ended. */
static bool
tells_why(const char *line)
{
	static const char *const words[] = { "FATAL", "PANIC", "socius: ", "initdb: error",
		"could not", "cannot", "emerg", "error", NULL };

	for (int i = 0; words[i] != NULL; i++)
		if (strstr(line, words[i]) != NULL)
			return true;
	return false;
}

const char *
prepare_last_log_line(struct ctl *ctl, const char *service)
{
	const char *path = arena_print(&ctl->arena, "%s/log/%s.log", ctl->settings.var, service);
	struct text log = files_read_if_there(&ctl->arena, path);
	char *at = (char *)log.at;
	const char *last = "nothing";
	bool told = false;

	for (char *line; at != NULL && *at != '\0';) {
		line = strsep(&at, "\n");
		if (*line == '\0' || (told && !tells_why(line)))
			continue;
		told = told || tells_why(line);
		last = line;
	}
	return arena_print(&ctl->arena, "%s (see %s)", last, path);
}

static void
announce_api(struct ctl *ctl, const struct plan *plan)
{
	const struct settings *settings = &ctl->settings;

	(void)printf("  API       %s\n", api_url(ctl));
	if (plan->edge)
		(void)printf("  edge      %s  (certificate: %s/edge/certificate.pem)\n",
		    edge_url(ctl), settings->var);
	(void)printf("  docs      %s/docs  (the document: /openapi.json)\n", api_url(ctl));
	(void)printf("  guides    docs/api/guide.md, docs/OPERATING.md\n");
	(void)printf("  metrics   http://127.0.0.1:%d/metrics\n", settings->metrics_port);
}

void
prepare_announce(struct ctl *ctl, const struct plan *plan, bool detached)
{
	const struct settings *settings = &ctl->settings;

	(void)printf("\n");
	if (!plan->database_only)
		announce_api(ctl, plan);
	(void)printf("  database  ./socius psql\n");
	(void)printf("  logs      %s/log\n", settings->var);
	if (plan->seed != NULL)
		(void)printf(
		    "  tokens    ./socius token --role operator --market demo\n"
		    "            ./socius token --role partner --market demo --partner "
		    "00000000-0000-7000-8000-000000000101\n"
		    "  try       curl -H \"Authorization: Bearer $(./socius token --role operator "
		    "--market demo)\" %s/v1/stations\n",
		    api_url(ctl));
	(void)printf("  stop      %s\n\nready\n", detached ? "./socius stop" : "Ctrl-C");
	(void)fflush(stdout); /* it may be a pipe that somebody waits on */
}
