#include "pacing/throttle.h"

#include <errno.h>

/*
 * The time for which one may issue while others wait: short enough to look
 * fair, long enough for turns not to be all that the threads do.
 */
#define QUANTUM_NS 1000000

/* ---- the bucket, with the lock held ------------------------------------- */

static void bucket_init(LeakyBucket *bucket, double per_s, const Clock *clock)
{
    *bucket = (LeakyBucket){
        .ticks_per_unit = per_s > 0 ? (double)clock->ticks_per_s / per_s : 0};
}

/* Time that is longer past than the burst is lost. */
static void bucket_pour(LeakyBucket *bucket, double units, double now,
                        double burst)
{
    if (bucket->due == 0) {
        bucket->due = now;
    } else if (bucket->due < now - burst) {
        bucket->due = now - burst;
    }
    bucket->due += units * bucket->ticks_per_unit;
}

static double due(const ThrottleGroup *group)
{
    return group->ios.due > group->bytes.due ? group->ios.due
                                             : group->bytes.due;
}

static void charge(ThrottleGroup *group, ThrottleMember *member, uint32_t bytes,
                   double now)
{
    double io_ticks = group->ios.ticks_per_unit;
    double byte_ticks = bytes * group->bytes.ticks_per_unit;

    bucket_pour(&group->ios, 1, now, group->burst);
    bucket_pour(&group->bytes, bytes, now, group->burst);
    member->used += io_ticks > byte_ticks ? io_ticks : byte_ticks;
}

/* ---- turns, with the lock held ------------------------------------------- */

static ThrottleMember *after(ThrottleGroup *group, ThrottleMember *member)
{
    ThrottleMember *next = TAILQ_NEXT(member, node);

    return next ? next : TAILQ_FIRST(&group->members);
}

/* Whose turn comes after @member's; itself if only it waits, NULL if nobody. */
static ThrottleMember *next_waiting(ThrottleGroup *group,
                                    ThrottleMember *member)
{
    ThrottleMember *next = after(group, member);

    while (!next->is_waiting && next != member) {
        next = after(group, next);
    }
    return next->is_waiting ? next : NULL;
}

/* Any other is told on its own thread: timers are not for strangers. */
static void pass_turn(ThrottleGroup *group, ThrottleMember *from)
{
    ThrottleMember *to = next_waiting(group, from);

    group->turn = to;
    if (!to) {
        return;
    }
    to->used = 0;
    if (to == from) {
        timer_arm(&to->timer, (uint64_t)due(group));
    } else {
        bh_schedule(to->turn_bh);
    }
}

static void set_waiting(ThrottleMember *member, bool is_waiting)
{
    ThrottleGroup *group = member->group;

    group->waiting += is_waiting;
    group->waiting -= member->is_waiting;
    member->is_waiting = is_waiting;
}

/* ---- a member ------------------------------------------------------------- */

/* Returns whether it has the turn, and it is time. */
static bool begin_turn(ThrottleMember *member)
{
    ThrottleGroup *group = member->group;
    bool is_time = false;

    pthread_mutex_lock(&group->lock);
    if (group->turn == member) { /* a late bottom half may find it gone */
        is_time = (double)clock_now(group->clock) >= due(group);
        if (is_time) {
            set_waiting(member, false);
        } else {
            timer_arm(&member->timer, (uint64_t)due(group));
        }
    }
    pthread_mutex_unlock(&group->lock);
    return is_time;
}

/* If it was refused in the midst of it, the turn has gone on already. */
static void end_turn(ThrottleMember *member)
{
    ThrottleGroup *group = member->group;

    pthread_mutex_lock(&group->lock);
    if (group->turn == member && !member->is_waiting) {
        pass_turn(group, member);
    }
    pthread_mutex_unlock(&group->lock);
}

static void turn_arrives(void *opaque)
{
    ThrottleMember *member = opaque;

    if (begin_turn(member)) {
        member->go_on(member->opaque);
        if (member->group) { /* else it has left, and handed the turn on */
            end_turn(member);
        }
    }
}

bool throttle_admit(ThrottleMember *member, uint32_t bytes)
{
    ThrottleGroup *group = member->group;
    bool is_admitted;
    double now;

    pthread_mutex_lock(&group->lock);
    now = (double)clock_now(group->clock);
    is_admitted = !member->is_waiting &&
                  (!group->turn || group->turn == member) &&
                  (member->used < group->quantum || group->waiting == 0) &&
                  now >= due(group);
    if (is_admitted) {
        charge(group, member, bytes, now);
    } else if (!member->is_waiting) {
        set_waiting(member, true);
        if (!group->turn || group->turn == member) {
            pass_turn(group, member);
        }
    }
    pthread_mutex_unlock(&group->lock);
    return is_admitted;
}

int throttle_attach(ThrottleMember *member, ThrottleGroup *group,
                    AioContext *ctx, void (*go_on)(void *opaque), void *opaque)
{
    *member = (ThrottleMember){.go_on = go_on, .opaque = opaque};
    timer_init(&member->timer, ctx, turn_arrives, member);
    member->turn_bh = bh_new(ctx, turn_arrives, member);
    if (!member->turn_bh) {
        return -ENOMEM;
    }
    member->group = group;
    pthread_mutex_lock(&group->lock);
    TAILQ_INSERT_TAIL(&group->members, member, node);
    pthread_mutex_unlock(&group->lock);
    return 0;
}

void throttle_detach(ThrottleMember *member)
{
    ThrottleGroup *group = member->group;

    pthread_mutex_lock(&group->lock);
    set_waiting(member, false);
    if (group->turn == member) {
        pass_turn(group, member);
    }
    TAILQ_REMOVE(&group->members, member, node);
    pthread_mutex_unlock(&group->lock);
    /* No longer a member, so nobody hands the turn to it any more. */
    timer_disarm(&member->timer);
    bh_delete(member->turn_bh);
    member->group = NULL;
}

/* ---- a group --------------------------------------------------------------- */

void throttle_group_init(ThrottleGroup *group, const ThrottleLimits *limits,
                         const Clock *clock)
{
    *group = (ThrottleGroup){
        .clock = clock,
        .burst = (double)clock_ns_to_ticks(clock, limits->burst_ns),
        .quantum = (double)clock_ns_to_ticks(clock, QUANTUM_NS),
    };
    pthread_mutex_init(&group->lock, NULL);
    bucket_init(&group->ios, limits->ios_per_s, clock);
    bucket_init(&group->bytes, limits->bytes_per_s, clock);
    TAILQ_INIT(&group->members);
}

void throttle_group_cleanup(ThrottleGroup *group)
{
    pthread_mutex_destroy(&group->lock);
}
