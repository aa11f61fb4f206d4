#include "verify/verify.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "verify/bad_blocks.h"
#include "verify/verify_block.h"
#include "verify/written_map.h"

struct Verifier {
    VerifyPlan plan;
    BlockMaker maker;
    bool writes_only; /* method null: nothing is verified */
    WrittenMap map;
    uint32_t max_bytes; /* of a read */
    uint64_t cursor;    /* next cell of the pass at the end */

    CellRange *backlog; /* a ring of writes that are not verified */
    uint32_t backlog_mask, backlog_head, backlog_tail;
    uint32_t backlog_due; /* entries to verify now */

    uint8_t *scratch; /* two blocks, for verify_block_explain() */
    BadBlocks bad;
    VerifyReport report;
};

/* ---- life ---------------------------------------------------------------- */

static int make_backlog(Verifier *verifier, uint32_t iodepth)
{
    uint32_t room = 1;

    if (verifier->plan.backlog == 0) {
        return 0;
    }
    while (room < verifier->plan.backlog + iodepth) {
        room *= 2;
    }
    verifier->backlog_mask = room - 1;
    verifier->backlog = calloc(room, sizeof(*verifier->backlog));
    return verifier->backlog ? 0 : -ENOMEM;
}

static int make_memory(Verifier *verifier, uint32_t iodepth)
{
    int ret = bad_blocks_init(&verifier->bad, verifier->plan.block_bytes);

    verifier->scratch = memory_map(2 * (size_t)verifier->plan.block_bytes);
    if (ret < 0 || !verifier->scratch) {
        return -ENOMEM;
    }
    return make_backlog(verifier, iodepth);
}

static int make_maker(Verifier *verifier, const DataPlan *data, uint64_t seed,
                      Error *error)
{
    const VerifyPlan *plan = &verifier->plan;
    BlockMaker *maker = &verifier->maker;
    const char *method = plan->method;

    verifier->writes_only = strcmp(method, "null") == 0;
    *maker = (BlockMaker){
        .data = data,
        .seed = seed,
        .run = plan->run,
        .bytes = plan->block_bytes,
        .method = verify_crc32c(method, strlen(method)),
        .has_header = strcmp(method, "pattern") != 0,
    };
    maker->has_digest = maker->has_header && !verifier->writes_only &&
                        strcmp(method, "meta") != 0;
    return maker->has_digest
               ? verify_hash_open(&maker->hash, method, plan->libraries,
                                  plan->library_count, error)
               : 0;
}

int verifier_new(Verifier **out, const VerifyPlan *plan, const DataPlan *data,
                 uint64_t seed, uint32_t iodepth, uint32_t max_bytes,
                 Error *error)
{
    Verifier *verifier = calloc(1, sizeof(*verifier));
    int ret;

    if (!verifier) {
        return error_set(error, "malloc", ENOMEM, sizeof(*verifier));
    }
    verifier->plan = *plan;
    verifier->max_bytes = max_bytes;
    written_map_init(&verifier->map, plan);
    ret = make_maker(verifier, data, seed, error);
    if (ret == 0 && make_memory(verifier, iodepth) < 0) {
        ret = error_set(error, "malloc", ENOMEM,
                        bad_blocks_bytes(plan->block_bytes));
    }
    if (ret < 0) {
        verifier_free(verifier);
        return ret;
    }
    *out = verifier;
    return 0;
}

void verifier_free(Verifier *verifier)
{
    if (!verifier) {
        return;
    }
    verify_hash_close(&verifier->maker.hash);
    bad_blocks_cleanup(&verifier->bad);
    memory_unmap(verifier->scratch, 2 * (size_t)verifier->plan.block_bytes);
    free(verifier->backlog);
    free(verifier);
}

static void set_read(const Verifier *verifier, Request *request,
                     CellRange cells)
{
    uint32_t bytes = verifier->plan.block_bytes;

    request_set_io(request, REQUEST_READ,
                   verifier->plan.start + cells.first * bytes,
                   (uint32_t)(cells.count * bytes));
}

/* ---- writing ------------------------------------------------------------- */

bool verifier_may_write(const Verifier *verifier, const Request *request)
{
    return !written_map_is_in_flight(&verifier->map,
                                     written_map_range(&verifier->map,
                                                       request));
}

void verifier_begin_write(Verifier *verifier, Request *request)
{
    CellRange cells = written_map_range(&verifier->map, request);
    uint32_t bytes = verifier->plan.block_bytes;

    for (uint64_t i = 0; i < cells.count; i++) {
        uint32_t generation =
            written_map_begin_write(&verifier->map, cells.first + i,
                                    request->op == REQUEST_TRIM);

        if (request->op == REQUEST_WRITE) {
            verify_block_make(&verifier->maker, request->offset + i * bytes,
                              generation,
                              (uint8_t *)request->buffer + i * bytes);
        }
    }
}

static void add_to_backlog(Verifier *verifier, CellRange cells)
{
    verifier->backlog[verifier->backlog_tail++ & verifier->backlog_mask] =
        cells;
}

void verifier_end_write(Verifier *verifier, const Request *request)
{
    CellRange cells = written_map_range(&verifier->map, request);
    bool is_known = request->op == REQUEST_WRITE && request_succeeded(request);

    written_map_end_write(&verifier->map, cells, is_known);
    if (verifier->backlog && is_known) {
        add_to_backlog(verifier, cells);
    }
}

void verifier_assume_written(Verifier *verifier, const Request *request)
{
    written_map_end_write(&verifier->map,
                          written_map_range(&verifier->map, request),
                          request->op == REQUEST_WRITE);
}

/* ---- reading back -------------------------------------------------------- */

/*
 * Whether to verify an entry of the backlog now.  While the backlog is full,
 * one batch follows another.  So the ring never has more entries than the
 * backlog and the iodepth together.
 */
static bool backlog_is_due(Verifier *verifier)
{
    uint32_t entries = verifier->backlog_tail - verifier->backlog_head;

    if (verifier->backlog_due == 0 && verifier->backlog &&
        entries >= verifier->plan.backlog) {
        verifier->backlog_due = verifier->plan.backlog_batch;
    }
    if (verifier->backlog_due > entries) {
        verifier->backlog_due = entries;
    }
    return verifier->backlog_due > 0;
}

bool verifier_next_of_backlog(Verifier *verifier, Request *request)
{
    while (backlog_is_due(verifier)) {
        CellRange cells =
            verifier->backlog[verifier->backlog_head & verifier->backlog_mask];

        verifier->backlog_head++;
        verifier->backlog_due--;
        if (!written_map_begin_check(&verifier->map, cells)) {
            continue; /* written again since then: a later entry has it */
        }
        set_read(verifier, request, cells);
        return true;
    }
    return false;
}

bool verifier_next_of_all(Verifier *verifier, Request *request)
{
    uint64_t max_cells = verifier->max_bytes / verifier->plan.block_bytes;
    CellRange cells = {0};

    if (!verifier->writes_only) {
        cells = written_map_next_due(&verifier->map, &verifier->cursor,
                                     max_cells,
                                     &verifier->report.unknown_blocks);
    }
    if (cells.count == 0) {
        verifier->report.is_over = true;
        return false;
    }
    set_read(verifier, request, cells);
    return true;
}

static BlockWanted wanted_of(const Verifier *verifier, uint64_t offset,
                             uint32_t generation)
{
    const VerifyPlan *plan = &verifier->plan;
    BlockWanted wanted = {.offset = offset};

    if (!plan->check_reads) {
        wanted.generation = generation;
        wanted.or_newer = plan->is_loaded && !plan->is_exact;
        wanted.of_any_run = plan->only && !plan->is_loaded;
    }
    return wanted;
}

static bool check_block(Verifier *verifier, uint64_t offset,
                        uint32_t generation, const uint8_t *block)
{
    BlockWanted wanted = wanted_of(verifier, offset, generation);
    uint8_t *expected = verifier->scratch;
    VerifyFailure failure;
    bool expected_is_known;

    verifier->report.blocks++;
    if (verify_block_is_sound(&verifier->maker, &wanted, block)) {
        return true;
    }
    verifier->report.failed_blocks++;
    verify_block_explain(&verifier->maker, &wanted, block, expected,
                         verifier->scratch + verifier->plan.block_bytes,
                         &expected_is_known, &failure);
    bad_blocks_keep(&verifier->bad, &failure, block,
                    expected_is_known ? expected : NULL);
    return false;
}

static void record_unreadable(Verifier *verifier, const Request *request,
                              uint64_t blocks)
{
    verifier->report.blocks += blocks;
    verifier->report.failed_blocks += blocks;
    verifier->report.unreadable++;
    bad_blocks_keep(&verifier->bad,
                    &(VerifyFailure){
                        .fault = "unreadable",
                        .offset = request->offset,
                        .bytes = request->bytes,
                        .code = -request->result,
                    },
                    NULL, NULL);
}

bool verifier_check(Verifier *verifier, const Request *request)
{
    CellRange cells = written_map_range(&verifier->map, request);
    uint32_t bytes = verifier->plan.block_bytes;
    bool readable = request_succeeded(request), all_well = readable;

    if (request->result == -ECANCELED) { /* nothing was read */
        return true;
    }
    verifier->report.bytes += request->bytes;
    if (!readable) {
        record_unreadable(verifier, request, cells.count);
    }
    for (uint64_t i = 0; i < cells.count; i++) {
        uint64_t cell = cells.first + i;

        if (readable && !verifier->writes_only) {
            all_well &=
                check_block(verifier, request->offset + i * bytes,
                            written_map_generation(&verifier->map, cell),
                            (uint8_t *)request->buffer + i * bytes);
        }
        written_map_end_check(&verifier->map, cell);
    }
    return all_well;
}

/* ---- report -------------------------------------------------------------- */

void verifier_report(const Verifier *verifier, VerifyReport *report)
{
    *report = verifier->report;
    report->failures = verifier->bad.count;
}

void verifier_failure(const Verifier *verifier, uint32_t index,
                      VerifyFailure *failure)
{
    *failure = verifier->bad.failures[index];
}
