#include "workload/random_map_sized.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"

enum { WORD_BITS = 64 };

static uint64_t words_of(uint64_t count)
{
    return (count + WORD_BITS - 1) / WORD_BITS;
}

/* Set where each level's words are in @memory.  Returns how many there are. */
static uint64_t lay_out_levels(RandomMapSized *map, uint64_t units)
{
    uint64_t words = 0, count = units;

    map->level_count = 0;
    do {
        map->levels[map->level_count++] = (SizedMapLevel){
            .bits = map->memory + words,
            .count = count,
        };
        count = words_of(count);
        words += count;
    } while (count > 1);
    return words;
}

size_t random_map_sized_bytes(uint64_t units)
{
    uint64_t words = 0, count = units;

    do {
        count = words_of(count);
        words += count;
    } while (count > 1);
    return words * sizeof(uint64_t);
}

int random_map_sized_init(RandomMapSized *map, uint64_t units)
{
    *map = (RandomMapSized){0};
    map->bytes = random_map_sized_bytes(units);
    map->memory = memory_map(map->bytes);
    return map->memory ? 0 : -ENOMEM;
}

void random_map_sized_cleanup(RandomMapSized *map)
{
    memory_unmap(map->memory, map->bytes);
}

void random_map_sized_begin(RandomMapSized *map, bool use_lfsr, uint64_t units,
                            uint64_t seed)
{
    map->use_lfsr = use_lfsr;
    if (use_lfsr) {
        lfsr_init(&map->lfsr, units, seed);
    } else {
        random_stream_init(&map->stream, seed);
    }
    memset(map->memory, 0, lay_out_levels(map, units) * sizeof(uint64_t));
    map->units = units;
    map->visited = 0;
    map->mark = true;
}

/* The bits of a word that are not set yet; none beyond the end. */
static uint64_t free_bits(const RandomMapSized *map, const SizedMapLevel *level,
                          uint64_t word)
{
    uint64_t left = level->count - word * WORD_BITS;
    uint64_t bits = map->mark ? ~level->bits[word] : level->bits[word];

    return left < WORD_BITS ? bits & ((UINT64_C(1) << left) - 1) : bits;
}

static bool is_visited(const RandomMapSized *map, uint64_t unit)
{
    return (map->levels[0].bits[unit / WORD_BITS] >> unit % WORD_BITS & 1) ==
           map->mark;
}

static void visit(RandomMapSized *map, uint64_t unit)
{
    SizedMapLevel *level = map->levels;
    SizedMapLevel *end = level + map->level_count;

    for (; level < end; level++, unit /= WORD_BITS) {
        level->bits[unit / WORD_BITS] ^= UINT64_C(1) << unit % WORD_BITS;
        if (free_bits(map, level, unit / WORD_BITS)) {
            break;
        }
    }
    map->visited++;
}

/* The first unvisited unit from @at on; if there is none, from 0 on. */
static uint64_t next_free(const RandomMapSized *map, uint64_t at)
{
    uint32_t height = 0;
    uint64_t found = 0;

    for (; height < map->level_count; height++, at = at / WORD_BITS + 1) {
        const SizedMapLevel *level = &map->levels[height];

        if (at < level->count) {
            found = free_bits(map, level, at / WORD_BITS) >> at % WORD_BITS;
        }
        if (found) {
            break;
        }
    }
    if (!found) {
        return next_free(map, 0);
    }
    at += (uint64_t)__builtin_ctzll(found);
    while (height-- > 0) {
        found = free_bits(map, &map->levels[height], at);
        at = at * WORD_BITS + (uint64_t)__builtin_ctzll(found);
    }
    return at;
}

static uint64_t choose_first(RandomMapSized *map)
{
    uint64_t first;

    if (!map->use_lfsr) {
        return next_free(map, random_below(&map->stream, map->units));
    }
    do {
        first = lfsr_next(&map->lfsr);
    } while (is_visited(map, first));
    return first;
}

uint64_t random_map_sized_next(RandomMapSized *map, uint64_t wanted,
                               uint64_t *count)
{
    uint64_t first, unit;

    if (map->visited == map->units) { /* all bits have the mark's value */
        map->visited = 0;
        map->mark = !map->mark;
        if (map->use_lfsr) {
            lfsr_next_pass(&map->lfsr);
        }
    }
    first = choose_first(map);
    for (unit = first;
         unit < map->units && unit - first < wanted && !is_visited(map, unit);
         unit++) {
        visit(map, unit);
    }
    *count = unit - first;
    return first;
}
