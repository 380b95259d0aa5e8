/* strike: kill -9 on processes of one instance; see strike.h. */
#include "strike.h"

#include <signal.h>
#include <sys/types.h>

#include "socius/log.h"
#include "socius/world.h"

enum { PAUSE_US_MIN = 100 * 1000, PAUSE_US_MAX = 400 * 1000, CHILDREN_MAX = 256 };

static const char *const services[TARGETS] = { "api", "postgresql", "runner" };

/* The process of this service, by the supervisor's list; 0: it is down. */
static pid_t
service_pid(const char *var, const char *service)
{
	char path[512], name[32];
	int pid, found = 0;
	FILE *list;

	(void)snprintf(path, sizeof(path), "%s/run/services", var); /* a cut one does not open */
	list = fopen(path, "re");
	if (list == NULL)
		log_die("no instance runs in %s", var);
	while (found == 0 && fscanf(list, "%31s", name) == 1)
		if (fscanf(list, "%d", &pid) == 1 && strcmp(name, service) == 0)
			found = pid;
	(void)fclose(list); /* only read */
	return found;
}

/* The process's parent; 0: it is gone. */
static pid_t
parent_of(pid_t pid)
{
	char path[64], line[512];
	const char *end;
	int parent = 0;
	FILE *stat;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid); /* fits */
	stat = fopen(path, "re");
	if (stat == NULL)
		return 0;
	if (fgets(line, sizeof(line), stat) != NULL && (end = strrchr(line, ')')) != NULL &&
	    sscanf(end + 1, " %*c %d", &parent) != 1)
		parent = 0;
	(void)fclose(stat); /* only read */
	return parent;
}

/* One of its children, by chance; 0: it has none. */
static pid_t
child_of(pid_t pid, struct chance *chance)
{
	char path[64];
	int children[CHILDREN_MAX], count = 0;
	FILE *list;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	list = fopen(path, "re");
	if (list == NULL)
		return 0;
	while (count < CHILDREN_MAX && fscanf(list, "%d", &children[count]) == 1)
		count++;
	(void)fclose(list); /* only read */
	return count == 0 ? 0 : children[chance_below(chance, count)];
}

/* Kills the target if it is up and, without doubt, the instance's. */
static bool
hit(struct strike *strike, enum target target)
{
	pid_t supervisor = service_pid(strike->var, "supervisor");
	pid_t pid = service_pid(strike->var, services[target]);

	if (pid == 0 || supervisor == 0 || parent_of(pid) != supervisor)
		return false;
	if (target == WORKER) {
		pid_t worker = child_of(pid, strike->chance);

		if (worker == 0 || parent_of(worker) != pid)
			return false;
		pid = worker;
	}
	return kill(pid, SIGKILL) == 0;
}

void
strike_turn(struct strike *strike)
{
	int64_t now_us = world_monotonic_us();
	int left = 0, chosen;
	enum target target = 0;

	for (int i = 0; i < TARGETS; i++)
		left += strike->left[i];
	if (left == 0 || now_us < strike->next_us || strike->struck_us != 0)
		return;
	chosen = (int)chance_below(strike->chance, left);
	while (chosen >= strike->left[target])
		chosen -= strike->left[target++];
	strike->next_us =
	    now_us + PAUSE_US_MIN + chance_below(strike->chance, PAUSE_US_MAX - PAUSE_US_MIN);
	if (!hit(strike, target))
		return;
	strike->left[target]--;
	strike->done[target]++;
	strike->last = target;
	strike->struck_us = now_us;
}

void
strike_done(struct strike *strike, int64_t begun_us)
{
	int64_t took_us = world_monotonic_us() - strike->struck_us;

	if (strike->struck_us == 0 || begun_us <= strike->struck_us)
		return;
	strike->recovery_us[strike->last][strike->done[strike->last] - 1] = took_us;
	strike->struck_us = 0;
	strike->next_us = world_monotonic_us() + PAUSE_US_MIN +
			  chance_below(strike->chance, PAUSE_US_MAX - PAUSE_US_MIN);
}

bool
strike_is_over(const struct strike *strike)
{
	return strike->left[WORKER] + strike->left[POSTGRES] + strike->left[RUNNER] == 0 &&
	       strike->struck_us == 0;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

void
strike_recovery(struct strike *strike, enum target target, double *median_ms, double *most_ms)
{
	int64_t *times = strike->recovery_us[target];
	int count = strike->done[target];

	qsort(times, (size_t)count, sizeof(*times), compare);
	*median_ms = count > 0 ? (double)times[count / 2] / 1e3 : 0;
	*most_ms = count > 0 ? (double)times[count - 1] / 1e3 : 0;
}
