/* options: the words after the verb; see ctl.h. A taken word becomes NULL in argv. */
#include "ctl.h"

#include <errno.h>

#include "socius/log.h"

static int
find(const struct ctl *ctl, const char *name)
{
	for (int i = 0; i < ctl->argc; i++)
		if (ctl->argv[i] != NULL && strcmp(ctl->argv[i], name) == 0)
			return i;
	return -1;
}

const char *
options_value(struct ctl *ctl, const char *name)
{
	int at = find(ctl, name);
	const char *value;

	if (at < 0)
		return NULL;
	if (at + 1 >= ctl->argc || ctl->argv[at + 1] == NULL)
		log_die("%s needs a value", name);
	value = ctl->argv[at + 1];
	ctl->argv[at] = ctl->argv[at + 1] = NULL;
	return value;
}

const char *
options_needed(struct ctl *ctl, const char *name)
{
	const char *value = options_value(ctl, name);

	if (value == NULL)
		log_die("%s is needed", name);
	return value;
}

bool
options_flag(struct ctl *ctl, const char *name)
{
	int at = find(ctl, name);

	if (at >= 0)
		ctl->argv[at] = NULL;
	return at >= 0;
}

const char *
options_word(struct ctl *ctl)
{
	for (int i = 0; i < ctl->argc; i++) {
		const char *word = ctl->argv[i];

		if (word == NULL || strncmp(word, "--", 2) == 0)
			continue;
		ctl->argv[i] = NULL;
		return word;
	}
	return NULL;
}

int64_t
options_int(struct ctl *ctl, const char *name, int64_t otherwise, int64_t least, int64_t most)
{
	const char *value = options_value(ctl, name);
	char *end;
	long long number;

	if (value == NULL)
		return otherwise;
	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || number < least || number > most)
		log_die("%s is \"%s\": it must be a whole number from %lld to %lld", name, value,
		    (long long)least, (long long)most);
	return number;
}

void
options_end(struct ctl *ctl)
{
	for (int i = 0; i < ctl->argc; i++)
		if (ctl->argv[i] != NULL)
			log_die("\"%s\" is not understood here; see ./socius help", ctl->argv[i]);
}
