#include "workload/random_map_sized.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"

enum { WORD_BITS = 64 };

static uint64_t words_of(uint64_t count)
{
    return (count + WORD_BITS - 1) / WORD_BITS;
}

/* Where each level's words are, from @memory on; how many words there are. */
static uint64_t lay_levels(RandomCover *cover, uint64_t units)
{
    uint64_t words = 0, count = units;

    cover->level_count = 0;
    do {
        cover->levels[cover->level_count++] = (CoverLevel){
            .bits = cover->memory + words,
            .count = count,
        };
        count = words_of(count);
        words += count;
    } while (count > 1);
    return words;
}

size_t random_cover_bytes(uint64_t units)
{
    uint64_t words = 0, count = units;

    do {
        count = words_of(count);
        words += count;
    } while (count > 1);
    return words * sizeof(uint64_t);
}

int random_cover_init(RandomCover *cover, uint64_t units)
{
    *cover = (RandomCover){0};
    cover->bytes = random_cover_bytes(units);
    cover->memory = memory_map(cover->bytes);
    return cover->memory ? 0 : -ENOMEM;
}

void random_cover_cleanup(RandomCover *cover)
{
    memory_unmap(cover->memory, cover->bytes);
}

void random_cover_begin(RandomCover *cover, bool use_lfsr, uint64_t units,
                        uint64_t seed)
{
    cover->use_lfsr = use_lfsr;
    if (use_lfsr) {
        random_lfsr_init(&cover->lfsr, units, seed);
    } else {
        random_stream_init(&cover->stream, seed);
    }
    memset(cover->memory, 0, lay_levels(cover, units) * sizeof(uint64_t));
    cover->units = units;
    cover->visited = 0;
    cover->mark = true;
}

/* The bits of a word that are not set yet; what is beyond the end is no bit. */
static uint64_t free_bits(const RandomCover *cover, const CoverLevel *level,
                          uint64_t word)
{
    uint64_t left = level->count - word * WORD_BITS;
    uint64_t bits = cover->mark ? ~level->bits[word] : level->bits[word];

    return left < WORD_BITS ? bits & ((UINT64_C(1) << left) - 1) : bits;
}

static bool is_visited(const RandomCover *cover, uint64_t unit)
{
    return (cover->levels[0].bits[unit / WORD_BITS] >> unit % WORD_BITS & 1) ==
           cover->mark;
}

static void visit(RandomCover *cover, uint64_t unit)
{
    CoverLevel *level = cover->levels;
    CoverLevel *end = level + cover->level_count;

    for (; level < end; level++, unit /= WORD_BITS) {
        level->bits[unit / WORD_BITS] ^= UINT64_C(1) << unit % WORD_BITS;
        if (free_bits(cover, level, unit / WORD_BITS)) {
            break;
        }
    }
    cover->visited++;
}

/* The first that was not visited, from @at on; else the first of all. */
static uint64_t next_free(const RandomCover *cover, uint64_t at)
{
    uint32_t height = 0;
    uint64_t found = 0;

    for (; height < cover->level_count; height++, at = at / WORD_BITS + 1) {
        const CoverLevel *level = &cover->levels[height];

        if (at < level->count) {
            found = free_bits(cover, level, at / WORD_BITS) >> at % WORD_BITS;
        }
        if (found) {
            break;
        }
    }
    if (!found) {
        return next_free(cover, 0);
    }
    at += (uint64_t)__builtin_ctzll(found);
    while (height-- > 0) {
        found = free_bits(cover, &cover->levels[height], at);
        at = at * WORD_BITS + (uint64_t)__builtin_ctzll(found);
    }
    return at;
}

static uint64_t choose_first(RandomCover *cover)
{
    uint64_t first;

    if (!cover->use_lfsr) {
        return next_free(cover, random_below(&cover->stream, cover->units));
    }
    do {
        first = random_lfsr_next(&cover->lfsr);
    } while (is_visited(cover, first));
    return first;
}

uint64_t random_cover_next(RandomCover *cover, uint64_t wanted, uint64_t *count)
{
    uint64_t first, unit;

    if (cover->visited == cover->units) { /* all bits are the mark */
        cover->visited = 0;
        cover->mark = !cover->mark;
        if (cover->use_lfsr) {
            random_lfsr_next_pass(&cover->lfsr);
        }
    }
    first = choose_first(cover);
    for (unit = first; unit < cover->units && unit - first < wanted &&
                       !is_visited(cover, unit);
         unit++) {
        visit(cover, unit);
    }
    *count = unit - first;
    return first;
}
