/* settings: SOCIUS_* of the environment, checked; see ctl.h and conf/socius.env. */
#include "ctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "identities.h"
#include "limit.h"
#include "socius/log.h"
#include "socius/world.h"

enum { WORKERS_MAX = 64, WORKERS_DEFAULT_MAX = 8, PORT_MAX = 65535 };
enum { SHARED_MIB_MIN = 16, SHARED_MIB_DEFAULT_MIN = 64, SHARED_MIB_DEFAULT_MAX = 2048 };

static const char *const log_levels = "debug info warn error";

/* Half of the processors: PostgreSQL works on the others, and fewer workers make larger batches. */
static int
workers_default(void)
{
	cpu_set_t set;
	int processors = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
	int count = (processors + 1) / 2;

	return count < WORKERS_DEFAULT_MAX ? count : WORKERS_DEFAULT_MAX;
}

/* A quarter of the machine's memory, or of the container's where that is less. */
static int
shared_mib_default(struct arena *arena)
{
	struct text most = files_read_if_there(arena, "/sys/fs/cgroup/memory.max");
	struct sysinfo machine;
	uint64_t bytes, limit;

	if (sysinfo(&machine) != 0)
		log_die("sysinfo: %s", strerror(errno));
	bytes = (uint64_t)machine.totalram * machine.mem_unit;
	limit = most.bytes > 0 ? strtoull(most.at, NULL, 10) : 0; /* "max" reads as 0 */
	if (limit > 0 && limit < bytes)
		bytes = limit;
	bytes = bytes / 4 / 1024 / 1024;
	if (bytes < SHARED_MIB_DEFAULT_MIN)
		return SHARED_MIB_DEFAULT_MIN;
	return bytes < SHARED_MIB_DEFAULT_MAX ? (int)bytes : SHARED_MIB_DEFAULT_MAX;
}

/* PostgreSQL's socket lies in var, or, where that path is too long for a socket, in a private
 * folder under /tmp whose name follows from var. */
static const char *
sockets_folder(struct arena *arena, const char *var)
{
	const char *inside = arena_print(arena, "%s/run", var);
	struct stat about;
	unsigned char digest[SHA256_DIGEST_LENGTH];

	if (strlen(inside) + strlen("/.s.PGSQL.5432") <= CTL_SOCKET_PATH_MAX)
		return inside;
	if (stat(var, &about) != 0)
		log_die("cannot look at %s: %s", var, strerror(errno));
	(void)SHA256((const unsigned char *)var, strlen(var), digest); /* writes to digest */
	return arena_print(arena, "/tmp/socius-%u-%02x%02x%02x%02x", (unsigned)about.st_uid,
	    digest[0], digest[1], digest[2], digest[3]);
}

static const char *
var_folder(struct arena *arena)
{
	const char *name = world_setting("SOCIUS_VAR", "var");
	char path[PATH_MAX];

	if (realpath(name, path) == NULL)
		log_die("SOCIUS_VAR is \"%s\": %s", name, strerror(errno));
	for (const char *at = path; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || strchr("\"'\\,", *at) != NULL)
			log_die("SOCIUS_VAR is \"%s\": a path without quotes, commas, backslashes "
				"and control characters is needed",
			    path);
	return arena_copy(arena, path, strlen(path));
}

/* Settings that other programs read: said here when they are unusable, before anything starts. */
static const struct {
	const char *name;
	int64_t otherwise, least, most;
} others[] = {
	{ "SOCIUS_READ_CONNECTIONS", 2, 1, 16 },
	{ "SOCIUS_WRITE_CONNECTIONS", 2, 1, 16 },
	{ "SOCIUS_SLOW_CONNECTIONS", 1, 1, 16 },
	{ "SOCIUS_COLD_CONNECTIONS", 3, 1, 16 },
	{ "SOCIUS_POOL_THREADS", 2, 1, 16 },
	{ "SOCIUS_TEST_MARKETS", 0, 0, 1000 },
	{ "SOCIUS_CONNECTIONS", 8192, 512, 65536 },
	{ "SOCIUS_TEST_MARKETS_PER_NETWORK", 5, 1, 1000 },
	{ "SOCIUS_EVENTS_MONTHS", 13, 0, 1200 },
	{ "SOCIUS_PROVIDERS_ON_LOOPBACK", 0, 0, 1 },
	{ 0 },
};

enum { DESCRIPTORS_SPARE = 512, LANES = 4, KEYS_CONNECTIONS = 2, CONNECTIONS_SPARE = 100 };

static int64_t
other(int i)
{
	return world_setting_int(
	    others[i].name, others[i].otherwise, others[i].least, others[i].most);
}

static int64_t
held(int i)
{
	return world_setting_int(
	    limit_holding_settings[i].name, limit_holding_settings[i].otherwise, 0, LIMIT_HELD_MAX);
}

static void
check_others(void)
{
	struct limit_rate rates[LIMIT_RATES];

	for (int i = 0; others[i].name != NULL; i++)
		(void)other(i); /* dies when it is not usable */
	for (int i = 0; i < LIMIT_HOLDINGS; i++)
		(void)held(i);      /* so does this */
	limit_read_settings(rates); /* and so does this */
}

/* Connections of one worker. While workers are replaced there may be twice as many. */
static int
lanes(void)
{
	int64_t count = KEYS_CONNECTIONS;

	for (int i = 0; i < LANES; i++)
		count += other(i);
	return 2 * (int)count;
}

static int
port(const char *name, int otherwise)
{
	return (int)world_setting_int(name, otherwise, 1, PORT_MAX);
}

static const char *
address(const char *name)
{
	const char *value = world_setting(name, "127.0.0.1");
	unsigned char parsed[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, value, parsed) != 1 && inet_pton(AF_INET6, value, parsed) != 1)
		log_die("%s is \"%s\": an IP address is needed", name, value);
	return value;
}

/* RFC 8414 section 2: a URL without query and fragment; paths are put behind it. */
static const char *
issuer(void)
{
	const char *value = world_setting("SOCIUS_ISSUER", NULL);

	if (value == NULL)
		return NULL;
	if ((strncmp(value, "https://", 8) != 0 && strncmp(value, "http://", 7) != 0) ||
	    strpbrk(value, "?#\"\\ ") != NULL || value[strlen(value) - 1] == '/')
		log_die("SOCIUS_ISSUER is \"%s\": the URL is needed by which others reach the "
			"instance, without a slash at its end",
		    value);
	return value;
}

void
settings_read(struct settings *settings, struct arena *arena)
{
	settings->var = var_folder(arena);
	settings->sockets = sockets_folder(arena, settings->var);
	settings->address = address("SOCIUS_ADDRESS");
	settings->edge_address = address("SOCIUS_EDGE_ADDRESS");
	settings->port = port("SOCIUS_PORT", 8080);
	settings->metrics_port = port("SOCIUS_METRICS_PORT", 9464);
	settings->edge_port = port("SOCIUS_EDGE_PORT", 8443);
	if (settings->port == settings->metrics_port || settings->port == settings->edge_port ||
	    settings->metrics_port == settings->edge_port)
		log_die("SOCIUS_PORT, SOCIUS_METRICS_PORT and SOCIUS_EDGE_PORT must differ");
	settings->workers =
	    (int)world_setting_int("SOCIUS_WORKERS", workers_default(), 1, WORKERS_MAX);
	check_others();
	settings->api_connections = (int)world_setting_int("SOCIUS_CONNECTIONS", 8192, 512, 65536);
	smtp_settings(&settings->smtp, arena);
	settings->connections = settings->workers * lanes() + CONNECTIONS_SPARE;
	settings->shared_mib = (int)world_setting_int(
	    "SOCIUS_PG_SHARED_MIB", shared_mib_default(arena), SHARED_MIB_MIN, 1024 * 1024);
	settings->issuer = issuer();
	settings->log_level = world_setting("SOCIUS_LOG_LEVEL", "info");
	if (!text_listed(log_levels, text_of(settings->log_level)))
		log_die("SOCIUS_LOG_LEVEL is \"%s\": one of %s is needed", settings->log_level,
		    log_levels);
}

/* nginx counts to 65535. */
static int
edge_connections(void)
{
	int64_t most = held(LIMIT_CONNECTIONS);

	return most == 0 || most > UINT16_MAX ? UINT16_MAX : (int)most;
}

static const char *
listens(struct arena *arena, const char *address, int port)
{
	return arena_print(
	    arena, strchr(address, ':') != NULL ? "[%s]:%d" : "%s:%d", address, port);
}

const char *
settings_reach(struct arena *arena, const char *address, int port)
{
	if (strcmp(address, "0.0.0.0") == 0)
		address = "127.0.0.1";
	if (strcmp(address, "::") == 0)
		address = "::1";
	return listens(arena, address, port);
}

const char *
settings_value(const struct settings *settings, struct arena *arena, struct text name)
{
	bool apart = identities_apart();
	const struct {
		const char *name;
		const char *text; /* or, where it is NULL, number */
		int number;
	} values[] = {
		{ "SOCKETS", settings->sockets, 0 },
		{ "USER", identities_user(IDENTITY_OWNER), 0 },
		{ "API_USER", identities_user(IDENTITY_API), 0 },
		{ "RUNNER_USER", identities_user(IDENTITY_RUNNER), 0 },
		{ "SOCKET_GROUP", apart ? identities_data_group() : "", 0 },
		{ "SOCKET_MODE", apart ? "0770" : "0700", 0 },
		{ "EDGE_FOLDER", apart ? "run/edge" : "edge/tmp", 0 },
		{ "ADDRESS", settings->address, 0 },
		{ "PORT", NULL, settings->port },
		{ "METRICS_PORT", NULL, settings->metrics_port },
		{ "API_REACHED_AT", settings_reach(arena, settings->address, settings->port), 0 },
		{ "EDGE_LISTENS_AT", listens(arena, settings->edge_address, settings->edge_port),
		    0 },
		{ "CONNECTIONS_PER_NETWORK", NULL, edge_connections() },
		{ "WORKERS", NULL, settings->workers },
		{ "CONNECTIONS", NULL, settings->connections },
		{ "API_CONNECTIONS", NULL, settings->api_connections },
		{ "API_DESCRIPTORS", NULL, settings->api_connections + DESCRIPTORS_SPARE },
		{ "SHARED_MIB", NULL, settings->shared_mib },
		{ "LOAD", "bin/socius.so", 0 },
		{ "PIDFILE", apart ? "run/api/api.pid" : "run/api.pid", 0 },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (text_is(name, values[i].name))
			return values[i].text != NULL ? values[i].text
						      : arena_print(arena, "%d", values[i].number);
	return NULL;
}

static const char *
shown(const char *value)
{
	return value != NULL ? value : "";
}

int
check_settings_run(struct ctl *ctl)
{
	const struct settings *settings = &ctl->settings;
	struct limit_rate rates[LIMIT_RATES];

	options_end(ctl);
	(void)printf("SOCIUS_VAR=%s\n"
		     "SOCIUS_ADDRESS=%s\n"
		     "SOCIUS_PORT=%d\n"
		     "SOCIUS_METRICS_PORT=%d\n"
		     "SOCIUS_EDGE_ADDRESS=%s\n"
		     "SOCIUS_EDGE_PORT=%d\n"
		     "SOCIUS_WORKERS=%d\n"
		     "SOCIUS_PG_SHARED_MIB=%d\n"
		     "SOCIUS_LOG_LEVEL=%s\n"
		     "SOCIUS_ISSUER=%s\n"
		     "SOCIUS_SMTP_URL=%s\n"
		     "SOCIUS_SMTP_USER=%s\n"
		     "SOCIUS_MAIL_SENDER=%s\n",
	    settings->var, settings->address, settings->port, settings->metrics_port,
	    settings->edge_address, settings->edge_port, settings->workers, settings->shared_mib,
	    settings->log_level, shown(settings->issuer), shown(settings->smtp.url),
	    shown(settings->smtp.user), settings->smtp.sender);
	for (int i = 0; others[i].name != NULL; i++)
		if (world_setting(others[i].name, NULL) == NULL &&
		    strcmp(others[i].name, "SOCIUS_TEST_MARKETS") == 0)
			(void)puts("SOCIUS_TEST_MARKETS="); /* ./socius run decides */
		else
			(void)printf("%s=%lld\n", others[i].name, (long long)other(i));
	for (int i = 0; i < LIMIT_HOLDINGS; i++)
		(void)printf("%s=%lld\n", limit_holding_settings[i].name, (long long)held(i));
	limit_read_settings(rates);
	for (int i = 0; i < LIMIT_RATES; i++)
		(void)printf("%s=%lld\n%s=%lld\n", limit_settings[i].rate,
		    (long long)rates[i].count, limit_settings[i].burst, (long long)rates[i].burst);
	return 0;
}
