/*
 * The map of what was written: for each cell of the region, the part of it that
 * carries one header, the generation that was written last and what is known of
 * it.  4 bytes a cell, which the caller gives; they may be a file, and whoever
 * finds that after a crash knows what had been written, and what was on its way.
 *
 * Knows neither contents nor who writes; one thread changes it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "contract/verify_plan.h"
#include "engines/request.h"

typedef struct WrittenMap {
    uint32_t *cells; /* NULL: nothing is known, and nothing is kept */
    uint64_t cell_count;
    uint64_t start; /* of the region, bytes */
    uint32_t cell_bytes;
} WrittenMap;

/* Cells that lie together: those of a request. */
typedef struct CellRange {
    uint64_t first, count;
} CellRange;

void written_map_init(WrittenMap *map, const VerifyPlan *plan);

CellRange written_map_range(const WrittenMap *map, const Request *request);

/* Is any of them being written, trimmed, or read by the backlog? */
bool written_map_is_in_flight(const WrittenMap *map, CellRange range);

/*
 * A write or trim of @cell goes out.  Until it is back the old generation, or
 * the one that is returned, may be there.
 */
uint32_t written_map_begin_write(WrittenMap *map, uint64_t cell, bool is_trim);

/* It is back; @is_known: what they hold now is what was written. */
void written_map_end_write(WrittenMap *map, CellRange range, bool is_known);

/*
 * They are to be read and verified.  False: they are in flight, were verified
 * meanwhile, or it is not known what they hold.
 */
bool written_map_begin_check(WrittenMap *map, CellRange range);

/* The generation that was written last; 0: none, or nothing is known. */
uint32_t written_map_generation(const WrittenMap *map, uint64_t cell);

/* @cell was read and verified, whatever came of it. */
void written_map_end_check(WrittenMap *map, uint64_t cell);

/*
 * From *@cursor on, the next up to @max_cells that were written and are not
 * verified; the cursor goes past them.  Empty: no more.  Those that it passes
 * over since nobody knows what they hold are added to *@unknown.
 */
CellRange written_map_next_due(const WrittenMap *map, uint64_t *cursor,
                               uint64_t max_cells, uint64_t *unknown);
