/*
 * The Linux native AIO engine: LinuxAioState, one to a context.  Requests go
 * in through its SubmitQueue and come back through the ring.  What is
 * too misaligned for direct I/O goes to a thread pool instead.  Raw system
 * calls, no libaio.
 *
 * Longer than 400 lines, since submitting and reaping share one state and are
 * inlined into each other, to keep the cost of an I/O low.
 */
#define _GNU_SOURCE
#include "engines/linux_aio.h"

#include <errno.h>
#include <linux/fs.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engines/aio_ring.h"
#include "engines/pool_fallback.h"
#include "engines/short_io.h"
#include "engines/submit_queue.h"
#include "engines/target.h"

/* Two I/Os ahead is far enough to hide a miss to the L2 cache. */
#define PREFETCH_DISTANCE 2

/* The thread pool's requests come back by bottom half, which io_getevents() can't see. */
#define POOL_SLICE_NS 200000

typedef struct LinuxAioState {
    Engine base;
    EventNotifier notifier;
    SubmitQueue queue;
    aio_context_t id;
    AioRing *ring;           /* NULL: its layout is not known */
    uint32_t tail_at_return; /* the ring's, when io_submit() last returned */
    struct io_event *events; /* for io_getevents() */
    bool reap_on_submit;
    bool strict_short_io;
    uint32_t max_per_wait;           /* events taken in a call that waits */
    uint32_t iocb_flags, iocb_resfd; /* the same in every iocb: the eventfd */

    PoolFallback fallback; /* for misaligned requests */
} LinuxAioState;

/* This engine's part of a request is an iocb, and the request begins with it. */
_Static_assert(sizeof(struct iocb) <= REQUEST_ENGINE_BYTES &&
                   offsetof(Request, engine_part) == 0,
               "an iocb has its place in a request");

static inline struct iocb *iocb_of(Request *request)
{
    return (struct iocb *)request->engine_part;
}

/* ---- submitting -------------------------------------------------------------- */

static const uint16_t iocb_opcodes[][2] = {
    /* for one buffer, for several */
    [REQUEST_READ] = {IOCB_CMD_PREAD, IOCB_CMD_PREADV},
    [REQUEST_WRITE] = {IOCB_CMD_PWRITE, IOCB_CMD_PWRITEV},
    [REQUEST_FSYNC] = {IOCB_CMD_FSYNC, IOCB_CMD_FSYNC},
    [REQUEST_FDSYNC] = {IOCB_CMD_FDSYNC, IOCB_CMD_FDSYNC},
};

/*
 * Fill in what stays the same in a request's iocb.  aio_data shows whether this
 * engine has done so already.
 */
static __attribute__((noinline, cold)) void bind(const LinuxAioState *state,
                                                 Request *request)
{
    *iocb_of(request) = (struct iocb){
        .aio_data = (uintptr_t)state,
        .aio_fildes = (uint32_t)request_fd(request),
        .aio_flags = state->iocb_flags,
        .aio_resfd = state->iocb_resfd,
    };
}

/* Fill in the iocb for @request without its first @done bytes. */
static inline void prepare(LinuxAioState *state, Request *request,
                           uint32_t done)
{
    struct iocb *iocb = iocb_of(request);
    uintptr_t buffer = (uintptr_t)request->buffer;

    if (__builtin_expect(iocb->aio_data != (uintptr_t)state, 0)) {
        bind(state, request);
    }
    iocb->aio_offset = (int64_t)(request->offset + done);
    if (__builtin_expect(request->niov == 0, 1)) {
        iocb->aio_lio_opcode = iocb_opcodes[request->op][0];
        iocb->aio_buf = buffer + done;
        iocb->aio_nbytes = request->bytes - done;
    } else {
        iocb->aio_lio_opcode = iocb_opcodes[request->op][1];
        iocb->aio_buf = buffer;
        iocb->aio_nbytes = request->niov;
    }
    iocb->aio_rw_flags = request->flags;
}

_Static_assert(REQUEST_NOWAIT == RWF_NOWAIT, "flags are the kernel's");

/* A SubmitCall.  iocbs are at the beginning of their requests. */
static inline long call_io_submit(Engine *engine, Request **first, uint32_t n)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    long ret = syscall(SYS_io_submit, state->id, (long)n, first);

    if (ret < 0) {
        return -errno;
    }
    if (state->ring) {
        state->tail_at_return = aio_ring_tail(state->ring);
    }
    return ret;
}

static void submit_and_reap(LinuxAioState *state)
{
    submit_queue_submit(&state->queue, call_io_submit);
    if (state->reap_on_submit) {
        laio_reap(&state->base, &state->base.ctx->counters.reaped.inline_);
    }
}

/* Native AIO has no operation for a trim, nor for an op that is unknown. */
static __attribute__((noinline)) void submit_foreign(LinuxAioState *state,
                                                     Request *request)
{
    if (request->op == REQUEST_TRIM) {
        pool_fallback_submit(&state->fallback, request);
        return;
    }
    state->base.ctx->counters.submit.rejected++;
    request->submitted = request->queued;
    engine_finish(&state->base, request, -EIO);
}

void laio_submit(Engine *engine, Request *request)
{
    LinuxAioState *state = (LinuxAioState *)engine;

    request_begin(request, engine->ctx->now);
    if (__builtin_expect(request->op >=
                             sizeof(iocb_opcodes) / sizeof(iocb_opcodes[0]),
                         0)) {
        submit_foreign(state, request);
        return;
    }
    if (!target_takes(request->target, request)) {
        pool_fallback_submit(&state->fallback, request);
        return;
    }
    prepare(state, request, 0);
    submit_queue_append(&state->queue, request);
    if (submit_queue_is_due(&state->queue)) {
        submit_and_reap(state);
    }
}

void laio_plug(Engine *engine)
{
    ((LinuxAioState *)engine)->queue.plugged++;
}

void laio_unplug(Engine *engine)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    SubmitQueue *queue = &state->queue;

    queue->plugged--;
    if (submit_queue_can_submit(queue)) {
        submit_and_reap(state);
    }
}

static void laio_cancel_pending(Engine *engine, const struct Target *target)
{
    LinuxAioState *state = (LinuxAioState *)engine;

    submit_queue_cancel(&state->queue, target);
    pool_fallback_cancel(&state->fallback, target);
}

static void retry_submit(void *opaque)
{
    submit_and_reap(opaque);
}

/* ---- completing --------------------------------------------------------------- */

/* The device did only a part of the request: submit the rest. */
static void resubmit_tail(LinuxAioState *state, Request *request)
{
    if (!short_io_rest_is_aligned(request)) {
        pool_fallback_submit(&state->fallback, request);
        return;
    }
    prepare(state, request, request->bytes_done);
    submit_queue_append(&state->queue, request);
}

/* A failure or a short I/O.  Returns whether the request is done. */
static __attribute__((noinline)) bool complete_odd(LinuxAioState *state,
                                                   Request *request,
                                                   int64_t res)
{
    bool is_done =
        short_io_finish(&state->base, request, res, state->strict_short_io);

    if (!is_done) {
        resubmit_tail(state, request);
    }
    return is_done;
}

/* Returns 1 if the request is done, 0 if its rest was submitted. */
static inline uint32_t complete(LinuxAioState *state,
                                const struct io_event *event)
{
    Request *request = (Request *)(uintptr_t)event->obj;

    if (__builtin_expect(event->res == request->bytes, 1)) {
        engine_finish(&state->base, request, 0);
        return 1;
    }
    return complete_odd(state, request, event->res);
}

static uint32_t complete_events(LinuxAioState *state,
                                const struct io_event *events, uint32_t n)
{
    uint32_t finished = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (i + PREFETCH_DISTANCE < n) {
            const char *ahead =
                (const char *)(uintptr_t)events[i + PREFETCH_DISTANCE].obj;
            __builtin_prefetch(ahead + REQUEST_ENGINE_BYTES, 1);
        }
        finished += complete(state, &events[i]);
    }
    return finished;
}

/*
 * Events that were in the ring when io_submit() returned get that time, if they
 * are reaped right after it.  Later events need a reading of the clock, unless
 * this round has one already.
 */
static void set_reaped_time(LinuxAioState *state)
{
    AioContext *ctx = state->base.ctx;
    SubmitQueue *queue = &state->queue;
    bool something_new = ctx->now == queue->call_returned &&
                         aio_ring_tail(state->ring) != state->tail_at_return;

    if (!ctx->now_is_fresh || something_new) {
        aio_context_read_clock(ctx);
    }
}

/* Completions make room: pending requests may go again, at the latest at an unplug. */
static inline void count_out(LinuxAioState *state, uint32_t n)
{
    engine_count_out(&state->base, n);
    state->queue.blocked = false;
}

static uint32_t reap_ring(LinuxAioState *state)
{
    AioRing *ring = state->ring;
    struct io_event *events;
    uint32_t finished = 0, n;

    set_reaped_time(state);
    while ((n = aio_ring_peek(ring, &events)) > 0) {
        count_out(state, n);
        finished += complete_events(state, events, n);
        aio_ring_commit(ring, n);
    }
    return finished;
}

/* Are there @min_nr events, so that io_getevents() would not wait? */
static bool ring_has(const LinuxAioState *state, uint32_t min_nr)
{
    const AioRing *ring = state->ring;

    return ring && aio_ring_count(ring) >= min_nr;
}

/* io_getevents(): how many events it gave, or -errno. */
static long get_events(LinuxAioState *state, uint32_t min_nr, uint32_t max_nr,
                       int64_t timeout_ns)
{
    struct timespec timeout = {
        .tv_sec = timeout_ns / 1000000000,
        .tv_nsec = timeout_ns % 1000000000,
    };
    bool needs_timeout = timeout_ns >= 0 && !ring_has(state, min_nr);
    long n;

    state->base.ctx->counters.other.waits++;
    n = syscall(SYS_io_getevents, state->id, (long)min_nr, (long)max_nr,
                state->events, needs_timeout ? &timeout : NULL);
    return n < 0 ? -errno : n;
}

/* io_getevents() returned -errno, which ends the run, but for a signal. */
static __attribute__((noinline, cold)) void note_failure(
    const LinuxAioState *state, long error)
{
    if (error != -EINTR) {
        error_set(&state->base.ctx->failure, "io_getevents", (int)-error, 0);
    }
}

static uint32_t take_events(LinuxAioState *state, uint32_t n)
{
    aio_context_read_clock(state->base.ctx);
    count_out(state, n);
    return complete_events(state, state->events, n);
}

bool laio_ready(Engine *engine)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    bool can_submit = submit_queue_can_submit(&state->queue);

    if (!state->ring) {
        return engine->in_flight > 0 || can_submit;
    }
    return !aio_ring_is_empty(state->ring) || can_submit;
}

/* After each reaping: count, and submit what pends. */
static void after_reap(LinuxAioState *state, uint32_t finished,
                       uint64_t *reaped_by)
{
    *reaped_by += finished;
    if (submit_queue_pending(&state->queue) > 0 && !state->queue.plugged) {
        submit_queue_submit(&state->queue, call_io_submit);
    }
}

uint32_t laio_reap(Engine *engine, uint64_t *reaped_by)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    uint32_t finished = 0;

    if (state->ring) {
        finished = reap_ring(state);
    } else {
        long n = get_events(state, 0, state->queue.max_events, 0);

        if (n > 0) {
            finished = take_events(state, (uint32_t)n);
        } else if (n < 0) {
            note_failure(state, n);
        }
    }
    after_reap(state, finished, reaped_by);
    return finished;
}

void laio_wait(Engine *engine, uint32_t min_nr, int64_t timeout_ns,
               uint64_t *reaped_by)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    long n;

    if (state->fallback.in_flight > 0 &&
        (timeout_ns < 0 || timeout_ns > POOL_SLICE_NS)) {
        timeout_ns = POOL_SLICE_NS;
    }
    n = get_events(state,
                   min_nr < engine->in_flight ? min_nr : engine->in_flight,
                   state->max_per_wait, timeout_ns);
    if (n < 0) {
        note_failure(state, n);
        return;
    }
    after_reap(state, n > 0 ? take_events(state, (uint32_t)n) : 0, reaped_by);
}

/* ---- life ------------------------------------------------------------------------ */

static void laio_destroy(Engine *engine)
{
    LinuxAioState *state = (LinuxAioState *)engine;

    pool_fallback_cleanup(&state->fallback);
    free(state->events);
    submit_queue_cleanup(&state->queue);
    syscall(SYS_io_destroy, state->id); /* waits for what is in flight */
    if (engine->notifier) {
        event_notifier_cleanup(&state->notifier);
    }
    free(state);
}

const EngineOps laio_ops = {
    .destroy = laio_destroy,
    .submit = laio_submit,
    .plug = laio_plug,
    .unplug = laio_unplug,
    .cancel_pending = laio_cancel_pending,
    .ready = laio_ready,
    .reap = laio_reap,
    .wait = laio_wait,
};

/* Must be an eventfd: the kernel does not take a pipe as aio_resfd. */
static int open_notifier(LinuxAioState *state, Error *error)
{
    int ret = event_notifier_init(&state->notifier, error);

    if (ret < 0) {
        return ret;
    }
    if (!event_notifier_is_eventfd(&state->notifier)) {
        event_notifier_cleanup(&state->notifier);
        return error_set(error, "eventfd2", ENOSYS, 0);
    }
    state->base.notifier = &state->notifier;
    state->iocb_flags = IOCB_FLAG_RESFD;
    state->iocb_resfd = (uint32_t)state->notifier.read_fd;
    return 0;
}

static int set_up_context(LinuxAioState *state, uint32_t events, Error *error)
{
    AioRing *ring;

    if (syscall(SYS_io_setup, events, &state->id) < 0) {
        return error_set(error, "io_setup", errno, events);
    }
    ring = (AioRing *)(uintptr_t)state->id;
    state->ring = aio_ring_is_known(ring) ? ring : NULL;
    state->base.ready_needs_syscall = !state->ring;
    return 0;
}

static Engine *laio_open(AioContext *ctx, DoneList *done,
                         const EngineConfig *config, Error *error)
{
    LinuxAioState *state = calloc(1, sizeof(*state));

    if (!state) {
        error_set(error, "malloc", ENOMEM, sizeof(*state));
        return NULL;
    }
    state->base = (Engine){.ops = &laio_ops, .ctx = ctx, .done = done};
    pool_fallback_init(&state->fallback, &state->base, config->max_requests);
    state->reap_on_submit = config->reap_on_submit;
    state->strict_short_io = config->strict_short_io;
    state->max_per_wait = config->max_events_per_call
                              ? config->max_events_per_call
                              : config->max_events;

    if (config->notify && open_notifier(state, error) < 0) {
        goto out_free;
    }
    if (submit_queue_init(&state->queue, &state->base, config, retry_submit) <
        0) {
        error_set(error, "malloc", ENOMEM, 0);
        goto out_notifier;
    }
    state->events = calloc(config->max_events, sizeof(*state->events));
    if (!state->events) {
        error_set(error, "malloc", ENOMEM, 0);
        goto out_queue;
    }
    if (set_up_context(state, config->max_events, error) < 0) {
        goto out_events;
    }
    return &state->base;

out_events:
    free(state->events);
out_queue:
    submit_queue_cleanup(&state->queue);
out_notifier:
    if (state->base.notifier) {
        event_notifier_cleanup(&state->notifier);
    }
out_free:
    free(state);
    return NULL;
}

const EngineType engine_linux_aio = {
    .name = "libaio",
    .capabilities = {.uses_aio_events = true,
                     .takes_nowait = true,
                     .bounds_waits = true},
    .open = laio_open,
};
