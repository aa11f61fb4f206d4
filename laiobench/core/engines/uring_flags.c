#include "engines/uring_flags.h"

#include <stdio.h>
#include <string.h>

/*
 * Only the thread that submitted brings completions into the ring, on its way
 * out of the kernel.  When it is to go there differs:
 *
 * - One that looks at the ring makes no calls: it must be interrupted, without
 *   COOP_TASKRUN.  With it a poller on another CPU than the device's interrupts
 *   sees completions at the next tick: 229 instead of 10,800 reads a second.
 * - One that sleeps is woken anyway, and nobody need interrupt it.
 * - One that waits in io_uring_enter() brings them right there: DEFER_TASKRUN.
 *   With an eventfd this would take one call more for each wake-up.
 *
 * Where a kernel thread submits, it does all that.
 */
static uint32_t flags_for_noticing(const EngineConfig *config)
{
    if (config->looks) {
        return 0;
    }
    if (config->notify) {
        return URING_SETUP_COOP_TASKRUN;
    }
    return URING_SETUP_COOP_TASKRUN | URING_SETUP_TASKRUN_FLAG |
           URING_SETUP_DEFER_TASKRUN;
}

UringRingConfig uring_flags_choose(const EngineConfig *config)
{
    const IoUringOptions *options = &config->options.io_uring;
    UringRingConfig ring = {
        .should = URING_SETUP_SUBMIT_ALL | URING_SETUP_SINGLE_ISSUER |
                  URING_SETUP_NO_SQARRAY,
    };

    if (options->hipri) {
        ring.must |= URING_SETUP_IOPOLL;
    }
    if (!options->sqthread_poll) {
        ring.should |= flags_for_noticing(config);
        return ring;
    }
    ring.must |= URING_SETUP_SQPOLL;
    if (options->sqthread_poll_cpu >= 0) {
        ring.must |= URING_SETUP_SQ_AFF;
        ring.sq_thread_cpu = options->sqthread_poll_cpu;
    }
    return ring;
}

static void add_names(char *into, size_t room, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } named[] = {
        {URING_SETUP_IOPOLL, "IOPOLL"},
        {URING_SETUP_SQPOLL, "SQPOLL"},
        {URING_SETUP_SQ_AFF, "SQ_AFF"},
        {URING_SETUP_SUBMIT_ALL, "SUBMIT_ALL"},
        {URING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"},
        {URING_SETUP_TASKRUN_FLAG, "TASKRUN_FLAG"},
        {URING_SETUP_SINGLE_ISSUER, "SINGLE_ISSUER"},
        {URING_SETUP_DEFER_TASKRUN, "DEFER_TASKRUN"},
        {URING_SETUP_NO_SQARRAY, "NO_SQARRAY"},
    };

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (flags & named[i].flag) {
            size_t used = strlen(into);

            snprintf(into + used, room - used, "%s%s", used ? " " : "",
                     named[i].name);
        }
    }
}

void uring_flags_describe(const UringRing *ring, EngineSetUp *set_up)
{
    *set_up = (EngineSetUp){0};
    add_names(set_up->flags, sizeof(set_up->flags), ring->flags);
    add_names(set_up->refused, sizeof(set_up->refused), ring->refused);
}
