/*
 * Throttle groups: jobs on any threads that share one limit of I/Os and bytes
 * per second.  A group is a leaky bucket: each I/O pours in its cost, what is
 * in it drains at the limit's rate, and while it is full nobody may issue.  It
 * begins full: no burst at the start, only for what was missed since.
 *
 * Members that must wait take turns.  One has the turn: its context's timer
 * ends the wait, it issues what is due, and hands the turn on.  Whoever leaves
 * its context hands the turn on as well, so nobody waits for a timer that is
 * gone.
 *
 * A group has a lock of its own.  A member's functions are for the home thread
 * of the context that it is attached to.
 */
#pragma once

#include <pthread.h>

#include "loop/bottom_half.h"
#include "loop/timer.h"

typedef struct ThrottleLimits {
    double ios_per_s;   /* 0: no limit */
    double bytes_per_s; /* 0: no limit */
    uint64_t burst_ns;  /* how much missed time may be made up for at once */
} ThrottleLimits;

typedef struct ThrottleMember ThrottleMember;

/* One limit: when the next I/O is due, and what each adds to that. */
typedef struct LeakyBucket {
    double due;            /* ticks; 0: nothing was issued yet */
    double ticks_per_unit; /* 0: no limit */
} LeakyBucket;

typedef struct ThrottleGroup {
    pthread_mutex_t lock;
    const Clock *clock;
    LeakyBucket ios, bytes;
    double burst;   /* ticks */
    double quantum; /* ticks' worth of I/Os in one turn, if others wait */
    TAILQ_HEAD(, ThrottleMember) members; /* attached ones, in order of turns */
    ThrottleMember *turn;                 /* NULL: nobody waits */
    uint32_t waiting;
} ThrottleGroup;

struct ThrottleMember {
    ThrottleGroup *group; /* NULL: not throttled */
    void (*go_on)(void *opaque);
    void *opaque;
    Timer timer;         /* ends the wait, if ours is the turn */
    BottomHalf *turn_bh; /* another has handed the turn to us */
    bool is_waiting;     /* under the group's lock, as is */
    double used;         /* ticks' worth of I/Os in this turn */
    TAILQ_ENTRY(ThrottleMember) node;
};

void throttle_group_init(ThrottleGroup *group, const ThrottleLimits *limits,
                         const Clock *clock);

/* Without members. */
void throttle_group_cleanup(ThrottleGroup *group);

/*
 * Take part in @group, on @ctx.  @go_on is called there when I/Os that were
 * refused may be tried again; it may detach for good.  0 or -ENOMEM.
 */
int throttle_attach(ThrottleMember *member, ThrottleGroup *group,
                    AioContext *ctx, void (*go_on)(void *opaque), void *opaque);

/* Wait no more, and hand on the turn if it was ours. */
void throttle_detach(ThrottleMember *member);

/*
 * May an I/O of @bytes be issued now?  If so, it is charged; if not, go_on()
 * will be called.
 */
bool throttle_admit(ThrottleMember *member, uint32_t bytes);
