/* IOThreads: started, asked to stop, and ended, at the worst of moments. */
#include "fixture.h"
#include "harness.h"
#include "iothread.h"

typedef struct Worker {
    IOThread iothread;
    Job job;
    EventNotifier finished;
} Worker;

static void tell(void *opaque)
{
    event_notifier_set(opaque);
}

static void start(Worker *worker, const char *completion, uint64_t runtime_ns)
{
    JobConfig job = {
        .fd = -1,
        .iodepth = 4,
        .workload = {.blocks = 100, .block_bytes = 4096, .read_percent = 100},
        .ios = JOB_UNLIMITED,
        .runtime_ns = runtime_ns,
    };
    IOThreadConfig config = {
        .name = "test",
        .completion = completion_find(completion),
        .engine = engine_find("null"),
        .engine_config = {.max_requests = 4, .max_events = 4,
                          .null_latency_ns = 1000},
        .min_nr = 1,
    };
    Error error = {0};

    CHECK_EQUAL(event_notifier_init(&worker->finished, NULL), 0);
    CHECK_EQUAL(job_init(&worker->job, &job, test_clock(), &error), 0);
    CHECK_EQUAL(iothread_init(&worker->iothread, &config, &worker->job, 1,
                              test_clock(), tell, &worker->finished, &error),
                0);
    iothread_start_jobs(&worker->iothread);
}

static void wait_until_finished(Worker *worker)
{
    uint64_t value;

    while (event_notifier_test_and_clear(&worker->finished, &value) == 0) {
        usleep(10);
    }
}

static void end(Worker *worker)
{
    iothread_cleanup(&worker->iothread);
    job_cleanup(&worker->job);
    event_notifier_cleanup(&worker->finished);
}

/* A plain flag with a notification would hang here, now and then. */
static void stop_right_after_start_a_thousand_times(void)
{
    static const char *const modes[] = {"poll", "eventfd", "bh", "getevents"};

    for (int i = 0; i < 1000; i++) {
        Worker worker;

        start(&worker, modes[i % 4], UINT64_C(60000000000));
        iothread_drain_jobs(&worker.iothread);
        wait_until_finished(&worker);
        CHECK_EQUAL(worker.job.submitted, worker.job.completed);
        end(&worker);
    }
}

/* Not even drained: the thread leaves in the middle of its work. */
static void end_right_after_start_many_times(void)
{
    for (int i = 0; i < 200; i++) {
        Worker worker;

        start(&worker, i % 2 ? "poll" : "eventfd", UINT64_C(60000000000));
        end(&worker);
    }
}

static void draining_what_has_finished_does_no_harm(void)
{
    Worker worker;

    start(&worker, "eventfd", 1000000);
    wait_until_finished(&worker);
    iothread_drain_jobs(&worker.iothread);
    end(&worker);
    CHECK_EQUAL(worker.iothread.ctx.counters.loop.slept_in_flight > 0, 1);
}

static const TestCase tests[] = {
    TEST(stop_right_after_start_a_thousand_times),
    TEST(end_right_after_start_many_times),
    TEST(draining_what_has_finished_does_no_harm),
};

TEST_MAIN(tests)
