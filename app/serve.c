/*
 * serve: the module that Kore loads: its hooks, and what its workers may ask of the kernel.
 *
 * Kore 4.1's own list of system calls is older than the C library; what is added is for the library
 * (newfstatat, clone3, rseq ...), for libpq (socket, connect ...) and for the gate's own needs.
 */
#include <kore/kore.h>
#include <kore/seccomp.h>

#include "gate.h"
#include "socius/endpoint.h"

GATE_EXPORT void kore_parent_configure(int argc, char **argv);
GATE_EXPORT void kore_worker_configure(void);
GATE_EXPORT void kore_worker_teardown(void);
GATE_EXPORT void kore_parent_teardown(void);
GATE_EXPORT void kore_seccomp_hook(void);

KORE_SECCOMP_FILTER("socius",
    /* the C library */
    KORE_SYSCALL_ALLOW(newfstatat), KORE_SYSCALL_ALLOW(clone3), KORE_SYSCALL_ALLOW(rseq),
    KORE_SYSCALL_ALLOW(set_robust_list), KORE_SYSCALL_ALLOW(mremap), KORE_SYSCALL_ALLOW(gettid),
    KORE_SYSCALL_ALLOW(tgkill), KORE_SYSCALL_ALLOW(getdents64), KORE_SYSCALL_ALLOW(uname),
    KORE_SYSCALL_ALLOW(sched_yield), KORE_SYSCALL_ALLOW(sched_getaffinity),
    /* libpq, over a local socket or TCP, with names looked up */
    KORE_SYSCALL_ALLOW(socket), KORE_SYSCALL_ALLOW(connect), KORE_SYSCALL_ALLOW(bind),
    KORE_SYSCALL_ALLOW(getsockopt), KORE_SYSCALL_ALLOW(getsockname),
    KORE_SYSCALL_ALLOW(getpeername), KORE_SYSCALL_ALLOW(sendmsg), KORE_SYSCALL_ALLOW(recvmsg),
    KORE_SYSCALL_ALLOW(sendmmsg), KORE_SYSCALL_ALLOW(getppid),
    /* the gate */
    KORE_SYSCALL_ALLOW(eventfd2), KORE_SYSCALL_ALLOW(epoll_create1), KORE_SYSCALL_ALLOW(shutdown),
    KORE_SYSCALL_ALLOW(setpriority));

void
kore_parent_configure(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	gate_prepare(&app);
}

void
kore_worker_configure(void)
{
	gate_begin();
}

/* All is said and done: what Kore and the libraries would still tidy up dies with the process, and
 * some of it hangs. A parent that is not stopping itself starts a new worker for this status; for 0
 * it would not. */
void
kore_worker_teardown(void)
{
	gate_end();
	(void)fflush(stdout);
	_exit(EXIT_FAILURE);
}

/* The workers have ended. */
void
kore_parent_teardown(void)
{
	(void)unlink(kore_pidfile); /* it may have been no more than a wish */
	(void)fflush(stdout);
	_exit(EXIT_SUCCESS);
}
