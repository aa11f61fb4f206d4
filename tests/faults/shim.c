/*
 * What no kernel does on demand, done in front of it: io_submit() that is
 * offered fewer requests than the program has, so that it really takes no
 * more; and a completion ring that looks foreign.  Preloaded over syscall(),
 * through which the program makes its AIO calls.
 *
 * SHIM_TAKE_ONE_EVERY=N: every Nth io_submit() is offered one request only.
 * SHIM_FOREIGN_RING=1: rings lose their magic number.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define MOST_ARGUMENTS 6
#define MAGIC_WORD 4 /* of the ring: id, nr, head, tail, magic */

typedef long SyscallFunc(long number, ...);

static long setting(const char *name)
{
    const char *text = getenv(name);

    return text ? atol(text) : 0;
}

static void offer_fewer(long *requests)
{
    static unsigned long calls;
    long every = setting("SHIM_TAKE_ONE_EVERY");

    if (every > 0 &&
        __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) %
                (unsigned long)every ==
            0 &&
        *requests > 1) {
        *requests = 1;
    }
}

static void disguise(uintptr_t *context)
{
    if (setting("SHIM_FOREIGN_RING")) {
        ((uint32_t *)*context)[MAGIC_WORD] = 0;
    }
}

long syscall(long number, ...)
{
    SyscallFunc *next = (SyscallFunc *)dlsym(RTLD_NEXT, "syscall");
    long a[MOST_ARGUMENTS], result;
    va_list arguments;

    va_start(arguments, number);
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
        a[i] = va_arg(arguments, long);
    }
    va_end(arguments);

    if (number == SYS_io_submit) {
        offer_fewer(&a[1]);
    }
    result = next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (number == SYS_io_setup && result == 0) {
        disguise((uintptr_t *)a[1]);
    }
    return result;
}
