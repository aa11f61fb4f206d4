#include "pacing/admission.h"

#include <errno.h>
#include <stdlib.h>

/*
 * How long before an I/O is due the loop stops sleeping: nine of ten sleeps of
 * up to 5 ms overran their end by less.  The rest of the way it goes round
 * without sleeping, and sees completions.
 */
#define WAKE_EARLY_NS 100000

/* ... but for the very last of it: no longer than a round of the loop. */
#define SPIN_NS 1000

static bool any(const double values[PACED_DIRECTIONS])
{
    return values[0] > 0 || values[1] > 0 || values[2] > 0;
}

static bool has_floor(const PacingPlan *plan)
{
    return any(plan->least_ios_per_s) || any(plan->least_bytes_per_s);
}

static bool has_max_latency(const PacingPlan *plan)
{
    return plan->max_latency_ns[0] > 0 || plan->max_latency_ns[1] > 0 ||
           plan->max_latency_ns[2] > 0;
}

bool gates_are_needed(const PacingPlan *plan)
{
    return any(plan->bytes_per_s) || any(plan->ios_per_s) ||
           plan->think_ns > 0 || plan->depth_low > 0 ||
           has_max_latency(plan) || has_floor(plan) || plan->target_ns > 0;
}

int gates_init(Gates *gates, const PacingPlan *plan, uint32_t depth,
               const bool uses[PACED_DIRECTIONS], bool is_mix,
               uint32_t block_bytes, uint64_t seed, Recorder *recorder,
               const Clock *clock, Error *error)
{
    *gates = (Gates){
        .plan = *plan,
        .depth = depth,
        .depth_limit = depth,
        .recorder = recorder,
    };
    pacer_init(&gates->pacer, plan, uses, is_mix, block_bytes, seed, clock);
    gates->intended = calloc(depth, sizeof(*gates->intended));
    return gates->intended ? 0 : error_set(error, "malloc", ENOMEM, 0);
}

void gates_cleanup(Gates *gates)
{
    free(gates->intended);
    gates->intended = NULL;
}

static uint64_t ticks(const Gates *gates, uint64_t ns)
{
    return clock_ns_to_ticks(gates->pacer.clock, ns);
}

/* ---- the time that an I/O is due ------------------------------------------- */

static void wait_until_due(Gates *gates)
{
    timer_arm(&gates->due_timer,
              pacer_due(&gates->pacer) - ticks(gates, WAKE_EARLY_NS));
}

/*
 * While it is early the timer is armed for a time that is past, and so expires
 * again in the next round, which does not sleep.
 */
static void is_nearly_due(void *opaque)
{
    Gates *gates = opaque;
    const Clock *clock = gates->pacer.clock;
    uint64_t due = pacer_due(&gates->pacer);

    if (due > clock_now(clock) + ticks(gates, SPIN_NS)) {
        wait_until_due(gates);
        return;
    }
    while (clock_now(clock) < due) {
    }
    gates->events->go_on(gates->opaque);
}

/* ---- pauses ------------------------------------------------------------------ */

static void pause_is_over(void *opaque)
{
    Gates *gates = opaque;
    uint64_t now = aio_context_read_clock(gates->ctx);

    gates->think = THINK_NOT;
    gates->think_counted = 0;
    gates->think_last = now;
    if (gates->plan.think_shifts) {
        pacer_shift(&gates->pacer, now - gates->think_began);
    }
    gates->events->go_on(gates->opaque);
}

/* Nothing is in flight: the program that we play has something to do. */
static void begin_pause(Gates *gates)
{
    uint64_t now = aio_context_read_clock(gates->ctx);
    uint64_t busy_until = now + ticks(gates, gates->plan.think_spin_ns);

    gates->think = THINK_PAUSES;
    gates->think_began = now;
    while (clock_now(gates->pacer.clock) < busy_until) {
    }
    timer_arm(&gates->think_timer, now + ticks(gates, gates->plan.think_ns));
}

static void count_for_pause(Gates *gates)
{
    const PacingPlan *plan = &gates->plan;
    bool is_enough;

    gates->think_counted++;
    is_enough = plan->think_ios > 0 && gates->think_counted >= plan->think_ios;
    is_enough |= plan->think_every_ns > 0 &&
                 gates->ctx->now - gates->think_last >=
                     ticks(gates, plan->think_every_ns);
    if (is_enough && gates->think == THINK_NOT) {
        gates->think = THINK_DRAINS;
    }
}

/* ---- the least rate ------------------------------------------------------------- */

static void count_so_far(Gates *gates)
{
    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        const DirectionRecord *record = gates->recorder->directions[i];

        gates->counted_ios[i] = record ? record->ios : 0;
        gates->counted_bytes[i] = record ? record->bytes : 0;
    }
    gates->counted_at = gates->ctx->now;
    timer_arm(&gates->cycle_timer,
              gates->ctx->now + ticks(gates, gates->plan.least_cycle_ns));
}

static bool is_too_slow(Gates *gates, int i, double seconds)
{
    const DirectionRecord *record = gates->recorder->directions[i];
    double ios, bytes;

    if (!record) {
        return false;
    }
    ios = (double)(record->ios - gates->counted_ios[i]) / seconds;
    bytes = (double)(record->bytes - gates->counted_bytes[i]) / seconds;
    if (ios >= gates->plan.least_ios_per_s[i] &&
        bytes >= gates->plan.least_bytes_per_s[i]) {
        return false;
    }
    gates->report.rate_missed = true;
    gates->report.direction = (uint32_t)i;
    gates->report.ios_per_s = ios;
    gates->report.bytes_per_s = bytes;
    return true;
}

static void cycle_is_over(void *opaque)
{
    Gates *gates = opaque;
    double seconds = (double)(gates->ctx->now - gates->counted_at) /
                     (double)gates->pacer.clock->ticks_per_s;

    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        if (is_too_slow(gates, i, seconds)) {
            gates->events->give_up(gates->opaque);
            return;
        }
    }
    count_so_far(gates);
}

/* ---- life -------------------------------------------------------------------------- */

void gates_attach(Gates *gates, AioContext *ctx, const GateEvents *events,
                  void *opaque)
{
    gates->ctx = ctx;
    gates->events = events;
    gates->opaque = opaque;
    timer_init(&gates->due_timer, ctx, is_nearly_due, gates);
    timer_init(&gates->think_timer, ctx, pause_is_over, gates);
    timer_init(&gates->cycle_timer, ctx, cycle_is_over, gates);
    if (gates->think == THINK_PAUSES) {
        timer_arm(&gates->think_timer,
                  gates->think_began + ticks(gates, gates->plan.think_ns));
    }
    if (gates->counted_at > 0) {
        timer_arm(&gates->cycle_timer,
                  gates->counted_at + ticks(gates, gates->plan.least_cycle_ns));
    }
}

void gates_detach(Gates *gates)
{
    timer_disarm(&gates->due_timer);
    timer_disarm(&gates->think_timer);
    timer_disarm(&gates->cycle_timer);
    gates->ctx = NULL;
}

void gates_begin(Gates *gates)
{
    pacer_begin(&gates->pacer, gates->ctx->now);
    gates->think_last = gates->ctx->now;
}

void gates_open_window(Gates *gates)
{
    pacer_reset_counts(&gates->pacer, gates->ctx->now);
    if (has_floor(&gates->plan)) {
        count_so_far(gates);
    }
}

void gates_close_window(Gates *gates)
{
    timer_disarm(&gates->cycle_timer);
    gates->counted_at = 0;
}

void gates_end(Gates *gates)
{
    pacer_end(&gates->pacer, gates->ctx->now);
}

void gates_begin_search(Gates *gates)
{
    const PacingPlan *plan = &gates->plan;

    depth_search_init(&gates->search, ticks(gates, plan->target_ns),
                      ticks(gates, plan->target_window_ns),
                      plan->target_percent, gates->depth);
    depth_search_begin(&gates->search, gates->ctx->now);
    gates->is_searching = true;
    gates->depth_limit = gates->search.depth;
}

/* ---- an I/O's way ------------------------------------------------------------------- */

static bool depth_allows(Gates *gates, uint32_t in_flight)
{
    if (in_flight <= gates->plan.depth_low) {
        gates->is_draining = false;
    }
    return in_flight < gates->depth_limit && !gates->is_draining;
}

static bool pause_allows(Gates *gates, uint32_t in_flight)
{
    if (gates->think == THINK_DRAINS && in_flight == 0) {
        begin_pause(gates);
    }
    return gates->think == THINK_NOT;
}

static bool time_allows(Gates *gates)
{
    if (!gates->pacer.is_on || pacer_due(&gates->pacer) <= gates->ctx->now) {
        return true;
    }
    wait_until_due(gates);
    return false;
}

bool gates_admit(Gates *gates, uint32_t in_flight)
{
    return depth_allows(gates, in_flight) && pause_allows(gates, in_flight) &&
           time_allows(gates);
}

bool gates_wait(const Gates *gates)
{
    return gates->due_timer.state != TIMER_IDLE ||
           gates->think_timer.state != TIMER_IDLE;
}

uint32_t gates_pick(const Gates *gates)
{
    const Pacer *pacer = &gates->pacer;

    return pacer->is_on && pacer->is_mix ? pacer_pick(pacer, gates->ctx->now)
                                         : PACED_DIRECTIONS;
}

void gates_issue(Gates *gates, uint32_t index, const Request *request,
                 uint32_t in_flight)
{
    Direction direction = recorder_direction(request);

    if (in_flight + 1 >= gates->depth_limit) {
        gates->is_draining = gates->plan.depth_low > 0;
    }
    gates->intended[index] = gates->ctx->now;
    if (direction < PACED_DIRECTIONS && gates->pacer.is_on) {
        gates->intended[index] = pacer_issue(&gates->pacer, direction,
                                             request->bytes, gates->ctx->now);
    }
    if (gates->plan.think_ns > 0 && gates->plan.think_on_issue) {
        count_for_pause(gates);
    }
}

static bool took_too_long(Gates *gates, Direction direction,
                          const Request *request)
{
    uint64_t max_ns = direction < PACED_DIRECTIONS
                          ? gates->plan.max_latency_ns[direction]
                          : 0;
    uint64_t ns = clock_ticks_to_ns(gates->pacer.clock,
                                    request->reaped - request->queued);

    if (max_ns == 0 || ns <= max_ns || gates->report.latency_exceeded) {
        return false;
    }
    gates->report.latency_exceeded = true;
    gates->report.direction = direction;
    gates->report.offset = request->offset;
    gates->report.latency_ns = ns;
    return true;
}

static GateWord search_on(Gates *gates, const Request *request)
{
    if (depth_search_add(&gates->search, request->queued, request->reaped)) {
        gates->depth_limit = gates->search.depth;
        gates->is_searching = !gates->search.is_over;
    }
    return gates->is_searching ? GATE_GO_ON : GATE_SEARCH_IS_OVER;
}

GateWord gates_complete(Gates *gates, uint32_t index, const Request *request)
{
    Direction direction = recorder_direction(request);

    if (gates->plan.think_ns > 0 && !gates->plan.think_on_issue) {
        count_for_pause(gates);
    }
    if (!request_succeeded(request)) {
        return GATE_GO_ON;
    }
    if (gates->pacer.is_on && direction < PACED_DIRECTIONS) {
        recorder_add_response(gates->recorder, request,
                              gates->intended[index]);
    }
    if (took_too_long(gates, direction, request)) {
        return GATE_END;
    }
    return gates->is_searching ? search_on(gates, request) : GATE_GO_ON;
}

void gates_report(const Gates *gates, PacingReport *report)
{
    *report = gates->report;
    report->late = gates->pacer.late;
    report->late_max_ns =
        clock_ticks_to_ns(gates->pacer.clock, gates->pacer.late_max);
    for (uint32_t i = 0; i < PACED_DIRECTIONS; i++) {
        report->scheduled_ns[i] = clock_ticks_to_ns(
            gates->pacer.clock, pacer_scheduled(&gates->pacer, i));
        report->behind_ns[i] = clock_ticks_to_ns(
            gates->pacer.clock, pacer_behind(&gates->pacer, i));
    }
    report->search_is_over = gates->search.is_over;
    report->depth = gates->search.found ? gates->search.good : 0;
    report->step_count = gates->search.step_count;
    for (uint32_t i = 0; i < gates->search.step_count; i++) {
        report->steps[i] = gates->search.steps[i];
    }
}
