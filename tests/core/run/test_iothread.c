/* IOThreads: started, asked to quit, and ended, at bad moments. */
#include "fixture.h"
#include "harness.h"
#include "run/iothread.h"

typedef struct Bench {
    Worker worker;
    IOThread iothread;
    Job job;
    EventNotifier finished;
} Bench;

static void tell(void *opaque, Job *job)
{
    (void)job;
    event_notifier_set(opaque);
}

static void start(Bench *bench, const char *completion, uint64_t runtime_ns)
{
    JobConfig job = {
        .fd = -1,
        .iodepth = 4,
        .workload = {.blocks = 100,
                     .step_bytes = 4096,
                     .block_bytes = 4096,
                     .read_percent = 100},
        .ios = JOB_UNLIMITED,
        .runtime_ns = runtime_ns,
    };
    WorkerConfig config = {
        .completion = completion_find(completion),
        .engine = engine_find("null"),
        .engine_config = {.max_requests = 4,
                          .max_events = 4,
                          .options.null.latency_ns = 200000},
        .min_nr = 1,
        .poll_max_ns = strcmp(completion, "adaptive") ? 0 : 32768,
        .poll_grow = 2,
    };
    IOThreadConfig thread = {.name = "test"};
    static const bool go = true;
    Error error = {0};

    CHECK_EQUAL(event_notifier_init(&bench->finished, NULL), 0);
    CHECK_EQUAL(job_init(&bench->job, &job, test_clock(), &error), 0);
    CHECK_EQUAL(worker_init(&bench->worker, &config, test_clock(), &go, tell,
                            &bench->finished, &error),
                0);
    CHECK_EQUAL(iothread_start(&bench->iothread, &bench->worker, &thread,
                               &error),
                0);
    worker_hand_over(&bench->worker, &bench->job);
}

static void stop(Bench *bench)
{
    __atomic_store_n(&bench->job.stop_requested, true, __ATOMIC_RELAXED);
    worker_check_stop(&bench->worker);
}

static void wait_until_finished(Bench *bench)
{
    uint64_t value;

    while (event_notifier_test_and_clear(&bench->finished, &value) == 0) {
        usleep(10);
    }
}

static void end(Bench *bench)
{
    iothread_join(&bench->iothread);
    worker_cleanup(&bench->worker);
    job_cleanup(&bench->job);
    event_notifier_cleanup(&bench->finished);
}

/* With a plain flag and a notification this would hang now and then. */
static void stop_right_after_start_a_thousand_times(void)
{
    static const char *const modes[] = {"poll", "eventfd", "bh", "adaptive",
                                        "getevents"};

    for (int i = 0; i < 1000; i++) {
        Bench bench;

        start(&bench, modes[i % 5], UINT64_C(60000000000));
        stop(&bench);
        wait_until_finished(&bench);
        CHECK_EQUAL(bench.job.accounts.submitted, bench.job.accounts.completed);
        end(&bench);
    }
}

/* The thread quits while requests are in flight. */
static void end_right_after_start_many_times(void)
{
    for (int i = 0; i < 200; i++) {
        Bench bench;

        start(&bench, i % 2 ? "poll" : "eventfd", UINT64_C(60000000000));
        end(&bench);
    }
}

static void draining_what_has_finished_does_no_harm(void)
{
    Bench bench;

    start(&bench, "eventfd", 100000000); /* many I/Os, however slow we are */
    wait_until_finished(&bench);
    stop(&bench);
    end(&bench);
    CHECK_EQUAL(bench.worker.ctx.counters.loop.slept_in_flight > 0, 1);
}

static const TestCase tests[] = {
    TEST(stop_right_after_start_a_thousand_times),
    TEST(end_right_after_start_many_times),
    TEST(draining_what_has_finished_does_no_harm),
};

TEST_MAIN(tests)
