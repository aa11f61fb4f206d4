/* The map of what was written: what it knows of a cell, and since when. */
#include "verify/written_map.h"
#include "harness.h"

enum { CELLS = 8, CELL_BYTES = 512, START = 4096 };

static uint32_t cells[CELLS];

static WrittenMap make_map(bool is_loaded)
{
    VerifyPlan plan = {.written = cells,
                       .cells = CELLS,
                       .start = START,
                       .block_bytes = CELL_BYTES,
                       .is_loaded = is_loaded};
    WrittenMap map;

    written_map_init(&map, &plan);
    return map;
}

static void write_range(WrittenMap *map, CellRange range, bool is_known)
{
    for (uint64_t i = 0; i < range.count; i++) {
        written_map_begin_write(map, range.first + i, false);
    }
    written_map_end_write(map, range, is_known);
}

static void a_request_is_its_cells(void)
{
    WrittenMap map = make_map(false);
    Request request = {.offset = START + 3 * CELL_BYTES,
                       .bytes = 2 * CELL_BYTES};
    CellRange range = written_map_range(&map, &request);

    CHECK_EQUAL(range.first, 3);
    CHECK_EQUAL(range.count, 2);
}

static void a_generation_counts_once_its_write_is_back(void)
{
    WrittenMap map = make_map(false);
    CellRange range = {2, 1};

    for (uint32_t generation = 1; generation < 5; generation++) {
        CHECK_EQUAL(written_map_begin_write(&map, 2, false), generation);
        CHECK(written_map_is_in_flight(&map, range));
        CHECK(!written_map_begin_check(&map, range));
        CHECK_EQUAL(written_map_generation(&map, 2), generation - 1);
        written_map_end_write(&map, range, true);
        CHECK(!written_map_is_in_flight(&map, range));
        CHECK_EQUAL(written_map_generation(&map, 2), generation);
    }
}

static void a_generation_is_never_0_again(void)
{
    WrittenMap map = make_map(false);

    cells[0] = (UINT32_C(1) << 29) - 1; /* the highest generation */
    CHECK_EQUAL(written_map_begin_write(&map, 0, false), 1);
    written_map_end_write(&map, (CellRange){0, 1}, true);
    CHECK_EQUAL(written_map_generation(&map, 0), 1);
}

static void each_cell_is_due_once_and_unknown_ones_never(void)
{
    WrittenMap map = make_map(false);
    uint64_t cursor = 0, unknown = 0;
    CellRange range;

    write_range(&map, (CellRange){1, 3}, true);
    write_range(&map, (CellRange){5, 1}, false); /* its write failed */
    written_map_begin_write(&map, 6, true);      /* a trim */
    written_map_end_write(&map, (CellRange){6, 1}, false);
    range = written_map_next_due(&map, &cursor, 2, &unknown);
    CHECK(range.first == 1 && range.count == 2);
    CHECK(written_map_begin_check(&map, range));
    CHECK(!written_map_begin_check(&map, range)); /* it is being read */
    written_map_end_check(&map, 1);
    written_map_end_check(&map, 2);
    CHECK(!written_map_begin_check(&map, range)); /* it was verified */
    range = written_map_next_due(&map, &cursor, 2, &unknown);
    CHECK(range.first == 3 && range.count == 1);
    CHECK_EQUAL(written_map_next_due(&map, &cursor, 2, &unknown).count, 0);
    CHECK_EQUAL(unknown, 2);
    CHECK(!written_map_begin_check(&map, (CellRange){5, 1}));
}

static void what_an_earlier_run_verified_is_due_again(void)
{
    WrittenMap map = make_map(false);
    uint64_t cursor = 0, unknown = 0;

    write_range(&map, (CellRange){4, 1}, true);
    CHECK(written_map_begin_check(&map, (CellRange){4, 1}));
    written_map_end_check(&map, 4);
    CHECK_EQUAL(written_map_next_due(&map, &cursor, 8, &unknown).count, 0);
    map = make_map(true);
    cursor = 0;
    CHECK_EQUAL(written_map_next_due(&map, &cursor, 8, &unknown).first, 4);
}

static const TestCase tests[] = {
    TEST(a_request_is_its_cells),
    TEST(a_generation_counts_once_its_write_is_back),
    TEST(a_generation_is_never_0_again),
    TEST(each_cell_is_due_once_and_unknown_ones_never),
    TEST(what_an_earlier_run_verified_is_due_again),
};

TEST_MAIN(tests)
