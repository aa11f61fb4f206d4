/*
 * Writes of one target that must not meet.  A misaligned one reads the blocks
 * around its ends and writes them back: what another writes there meanwhile
 * would be undone.  So it is alone with its blocks, in the order of issue.
 * Aligned writes may meet each other as they like.  See session.h.
 *
 * Only a program's writes come by here: jobs never do.
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

static bool must_not_meet(const Slot *a, const Slot *b)
{
    return (is_misaligned(a) || is_misaligned(b)) && share_blocks(a, b);
}

void slot_enter_writes(Slot *slot)
{
    SessionTarget *target = slot->target;
    Slot *earlier;

    target->misaligned += is_misaligned(slot);
    if (target->misaligned > 0) {
        TAILQ_FOREACH (earlier, &target->writes, write_node) {
            slot->obstacles += must_not_meet(earlier, slot);
        }
    }
    TAILQ_INSERT_TAIL(&target->writes, slot, write_node);
}

/*
 * Writes that have no obstacle left now start with the next request that is
 * issued or comes back.  One will come back: what waits for blocks waits, in the
 * end, for something in flight.
 */
void slot_leave_writes(Slot *slot)
{
    SessionTarget *target = slot->target;
    Slot *later = slot;

    if (target->misaligned > 0) {
        while ((later = TAILQ_NEXT(later, write_node))) {
            later->obstacles -= must_not_meet(slot, later);
        }
    }
    target->misaligned -= is_misaligned(slot);
    TAILQ_REMOVE(&target->writes, slot, write_node);
}
