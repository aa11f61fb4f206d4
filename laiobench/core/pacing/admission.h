/*
 * Admission: whether a job may issue one more I/O now.  It has a schedule, pauses
 * and a depth to keep to, and says when to try again; once a bound is crossed it
 * tells the job to end.  Knows nothing of slots, nor of throttle groups.
 *
 * All on the home thread of the context that the job is attached to.
 */
#pragma once

#include "pacing/bounds.h"
#include "pacing/depth_search.h"
#include "pacing/pacer.h"
#include "pacing/think_time.h"
#include "record/recorder.h"
#include "loop/timer.h"

typedef struct AdmissionEvents {
    void (*go_on)(void *opaque);   /* try again to issue */
    void (*give_up)(void *opaque); /* a bound was crossed: see bounds */
} AdmissionEvents;

typedef struct Admission {
    PacingPlan plan;
    Pacer pacer;
    uint64_t *intended; /* of each slot: when its I/O was due; ticks */
    uint32_t depth;     /* slots */

    uint32_t depth_limit; /* of those that may be in flight now */
    bool is_draining;     /* it was full, and is not down to depth_low yet */

    ThinkTime think;
    Bounds bounds;

    DepthSearch search;
    bool is_searching;

    Recorder *recorder;
    AioContext *ctx;
    const AdmissionEvents *events;
    void *opaque;
    Timer due_timer; /* shortly before the next I/O is due */
} Admission;

/* Is there anything to wait for, or to end for? */
bool admission_is_needed(const PacingPlan *plan);

/*
 * @uses: the directions that the job has; @is_mix: any of them may come next;
 * @block_bytes: of the largest I/O.
 * 0 or -errno.
 */
int admission_init(Admission *admission, const PacingPlan *plan, uint32_t depth,
                   const bool uses[PACED_DIRECTIONS], bool is_mix,
                   uint32_t block_bytes, uint64_t seed, Recorder *recorder,
                   const Clock *clock, Error *error);
void admission_cleanup(Admission *admission);

/* Schedules and pauses live on while the job is on no context. */
void admission_attach(Admission *admission, AioContext *ctx,
                      const AdmissionEvents *events, void *opaque);
void admission_detach(Admission *admission);

/*
 * The job begins; its window opens; both at the context's time.  It closes when
 * nothing more is to be issued: what is slow from then on misses no rate.
 */
void admission_begin(Admission *admission);
void admission_open_window(Admission *admission);
void admission_close_window(Admission *admission);

/* Its time is over, and it would have issued more. */
void admission_end(Admission *admission);

/* The search for a depth, where there is one, begins. */
void admission_begin_search(Admission *admission);

/* May one more be issued?  If not, go_on() will be called, or one comes back. */
bool admission_admit(Admission *admission, uint32_t in_flight);

/* Is a time set at which go_on() will be called? */
bool admission_waits(const Admission *admission);

/* Of a mix with rates: which direction is next.  Else PACED_DIRECTIONS. */
uint32_t admission_pick_direction(const Admission *admission);

/* @request, of the slot @index, goes now; @in_flight are on their way already. */
void admission_issue(Admission *admission, uint32_t index,
                     const Request *request, uint32_t in_flight);

typedef enum AdmissionVerdict {
    ADMISSION_GO_ON,
    ADMISSION_SEARCH_IS_OVER, /* report.depth is what was found */
    ADMISSION_END_JOB,        /* the I/O took longer than the job may bear */
} AdmissionVerdict;

/* It is back, well or not. */
AdmissionVerdict admission_complete(Admission *admission, uint32_t index,
                                    const Request *request);

/* What came of it; at any time. */
void admission_report(const Admission *admission, PacingReport *report);
