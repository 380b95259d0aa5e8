/* prepare: see prepare.h. */
#include "prepare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kek.h"
#include "identities.h"
#include "render.h"
#include "sealing.h"
#include "secret.h"
#include "socius/log.h"
#include "socius/world.h"
#include "token.h"

#define PG_BIN "/usr/lib/postgresql/15/bin"
#define PG_MAJOR "15"
#define TEST_MARKETS "20"
#define TEST_MARKETS_PER_NETWORK "5"

enum {
	KORE_PATIENCE_S = 20,
	RUNNER_PATIENCE_S = 20,
	EDGE_PATIENCE_S = 8,
	DATABASE_PATIENCE_S = 60
};

void
prepare_options(struct ctl *ctl, struct plan *plan)
{
	plan->edge = options_flag(ctl, "--edge");
	plan->database_only = options_flag(ctl, "--database-only");
	plan->seed = options_value(ctl, "--seed");
}

static const char *
in_var(struct ctl *ctl, const char *name)
{
	return arena_print(&ctl->arena, "%s/%s", ctl->settings.var, name);
}

static void
make_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) != 0 && errno != EEXIST)
		log_die("cannot make the folder %s: %s", path, strerror(errno));
}

/* The sockets' folder may lie in /tmp: there it must be ours alone. */
static void
make_sockets_folder(struct ctl *ctl)
{
	const char *path = ctl->settings.sockets;
	struct stat about;

	make_folder(path, 0700);
	if (lstat(path, &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != geteuid())
		log_die("%s belongs to somebody else", path);
	if (strncmp(path, ctl->settings.var, strlen(ctl->settings.var)) != 0)
		(void)fprintf(stderr,
		    "socius: the path of SOCIUS_VAR is too long for a socket; sockets are in %s\n",
		    path);
}

static void
make_folders(struct ctl *ctl)
{
	static const char *const names[] = { "run", "log", "conf", "edge", "edge/tmp", "spool" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		make_folder(in_var(ctl, names[i]), 0750);
	make_folder(in_var(ctl, "keys"), 0700);
	make_sockets_folder(ctl);
}

static void
make_key(struct ctl *ctl)
{
	const char *folder = in_var(ctl, "keys");
	char kid[TOKEN_KID_BYTES_MAX + 1];
	struct token_keys keys;
	const char *why = token_keys_load(&keys, folder);

	if (why == NULL && keys.count == 0)
		why = token_key_make(folder, kid);
	if (why != NULL)
		log_die("the keys in %s are not usable: %s", folder, why);
	/* the API reads these two; it makes no files here */
	(void)secret_read(&ctl->arena, folder, "cursor");
	(void)secret_read(&ctl->arena, folder, "vault");
}

/* The key under which the keys of persons are wrapped. One that comes from elsewhere is not made.
 */
static void
make_kek(struct ctl *ctl)
{
	const char *folder = sealing_kek_folder(ctl);
	struct kek_ring ring;
	const char *why = kek_load(&ring, folder);
	uint32_t number;

	if (why != NULL && ring.count == 0 && world_setting("SOCIUS_KEK_FOLDER", NULL) == NULL)
		why = kek_make(folder, &number);
	if (why != NULL)
		log_die("the key-encryption keys in %s are not usable: %s", folder, why);
}

static void
make_conf(struct ctl *ctl, const struct plan *plan)
{
	static const char *const names[] = { "postgresql.conf", "pg_hba.conf", "pg_ident.conf",
		"kore.conf", "nginx.conf" };
	int count = plan->database_only ? 3 : plan->edge ? 5 : 4;

	for (int i = 0; i < count; i++)
		render(ctl, in_var(ctl, arena_print(&ctl->arena, "bin/conf/%s", names[i])),
		    in_var(ctl, arena_print(&ctl->arena, "conf/%s", names[i])));
}

/* Binds and lets go again: says now, in one line, what would otherwise stand in a log. */
static void
check_port(const char *address, int port, const char *setting)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	bool is_four = inet_pton(AF_INET, address, &four.sin_addr) == 1;
	int fd = socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;
	int bound;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		log_die("cannot make a socket: %s", strerror(errno));
	if (!is_four)
		(void)inet_pton(AF_INET6, address, &six.sin6_addr); /* settings_read has seen it */
	bound = is_four ? bind(fd, (struct sockaddr *)&four, sizeof(four))
			: bind(fd, (struct sockaddr *)&six, sizeof(six));
	if (bound != 0 && errno == EADDRINUSE)
		log_die(
		    "port %d on %s is taken: choose another one with %s", port, address, setting);
	if (bound != 0)
		log_die("cannot listen on %s, port %d (%s): %s", address, port, setting,
		    strerror(errno));
	(void)close(fd); /* never listened */
}

static void
check_ports(const struct settings *settings, const struct plan *plan)
{
	if (plan->database_only)
		return;
	check_port(settings->address, settings->port, "SOCIUS_PORT");
	check_port("127.0.0.1", settings->metrics_port, "SOCIUS_METRICS_PORT");
	if (plan->edge)
		check_port(settings->edge_address, settings->edge_port, "SOCIUS_EDGE_PORT");
}

/* Whoever develops on this machine gets test markets from an instance with the demo market; one
 * that others may reach makes none, unless it is set to. */
static void
set_test_markets(const struct settings *settings, const struct plan *plan)
{
	bool is_loopback =
	    strncmp(settings->address, "127.", 4) == 0 || strcmp(settings->address, "::1") == 0;

	if (world_setting("SOCIUS_TEST_MARKETS", NULL) == NULL && plan->seed != NULL &&
	    is_loopback && !plan->edge && setenv("SOCIUS_TEST_MARKETS", TEST_MARKETS, 1) != 0)
		log_die("setenv: %s", strerror(errno));
	if (world_setting("SOCIUS_TEST_MARKETS_PER_NETWORK", NULL) == NULL &&
	    setenv("SOCIUS_TEST_MARKETS_PER_NETWORK", TEST_MARKETS_PER_NETWORK, 1) != 0)
		log_die("setenv: %s", strerror(errno));
}

/* A cluster is made beside its place and moved there when it is complete. */
static void
plan_cluster(struct ctl *ctl, struct plan *plan)
{
	const char *place = in_var(ctl, "pg");
	const char *beside = in_var(ctl, "pg.new");
	struct text version =
	    files_read_if_there(&ctl->arena, arena_print(&ctl->arena, "%s/PG_VERSION", place));

	if (version.at != NULL) {
		if (version.bytes < 2 || strncmp(version.at, PG_MAJOR, 2) != 0)
			log_die("the cluster in %s is of PostgreSQL %.*s; " PG_MAJOR " is needed",
			    place, (int)strcspn(version.at, "\n"), version.at);
		return;
	}
	if (access(place, F_OK) == 0)
		log_die("%s is not a PostgreSQL cluster: it has no PG_VERSION", place);
	if (access(beside, F_OK) == 0)
		plan->clears = (struct service){ .name = "clear",
			.once = true,
			.args = { "/bin/rm", "-rf", beside },
			.stop_signal = SIGTERM };
	plan->makes_cluster = (struct service){ .name = "initdb",
		.once = true,
		.args = { PG_BIN "/initdb", "--pgdata", beside, "--username=postgres",
		    "--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums" },
		.stop_signal = SIGTERM,
		.patience_s = 5 };
}

void
prepare_keep_cluster(struct ctl *ctl)
{
	if (rename(in_var(ctl, "pg.new"), in_var(ctl, "pg")) != 0)
		log_die("cannot keep the cluster in %s: %s", ctl->settings.var, strerror(errno));
}

static const char *
conninfo_setting(struct ctl *ctl, const char *role)
{
	return arena_print(
	    &ctl->arena, "SOCIUS_PG_CONNINFO=%s", database_conninfo(ctl, role, "socius"));
}

/* Who the instance says it is, where nothing else is set: the address at which it listens. */
static const char *
issuer_setting(struct ctl *ctl, const struct plan *plan)
{
	const struct settings *settings = &ctl->settings;
	struct arena *arena = &ctl->arena;

	if (settings->issuer != NULL)
		return arena_print(arena, "SOCIUS_ISSUER=%s", settings->issuer);
	if (plan->edge)
		return arena_print(arena, "SOCIUS_ISSUER=https://%s",
		    settings_reach(arena, settings->edge_address, settings->edge_port));
	return arena_print(arena, "SOCIUS_ISSUER=http://%s",
	    settings_reach(arena, settings->address, settings->port));
}

static const char *
keys_setting(struct ctl *ctl, const char *role)
{
	return arena_print(&ctl->arena, "SOCIUS_KEYS_CONNINFO=%s", sealing_conninfo(ctl, role));
}

static void
plan_fronts(struct ctl *ctl, struct plan *plan)
{
	const char *keys = arena_print(&ctl->arena, "SOCIUS_KEYS=%s", in_var(ctl, "keys"));
	const char *preload = world_setting("SOCIUS_PRELOAD", NULL);
	struct service *api = &plan->fronts[plan->fronts_count++];
	struct service *runner = &plan->fronts[plan->fronts_count++];

	*runner = (struct service){ .name = "runner",
		.args = { in_var(ctl, "bin/socius-run") },
		.as = IDENTITY_RUNNER,
		.env = { conninfo_setting(ctl, "socius_runner"), keys,
		    keys_setting(ctl, "socius_runner") },
		.stop_signal = SIGTERM,
		.patience_s = RUNNER_PATIENCE_S };
	if (identities_apart() && ctl->settings.smtp.password != NULL)
		runner->env[3] = arena_print(&ctl->arena, "SOCIUS_SMTP_PASSWORD_FILE=%s",
		    identities_lend(
			ctl, "run/smtp-password", ctl->settings.smtp.password, IDENTITY_RUNNER));
	*api = (struct service){ .name = "api",
		.args = { "/usr/bin/kore", "-fnr", "-c", in_var(ctl, "conf/kore.conf") },
		.as = IDENTITY_API,
		.env = { conninfo_setting(ctl, "socius_gate"), keys, issuer_setting(ctl, plan),
		    keys_setting(ctl, "socius_gate") },
		.stop_signal = SIGTERM,
		.patience_s = KORE_PATIENCE_S };
	if (plan->edge)
		api->env[4] = "SOCIUS_TRUST_FORWARDED=1";
	if (preload != NULL)
		api->env[plan->edge ? 5 : 4] = arena_print(&ctl->arena, "LD_PRELOAD=%s", preload);
	if (plan->edge)
		plan->fronts[plan->fronts_count++] = (struct service){ .name = "edge",
			.args = { "/usr/sbin/nginx", "-p", ctl->settings.var, "-c",
			    in_var(ctl, "conf/nginx.conf"), "-e", in_var(ctl, "log/edge.log") },
			.as = IDENTITY_EDGE,
			.stop_signal = SIGQUIT,
			.patience_s = EDGE_PATIENCE_S };
}

static void
plan_services(struct ctl *ctl, struct plan *plan)
{
	const char *program = in_var(ctl, "bin/socius-ctl");

	plan->database = (struct service){ .name = "postgresql",
		.args = { PG_BIN "/postgres", "-D", in_var(ctl, "pg"), "-c",
		    arena_print(
			&ctl->arena, "config_file=%s/conf/postgresql.conf", ctl->settings.var) },
		.stop_signal = SIGINT,
		.patience_s = DATABASE_PATIENCE_S };
	plan->migrates = (struct service){ .name = "migrate",
		.once = true,
		.args = { program, "migrate" },
		.stop_signal = SIGTERM,
		.patience_s = 5 };
	if (plan->seed != NULL)
		plan->seeds = (struct service){ .name = "seed",
			.once = true,
			.args = { program, "seed", plan->seed },
			.stop_signal = SIGTERM,
			.patience_s = 5 };
	plan_fronts(ctl, plan);
}

void
prepare(struct ctl *ctl, struct plan *plan)
{
	check_ports(&ctl->settings, plan);
	make_folders(ctl);
	make_key(ctl);
	make_kek(ctl);
	make_conf(ctl, plan);
	plan_cluster(ctl, plan);
	set_test_markets(&ctl->settings, plan);
	plan_services(ctl, plan);
	if (plan->edge)
		prepare_edge(ctl, plan);
	identities_share(ctl);
	if (setenv("SOCIUS_VAR", ctl->settings.var, 1) != 0)
		log_die("setenv: %s", strerror(errno));
	if (chdir(ctl->settings.var) != 0)
		log_die("cannot enter %s: %s", ctl->settings.var, strerror(errno));
}
