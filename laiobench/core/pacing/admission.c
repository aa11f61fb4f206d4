#include "pacing/admission.h"

#include <errno.h>
#include <stdlib.h>

/*
 * How long before an I/O is due the loop must be awake: of sleeps of up to 5
 * ms, nine in ten ended late by less.  For the rest of the time the loop goes
 * round without sleeping, so that it sees completions.
 */
#define WAKE_EARLY_NS 100000

/* The end of that time, in which it only reads the clock: about one round. */
#define SPIN_NS 1000

static bool any(const double values[PACED_DIRECTIONS])
{
    return values[0] > 0 || values[1] > 0 || values[2] > 0;
}

bool admission_is_needed(const PacingPlan *plan)
{
    return any(plan->bytes_per_s) || any(plan->ios_per_s) ||
           plan->think_ns > 0 || plan->depth_low > 0 || bounds_are_set(plan) ||
           plan->target_ns > 0;
}

int admission_init(Admission *admission, const PacingPlan *plan, uint32_t depth,
                   const bool uses[PACED_DIRECTIONS], bool is_mix,
                   uint32_t block_bytes, uint64_t seed, Recorder *recorder,
                   const Clock *clock, Error *error)
{
    *admission = (Admission){
        .plan = *plan,
        .depth = depth,
        .depth_limit = depth,
        .recorder = recorder,
    };
    pacer_init(&admission->pacer, plan, uses, is_mix, block_bytes, seed, clock);
    think_time_init(&admission->think, &admission->plan, clock);
    bounds_init(&admission->bounds, &admission->plan, recorder);
    admission->intended = calloc(depth, sizeof(*admission->intended));
    return admission->intended ? 0 : error_set(error, "malloc", ENOMEM, 0);
}

void admission_cleanup(Admission *admission)
{
    free(admission->intended);
    admission->intended = NULL;
}

static uint64_t ticks(const Admission *admission, uint64_t ns)
{
    return clock_ns_to_ticks(admission->pacer.clock, ns);
}

/* ---- the time that an I/O is due ----------------------------------------- */

static void wait_until_due(Admission *admission)
{
    timer_arm(&admission->due_timer,
              pacer_due(&admission->pacer) - ticks(admission, WAKE_EARLY_NS));
}

/*
 * The timer has ended, WAKE_EARLY_NS before the I/O is due or later.  If that
 * is too early, it is armed for the same time again, so it ends in the next
 * round of the loop, which therefore does not sleep.
 */
static void is_nearly_due(void *opaque)
{
    Admission *admission = opaque;
    const Clock *clock = admission->pacer.clock;
    uint64_t due = pacer_due(&admission->pacer);

    if (due > clock_now(clock) + ticks(admission, SPIN_NS)) {
        wait_until_due(admission);
        return;
    }
    while (clock_now(clock) < due) {
    }
    admission->events->resume(admission->opaque);
}

static void pause_is_over(void *opaque, uint64_t paused_ticks)
{
    Admission *admission = opaque;

    if (admission->plan.think_shifts) {
        pacer_shift(&admission->pacer, paused_ticks);
    }
    admission->events->resume(admission->opaque);
}

static void rate_is_missed(void *opaque)
{
    Admission *admission = opaque;

    admission->events->bound_crossed(admission->opaque);
}

/* ---- life ---------------------------------------------------------------- */

void admission_attach(Admission *admission, AioContext *ctx,
                      const AdmissionEvents *events, void *opaque)
{
    admission->ctx = ctx;
    admission->events = events;
    admission->opaque = opaque;
    timer_init(&admission->due_timer, ctx, is_nearly_due, admission);
    think_time_attach(&admission->think, ctx, pause_is_over, admission);
    bounds_attach(&admission->bounds, ctx, rate_is_missed, admission);
}

void admission_detach(Admission *admission)
{
    timer_disarm(&admission->due_timer);
    think_time_detach(&admission->think);
    bounds_detach(&admission->bounds);
    admission->ctx = NULL;
}

void admission_begin(Admission *admission)
{
    pacer_begin(&admission->pacer, admission->ctx->now);
    think_time_begin(&admission->think);
}

void admission_open_window(Admission *admission)
{
    pacer_reset_counts(&admission->pacer, admission->ctx->now);
    bounds_open_window(&admission->bounds);
}

void admission_close_window(Admission *admission)
{
    bounds_close_window(&admission->bounds);
}

void admission_end(Admission *admission)
{
    pacer_end(&admission->pacer, admission->ctx->now);
}

void admission_begin_search(Admission *admission)
{
    const PacingPlan *plan = &admission->plan;

    depth_search_init(&admission->search, ticks(admission, plan->target_ns),
                      ticks(admission, plan->target_window_ns),
                      plan->target_percent, admission->depth);
    depth_search_begin(&admission->search, admission->ctx->now);
    admission->is_searching = true;
    admission->depth_limit = admission->search.depth;
}

/* ---- issuing and completing I/Os ----------------------------------------- */

static bool depth_allows(Admission *admission, uint32_t in_flight)
{
    if (in_flight <= admission->plan.depth_low) {
        admission->is_draining = false;
    }
    return in_flight < admission->depth_limit && !admission->is_draining;
}

static bool time_allows(Admission *admission)
{
    if (!admission->pacer.is_on ||
        pacer_due(&admission->pacer) <= admission->ctx->now) {
        return true;
    }
    wait_until_due(admission);
    return false;
}

bool admission_admit(Admission *admission, uint32_t in_flight)
{
    return depth_allows(admission, in_flight) &&
           think_time_allows(&admission->think, in_flight) &&
           time_allows(admission);
}

bool admission_waits(const Admission *admission)
{
    return admission->due_timer.state != TIMER_IDLE ||
           think_time_waits(&admission->think);
}

uint32_t admission_pick_direction(const Admission *admission)
{
    const Pacer *pacer = &admission->pacer;

    return pacer->is_on && pacer->is_mix
               ? pacer_pick(pacer, admission->ctx->now)
               : PACED_DIRECTIONS;
}

void admission_issue(Admission *admission, uint32_t index,
                     const Request *request, uint32_t in_flight)
{
    Direction direction = recorder_direction(request);

    if (in_flight + 1 >= admission->depth_limit) {
        admission->is_draining = admission->plan.depth_low > 0;
    }
    admission->intended[index] = admission->ctx->now;
    if (direction < PACED_DIRECTIONS && admission->pacer.is_on) {
        admission->intended[index] = pacer_issue(&admission->pacer, direction,
                                                 request->bytes,
                                                 admission->ctx->now);
    }
    think_time_count(&admission->think, true);
}

static AdmissionVerdict continue_search(Admission *admission,
                                        const Request *request)
{
    if (depth_search_add(&admission->search, request->queued,
                         request->reaped)) {
        admission->depth_limit = admission->search.depth;
        admission->is_searching = !admission->search.is_over;
    }
    return admission->is_searching ? ADMISSION_GO_ON : ADMISSION_SEARCH_IS_OVER;
}

AdmissionVerdict admission_complete(Admission *admission, uint32_t index,
                                    const Request *request)
{
    Direction direction = recorder_direction(request);

    think_time_count(&admission->think, false);
    if (!request_succeeded(request)) {
        return ADMISSION_GO_ON;
    }
    if (admission->pacer.is_on && direction < PACED_DIRECTIONS) {
        recorder_add_due(admission->recorder, request,
                         admission->intended[index]);
    }
    if (bounds_latency_is_exceeded(&admission->bounds, request)) {
        return ADMISSION_END_JOB;
    }
    return admission->is_searching ? continue_search(admission, request)
                                   : ADMISSION_GO_ON;
}

void admission_report(const Admission *admission, PacingReport *report)
{
    *report = (PacingReport){0};
    bounds_report(&admission->bounds, report);
    report->late = admission->pacer.late;
    report->late_max_ns =
        clock_ticks_to_ns(admission->pacer.clock, admission->pacer.late_max);
    for (uint32_t i = 0; i < PACED_DIRECTIONS; i++) {
        report->scheduled_ns[i] =
            clock_ticks_to_ns(admission->pacer.clock,
                              pacer_scheduled(&admission->pacer, i));
        report->behind_ns[i] =
            clock_ticks_to_ns(admission->pacer.clock,
                              pacer_behind(&admission->pacer, i));
    }
    report->search_is_over = admission->search.is_over;
    report->depth = admission->search.found ? admission->search.good : 0;
    report->step_count = admission->search.step_count;
    for (uint32_t i = 0; i < admission->search.step_count; i++) {
        report->steps[i] = admission->search.steps[i];
    }
}
