/* A session with a file of its own, for the tests of sessions. */
#pragma once

#include <stdio.h>

#include "contract/session_api.h"
#include "fixture.h"
#include "harness.h"

enum { BLOCK = 512, BLOCKS = 256, BATCH = 64 };

#define SECOND_NS UINT64_C(1000000000)

typedef struct Bench {
    Session *session;
    SessionTarget *target;
    int fd;
} Bench;

static const char *const modes[] = {"poll", "eventfd", "bh", "adaptive",
                                    "getevents"};
static const char *const engines[] = {"libaio", "threads", "psync"};

static inline Session *open_session(const char *completion, const char *engine,
                                    uint32_t iodepth, uint64_t null_latency_ns)
{
    SessionPlan plan = {
        .completion = completion,
        .engine = engine,
        .iodepth = iodepth,
        .poll_max_ns = 32768,
        .engine_options.null.latency_ns = null_latency_ns,
    };
    Error error = {0};
    Session *session = session_open(&plan, &error);

    CHECK(session);
    return session;
}

/* A file of 256 blocks, each full of its number, open for direct I/O. */
static inline Bench open_bench(const char *completion, const char *engine,
                               uint32_t iodepth)
{
    TargetLimits limits = {.memory_align = BLOCK, .request_align = BLOCK};
    Bench bench = {.session = open_session(completion, engine, iodepth, 1000)};
    char path[64];
    int fd = make_file(BLOCK * BLOCKS);

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    bench.fd = open(path, O_RDWR | O_DIRECT);
    CHECK(bench.fd >= 0);
    close(fd);
    bench.target = session_attach(bench.session, bench.fd, &limits);
    CHECK(bench.target);
    return bench;
}

static inline void close_bench(Bench *bench)
{
    session_close(bench->session);
    close(bench->fd);
}

static inline SessionReport report_of(const Bench *bench)
{
    SessionReport report;

    session_report(bench->session, &report);
    return report;
}

static inline void wait_for(Bench *bench, const SessionRequest *request)
{
    uint32_t slots[BATCH];

    CHECK(request);
    while (!request->done) {
        session_poll(bench->session, false, SECOND_NS, slots, BATCH);
    }
}

/* Wait until no request is waiting or in flight; how many were reported. */
static inline uint32_t drain(Bench *bench)
{
    uint32_t slots[BATCH], reported = 0;

    while (report_of(bench).busy > 0) {
        reported +=
            session_poll(bench->session, false, SECOND_NS, slots, BATCH);
    }
    return reported + session_poll(bench->session, false, 0, slots, BATCH);
}
