#include "verify/verify.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "verify/verify_block.h"

/* Of a cell: the generation that was written last, 0 for none, and flags. */
#define CELL_IN_FLIGHT (UINT32_C(1) << 31) /* its next generation, or a read */
#define CELL_VERIFIED (UINT32_C(1) << 30)  /* since it was written */
#define CELL_UNKNOWN (UINT32_C(1) << 29)   /* writing failed, or it was trimmed */
#define CELL_GENERATION (CELL_UNKNOWN - 1)

/* Failures whose bytes are kept, and those that are told of. */
#define FAILURES_WITH_BYTES 8
#define FAILURES_KEPT 64

/* Cells that belong together: of a request. */
typedef struct Cells {
    uint64_t first, count;
} Cells;

struct Verifier {
    VerifyPlan plan;
    BlockMaker maker;
    bool writes_only; /* null: nothing is judged */
    uint32_t *cells;
    uint32_t max_bytes; /* of a read */
    uint64_t cursor;    /* of the pass over all */

    Cells *backlog; /* a ring of what has been written and not verified */
    uint32_t backlog_mask, backlog_head, backlog_tail;
    uint32_t backlog_due; /* entries to verify now */

    uint8_t *blocks; /* expected and scratch, then kept ones, in pairs */
    size_t blocks_bytes;
    VerifyFailure failures[FAILURES_KEPT];
    VerifyReport report;
};

/* ---- life ----------------------------------------------------------------- */

static uint8_t *block_number(const Verifier *verifier, uint32_t number)
{
    return verifier->blocks + (size_t)number * verifier->plan.block_bytes;
}

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
    verifier->blocks_bytes =
        (size_t)verifier->plan.block_bytes * 2 * (1 + FAILURES_WITH_BYTES);
    verifier->blocks = memory_map(verifier->blocks_bytes);
    return verifier->blocks ? make_backlog(verifier, iodepth) : -ENOMEM;
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

int verifier_new(Verifier **made, const VerifyPlan *plan, const DataPlan *data,
                 uint64_t seed, uint32_t iodepth, uint32_t max_bytes,
                 Error *error)
{
    Verifier *verifier = calloc(1, sizeof(*verifier));
    int ret;

    if (!verifier) {
        return error_set(error, "malloc", ENOMEM, sizeof(*verifier));
    }
    verifier->plan = *plan;
    verifier->cells = plan->written;
    verifier->max_bytes = max_bytes;
    for (uint64_t i = 0; plan->is_loaded && i < plan->cells; i++) {
        verifier->cells[i] &= ~CELL_VERIFIED; /* that was then */
    }
    ret = make_maker(verifier, data, seed, error);
    if (ret == 0 && make_memory(verifier, iodepth) < 0) {
        ret = error_set(error, "malloc", ENOMEM, verifier->blocks_bytes);
    }
    if (ret < 0) {
        verifier_free(verifier);
        return ret;
    }
    *made = verifier;
    return 0;
}

void verifier_free(Verifier *verifier)
{
    if (!verifier) {
        return;
    }
    verify_hash_close(&verifier->maker.hash);
    memory_unmap(verifier->blocks, verifier->blocks_bytes);
    free(verifier->backlog);
    free(verifier);
}

/* ---- cells ------------------------------------------------------------------ */

static Cells cells_of(const Verifier *verifier, const Request *request)
{
    return (Cells){
        .first = (request->offset - verifier->plan.start) /
                 verifier->plan.block_bytes,
        .count = request->bytes / verifier->plan.block_bytes,
    };
}

static void set_read(const Verifier *verifier, Request *request, Cells cells)
{
    uint32_t bytes = verifier->plan.block_bytes;

    request_set_io(request, REQUEST_READ,
                   verifier->plan.start + cells.first * bytes,
                   (uint32_t)(cells.count * bytes));
}

/* Whoever reads the file of cells after a crash sees each whole. */
static void set_cell(Verifier *verifier, uint64_t cell, uint32_t value)
{
    __atomic_store_n(&verifier->cells[cell], value, __ATOMIC_RELAXED);
}

static uint32_t next_generation(uint32_t value)
{
    uint32_t generation = (value & CELL_GENERATION) + 1;

    return generation > CELL_GENERATION ? 1 : generation;
}

static bool is_any(const Verifier *verifier, Cells cells, uint32_t flags)
{
    for (uint64_t i = 0; i < cells.count; i++) {
        if (verifier->cells[cells.first + i] & flags) {
            return true;
        }
    }
    return false;
}

/* ---- writing ------------------------------------------------------------------ */

bool verifier_may_write(const Verifier *verifier, const Request *request)
{
    return !is_any(verifier, cells_of(verifier, request), CELL_IN_FLIGHT);
}

void verifier_begin_write(Verifier *verifier, Request *request)
{
    Cells cells = cells_of(verifier, request);
    uint32_t bytes = verifier->plan.block_bytes;

    for (uint64_t i = 0; i < cells.count; i++) {
        uint32_t value = verifier->cells[cells.first + i];

        set_cell(verifier, cells.first + i,
                 value | CELL_IN_FLIGHT |
                     (request->op == REQUEST_TRIM ? CELL_UNKNOWN : 0));
        if (request->op == REQUEST_WRITE) {
            verify_block_make(&verifier->maker, request->offset + i * bytes,
                              next_generation(value),
                              (uint8_t *)request->buffer + i * bytes);
        }
    }
}

static void add_to_backlog(Verifier *verifier, Cells cells)
{
    verifier->backlog[verifier->backlog_tail++ & verifier->backlog_mask] =
        cells;
}

void verifier_end_write(Verifier *verifier, const Request *request)
{
    Cells cells = cells_of(verifier, request);
    bool is_known =
        request->op == REQUEST_WRITE && request_succeeded(request);

    for (uint64_t i = 0; i < cells.count; i++) {
        uint32_t value = verifier->cells[cells.first + i];

        set_cell(verifier, cells.first + i,
                 next_generation(value) | (is_known ? 0 : CELL_UNKNOWN));
    }
    if (verifier->backlog && is_known) {
        add_to_backlog(verifier, cells);
    }
}

void verifier_assume_written(Verifier *verifier, const Request *request)
{
    Cells cells = cells_of(verifier, request);

    for (uint64_t i = 0; i < cells.count; i++) {
        uint32_t value = next_generation(verifier->cells[cells.first + i]);

        set_cell(verifier, cells.first + i,
                 request->op == REQUEST_WRITE ? value : value | CELL_UNKNOWN);
    }
}

/* ---- reading back --------------------------------------------------------------- */

/* Something is known of it that has not been verified. */
static bool is_due(uint32_t value)
{
    return (value & CELL_GENERATION) &&
           !(value & (CELL_UNKNOWN | CELL_VERIFIED));
}

/*
 * Whether one of the backlog is to be taken now.  A batch, and the next right
 * after it while there are too many, so that no more than the backlog and what
 * was in flight are ever in the ring.
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
        Cells cells =
            verifier->backlog[verifier->backlog_head & verifier->backlog_mask];

        verifier->backlog_head++;
        verifier->backlog_due--;
        if (is_any(verifier, cells,
                   CELL_IN_FLIGHT | CELL_VERIFIED | CELL_UNKNOWN)) {
            continue; /* written again meanwhile: it will be here again */
        }
        for (uint64_t i = 0; i < cells.count; i++) {
            set_cell(verifier, cells.first + i,
                     verifier->cells[cells.first + i] | CELL_IN_FLIGHT);
        }
        set_read(verifier, request, cells);
        return true;
    }
    return false;
}

bool verifier_next_of_all(Verifier *verifier, Request *request)
{
    uint64_t end = verifier->plan.cells, most, count = 0;

    if (verifier->writes_only) {
        verifier->cursor = end;
    }
    while (verifier->cursor < end &&
           !is_due(verifier->cells[verifier->cursor])) {
        verifier->report.unknown_blocks +=
            (verifier->cells[verifier->cursor] & CELL_UNKNOWN) != 0;
        verifier->cursor++;
    }
    most = verifier->max_bytes / verifier->plan.block_bytes;
    while (verifier->cursor + count < end && count < most &&
           is_due(verifier->cells[verifier->cursor + count])) {
        count++;
    }
    if (count == 0) {
        verifier->report.is_over = true;
        return false;
    }
    set_read(verifier, request, (Cells){verifier->cursor, count});
    verifier->cursor += count;
    return true;
}

static BlockWanted wanted_of(const Verifier *verifier, uint64_t offset,
                             uint32_t value)
{
    const VerifyPlan *plan = &verifier->plan;
    BlockWanted wanted = {.offset = offset};

    if (!plan->check_reads) {
        wanted.generation = value & CELL_GENERATION;
        wanted.or_newer = plan->is_loaded && !plan->is_exact;
        wanted.of_any_run = plan->only && !plan->is_loaded;
    }
    return wanted;
}

/* What is kept of a failure, its bytes perhaps; NULL: there are many already. */
static VerifyFailure *keep(Verifier *verifier, const VerifyFailure *failure)
{
    VerifyFailure *kept;

    if (verifier->report.failures == FAILURES_KEPT) {
        return NULL;
    }
    kept = &verifier->failures[verifier->report.failures++];
    *kept = *failure;
    return kept;
}

static void keep_bytes(Verifier *verifier, VerifyFailure *kept,
                       const uint8_t *found, const uint8_t *expected)
{
    uint32_t number = (uint32_t)(kept - verifier->failures);
    uint32_t bytes = verifier->plan.block_bytes;
    uint8_t *at = block_number(verifier, 2 + 2 * number);

    if (number >= FAILURES_WITH_BYTES) {
        return;
    }
    kept->found = memcpy(at, found, bytes);
    if (expected) {
        kept->expected = memcpy(at + bytes, expected, bytes);
    }
}

static bool check_block(Verifier *verifier, uint64_t offset, uint32_t value,
                        const uint8_t *block)
{
    BlockWanted wanted = wanted_of(verifier, offset, value);
    uint8_t *expected = block_number(verifier, 0);
    VerifyFailure failure, *kept;
    bool expected_is_known;

    verifier->report.blocks++;
    if (verify_block_is_sound(&verifier->maker, &wanted, block)) {
        return true;
    }
    verifier->report.failed_blocks++;
    verify_block_explain(&verifier->maker, &wanted, block, expected,
                         block_number(verifier, 1), &expected_is_known,
                         &failure);
    kept = keep(verifier, &failure);
    if (kept) {
        keep_bytes(verifier, kept, block, expected_is_known ? expected : NULL);
    }
    return false;
}

static void keep_unreadable(Verifier *verifier, const Request *request,
                            uint64_t blocks)
{
    verifier->report.blocks += blocks;
    verifier->report.failed_blocks += blocks;
    verifier->report.unreadable++;
    keep(verifier, &(VerifyFailure){
                       .fault = "unreadable",
                       .offset = request->offset,
                       .bytes = request->bytes,
                       .code = -request->result,
                   });
}

bool verifier_check(Verifier *verifier, const Request *request)
{
    Cells cells = cells_of(verifier, request);
    uint32_t bytes = verifier->plan.block_bytes;
    bool readable = request_succeeded(request), all_well = readable;

    if (request->result == -ECANCELED) { /* it was never read */
        return true;
    }
    verifier->report.bytes += request->bytes;
    if (!readable) {
        keep_unreadable(verifier, request, cells.count);
    }
    for (uint64_t i = 0; i < cells.count; i++) {
        uint32_t value = verifier->cells ? verifier->cells[cells.first + i] : 0;

        if (readable && !verifier->writes_only) {
            all_well &= check_block(verifier, request->offset + i * bytes,
                                    value,
                                    (uint8_t *)request->buffer + i * bytes);
        }
        if (verifier->cells) { /* none, where nothing is known beforehand */
            set_cell(verifier, cells.first + i,
                     (value & ~CELL_IN_FLIGHT) | CELL_VERIFIED);
        }
    }
    return all_well;
}

/* ---- of all ---------------------------------------------------------------------- */

void verifier_report(const Verifier *verifier, VerifyReport *report)
{
    *report = verifier->report;
}

void verifier_failure(const Verifier *verifier, uint32_t index,
                      VerifyFailure *failure)
{
    *failure = verifier->failures[index];
}
