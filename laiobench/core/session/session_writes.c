/*
 * Keeps conflicting writes of one target apart.  A misaligned write reads the
 * blocks at its two ends and writes them back, which would undo another write
 * of these blocks meanwhile.  So a misaligned write and another write of the
 * same block run one after the other, in the order of issue.  Aligned writes
 * do not wait for each other.  See session.h.
 *
 * Only for the writes of sessions; jobs do not use this.
 */
#include "session/session.h"

static bool is_misaligned(const Slot *slot)
{
    return !target_takes(&slot->target->base, &slot->request);
}

static bool share_blocks(const Slot *a, const Slot *b)
{
    uint64_t mask = a->target->base.request_mask;
    uint64_t a_end = a->request.offset + a->request.bytes;
    uint64_t b_end = b->request.offset + b->request.bytes;

    return (a->request.offset & ~mask) < ((b_end + mask) & ~mask) &&
           (b->request.offset & ~mask) < ((a_end + mask) & ~mask);
}

static bool conflict(const Slot *a, const Slot *b)
{
    return (is_misaligned(a) || is_misaligned(b)) && share_blocks(a, b);
}

void slot_begin_write(Slot *slot)
{
    SessionTarget *target = slot->target;
    Slot *earlier;

    target->misaligned += is_misaligned(slot);
    if (target->misaligned > 0) {
        TAILQ_FOREACH (earlier, &target->writes, write_node) {
            slot->conflicts += conflict(earlier, slot);
        }
    }
    TAILQ_INSERT_TAIL(&target->writes, slot, write_node);
}

/*
 * A later write without conflicts now starts when the next request is issued or
 * completes.  One will complete: a conflicting write waits, directly or over
 * others, for one that is in flight.
 */
void slot_end_write(Slot *slot)
{
    SessionTarget *target = slot->target;
    Slot *later = slot;

    if (target->misaligned > 0) {
        while ((later = TAILQ_NEXT(later, write_node))) {
            later->conflicts -= conflict(slot, later);
        }
    }
    target->misaligned -= is_misaligned(slot);
    TAILQ_REMOVE(&target->writes, slot, write_node);
}
