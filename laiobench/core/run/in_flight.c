/*
 * The oldest requests of a job that are in flight, for reports of hangs.  Runs
 * on another thread than the job, so requests complete and are reissued
 * meanwhile.
 */
#define _GNU_SOURCE
#include <string.h>

#include "run/run.h"

/* False if the request is not in flight, or was reissued during this call. */
static bool read_request(const Request *request, const Clock *clock,
                         uint64_t now, InFlightReport *report)
{
    uint64_t queued = counter_read(&request->queued);
    Request copy = {
        .op = __atomic_load_n(&request->op, __ATOMIC_RELAXED),
        .offset = __atomic_load_n(&request->offset, __ATOMIC_RELAXED),
        .bytes = __atomic_load_n(&request->bytes, __ATOMIC_RELAXED),
    };
    RequestState state = __atomic_load_n(&request->state, __ATOMIC_ACQUIRE);

    if ((state != REQUEST_PENDING && state != REQUEST_IN_FLIGHT) ||
        counter_read(&request->queued) != queued) {
        return false;
    }
    *report = (InFlightReport){
        .direction = recorder_direction(&copy),
        .bytes = copy.bytes,
        .offset = copy.offset,
        .age_ns = now > queued ? clock_ticks_to_ns(clock, now - queued) : 0,
    };
    return true;
}

/*
 * Insert into @sorted, which has @count reports, the oldest first, and keeps
 * at most @max.  Returns how many it has then.
 */
static uint32_t insert_by_age(InFlightReport *sorted, uint32_t count,
                              uint32_t max, const InFlightReport *report)
{
    uint32_t at = count;

    while (at > 0 && sorted[at - 1].age_ns < report->age_ns) {
        at--;
    }
    if (at == max) {
        return count;
    }
    count += count < max;
    memmove(&sorted[at + 1], &sorted[at], (count - 1 - at) * sizeof(sorted[0]));
    sorted[at] = *report;
    return count;
}

uint32_t run_in_flight(const Run *run, uint32_t index, InFlightReport *oldest,
                       uint32_t max)
{
    const Job *job = &run->jobs[index];
    uint64_t now = clock_now(&run->clock);
    uint32_t in_flight = 0, kept = 0;
    InFlightReport report;

    for (uint32_t i = 0; i < job->config.iodepth; i++) {
        if (read_request(&job->memory.requests[i], &run->clock, now, &report)) {
            in_flight++;
            kept = insert_by_age(oldest, kept, max, &report);
        }
    }
    return in_flight;
}
