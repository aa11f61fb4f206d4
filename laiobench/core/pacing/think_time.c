#include "pacing/think_time.h"

static uint64_t ticks(const ThinkTime *think, uint64_t ns)
{
    return clock_ns_to_ticks(think->clock, ns);
}

void think_time_init(ThinkTime *think, const PacingPlan *plan,
                     const Clock *clock)
{
    *think = (ThinkTime){.plan = plan, .clock = clock};
}

static void pause_is_over(void *opaque)
{
    ThinkTime *think = opaque;

    think->state = THINK_NO_PAUSE;
    think->ios = 0;
    think->ended = aio_context_read_clock(think->ctx);
    think->is_over(think->opaque, think->ended - think->began);
}

void think_time_attach(ThinkTime *think, AioContext *ctx,
                       void (*is_over)(void *opaque, uint64_t paused_ticks),
                       void *opaque)
{
    think->ctx = ctx;
    think->is_over = is_over;
    think->opaque = opaque;
    timer_init(&think->timer, ctx, pause_is_over, think);
    if (think->state == THINK_PAUSES) {
        timer_arm(&think->timer,
                  think->began + ticks(think, think->plan->think_ns));
    }
}

void think_time_detach(ThinkTime *think)
{
    timer_disarm(&think->timer);
    think->ctx = NULL;
}

void think_time_begin(ThinkTime *think)
{
    think->ended = think->ctx->now;
}

static bool is_time_for_pause(const ThinkTime *think)
{
    const PacingPlan *plan = think->plan;

    if (plan->think_ios > 0 && think->ios >= plan->think_ios) {
        return true;
    }
    return plan->think_every_ns > 0 &&
           think->ctx->now - think->ended >= ticks(think, plan->think_every_ns);
}

void think_time_count(ThinkTime *think, bool is_issued)
{
    if (think->plan->think_ns == 0 ||
        think->plan->think_on_issue != is_issued) {
        return;
    }
    think->ios++;
    if (think->state == THINK_NO_PAUSE && is_time_for_pause(think)) {
        think->state = THINK_DRAINS;
    }
}

/* Spins for the first part of the pause, as a program that computes. */
static void begin_pause(ThinkTime *think)
{
    uint64_t now = aio_context_read_clock(think->ctx);
    uint64_t busy_until = now + ticks(think, think->plan->think_spin_ns);

    think->state = THINK_PAUSES;
    think->began = now;
    while (clock_now(think->clock) < busy_until) {
    }
    timer_arm(&think->timer, now + ticks(think, think->plan->think_ns));
}

bool think_time_allows(ThinkTime *think, uint32_t in_flight)
{
    if (think->state == THINK_DRAINS && in_flight == 0) {
        begin_pause(think);
    }
    return think->state == THINK_NO_PAUSE;
}
