/*
 * The Linux native AIO engine: LinuxAioState, one to a context, and its
 * LaioQueue.  Requests gather in the queue, leave in batches through
 * io_submit(), and come back through the ring.  Raw system calls, no libaio.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "aio_ring.h"
#include "engine.h"
#include "timer.h"

/* How soon to try again when the kernel refused and nothing is in flight. */
#define RETRY_NS 1000000

/* Two I/Os ahead is far enough to hide a miss to the L2 cache. */
#define PREFETCH_DISTANCE 2

typedef struct LaioQueue {
    struct iocb **iocbs; /* pending, oldest first: [head, tail) */
    uint32_t head, tail, capacity;
    uint32_t in_flight;
    uint32_t max_events;
    uint32_t max_batch;
    uint32_t plugged; /* nesting count */
    bool blocked;     /* requests stayed behind: wait for completions */
} LaioQueue;

typedef struct LinuxAioState {
    Engine base;
    EventNotifier notifier;
    aio_context_t id;
    AioRing *ring; /* NULL: of a layout that we don't know */
    struct io_event *events; /* for io_getevents() */
    LaioQueue queue;
    Timer retry;
    bool reap_on_submit;
    bool strict_short_io;

    /* The ring as it was when io_submit() last returned, and when that was. */
    uint32_t tail_at_return;
    uint64_t submit_returned;
} LinuxAioState;

static inline Request *request_of(const struct iocb *iocb)
{
    return (Request *)iocb; /* its first member */
}

/* ---- submitting -------------------------------------------------------- */

static inline uint32_t pending_count(const LaioQueue *queue)
{
    return queue->tail - queue->head;
}

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static const uint16_t iocb_opcodes[] = {
    [REQUEST_READ] = IOCB_CMD_PREAD,
    [REQUEST_WRITE] = IOCB_CMD_PWRITE,
    [REQUEST_FSYNC] = IOCB_CMD_FSYNC,
    [REQUEST_FDSYNC] = IOCB_CMD_FDSYNC,
};

/* Returns 0, or -EIO for an operation that there is not. */
static inline int prepare(LinuxAioState *state, Request *request)
{
    struct iocb *iocb = &request->iocb;

    if (__builtin_expect(
            request->op >= sizeof(iocb_opcodes) / sizeof(iocb_opcodes[0]), 0)) {
        return -EIO;
    }
    *iocb = (struct iocb){
        .aio_lio_opcode = iocb_opcodes[request->op],
        .aio_fildes = iocb->aio_fildes,
        .aio_buf = (uintptr_t)request->buffer,
        .aio_nbytes = request->bytes,
        .aio_offset = (int64_t)request->offset,
        .aio_flags = state->base.notifier ? IOCB_FLAG_RESFD : 0,
        .aio_resfd = state->base.notifier ? (uint32_t)state->notifier.read_fd
                                          : 0,
    };
    return 0;
}

static void append_pending(LaioQueue *queue, struct iocb *iocb)
{
    if (queue->tail == queue->capacity) {
        /* Twice as large as what there can be: seldom, and cheap on average. */
        memmove(queue->iocbs, queue->iocbs + queue->head,
                pending_count(queue) * sizeof(*queue->iocbs));
        queue->tail -= queue->head;
        queue->head = 0;
    }
    queue->iocbs[queue->tail++] = iocb;
}

static void finish(LinuxAioState *state, Request *request, int result)
{
    request->result = result;
    request->reaped = state->base.ctx->now;
    done_list_push(state->base.done, request);
}

/* The first @n pending requests are the kernel's now. */
static void accepted(LinuxAioState *state, uint32_t n, uint64_t now)
{
    LaioQueue *queue = &state->queue;

    for (uint32_t i = 0; i < n; i++) {
        Request *request = request_of(queue->iocbs[queue->head + i]);

        request->submitted = now;
        request->state = REQUEST_IN_FLIGHT;
    }
    queue->head += n;
    queue->in_flight += n;
    engine_count_batch(state->base.ctx, n);
}

/* One io_submit() of @n requests: how many it took, or -errno. */
static long submit_batch(LinuxAioState *state, uint32_t n)
{
    AioContext *ctx = state->base.ctx;
    SubmitCounters *counters = &ctx->counters.submit;
    LaioQueue *queue = &state->queue;
    uint64_t entered = clock_now(ctx->clock), returned;
    long ret = syscall(SYS_io_submit, state->id, (long)n,
                       queue->iocbs + queue->head);

    ret = ret < 0 ? -errno : ret;
    returned = aio_context_read_clock(ctx);
    counters->calls++;
    counters->ns += clock_ticks_to_ns(ctx->clock, returned - entered);
    if (ret > 0) {
        counters->partial += ret < (long)n;
        state->submit_returned = returned;
        if (state->ring) {
            state->tail_at_return = aio_ring_tail(state->ring);
        }
        accepted(state, (uint32_t)ret, returned);
    }
    return ret;
}

/* It never reached the device. */
static void fail(LinuxAioState *state, Request *request, int result)
{
    request->submitted = state->base.ctx->now;
    finish(state, request, result);
}

/* The request at the head can't be submitted: it alone has failed. */
static void fail_head(LinuxAioState *state, int result)
{
    LaioQueue *queue = &state->queue;

    state->base.ctx->counters.submit.head_failures++;
    fail(state, request_of(queue->iocbs[queue->head++]), result);
}

/*
 * Refused for now.  With requests in flight, their completion brings us back;
 * with none, nobody would, so a timer does.
 */
static void wait_for_room(LinuxAioState *state)
{
    AioContext *ctx = state->base.ctx;

    if (state->queue.in_flight > 0) {
        ctx->counters.submit.eagain++;
    } else {
        ctx->counters.submit.eagain_idle++;
        timer_arm(&state->retry,
                  ctx->now + clock_ns_to_ticks(ctx->clock, RETRY_NS));
    }
}

/*
 * Submit all that pends and may go.  The loop is explicit: after a failed
 * head, and after a partial accept, the rest must still have its turn.
 */
static void submit_pending(LinuxAioState *state)
{
    LaioQueue *queue = &state->queue;

    while (pending_count(queue) > 0 && queue->in_flight < queue->max_events) {
        uint32_t n = min_u32(pending_count(queue),
                             queue->max_events - queue->in_flight);
        long ret = submit_batch(state, min_u32(n, queue->max_batch));

        if (ret == 0 || ret == -EAGAIN) {
            wait_for_room(state);
            break;
        }
        if (ret == -EINTR) {
            state->base.ctx->counters.submit.eintr++;
        } else if (ret < 0) {
            fail_head(state, (int)ret);
        }
    }
    queue->blocked = pending_count(queue) > 0;
    state->base.ctx->counters.submit.blocked += queue->blocked;
    if (!queue->blocked) {
        queue->head = queue->tail = 0;
    }
}

static uint32_t laio_reap(Engine *engine, uint64_t *reaped_by);

static void submit_and_reap(LinuxAioState *state)
{
    submit_pending(state);
    if (state->reap_on_submit) {
        laio_reap(&state->base, &state->base.ctx->counters.reaped.inline_);
    }
}

static void laio_submit(Engine *engine, Request *request)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    LaioQueue *queue = &state->queue;

    request->queued = engine->ctx->now;
    request->bytes_done = 0;
    request->eof = false;
    if (prepare(state, request) < 0) {
        engine->ctx->counters.submit.head_failures++;
        fail(state, request, -EIO);
        return;
    }
    request->state = REQUEST_PENDING;
    append_pending(queue, &request->iocb);
    if (!queue->blocked &&
        (!queue->plugged || pending_count(queue) >= queue->max_batch ||
         queue->in_flight + pending_count(queue) >= queue->max_events)) {
        submit_and_reap(state);
    }
}

static void laio_plug(Engine *engine)
{
    ((LinuxAioState *)engine)->queue.plugged++;
}

static void laio_unplug(Engine *engine)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    LaioQueue *queue = &state->queue;

    if (--queue->plugged == 0 && !queue->blocked && pending_count(queue) > 0) {
        submit_and_reap(state);
    }
}

/* What the kernel has not taken yet, it shall not have. */
static void laio_cancel_pending(Engine *engine, const void *owner)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    LaioQueue *queue = &state->queue;
    uint32_t kept = queue->head;

    for (uint32_t i = queue->head; i < queue->tail; i++) {
        Request *request = request_of(queue->iocbs[i]);

        if (request->owner == owner) {
            engine->ctx->counters.submit.withdrawn++;
            fail(state, request, -ECANCELED);
        } else {
            queue->iocbs[kept++] = &request->iocb;
        }
    }
    queue->tail = kept;
    queue->blocked = pending_count(queue) > 0;
    if (!queue->blocked) {
        timer_disarm(&state->retry);
    }
}

static void retry_submit(void *opaque)
{
    submit_and_reap(opaque);
}

/* ---- completing -------------------------------------------------------- */

/* The device did a part of the request: ask for the rest. */
static void resubmit_tail(LinuxAioState *state, Request *request,
                          uint32_t bytes)
{
    struct iocb *iocb = &request->iocb;

    request->bytes_done += bytes;
    iocb->aio_buf += bytes;
    iocb->aio_offset += bytes;
    iocb->aio_nbytes -= bytes;
    request->state = REQUEST_PENDING;
    append_pending(&state->queue, iocb);
}

/* There is nothing at this place: zeros for a reader, no room for a writer. */
static int end_of_target(Request *request, uint32_t bytes_done)
{
    if (request->op == REQUEST_WRITE) {
        return -ENOSPC;
    }
    memset(request->buffer + bytes_done, 0, request->bytes - bytes_done);
    request->eof = true;
    return 0;
}

/* All that is not a whole success.  Returns whether the request is done. */
static __attribute__((noinline)) bool
complete_odd(LinuxAioState *state, Request *request, int64_t res)
{
    uint32_t left = request->bytes - request->bytes_done;

    if (res < 0) {
        finish(state, request, (int)res);
        return true;
    }
    if (res > left) {
        finish(state, request, -EIO); /* more than was asked for: no driver's */
        return true;
    }
    if (res == left) {
        finish(state, request, 0); /* the last part of a short request */
        return true;
    }
    if (res == 0 || state->strict_short_io) {
        finish(state, request,
               end_of_target(request, request->bytes_done + (uint32_t)res));
        return true;
    }
    state->base.ctx->counters.other.short_io++;
    resubmit_tail(state, request, (uint32_t)res);
    return false;
}

/* Returns 1 if the request is done, 0 if it goes round once more. */
static inline uint32_t complete(LinuxAioState *state,
                                const struct io_event *event)
{
    Request *request = (Request *)(uintptr_t)event->obj;

    if (__builtin_expect(event->res == request->bytes, 1)) {
        finish(state, request, 0);
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
            __builtin_prefetch(ahead + sizeof(struct iocb), 1);
        }
        finished += complete(state, &events[i]);
    }
    return finished;
}

/* @events requests are no longer the kernel's. */
static void count_out(LinuxAioState *state, uint32_t events)
{
    state->queue.in_flight -= events;
    state->base.ctx->in_flight -= events;
}

/*
 * What was in the ring when io_submit() returned was seen complete then, and
 * that is its time, if we come here straight from there.  Anything later
 * needs a look at the clock, unless this round has had one.
 */
static void set_reaped_time(LinuxAioState *state)
{
    AioContext *ctx = state->base.ctx;
    bool something_new = ctx->now == state->submit_returned &&
                         aio_ring_tail(state->ring) != state->tail_at_return;

    if (!ctx->now_is_fresh || something_new) {
        aio_context_read_clock(ctx);
    }
}

static uint32_t reap_ring(LinuxAioState *state)
{
    struct io_event *events;
    uint32_t finished = 0, n;

    set_reaped_time(state);
    while ((n = aio_ring_peek(state->ring, &events)) > 0) {
        finished += complete_events(state, events, n);
        count_out(state, n);
        aio_ring_commit(state->ring, n);
    }
    return finished;
}

/* io_getevents(): how many events it gave, or -errno. */
static long get_events(LinuxAioState *state, uint32_t min_nr,
                       int64_t timeout_ns)
{
    struct timespec timeout = {
        .tv_sec = timeout_ns / 1000000000,
        .tv_nsec = timeout_ns % 1000000000,
    };
    long n;

    state->base.ctx->counters.other.io_getevents++;
    n = syscall(SYS_io_getevents, state->id, (long)min_nr,
                (long)state->queue.max_events, state->events,
                timeout_ns < 0 ? NULL : &timeout);
    return n < 0 ? -errno : n;
}

static uint32_t take_events(LinuxAioState *state, uint32_t n)
{
    aio_context_read_clock(state->base.ctx);
    count_out(state, n);
    return complete_events(state, state->events, n);
}

static bool laio_ready(Engine *engine)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    bool can_submit = pending_count(&state->queue) > 0 &&
                      !state->queue.blocked && !state->queue.plugged;

    if (!state->ring) {
        return state->queue.in_flight > 0 || can_submit;
    }
    return !aio_ring_is_empty(state->ring) || can_submit;
}

/* The one way on from here, whoever reaped: count, submit what pends. */
static void after_reap(LinuxAioState *state, uint32_t finished,
                       uint64_t *reaped_by)
{
    *reaped_by += finished;
    if (pending_count(&state->queue) > 0 && !state->queue.plugged) {
        submit_pending(state);
    }
}

static uint32_t laio_reap(Engine *engine, uint64_t *reaped_by)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    uint32_t finished = 0;

    if (state->ring) {
        finished = reap_ring(state);
    } else {
        long n = get_events(state, 0, 0);

        if (n > 0) {
            finished = take_events(state, (uint32_t)n);
        } else if (n < 0 && n != -EINTR) {
            error_set(&engine->ctx->failure, "io_getevents", (int)-n, 0);
        }
    }
    after_reap(state, finished, reaped_by);
    return finished;
}

static int laio_wait(Engine *engine, uint32_t min_nr, int64_t timeout_ns,
                     uint64_t *reaped_by)
{
    LinuxAioState *state = (LinuxAioState *)engine;
    long n = get_events(state, min_u32(min_nr, state->queue.in_flight),
                        timeout_ns);

    if (n < 0) {
        return n == -EINTR ? 0 : (int)n;
    }
    after_reap(state, n > 0 ? take_events(state, (uint32_t)n) : 0, reaped_by);
    return 0;
}

/* ---- life -------------------------------------------------------------- */

static void queue_cleanup(LaioQueue *queue)
{
    free(queue->iocbs);
}

static int queue_init(LaioQueue *queue, const EngineConfig *config)
{
    *queue = (LaioQueue){
        .capacity = 2 * config->max_requests,
        .max_events = config->max_events,
        .max_batch = config->max_batch ? config->max_batch : UINT32_MAX,
    };
    queue->iocbs = calloc(queue->capacity, sizeof(*queue->iocbs));
    return queue->iocbs ? 0 : -ENOMEM;
}

static void laio_destroy(Engine *engine)
{
    LinuxAioState *state = (LinuxAioState *)engine;

    timer_disarm(&state->retry);
    free(state->events);
    queue_cleanup(&state->queue);
    syscall(SYS_io_destroy, state->id); /* waits for what is in flight */
    if (engine->notifier) {
        event_notifier_cleanup(&state->notifier);
    }
    free(state);
}

static const EngineOps laio_ops = {
    .destroy = laio_destroy,
    .submit = laio_submit,
    .plug = laio_plug,
    .unplug = laio_unplug,
    .cancel_pending = laio_cancel_pending,
    .ready = laio_ready,
    .reap = laio_reap,
    .wait = laio_wait,
};

/* A pipe can wake the loop, but not be an iocb's result descriptor. */
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
    return 0;
}

static Engine *laio_open(AioContext *ctx, DoneList *done,
                         const EngineConfig *config, Error *error)
{
    LinuxAioState *state = calloc(1, sizeof(*state));
    AioRing *ring;

    if (!state) {
        error_set(error, "malloc", ENOMEM, sizeof(*state));
        return NULL;
    }
    state->base = (Engine){.ops = &laio_ops, .ctx = ctx, .done = done};
    state->reap_on_submit = config->reap_on_submit;
    state->strict_short_io = config->strict_short_io;
    timer_init(&state->retry, ctx, retry_submit, state);

    if (config->notify && open_notifier(state, error) < 0) {
        goto out_free;
    }
    if (syscall(SYS_io_setup, config->max_events, &state->id) < 0) {
        error_set(error, "io_setup", errno, config->max_events);
        goto out_notifier;
    }
    ring = (AioRing *)(uintptr_t)state->id;
    state->ring = aio_ring_is_known(ring) ? ring : NULL;
    state->base.is_foreign = !state->ring;

    state->events = calloc(config->max_events, sizeof(*state->events));
    if (!state->events || queue_init(&state->queue, config) < 0) {
        error_set(error, "malloc", ENOMEM, 0);
        goto out_setup;
    }
    return &state->base;

out_setup:
    free(state->events);
    syscall(SYS_io_destroy, state->id);
out_notifier:
    if (state->base.notifier) {
        event_notifier_cleanup(&state->notifier);
    }
out_free:
    free(state);
    return NULL;
}

const EngineType engine_linux_aio = {.name = "libaio", .open = laio_open};
