/*
 * Side I/O of a job: conflicting writes, reads that verify, syncs and trims,
 * on a simulated device that completes requests in any order.
 */
#include "job/side_io.h"
#include "base/random_stream.h"
#include "harness.h"

#define BLOCK 1024

static const DataPlan plain;

enum { DEPTH = 16, CELLS = 24, MOST = 4, WRITES = 3000 };

typedef struct Device {
    uint8_t medium[CELLS * BLOCK];
    uint32_t cells[CELLS];
    SideIo side_io;
    Request slots[DEPTH];
    /* of the slots; a sync sets its slot's pointer to NULL */
    uint8_t buffers[DEPTH][MOST * BLOCK];
    bool in_flight[DEPTH];
    uint32_t count;
    RandomStream stream;
    uint32_t held;
} Device;

static void open_device(Device *device, SideIoPlan plan)
{
    Error error = {0};

    memset(device, 0, sizeof(*device));
    random_stream_init(&device->stream, 5);
    plan.verify.method = "crc32c";
    plan.verify.run = 1;
    plan.verify.cells = CELLS;
    plan.verify.block_bytes = BLOCK;
    plan.verify.written = device->cells;
    plan.verify.read_back = true;
    CHECK_EQUAL(side_io_init(&device->side_io, &plan, &plain, 9, DEPTH,
                             MOST * BLOCK, &error),
                0);
    for (int i = 0; i < DEPTH; i++) {
        device->slots[i].buffer = device->buffers[i];
    }
}

/* Complete a random request in flight; only now its bytes move. */
static void complete_any(Device *device)
{
    uint32_t index = (uint32_t)(random_u64(&device->stream) % DEPTH);
    Request *request = &device->slots[index];
    uint8_t *at = device->medium + request->offset;

    if (!device->in_flight[index]) {
        return;
    }
    if (request->op == REQUEST_READ) {
        memcpy(request->buffer, at, request->bytes);
    } else if (request->op == REQUEST_WRITE) {
        memcpy(at, request->buffer, request->bytes);
    } else if (request->op == REQUEST_TRIM) {
        memset(at, 0, request->bytes);
    }
    request->buffer = device->buffers[index];
    device->in_flight[index] = false;
    device->count--;
    CHECK(side_io_complete(&device->side_io, index, request));
}

static Request *free_slot(Device *device, uint32_t *index)
{
    for (*index = 0; *index < DEPTH; ++*index) {
        if (!device->in_flight[*index]) {
            return &device->slots[*index];
        }
    }
    return NULL;
}

static void go(Device *device, uint32_t index)
{
    device->in_flight[index] = true;
    device->count++;
}

/* Issue all side I/Os that may be issued.  Returns a free slot's index. */
static uint32_t serve_side_io(Device *device, bool goes_on)
{
    for (;;) {
        uint32_t index;
        Request *slot = free_slot(device, &index);

        switch (side_io_next(&device->side_io, slot, index, device->count,
                             goes_on)) {
        case SIDE_IO_ISSUE:
            go(device, index);
            continue;
        case SIDE_IO_NONE:
            if (slot || !goes_on) {
                return index;
            }
            break;
        case SIDE_IO_WAIT:
            break;
        }
        complete_any(device);
    }
}

static void write_somewhere(Device *device, uint32_t index)
{
    Request *request = &device->slots[index];
    uint64_t cells = random_u64(&device->stream) % MOST + 1;
    uint64_t first = random_u64(&device->stream) % (CELLS - cells + 1);
    bool was_held = false;

    request_set_io(request, REQUEST_WRITE, first * BLOCK,
                   (uint32_t)cells * BLOCK);
    side_io_apply_trim(&device->side_io, request);
    while (!side_io_may_go(&device->side_io, request, device->count)) {
        was_held = true;
        complete_any(device);
    }
    device->held += was_held;
    side_io_begin(&device->side_io, request);
    go(device, index);
}

static void drain(Device *device)
{
    while (device->count > 0) {
        complete_any(device);
    }
}

static VerifyReport run_job(Device *device)
{
    VerifyReport report;

    for (int i = 0; i < WRITES; i++) {
        write_somewhere(device, serve_side_io(device, true));
    }
    drain(device);
    CHECK(side_io_verify_at_end(&device->side_io));
    serve_side_io(device, false);
    drain(device);
    verifier_report(device->side_io.verifier, &report);
    CHECK(report.is_over);
    return report;
}

static void writes_that_would_meet_are_held_up_so_nothing_is_found(void)
{
    static Device device;
    VerifyReport report;

    open_device(&device, (SideIoPlan){0});
    report = run_job(&device);
    CHECK_EQUAL(report.failed_blocks, 0);
    CHECK_EQUAL(report.blocks, CELLS);
    CHECK(device.held > 0);
    side_io_cleanup(&device.side_io);
}

static void a_backlog_is_read_beside_writes_and_never_meets_one(void)
{
    static Device device;

    for (uint32_t batch = 1; batch <= 8; batch += 7) {
        SideIoPlan plan = {.verify = {.backlog = 8, .backlog_batch = batch}};
        VerifyReport report;

        open_device(&device, plan);
        report = run_job(&device);
        CHECK_EQUAL(report.failed_blocks, 0);
        CHECK(report.blocks > WRITES / 4);
        side_io_cleanup(&device.side_io);
    }
}

/* More writes complete at once than a batch has: none may be forgotten. */
static void a_backlog_that_grows_in_bursts_loses_none(void)
{
    enum { BURSTS = 20 };
    static Device device;
    SideIoPlan plan = {.verify = {.backlog = 2, .backlog_batch = 1}};
    uint32_t seen = 0;

    open_device(&device, plan);
    for (uint32_t burst = 0; burst < BURSTS; burst++) {
        Request request = {.buffer = device.slots[0].buffer};

        for (uint64_t i = 0; i < DEPTH; i++) { /* all of different blocks */
            request_set_io(&request, REQUEST_WRITE, i * BLOCK, BLOCK);
            side_io_begin(&device.side_io, &request);
            memcpy(device.medium + i * BLOCK, request.buffer, BLOCK);
            verifier_end_write(device.side_io.verifier, &request);
        }
        while (verifier_next_of_backlog(device.side_io.verifier, &request)) {
            memcpy(request.buffer, device.medium + request.offset,
                   request.bytes);
            CHECK(verifier_check(device.side_io.verifier, &request));
            seen++;
        }
    }
    CHECK(seen >= BURSTS * (DEPTH - 1) - 1);
    side_io_cleanup(&device.side_io);
}

/* After a crash, a block may be gone if its trim was in flight. */
static void a_block_is_not_known_from_the_moment_its_trim_goes_out(void)
{
    static Device device;
    Request request = {0};
    VerifyPlan plan;
    Verifier *after;
    VerifyReport report;
    Error error = {0};

    open_device(&device, (SideIoPlan){.trim = TRIM_NONE});
    request.buffer = device.slots[0].buffer;
    request_set_io(&request, REQUEST_WRITE, 0, BLOCK);
    verifier_begin_write(device.side_io.verifier, &request);
    verifier_end_write(device.side_io.verifier, &request);
    request_set_io(&request, REQUEST_TRIM, 0, BLOCK);
    verifier_begin_write(device.side_io.verifier, &request);

    plan = device.side_io.plan.verify;
    plan.is_loaded = plan.only = true;
    CHECK_EQUAL(verifier_new(&after, &plan, &plain, 9, DEPTH, BLOCK, &error),
                0);
    CHECK(!verifier_next_of_all(after, &request));
    verifier_report(after, &report);
    CHECK_EQUAL(report.unknown_blocks, 1);
    verifier_free(after);
    side_io_cleanup(&device.side_io);
}

static void trims_go_out_alone_and_trimmed_blocks_are_unknown(void)
{
    static Device device;
    VerifyReport report;

    open_device(&device, (SideIoPlan){.trim = TRIM_ONLY});
    for (int i = 0; i < WRITES; i++) {
        uint32_t index = serve_side_io(&device, true);

        CHECK_EQUAL(device.count, 0);
        write_somewhere(&device, index);
        CHECK_EQUAL(device.count, 1);
    }
    drain(&device);
    CHECK(side_io_verify_at_end(&device.side_io));
    serve_side_io(&device, false);
    verifier_report(device.side_io.verifier, &report);
    CHECK_EQUAL(report.blocks, 0);
    CHECK_EQUAL(report.unknown_blocks, CELLS);
    side_io_cleanup(&device.side_io);
}

static void a_sync_comes_after_so_many_writes_when_all_are_back(void)
{
    static Device device;
    uint32_t syncs = 0;

    open_device(&device, (SideIoPlan){.fsync_every = 6, .fdatasync_every = 4});
    for (uint32_t i = 0; i < 24; i++) {
        uint32_t index;

        if (i > 0 && (i % 6 == 0 || i % 4 == 0)) {
            Request *slot;

            drain(&device);
            slot = free_slot(&device, &index);
            CHECK_EQUAL(side_io_next(&device.side_io, slot, index, 1, true),
                        SIDE_IO_WAIT);
            CHECK_EQUAL(side_io_next(&device.side_io, slot, index, 0, true),
                        SIDE_IO_ISSUE);
            CHECK_EQUAL(slot->op, i % 6 ? REQUEST_FDSYNC : REQUEST_FSYNC);
            CHECK_EQUAL(side_io_next(&device.side_io, slot, 1, 1, true),
                        SIDE_IO_WAIT);
            CHECK(side_io_complete(&device.side_io, index, slot));
            slot->buffer = device.buffers[index];
            syncs++;
        }
        free_slot(&device, &index);
        write_somewhere(&device, index);
    }
    CHECK_EQUAL(syncs, 7);
    drain(&device);
    side_io_cleanup(&device.side_io);
}

static const TestCase tests[] = {
    TEST(writes_that_would_meet_are_held_up_so_nothing_is_found),
    TEST(a_backlog_is_read_beside_writes_and_never_meets_one),
    TEST(a_backlog_that_grows_in_bursts_loses_none),
    TEST(a_block_is_not_known_from_the_moment_its_trim_goes_out),
    TEST(trims_go_out_alone_and_trimmed_blocks_are_unknown),
    TEST(a_sync_comes_after_so_many_writes_when_all_are_back),
};

TEST_MAIN(tests)
