/*
 * The map of what was written.  A cell is a part of the region with one
 * header; for each, the map has the generation that was written last, and what
 * is known of it.  The caller gives the memory, 4 bytes a cell.  It may be a
 * mapped file, which tells after a crash what was written, and what was in
 * flight.
 *
 * Knows neither contents nor who writes.  Only one thread changes it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "contract/verify_plan.h"
#include "engines/request.h"

typedef struct WrittenMap {
    uint32_t *cells; /* NULL: no map is kept */
    uint64_t cell_count;
    uint64_t start; /* of the region, bytes */
    uint32_t cell_bytes;
} WrittenMap;

/* Neighbouring cells: those of one request. */
typedef struct CellRange {
    uint64_t first, count;
} CellRange;

/* The map uses the memory in @plan, which must outlive it. */
void written_map_init(WrittenMap *map, const VerifyPlan *plan);

/* The cells that @request covers. */
CellRange written_map_range(const WrittenMap *map, const Request *request);

/* Is any of these cells being written, trimmed, or read for the backlog? */
bool written_map_is_in_flight(const WrittenMap *map, CellRange range);

/*
 * A write or trim of @cell is issued.  Until it is back, the cell may hold the
 * old generation, or the one that is returned.
 */
uint32_t written_map_begin_write(WrittenMap *map, uint64_t cell, bool is_trim);

/* The write or trim is back.  @is_known: the cells hold what was written. */
void written_map_end_write(WrittenMap *map, CellRange range, bool is_known);

/*
 * These cells are about to be read and verified.  False if that makes no
 * sense: one is in flight, is verified already, or has unknown content.
 */
bool written_map_begin_check(WrittenMap *map, CellRange range);

/* The generation that was written last; 0: none, or nothing is known. */
uint32_t written_map_generation(const WrittenMap *map, uint64_t cell);

/* @cell was read and verified, whether it was good or bad. */
void written_map_end_check(WrittenMap *map, uint64_t cell);

/*
 * Returns the next cells from *@cursor on, up to @max_cells, that were written
 * and are not verified; moves the cursor past them.  Empty: no more.  Adds to
 * *@unknown the number of cells that it skips because their content is
 * unknown.
 */
CellRange written_map_next_due(const WrittenMap *map, uint64_t *cursor,
                               uint64_t max_cells, uint64_t *unknown);
