#include "pacing/bounds.h"

static bool has_min_rate(const PacingPlan *plan)
{
    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        if (plan->min_ios_per_s[i] > 0 || plan->min_bytes_per_s[i] > 0) {
            return true;
        }
    }
    return false;
}

static bool has_max_latency(const PacingPlan *plan)
{
    return plan->max_latency_ns[0] > 0 || plan->max_latency_ns[1] > 0 ||
           plan->max_latency_ns[2] > 0;
}

bool bounds_are_set(const PacingPlan *plan)
{
    return has_min_rate(plan) || has_max_latency(plan);
}

void bounds_init(Bounds *bounds, const PacingPlan *plan,
                 const Recorder *recorder)
{
    *bounds = (Bounds){.plan = plan, .recorder = recorder};
}

/* ---- the rate of a cycle ------------------------------------------------- */

static void arm_cycle_timer(Bounds *bounds)
{
    timer_arm(&bounds->cycle_timer,
              bounds->cycle_began +
                  clock_ns_to_ticks(bounds->recorder->clock,
                                    bounds->plan->min_rate_cycle_ns));
}

static void begin_cycle(Bounds *bounds)
{
    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        const DirectionRecord *record = bounds->recorder->directions[i];

        bounds->ios[i] = record ? record->ios : 0;
        bounds->bytes[i] = record ? record->bytes : 0;
    }
    bounds->cycle_began = bounds->ctx->now;
    arm_cycle_timer(bounds);
}

static bool is_too_slow(Bounds *bounds, int i, double seconds)
{
    const DirectionRecord *record = bounds->recorder->directions[i];
    /* I/Os that a spike dropped were carried out, so they count here. */
    double carried_out = 1.0 + bounds->recorder->spike.share;
    double ios_per_s, bytes_per_s;

    if (!record) {
        return false;
    }
    ios_per_s = carried_out * (double)(record->ios - bounds->ios[i]) / seconds;
    bytes_per_s = carried_out * (double)(record->bytes - bounds->bytes[i]) /
                  seconds;
    if (ios_per_s >= bounds->plan->min_ios_per_s[i] &&
        bytes_per_s >= bounds->plan->min_bytes_per_s[i]) {
        return false;
    }
    bounds->rate_missed = true;
    bounds->direction = (uint32_t)i;
    bounds->ios_per_s = ios_per_s;
    bounds->bytes_per_s = bytes_per_s;
    return true;
}

static void cycle_is_over(void *opaque)
{
    Bounds *bounds = opaque;
    double seconds = (double)(bounds->ctx->now - bounds->cycle_began) /
                     (double)bounds->recorder->clock->ticks_per_s;

    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        if (is_too_slow(bounds, i, seconds)) {
            bounds->crossed(bounds->opaque);
            return;
        }
    }
    begin_cycle(bounds);
}

void bounds_open_window(Bounds *bounds)
{
    if (has_min_rate(bounds->plan)) {
        begin_cycle(bounds);
    }
}

void bounds_close_window(Bounds *bounds)
{
    timer_disarm(&bounds->cycle_timer);
    bounds->cycle_began = 0;
}

/* ---- on a context -------------------------------------------------------- */

void bounds_attach(Bounds *bounds, AioContext *ctx,
                   void (*crossed)(void *opaque), void *opaque)
{
    bounds->ctx = ctx;
    bounds->crossed = crossed;
    bounds->opaque = opaque;
    timer_init(&bounds->cycle_timer, ctx, cycle_is_over, bounds);
    if (bounds->cycle_began > 0) {
        arm_cycle_timer(bounds);
    }
}

void bounds_detach(Bounds *bounds)
{
    timer_disarm(&bounds->cycle_timer);
    bounds->ctx = NULL;
}

/* ---- the latency of an I/O ----------------------------------------------- */

bool bounds_latency_is_exceeded(Bounds *bounds, const Request *request)
{
    Direction direction = recorder_direction(request);
    uint64_t max_ns = direction < PACED_DIRECTIONS
                          ? bounds->plan->max_latency_ns[direction]
                          : 0;
    uint64_t ns = clock_ticks_to_ns(bounds->recorder->clock,
                                    request->reaped - request->queued);

    if (max_ns == 0 || ns <= max_ns || bounds->latency_exceeded) {
        return false;
    }
    bounds->latency_exceeded = true;
    bounds->direction = direction;
    bounds->offset = request->offset;
    bounds->latency_ns = ns;
    return true;
}

void bounds_report(const Bounds *bounds, PacingReport *report)
{
    report->latency_exceeded = bounds->latency_exceeded;
    report->offset = bounds->offset;
    report->latency_ns = bounds->latency_ns;
    report->rate_missed = bounds->rate_missed;
    report->ios_per_s = bounds->ios_per_s;
    report->bytes_per_s = bounds->bytes_per_s;
    report->direction = bounds->direction;
}
