/* A worker with one job over the fake kernel, run round by round by its test. */
#pragma once

#include "fake_kernel.h"
#include "fixture.h"
#include "harness.h"
#include "run/worker.h"

enum { DEPTH = 4, BLOCK = 512 };

typedef struct Bench {
    Worker worker;
    Job job;
    bool finished;
} Bench;

static const char *const modes[] = {"poll", "eventfd", "bh", "adaptive",
                                    "getevents"};

static inline void note_finished(void *opaque, Job *job)
{
    (void)job;
    ((Bench *)opaque)->finished = true;
}

static inline JobConfig job_of(uint64_t ios)
{
    return (JobConfig){
        .fd = 99,
        .iodepth = DEPTH,
        .workload = {.blocks = 100,
                     .step_bytes = BLOCK,
                     .block_bytes = BLOCK,
                     .read_percent = 100},
        .ios = ios,
    };
}

static inline Bench *make_bench_of(const char *mode, const JobConfig *job)
{
    Bench *bench = calloc(1, sizeof(*bench));
    WorkerConfig config = {
        .completion = completion_find(mode),
        .engine = engine_find("libaio"),
        .engine_config = {.max_requests = DEPTH,
                          .max_events = DEPTH,
                          .max_batch = 32},
        .min_nr = 1,
    };
    static const bool go = true;
    Error error = {0};

    CHECK_EQUAL(job_init(&bench->job, job, test_clock(), &error), 0);
    CHECK_EQUAL(worker_init(&bench->worker, &config, test_clock(), &go,
                            note_finished, bench, &error),
                0);
    CHECK_EQUAL(worker_open(&bench->worker, &error), 0);
    worker_hand_over(&bench->worker, &bench->job);
    while (bench->job.accounts.submitted == 0) {
        worker_run_once(&bench->worker);
    }
    return bench;
}

static inline Bench *make_bench(const char *mode, uint64_t ios)
{
    JobConfig job = job_of(ios);

    return make_bench_of(mode, &job);
}

static inline void free_bench(Bench *bench)
{
    CHECK(bench->finished);
    CHECK_EQUAL(bench->job.accounts.submitted,
                bench->job.accounts.completed + bench->job.accounts.failed +
                    bench->job.accounts.cancelled);
    worker_close(&bench->worker);
    worker_cleanup(&bench->worker);
    job_cleanup(&bench->job);
    free(bench);
}

static inline const DirectionRecord *reads_of(const Bench *bench)
{
    return bench->job.recorder.directions[DIRECTION_READ];
}
