/*
 * The io_uring engine: UringState, one to a context.  Requests go in through
 * its SubmitQueue and the submission ring, and come back through the completion
 * ring.  What is too misaligned for direct I/O goes to a thread pool instead, and
 * so does what io_uring has no operation for.
 *
 * How a ring is set up depends on who notices completions; see uring_flags.c.
 *
 * Longer than 400 lines, since submitting and reaping share one state and are
 * inlined into each other, to keep the cost of an I/O low.
 */
#include <errno.h>

#include "base/compiler.h"
#include "engines/pool_fallback.h"
#include "engines/short_io.h"
#include "engines/submit_queue.h"
#include "engines/target.h"
#include "engines/uring_entries.h"
#include "engines/uring_flags.h"
#include "engines/uring_workers.h"

/* Linux 6.14: what was read or written does not stay in the page cache. */
#define DONT_CACHE 0x80u

/* The thread pool's requests come back by bottom half, which a wait can't see. */
#define POOL_SLICE_NS 200000

/* Two completions ahead is far enough to hide a miss to the L2 cache. */
#define PREFETCH_DISTANCE 2

typedef struct UringState {
    Engine base;
    UringRing ring;
    SubmitQueue queue;
    UringEntries entries;
    EventNotifier notifier;
    uint32_t tail_at_return; /* of completions, when the last submit returned */
    uint32_t max_per_wait;   /* completions taken in a call that waits */
    bool reap_on_submit;
    bool strict_short_io;
    bool must_ask; /* only a call looks for completions (IOPOLL) */
    PoolFallback fallback;
    UringWorkers workers;
} UringState;

/* ---- submitting ------------------------------------------------------------ */

/* Its thread submits what is published; it may have to be woken. */
static long wake_thread(UringRing *ring, uint32_t n)
{
    long ret = 0;

    if (uring_ring_asks_after_tail(ring) & URING_SQ_NEED_WAKEUP) {
        ret = uring_ring_enter(ring, n, 0, URING_ENTER_SQ_WAKEUP);
    }
    return ret < 0 && ret != -EINTR ? ret : (long)n;
}

/* A SubmitCall. */
static inline long submit_entries(Engine *engine, Request **first, uint32_t n)
{
    UringState *state = (UringState *)engine;
    UringRing *ring = &state->ring;
    uint32_t room = uring_ring_sq_room(ring);
    long ret;

    n = n < room ? n : room;
    for (uint32_t i = 0; i < n; i++) {
        uring_entries_fill(&state->entries, uring_ring_sqe(ring, i), first[i]);
    }
    uring_ring_set_tail(ring, ring->tail + n);
    if (uring_ring_has_thread(ring)) {
        return wake_thread(ring, n);
    }
    ret = uring_ring_enter(ring, n, 0, 0);
    state->tail_at_return = uring_ring_cq_tail(ring);
    if (__builtin_expect(ret != (long)n, 0)) {
        uring_ring_take_back(ring);
    }
    return ret == -EBUSY ? -EAGAIN : ret;
}

static uint32_t uring_reap(Engine *engine, uint64_t *reaped_by);

static void submit_and_reap(UringState *state)
{
    submit_queue_submit(&state->queue, submit_entries);
    if (state->reap_on_submit) {
        uring_reap(&state->base, &state->base.ctx->counters.reaped.inline_);
    }
}

static void retry_submit(void *opaque)
{
    submit_and_reap(opaque);
}

/* Has the ring an operation for @request? */
static inline bool goes_to_ring(const UringState *state, Request *request)
{
    if (__builtin_expect(request->op <= REQUEST_WRITE, 1)) {
        return target_takes(request->target, request);
    }
    if (state->ring.flags & URING_SETUP_IOPOLL) {
        return false; /* such a ring is for reads and writes */
    }
    return request->op != REQUEST_TRIM || !uring_part_of(request)->no_discard;
}

static void uring_submit(Engine *engine, Request *request)
{
    UringState *state = (UringState *)engine;

    request_begin(request, engine->ctx->now);
    if (__builtin_expect(request->op > REQUEST_TRIM, 0)) {
        engine->ctx->counters.submit.rejected++;
        request->submitted = request->queued;
        engine_finish(engine, request, -EIO);
        return;
    }
    if (__builtin_expect(uring_part_of(request)->entries != &state->entries,
                         0)) {
        uring_entries_bind(&state->entries, request);
    }
    if (!goes_to_ring(state, request)) {
        pool_fallback_submit(&state->fallback, request);
        return;
    }
    submit_queue_append(&state->queue, request);
    if (submit_queue_is_due(&state->queue)) {
        submit_and_reap(state);
    }
}

static void uring_plug(Engine *engine)
{
    ((UringState *)engine)->queue.plugged++;
}

static void uring_unplug(Engine *engine)
{
    UringState *state = (UringState *)engine;

    state->queue.plugged--;
    if (submit_queue_can_submit(&state->queue)) {
        submit_and_reap(state);
    }
}

static void uring_cancel_pending(Engine *engine, const struct Target *target)
{
    UringState *state = (UringState *)engine;

    submit_queue_cancel(&state->queue, target);
    pool_fallback_cancel(&state->fallback, target);
}

/* ---- completing ------------------------------------------------------------ */

/* Linux before 6.12, a file, or a device that can't: a thread does it. */
static bool lacks_discard(const Request *request, int32_t result)
{
    return request->op == REQUEST_TRIM &&
           (result == -EOPNOTSUPP || result == -EINVAL || result == -ENOTTY);
}

/* Not simply all of its bytes.  Returns whether the request is done. */
static __attribute__((noinline)) bool complete_odd(UringState *state,
                                                   Request *request,
                                                   int32_t result)
{
    if (lacks_discard(request, result)) {
        uring_part_of(request)->no_discard = true;
        pool_fallback_submit(&state->fallback, request);
        return false;
    }
    if (request->op == REQUEST_TRIM && result == 0) {
        engine_finish(&state->base, request, 0);
        return true;
    }
    if (short_io_finish(&state->base, request, result,
                        state->strict_short_io)) {
        return true;
    }
    if (short_io_rest_is_aligned(request)) {
        submit_queue_append(&state->queue, request);
    } else {
        pool_fallback_submit(&state->fallback, request);
    }
    return false;
}

/* Returns 1 if the request is done, 0 if its rest was submitted. */
static inline uint32_t complete(UringState *state, const UringCqe *cqe)
{
    Request *request = (Request *)(uintptr_t)cqe->user_data;

    if (__builtin_expect((uint32_t)cqe->result == request->bytes, 1)) {
        engine_finish(&state->base, request, 0);
        return 1;
    }
    return complete_odd(state, request, cqe->result);
}

static uint32_t complete_entries(UringState *state, uint32_t n)
{
    uint32_t finished = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (i + PREFETCH_DISTANCE < n) {
            const UringCqe *ahead =
                uring_ring_cqe(&state->ring, i + PREFETCH_DISTANCE);

            __builtin_prefetch((const char *)(uintptr_t)ahead->user_data +
                                   REQUEST_ENGINE_BYTES,
                               1);
        }
        finished += complete(state, uring_ring_cqe(&state->ring, i));
    }
    return finished;
}

/*
 * Completions that were there when the submit returned get that time, if they
 * are reaped right after it.  Later ones need a reading of the clock, unless
 * this round has one already.
 */
static void set_reaped_time(UringState *state)
{
    AioContext *ctx = state->base.ctx;
    bool something_new = ctx->now == state->queue.call_returned &&
                         uring_ring_cq_tail(&state->ring) !=
                             state->tail_at_return;

    if (!ctx->now_is_fresh || something_new) {
        aio_context_read_clock(ctx);
    }
}

static uint32_t reap_ring(UringState *state, uint32_t most)
{
    uint32_t finished = 0, n;

    set_reaped_time(state);
    while ((n = uring_ring_count(&state->ring)) > 0 && most > 0) {
        n = n < most ? n : most;
        most -= n;
        engine_count_out(&state->base, n);
        state->queue.blocked = false;
        finished += complete_entries(state, n);
        uring_ring_commit(&state->ring, n);
    }
    return finished;
}

/* io_uring_enter() returned -errno, which ends the run, but for a signal. */
static __attribute__((noinline, cold)) void note_failure(UringState *state,
                                                         long error)
{
    if (error != -EINTR && error != -ETIME && error != -EBUSY) {
        error_set(&state->base.ctx->failure, "io_uring_enter", (int)-error, 0);
    }
}

/* Have the kernel bring what has completed into the ring. */
static __attribute__((noinline)) void ask_for_completions(UringState *state)
{
    AioContext *ctx = state->base.ctx;
    long ret = uring_ring_enter(&state->ring, 0, 0, URING_ENTER_GETEVENTS);

    ctx->counters.other.waits++;
    ctx->now_is_fresh = false; /* the call took time */
    if (ret < 0) {
        note_failure(state, ret);
    }
}

/* After each reaping: count, and submit what pends. */
static void after_reap(UringState *state, uint32_t finished,
                       uint64_t *reaped_by)
{
    *reaped_by += finished;
    if (submit_queue_pending(&state->queue) > 0 && !state->queue.plugged) {
        submit_queue_submit(&state->queue, submit_entries);
    }
}

static bool uring_ready(Engine *engine)
{
    UringState *state = (UringState *)engine;

    if (state->must_ask && engine->in_flight > 0) {
        return true;
    }
    return uring_ring_count(&state->ring) > 0 ||
           uring_ring_must_enter(&state->ring) ||
           submit_queue_can_submit(&state->queue);
}

static uint32_t uring_reap(Engine *engine, uint64_t *reaped_by)
{
    UringState *state = (UringState *)engine;
    uint32_t finished;

    if (state->must_ask || uring_ring_must_enter(&state->ring)) {
        ask_for_completions(state);
    }
    finished = reap_ring(state, UINT32_MAX);
    after_reap(state, finished, reaped_by);
    return finished;
}

static void uring_wait(Engine *engine, uint32_t min_nr, int64_t timeout_ns,
                       uint64_t *reaped_by)
{
    UringState *state = (UringState *)engine;
    long ret = 0;

    if (state->fallback.in_flight > 0 &&
        (timeout_ns < 0 || timeout_ns > POOL_SLICE_NS)) {
        timeout_ns = POOL_SLICE_NS;
    }
    min_nr = min_nr < engine->in_flight ? min_nr : engine->in_flight;
    if (min_nr == 0 || uring_ring_count(&state->ring) < min_nr) {
        engine->ctx->counters.other.waits++;
        engine->ctx->now_is_fresh = false;
        ret = uring_ring_wait(&state->ring, min_nr, timeout_ns);
    }
    if (ret < 0) {
        note_failure(state, ret);
    }
    after_reap(state, reap_ring(state, state->max_per_wait), reaped_by);
}

/* ---- life ------------------------------------------------------------------ */

/* Until it is back, the kernel may write to a request's buffer. */
static void wait_for_all(UringState *state)
{
    while (state->base.in_flight > 0) {
        long ret = uring_ring_wait(&state->ring, 1, -1);
        uint32_t n = uring_ring_count(&state->ring);

        if (ret < 0 && ret != -EINTR) {
            return;
        }
        uring_ring_commit(&state->ring, n);
        engine_count_out(&state->base, n);
    }
}

static void uring_destroy(Engine *engine)
{
    UringState *state = (UringState *)engine;

    pool_fallback_cleanup(&state->fallback);
    submit_queue_cleanup(&state->queue);
    wait_for_all(state);
    uring_ring_close(&state->ring);
    uring_registered_cleanup(&state->entries.registered);
    uring_workers_cleanup(&state->workers);
    if (engine->notifier) {
        event_notifier_cleanup(&state->notifier);
    }
    free(state);
}

static KernelThreadsUsage uring_kernel_threads(Engine *engine)
{
    UringWorkers *workers = &((UringState *)engine)->workers;

    uring_workers_look(workers);
    return (KernelThreadsUsage){
        .workers_ns = workers->cpu_ns,
        .worker_wakeups = workers->sleeps,
        .poller_ns = workers->poller_cpu_ns,
    };
}

static const EngineOps uring_ops = {
    .destroy = uring_destroy,
    .submit = uring_submit,
    .plug = uring_plug,
    .unplug = uring_unplug,
    .cancel_pending = uring_cancel_pending,
    .ready = uring_ready,
    .reap = uring_reap,
    .wait = uring_wait,
    .kernel_threads = uring_kernel_threads,
};

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static int open_ring(UringState *state, const EngineConfig *config,
                     Error *error)
{
    UringRingConfig ring = uring_flags_choose(config);
    bool has_thread = ring.must & URING_SETUP_SQPOLL;
    uint32_t batch = config->max_batch && !has_thread ? config->max_batch
                                                      : config->max_events;
    int ret;

    ring.sq_entries = batch < config->max_events ? batch : config->max_events;
    ring.cq_entries = max_u32(config->max_events, ring.sq_entries);
    ret = uring_ring_open(&state->ring, &ring, error);
    if (ret < 0) {
        return ret;
    }
    state->must_ask = config->options.io_uring.hipri && !has_thread;
    state->base.ready_needs_syscall = state->must_ask;
    ret = uring_registered_init(&state->entries.registered, &state->ring,
                                config, error);
    if (ret < 0) {
        uring_ring_close(&state->ring);
    }
    return ret;
}

/* Must be an eventfd: the kernel does not take a pipe. */
static int open_notifier(UringState *state, Error *error)
{
    int ret = event_notifier_init(&state->notifier, error);

    if (ret < 0) {
        return ret;
    }
    ret = uring_ring_register(&state->ring, URING_REGISTER_EVENTFD,
                              &state->notifier.read_fd, 1);
    if (!event_notifier_is_eventfd(&state->notifier) || ret < 0) {
        event_notifier_cleanup(&state->notifier);
        return error_set(error, "eventfd2", ENOSYS, 0);
    }
    state->base.notifier = &state->notifier;
    state->base.coalesces_events = true;
    return 0;
}

static Engine *uring_open(AioContext *ctx, DoneList *done,
                          const EngineConfig *config, Error *error)
{
    const IoUringOptions *options = &config->options.io_uring;
    UringState *state = calloc(1, sizeof(*state));

    if (!state) {
        error_set(error, "malloc", ENOMEM, sizeof(*state));
        return NULL;
    }
    state->base = (Engine){.ops = &uring_ops, .ctx = ctx, .done = done};
    pool_fallback_init(&state->fallback, &state->base, config->max_requests);
    state->reap_on_submit = config->reap_on_submit;
    state->strict_short_io = config->strict_short_io;
    state->max_per_wait =
        config->max_events_per_call ? config->max_events_per_call : UINT32_MAX;
    state->entries.is_vectored = options->vectored;
    state->entries.rw_flags = options->uncached ? DONT_CACHE : 0;

    if (submit_queue_init(&state->queue, &state->base, config, retry_submit) <
        0) {
        error_set(error, "malloc", ENOMEM, 0);
        goto out_free;
    }
    if (open_ring(state, config, error) < 0) {
        goto out_queue;
    }
    if (config->notify && open_notifier(state, error) < 0) {
        goto out_ring;
    }
    uring_workers_init(&state->workers, state->ring.fd);
    uring_flags_describe(&state->ring, &state->base.set_up);
    return &state->base;

out_ring:
    uring_ring_close(&state->ring);
    uring_registered_cleanup(&state->entries.registered);
out_queue:
    submit_queue_cleanup(&state->queue);
out_free:
    free(state);
    return NULL;
}

const EngineType engine_io_uring = {
    .name = "io_uring",
    .capabilities = {.takes_nowait = true,
                     .bounds_waits = true,
                     .coalesces_events = true},
    .open = uring_open,
};
