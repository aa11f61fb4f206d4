#include "verify/written_map.h"

/* A cell: the generation that was written last (0: none), and flags. */
#define CELL_IN_FLIGHT (UINT32_C(1) << 31) /* it is being written or read */
#define CELL_VERIFIED (UINT32_C(1) << 30)  /* since it was written */
#define CELL_UNKNOWN (UINT32_C(1) << 29)   /* trimmed, or its write failed */
#define CELL_GENERATION (CELL_UNKNOWN - 1)

void written_map_init(WrittenMap *map, const VerifyPlan *plan)
{
    *map = (WrittenMap){
        .cells = plan->written,
        .cell_count = plan->cells,
        .start = plan->start,
        .cell_bytes = plan->block_bytes,
    };
    for (uint64_t i = 0; plan->is_loaded && i < plan->cells; i++) {
        map->cells[i] &= ~CELL_VERIFIED; /* that was the earlier run */
    }
}

CellRange written_map_range(const WrittenMap *map, const Request *request)
{
    return (CellRange){
        .first = (request->offset - map->start) / map->cell_bytes,
        .count = request->bytes / map->cell_bytes,
    };
}

/* Atomic, so that the file has whole cells after a crash. */
static void set_cell(WrittenMap *map, uint64_t cell, uint32_t value)
{
    __atomic_store_n(&map->cells[cell], value, __ATOMIC_RELAXED);
}

static uint32_t next_generation(uint32_t value)
{
    uint32_t generation = (value & CELL_GENERATION) + 1;

    return generation > CELL_GENERATION ? 1 : generation;
}

static bool has_any(const WrittenMap *map, CellRange range, uint32_t flags)
{
    for (uint64_t i = 0; i < range.count; i++) {
        if (map->cells[range.first + i] & flags) {
            return true;
        }
    }
    return false;
}

/* ---- writing ------------------------------------------------------------- */

bool written_map_is_in_flight(const WrittenMap *map, CellRange range)
{
    return has_any(map, range, CELL_IN_FLIGHT);
}

uint32_t written_map_begin_write(WrittenMap *map, uint64_t cell, bool is_trim)
{
    uint32_t value = map->cells[cell];

    set_cell(map, cell, value | CELL_IN_FLIGHT | (is_trim ? CELL_UNKNOWN : 0));
    return next_generation(value);
}

void written_map_end_write(WrittenMap *map, CellRange range, bool is_known)
{
    for (uint64_t i = 0; i < range.count; i++) {
        uint32_t generation = next_generation(map->cells[range.first + i]);

        set_cell(map, range.first + i,
                 generation | (is_known ? 0 : CELL_UNKNOWN));
    }
}

/* ---- verifying ----------------------------------------------------------- */

bool written_map_begin_check(WrittenMap *map, CellRange range)
{
    if (has_any(map, range, CELL_IN_FLIGHT | CELL_VERIFIED | CELL_UNKNOWN)) {
        return false;
    }
    for (uint64_t i = 0; i < range.count; i++) {
        set_cell(map, range.first + i,
                 map->cells[range.first + i] | CELL_IN_FLIGHT);
    }
    return true;
}

uint32_t written_map_generation(const WrittenMap *map, uint64_t cell)
{
    return map->cells ? map->cells[cell] & CELL_GENERATION : 0;
}

void written_map_end_check(WrittenMap *map, uint64_t cell)
{
    if (map->cells) {
        set_cell(map, cell,
                 (map->cells[cell] & ~CELL_IN_FLIGHT) | CELL_VERIFIED);
    }
}

/* It was written, its content is known, and it is not verified yet. */
static bool is_due(uint32_t value)
{
    return (value & CELL_GENERATION) &&
           !(value & (CELL_UNKNOWN | CELL_VERIFIED));
}

CellRange written_map_next_due(const WrittenMap *map, uint64_t *cursor,
                               uint64_t max_cells, uint64_t *unknown)
{
    CellRange range = {0};

    while (*cursor < map->cell_count && !is_due(map->cells[*cursor])) {
        *unknown += (map->cells[*cursor] & CELL_UNKNOWN) != 0;
        ++*cursor;
    }
    range.first = *cursor;
    while (*cursor < map->cell_count && range.count < max_cells &&
           is_due(map->cells[*cursor])) {
        range.count++;
        ++*cursor;
    }
    return range;
}
