/* gate: prepare, begin, tick, drain, end; see gate.h. */
#include "gate.h"

#include <errno.h>
#include <kore/kore.h>
#include <libpq-fe.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gate_private.h"
#include "openapi.h"
#include "password.h"
#include "secret.h"
#include "socius/log.h"
#include "socius/world.h"
#include "vault.h"

enum { DATABASE_PATIENCE_S = 20, DESCRIPTORS = 16384, RESTART_PAUSE_MS = 500 };

struct gate gate;

static struct arena prepared; /* of the parent; lives as long as the process */
static volatile sig_atomic_t told_to_stop;

/* --- in the parent --- */

static void
nap_ms(long ms)
{
	struct timespec length = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&length, NULL); /* cut short by a signal is fine */
}

/* At a start of the whole machine PostgreSQL may come later than we do. */
static void
wait_for_database(void)
{
	int64_t until_us = world_monotonic_us() + DATABASE_PATIENCE_S * GATE_S;

	for (;;) {
		switch (PQping(gate.conninfo)) {
		case PQPING_OK:
			return;
		case PQPING_NO_ATTEMPT:
			log_die("SOCIUS_PG_CONNINFO is not usable");
		default:
			break;
		}
		if (sig_recv != 0)
			log_die("told to stop before PostgreSQL answered");
		if (world_monotonic_us() > until_us)
			log_die("PostgreSQL did not answer within %d s", DATABASE_PATIENCE_S);
		nap_ms(100);
	}
}

static void
read_settings(void)
{
	const char *var = world_setting("SOCIUS_VAR", "var");
	const char *level = world_setting("SOCIUS_LOG_LEVEL", "info");

	gate.conninfo = arena_print(&prepared, "%s user=socius_gate application_name=socius-gate",
	    world_setting("SOCIUS_PG_CONNINFO", "dbname=socius"));
	gate.keys_conninfo =
	    arena_print(&prepared, "%s user=socius_gate application_name=socius-gate",
		world_setting("SOCIUS_KEYS_CONNINFO", "dbname=socius_keys"));
	gate.keys_folder = world_setting("SOCIUS_KEYS", arena_print(&prepared, "%s/keys", var));
	gate.kek_folder = world_setting("SOCIUS_KEK_FOLDER", gate.keys_folder);
	gate.spool_folder = arena_print(&prepared, "%s/spool", var);
	gate.docs_folder = arena_print(&prepared, "%s/bin/docs", var);
	gate.trusts_forwarded = world_setting_int("SOCIUS_TRUST_FORWARDED", 0, 0, 1) == 1;
	gate.logs_requests = strcmp(level, "debug") == 0 || strcmp(level, "info") == 0;
}

static void
read_secrets(void)
{
	cursor_key_of(secret_read(&prepared, gate.keys_folder, "cursor"), &gate.cursor_key);
	vault_open(secret_read(&prepared, gate.keys_folder, "vault"), &gate.keys, gate.app->roles);
	password_begin();
	(void)password_count_evaluations(); /* that was none of a caller's */
}

static void
list_statements(void)
{
	static const struct statement probe = { .name = "readyz",
		.sql = "select 1 where not pg_catalog.pg_is_in_recovery()",
		.lane = LANE_READ,
		.market_arg = -1 };
	const struct contract *contract = gate.contract;

	gate.statements = arena_take(
	    &prepared, sizeof(*gate.statements) * (size_t)(3 * contract->operations_count + 5));
	gate.statements[gate.statements_count++] = &probe;
	gate_revoked_prepare(&prepared);
	gate_audit_prepare(&prepared);
	if (gate.ended_sessions.sql != NULL)
		gate.statements[gate.statements_count++] = &gate.ended_sessions;
	gate_used_prepare(&prepared);
	if (gate.used_session.sql != NULL)
		gate.statements[gate.statements_count++] = &gate.used_session;
	if (gate.record_act.sql != NULL)
		gate.statements[gate.statements_count++] = &gate.record_act;
	gate_seal_prepare(&prepared);
	if (gate.unknown_persons.sql != NULL)
		gate.statements[gate.statements_count++] = &gate.unknown_persons;
	for (int i = 0; i < contract->operations_count; i++) {
		const struct operation *operation = &contract->operations[i];

		gate.statements[gate.statements_count++] = &operation->statement;
		if (operation->audited.statement.sql != NULL)
			gate.statements[gate.statements_count++] = &operation->audited.statement;
		if (operation->endpoint->asks != NULL)
			gate.statements[gate.statements_count++] = &operation->asks;
	}
}

static const char *
method_name(enum method method)
{
	static const char *const names[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

	return names[method];
}

static void
share_metrics(void)
{
	static const struct metrics_route own[OWN_ROUTES + 1] = {
		[OWN_HEALTH] = { "GET", "/healthz" },
		[OWN_READY] = { "GET", "/readyz" },
		[OWN_DOCUMENT] = { "GET", "/openapi.json" },
		[OWN_DOCS] = { "GET", "/docs" },
		[OWN_AUTHORIZE] = { "GET", "/oauth/authorize" },
		[OWN_METRICS] = { "GET", "/metrics" },
		[OWN_NONE] = { "", "" },
	};
	int count = gate.contract->operations_count, kinds = 0;
	struct metrics_route *routes;
	const char **problems;

	routes = arena_take(&prepared, sizeof(*routes) * (size_t)(count + OWN_ROUTES + 1));
	for (int i = 0; i < count; i++) {
		const struct endpoint *endpoint = gate.contract->operations[i].endpoint;

		routes[i] = (struct metrics_route){ method_name(endpoint->method), endpoint->path };
	}
	memcpy(routes + count, own, sizeof(own));
	while (gate.app->problems[kinds].slug != NULL)
		kinds++;
	problems = arena_take(&prepared, sizeof(*problems) * (size_t)(kinds + 1));
	for (int i = 0; i < kinds; i++)
		problems[i] = gate.app->problems[i].slug;
	gate.metrics = metrics_new(routes, problems);
}

static void
share_limit(void)
{
	struct limit_rate rates[LIMIT_RATES];

	limit_read_settings(rates);
	gate.limit = limit_new(rates);
}

/* Kore looks at every descriptor below the limit when a worker starts. */
static void
limit_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_die("getrlimit: %s", strerror(errno));
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_die("setrlimit: %s", strerror(errno));
}

void
gate_prepare(const struct app *of)
{
	(void)fflush(stdout); /* else each worker says again what Kore has said so far */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGHUP, SIG_IGN); /* Kore would reload the module under open connections */
	gate.app = of;
	read_settings();
	limit_descriptors();
	wait_for_database();
	gate.contract = contract_load(of, gate.conninfo);
	gate.route = route_build(gate.contract);
	read_secrets();
	gate.encoder = (struct encoder){
		.contract = gate.contract,
		.cursor_key = &gate.cursor_key,
		.token_keys = &gate.keys,
		.roles = gate.app->roles,
	};
	spool_prepare();
	docs_prepare(
	    gate.docs_folder, openapi_write(gate.app, gate.contract, &prepared), &prepared);
	list_statements();
	share_metrics();
	share_limit();
	gate.begun_us = mmap(NULL, sizeof(*gate.begun_us) * METRICS_WORKERS_MAX,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (gate.begun_us == MAP_FAILED)
		log_die("no shared memory: %s", strerror(errno));
}

/* --- in a worker --- */

static void
on_stop(int signal_number)
{
	(void)signal_number;
	told_to_stop = 1;
}

static void
take_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop };

	(void)sigemptyset(&stop.sa_mask); /* cannot fail */
	if (sigaction(SIGTERM, &stop, NULL) != 0 || sigaction(SIGINT, &stop, NULL) != 0 ||
	    sigaction(SIGQUIT, &stop, NULL) != 0)
		log_die("sigaction: %s", strerror(errno));
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* Files change seldom; what they hold is compared, so that a change of any kind is seen. */
static void
read_keys(void)
{
	static struct token_keys fresh;
	static const char *said;
	const char *why = token_keys_load(&fresh, gate.keys_folder);

	if (why != NULL && why != said)
		log_line(LOG_LEVEL_WARN, "keys.unusable", "why", why, NULL);
	said = why;
	if (memcmp(&fresh, &gate.keys, sizeof(fresh)) == 0)
		return;
	gate.keys = fresh;
	gate.keys_generation++;
	token_memory_forget(gate.tokens);
}

bool
gate_keys_anew(void)
{
	static int64_t anew_us;
	int64_t now_us = world_monotonic_us();

	if (now_us - anew_us < GATE_KEYS_PAUSE_US)
		return false;
	anew_us = now_us;
	read_keys();
	return true;
}

static void
drain_begin(void)
{
	struct client *client, *next;

	gate.draining = true;
	gate.drain_deadline_us = world_monotonic_us() + GATE_DRAIN_US;
	/* With one worker there is no accept lock to give up, and Kore would accept to the end. */
	if (worker_count == KORE_WORKER_BASE + 1)
		kore_platform_disable_accept();
	worker_max_connections = 0;
	for (client = gate.clients; client != NULL; client = next) {
		next = client->next;
		client_drain(client);
	}
}

static void
drain_tick(int64_t now_us)
{
	if (told_to_stop && !gate.draining)
		drain_begin();
	if (gate.draining && (gate.clients == NULL || now_us > gate.drain_deadline_us))
		sig_recv = SIGQUIT; /* Kore's loop ends at its next turn */
}

static void
tick(void *arg, u_int64_t now)
{
	struct client *client, *next;
	int64_t now_us = world_monotonic_us();

	(void)arg; /* there is one gate */
	(void)now;
	gate.now_us = now_us;
	link_tick(gate.link);
	link_tick(gate.keys_link);
	for (client = gate.clients; client != NULL; client = next) {
		next = client->next;
		client_tick(client, now_us);
	}
	if (now_us - gate.keys_read_us > GATE_KEYS_US) {
		gate.keys_read_us = now_us;
		read_keys();
		gate_seal_read_keks();
	}
	gate_revoked_tick(now_us);
	metrics_set(gate.metrics, METRIC_LINK_WAITING, link_waiting(gate.link));
	metrics_set(gate.metrics, METRIC_LINK_READY, link_ready(gate.link));
	metrics_set(gate.metrics, METRIC_POOL_WAITING, pool_waiting(gate.pool));
	drain_tick(now_us);
	gate_turn_soon();
}

/* Kore restarts a worker at once, however often it dies. */
static void
pause_after_crash(int index)
{
	int64_t now_us = world_monotonic_us();

	if (gate.begun_us[index] != 0 && now_us - gate.begun_us[index] < 2 * GATE_S)
		nap_ms(RESTART_PAUSE_MS);
	gate.begun_us[index] = now_us;
}

void
gate_begin(void)
{
	struct loop loop = gate_loop();
	int index = worker->id - 1;

	gate.now_us = world_monotonic_us();
	take_signals();
	pause_after_crash(index);
	metrics_enter(gate.metrics, index);
	gate.tokens = token_memory_new();
	gate.revoked = revoked_new();
	read_keys();
	gate.pool = pool_new((int)world_setting_int("SOCIUS_POOL_THREADS", 2, 1, POOL_THREADS_MAX));
	gate_watch(pool_fd(gate.pool), gate_pool_ready, NULL);
	gate.link = link_open(&loop, gate.conninfo, gate.statements, gate.statements_count);
	gate_seal_begin(&loop);
	gate_seal_read_keks();
	(void)kore_timer_add(tick, GATE_TICK_MS, NULL, 0);
}

void
gate_end(void)
{
	struct client *client, *next;

	for (client = gate.clients; client != NULL; client = next) {
		next = client->next;
		client_hang_up(client);
	}
	client_free_gone();
	pool_free(gate.pool);
	link_close(gate.link);
	gate_seal_end();
	gate_log_flush();
}
