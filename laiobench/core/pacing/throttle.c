#include "pacing/throttle.h"

#include <errno.h>

/*
 * The longest turn while others wait, as the cost of its I/Os: short enough to
 * be fair, long enough that passing turns costs little.
 */
#define QUANTUM_NS 1000000

/* ---- the bucket, with the lock held ------------------------------------- */

static void bucket_init(LeakyBucket *bucket, double per_s, const Clock *clock)
{
    *bucket = (LeakyBucket){
        .ticks_per_unit = per_s > 0 ? (double)clock->ticks_per_s / per_s : 0};
}

/* Charge @units.  Only @burst ticks of missed time can be made up for. */
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

static ThrottleMember *next_member(ThrottleGroup *group, ThrottleMember *member)
{
    ThrottleMember *next = TAILQ_NEXT(member, node);

    return next ? next : TAILQ_FIRST(&group->members);
}

/* The next member that waits: @member itself if no other does; or NULL. */
static ThrottleMember *next_waiting(ThrottleGroup *group,
                                    ThrottleMember *member)
{
    ThrottleMember *next = next_member(group, member);

    while (!next->is_waiting && next != member) {
        next = next_member(group, next);
    }
    return next->is_waiting ? next : NULL;
}

/* Only its home thread may arm a timer: other members get a bottom half. */
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

/* ---- a member ------------------------------------------------------------ */

/* Returns whether the member has the turn, and an I/O is due. */
static bool begin_turn(ThrottleMember *member)
{
    ThrottleGroup *group = member->group;
    bool is_time = false;

    pthread_mutex_lock(&group->lock);
    if (group->turn == member) { /* not if the bottom half came too late */
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

/* A member that was refused during its turn has passed it on already. */
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
        member->resume(member->opaque);
        if (member->group) { /* otherwise it has detached itself */
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
                    AioContext *ctx, void (*resume)(void *opaque), void *opaque)
{
    *member = (ThrottleMember){.resume = resume, .opaque = opaque};
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
    /* It is no member any more, so no other thread uses turn_bh. */
    timer_disarm(&member->timer);
    bh_delete(member->turn_bh);
    member->group = NULL;
}

/* ---- a group ------------------------------------------------------------- */

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
