/* identities: see identities.h. */
#include "identities.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ctl.h"
#include "socius/log.h"

enum { NAME_BYTES_MAX = 64 };

static struct {
	bool known, apart;
	char user[IDENTITIES][NAME_BYTES_MAX];
	uid_t uid[IDENTITIES];
	gid_t gid[IDENTITIES];
	char data[NAME_BYTES_MAX];
	gid_t data_gid;
} all;

/* The names are the owner's with these behind. */
static const char *const endings[IDENTITIES] = { "", "-api", "-runner", "-edge" };

static bool
may_change_user(void)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_SETUID, 0, 0) == 1 &&
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_SETGID, 0, 0) == 1 &&
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 1;
}

/* Looks up all names; false: one is missing. */
static bool
find_names(const char *owner)
{
	const struct group *data;

	for (int i = 0; i < IDENTITIES; i++) {
		const struct passwd *user;

		(void)snprintf(all.user[i], NAME_BYTES_MAX, "%s%s", owner, endings[i]);
		user = getpwnam(all.user[i]);
		if (user == NULL)
			return false;
		all.uid[i] = user->pw_uid;
		all.gid[i] = user->pw_gid;
	}
	(void)snprintf(all.data, NAME_BYTES_MAX, "%s-data", owner);
	data = getgrnam(all.data);
	if (data != NULL)
		all.data_gid = data->gr_gid;
	return data != NULL;
}

/* The owner may give files to groups that it is in; PostgreSQL does so with its socket. */
static void
join_groups(void)
{
	gid_t groups[IDENTITIES];

	memcpy(groups, all.gid, sizeof(groups));
	groups[IDENTITY_OWNER] = all.data_gid;
	if (setgroups(IDENTITIES, groups) != 0)
		log_die("cannot join the groups of the instance's users: %s", strerror(errno));
}

static void
find(void)
{
	const struct passwd *owner;

	if (all.known)
		return;
	owner = getpwuid(geteuid());
	if (owner == NULL || strlen(owner->pw_name) > NAME_BYTES_MAX - 8)
		log_die("the system user %u has no name, or a long one", (unsigned)geteuid());
	all.known = true;
	all.apart = find_names(owner->pw_name) && may_change_user();
	if (all.apart)
		join_groups();
	else
		for (int i = 0; i < IDENTITIES; i++)
			(void)snprintf(all.user[i], NAME_BYTES_MAX, "%s", owner->pw_name);
}

bool
identities_apart(void)
{
	find();
	return all.apart;
}

const char *
identities_user(enum identity identity)
{
	find();
	return all.user[identity];
}

const char *
identities_data_group(void)
{
	return identities_apart() ? all.data : NULL;
}

/* For good: what is executed next gets none either. */
static bool
drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) == 0;
}

bool
identities_become(enum identity identity)
{
	bool has_data = identity == IDENTITY_API || identity == IDENTITY_RUNNER;

	if (identities_apart() && identity != IDENTITY_OWNER &&
	    (setgroups(has_data ? 1 : 0, &all.data_gid) != 0 ||
		setresgid(all.gid[identity], all.gid[identity], all.gid[identity]) != 0 ||
		setresuid(all.uid[identity], all.uid[identity], all.uid[identity]) != 0))
		return false;
	return drop_capabilities();
}

/* --- what is shared --- */

/* What another user has put there, such as a certificate of root's, is right or is to be set right
 * by that user. */
static void
share(const char *path, gid_t group, mode_t mode)
{
	struct stat about;

	if (stat(path, &about) == 0 && about.st_gid == group && (about.st_mode & 07777) == mode)
		return;
	if (chown(path, (uid_t)-1, group) != 0 || chmod(path, mode) != 0)
		log_die("cannot share %s with the instance's users: %s; its owner sets it right "
			"with: chgrp %u %s && chmod %o %s",
		    path, strerror(errno), (unsigned)group, path, (unsigned)mode, path);
}

static const char *
in(struct ctl *ctl, const char *name)
{
	return arena_print(&ctl->arena, "%s/%s", ctl->settings.var, name);
}

/* A folder, made where there is none. Who is in the group may write in it. */
static void
share_folder(struct ctl *ctl, const char *name, gid_t group)
{
	const char *path = in(ctl, name);

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		log_die("cannot make the folder %s: %s", path, strerror(errno));
	share(path, group, 0770);
}

/* A file that its reader writes, made where there is none. */
static void
share_file(struct ctl *ctl, const char *name, gid_t group)
{
	const char *path = in(ctl, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		log_die("cannot write %s: %s", path, strerror(errno));
	(void)close(fd); /* nothing was written */
	share(path, group, 0660);
}

static bool
ends_in(const char *name, const char *ending)
{
	size_t bytes = strlen(name), end = strlen(ending);

	return bytes >= end && strcmp(name + bytes - end, ending) == 0;
}

/* The key-encryption keys are for API and runner, those of tokens and the others' secrets for the
 * API alone. */
static void
share_keys(struct ctl *ctl)
{
	const char *folder = in(ctl, "keys");
	DIR *open = opendir(folder);
	struct dirent *entry;

	if (open == NULL)
		log_die("cannot read %s: %s", folder, strerror(errno));
	while ((entry = readdir(open)) != NULL) {
		const char *path = arena_print(&ctl->arena, "%s/%s", folder, entry->d_name);
		bool is_kek = strncmp(entry->d_name, "kek-", 4) == 0;

		if (entry->d_name[0] != '.' &&
		    (ends_in(entry->d_name, ".secret") || ends_in(entry->d_name, ".key")))
			share(path, is_kek ? all.data_gid : all.gid[IDENTITY_API], 0640);
	}
	(void)closedir(open); /* only read */
	share(folder, all.data_gid, 0750);
}

void
identities_share_keys(struct ctl *ctl)
{
	struct stat about;

	find();
	if (all.data_gid != 0 && stat(in(ctl, "keys"), &about) == 0 && about.st_gid == all.data_gid)
		share_keys(ctl);
}

static void
share_edge(struct ctl *ctl)
{
	static const char *const shared[] = { "edge/key.pem", "edge/certificate.pem" };

	for (int i = 0; i < 2; i++)
		if (access(in(ctl, shared[i]), F_OK) == 0)
			share(in(ctl, shared[i]), all.gid[IDENTITY_EDGE], 0640);
	share_folder(ctl, "run/edge", all.gid[IDENTITY_EDGE]);
	share_file(ctl, "log/edge.log", all.gid[IDENTITY_EDGE]);
	share_file(ctl, "log/edge-access.log", all.gid[IDENTITY_EDGE]);
}

/* Folders of which the others know the names that they need are closed to listing. */
static void
open_the_way(struct ctl *ctl)
{
	static const char *const folders[] = { "", "run", "log", "edge", "conf" };
	static const char *const files[] = { "kore.conf", "nginx.conf", "edge-problems.conf" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		share(in(ctl, folders[i]), all.gid[IDENTITY_OWNER], 0711);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *path = in(ctl, arena_print(&ctl->arena, "conf/%s", files[i]));

		if (access(path, F_OK) == 0)
			share(path, all.gid[i == 0 ? IDENTITY_API : IDENTITY_EDGE], 0640);
	}
	if (chmod(ctl->settings.sockets, 0711) != 0)
		log_die("cannot share %s: %s", ctl->settings.sockets, strerror(errno));
}

void
identities_share(struct ctl *ctl)
{
	if (!identities_apart())
		return;
	open_the_way(ctl);
	share_keys(ctl);
	share_folder(ctl, "run/api", all.gid[IDENTITY_API]);
	share_folder(ctl, "spool", all.gid[IDENTITY_API]);
	share_folder(ctl, "mail", all.gid[IDENTITY_RUNNER]);
	share_folder(ctl, "archive", all.gid[IDENTITY_RUNNER]);
	share_edge(ctl);
}

const char *
identities_lend(struct ctl *ctl, const char *name, const char *text, enum identity identity)
{
	const char *path = in(ctl, name);

	files_write(&ctl->arena, path, text_of(text), 0600);
	share(path, all.gid[identity], 0640);
	return path;
}

void
identities_share_log(int fd, enum identity identity)
{
	if (identities_apart() && identity == IDENTITY_EDGE &&
	    (fchown(fd, (uid_t)-1, all.gid[identity]) != 0 || fchmod(fd, 0660) != 0))
		log_die("cannot share the edge's log: %s", strerror(errno));
}
