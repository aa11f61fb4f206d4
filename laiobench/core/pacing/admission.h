/*
 * Admission: decides whether a job may issue one more I/O now, by its
 * schedule, its pauses and its depth, and calls the job when it may try again.
 * Tells the job to end when a bound is crossed.  Knows nothing of slots, nor
 * of throttle groups.
 *
 * All functions are for the home thread of the context that the job is
 * attached to.
 */
#pragma once

#include "pacing/bounds.h"
#include "pacing/depth_search.h"
#include "pacing/pacer.h"
#include "pacing/think_time.h"
#include "record/recorder.h"
#include "loop/timer.h"

typedef struct AdmissionEvents {
    void (*resume)(void *opaque);        /* the job may try again to issue */
    void (*bound_crossed)(void *opaque); /* the job must end; see bounds.h */
} AdmissionEvents;

typedef struct Admission {
    PacingPlan plan;
    Pacer pacer;
    uint64_t *intended; /* for each slot: when its I/O was due, in ticks */
    uint32_t depth;     /* number of slots */

    uint32_t depth_limit; /* I/Os that may be in flight now */
    bool is_draining;     /* waits until only depth_low are in flight */

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

/* Does @plan have anything that admission must watch? */
bool admission_is_needed(const PacingPlan *plan);

/*
 * @depth: number of slots.  @uses: the directions that the job has.  @is_mix:
 * any of them may come next.  @block_bytes: length of the largest I/O.
 * @recorder must outlive it.  0 or -errno, with @error.
 */
int admission_init(Admission *admission, const PacingPlan *plan, uint32_t depth,
                   const bool uses[PACED_DIRECTIONS], bool is_mix,
                   uint32_t block_bytes, uint64_t seed, Recorder *recorder,
                   const Clock *clock, Error *error);
void admission_cleanup(Admission *admission);

/* While the job is on no context its schedule and its pauses continue. */
void admission_attach(Admission *admission, AioContext *ctx,
                      const AdmissionEvents *events, void *opaque);
void admission_detach(Admission *admission);

/* The job begins, at the context's time: its schedule starts. */
void admission_begin(Admission *admission);

/* The measured window opens, at the context's time. */
void admission_open_window(Admission *admission);

/* Nothing more will be issued: from now on no rate is too low. */
void admission_close_window(Admission *admission);

/* The job's time is over, though it has I/Os left to issue. */
void admission_end(Admission *admission);

/* Begin the search for a depth.  Only if the plan has a target. */
void admission_begin_search(Admission *admission);

/*
 * May one more I/O be issued, with @in_flight in flight?  If not, resume()
 * will be called, or the caller must ask again when one completes.
 */
bool admission_admit(Admission *admission, uint32_t in_flight);

/* Is a time set at which resume() will be called? */
bool admission_waits(const Admission *admission);

/* The next direction, if the schedule decides; else PACED_DIRECTIONS. */
uint32_t admission_pick_direction(const Admission *admission);

/* @request, in slot @index, is issued now, beside @in_flight others. */
void admission_issue(Admission *admission, uint32_t index,
                     const Request *request, uint32_t in_flight);

typedef enum AdmissionVerdict {
    ADMISSION_GO_ON,
    ADMISSION_SEARCH_IS_OVER, /* PacingReport.depth is what was found */
    ADMISSION_END_JOB,        /* the I/O took longer than its bound */
} AdmissionVerdict;

/* @request, in slot @index, is done: it succeeded or failed. */
AdmissionVerdict admission_complete(Admission *admission, uint32_t index,
                                    const Request *request);

/* The results so far. */
void admission_report(const Admission *admission, PacingReport *report);
