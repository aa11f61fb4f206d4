#include "random_cover.h"

#include <errno.h>
#include <string.h>

#include "memory.h"

int random_cover_init(RandomCover *cover, uint64_t units)
{
    *cover = (RandomCover){.bytes = (units + 63) / 64 * sizeof(uint64_t)};
    cover->bits = memory_map(cover->bytes);
    return cover->bits ? 0 : -ENOMEM;
}

void random_cover_cleanup(RandomCover *cover)
{
    memory_unmap(cover->bits, cover->bytes);
}

void random_cover_begin(RandomCover *cover, bool use_lfsr, uint64_t units,
                        uint64_t seed)
{
    random_order_init(&cover->order, use_lfsr, units, seed);
    memset(cover->bits, 0, (units + 63) / 64 * sizeof(uint64_t));
    cover->units = units;
    cover->visited = 0;
    cover->mark = true;
}

static bool is_visited(const RandomCover *cover, uint64_t unit)
{
    return (cover->bits[unit / 64] >> unit % 64 & 1) == cover->mark;
}

static void visit(RandomCover *cover, uint64_t unit)
{
    cover->bits[unit / 64] ^= UINT64_C(1) << unit % 64;
    cover->visited++;
}

uint64_t random_cover_next(RandomCover *cover, uint64_t wanted, uint64_t *count)
{
    uint64_t first, unit;

    if (cover->visited == cover->units) { /* all bits are the mark */
        cover->visited = 0;
        cover->mark = !cover->mark;
        random_order_next_pass(&cover->order);
    }
    do {
        first = random_order_next(&cover->order);
    } while (is_visited(cover, first));
    for (unit = first; unit < cover->units && unit - first < wanted &&
                       !is_visited(cover, unit);
         unit++) {
        visit(cover, unit);
    }
    *count = unit - first;
    return first;
}
