/*
 * Throttle groups: jobs on any threads share one limit of I/Os and of bytes
 * per second.  A group is a leaky bucket: each I/O adds its cost, the bucket
 * drains at the limit's rate, and while it is full no member may issue.  It is
 * full at first, so that there is no burst at the start; a later burst makes
 * up for missed time.
 *
 * Members that must wait take turns.  The timer of the member that has the
 * turn ends the wait; this member issues what is due, and passes the turn on.
 * A member that leaves its context passes the turn on, too, so no member waits
 * for a timer that is gone.
 *
 * Each group has a lock.  A member's functions are for the home thread of the
 * context that it is attached to.
 */
#pragma once

#include <pthread.h>

#include "loop/bottom_half.h"
#include "loop/timer.h"

typedef struct ThrottleLimits {
    double ios_per_s;   /* 0: no limit */
    double bytes_per_s; /* 0: no limit */
    uint64_t burst_ns;  /* missed time that may be made up for at once */
} ThrottleLimits;

typedef struct ThrottleMember ThrottleMember;

/* One limit: when the next I/O is due, and how much each unit delays that. */
typedef struct LeakyBucket {
    double due;            /* ticks; 0: no I/O was issued yet */
    double ticks_per_unit; /* 0: no limit */
} LeakyBucket;

typedef struct ThrottleGroup {
    pthread_mutex_t lock;
    const Clock *clock;
    LeakyBucket ios, bytes;
    double burst;   /* ticks */
    double quantum; /* cost of the I/Os in a turn while others wait; ticks */
    TAILQ_HEAD(, ThrottleMember) members; /* attached ones, in order of turns */
    ThrottleMember *turn;                 /* NULL: no member waits */
    uint32_t waiting;                     /* members that wait */
} ThrottleGroup;

struct ThrottleMember {
    ThrottleGroup *group; /* NULL: not throttled */
    void (*resume)(void *opaque);
    void *opaque;
    Timer timer;         /* ends the wait of the member that has the turn */
    BottomHalf *turn_bh; /* another member has passed the turn to this one */
    bool is_waiting;     /* under the group's lock */
    double used; /* cost of the I/Os in this turn, in ticks; under the lock */
    TAILQ_ENTRY(ThrottleMember) node;
};

/* @clock must outlive it. */
void throttle_group_init(ThrottleGroup *group, const ThrottleLimits *limits,
                         const Clock *clock);

/* No member may be attached. */
void throttle_group_cleanup(ThrottleGroup *group);

/*
 * Join @group, on @ctx.  @resume is called on its home thread when I/Os that
 * were refused may be tried again; it may detach the member.  0 or -ENOMEM.
 */
int throttle_attach(ThrottleMember *member, ThrottleGroup *group,
                    AioContext *ctx, void (*resume)(void *opaque),
                    void *opaque);

/* Leave the group; pass the turn on if this member has it. */
void throttle_detach(ThrottleMember *member);

/*
 * May an I/O of @bytes be issued now?  If it may, this charges its cost; if
 * not, @resume will be called.
 */
bool throttle_admit(ThrottleMember *member, uint32_t bytes);
