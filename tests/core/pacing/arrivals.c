/*
 * Arrivals: runs a job with a rate on the null engine, and prints for each I/O
 * when it was due and when it was issued, in ns since the first was due.
 *
 *     arrivals MODE IOS_PER_S IOS linear|poisson SEED
 */
#include "fixture.h"
#include "run/worker.h"

enum { DEPTH = 64, BLOCK = 4096 };

typedef struct Arrival {
    uint64_t due, issued; /* ticks */
} Arrival;

static Arrival *arrivals;
static uint64_t arrived;
static Job job;
static EngineOps ops;
static const EngineOps *null_ops;
static bool is_over;

static void note_and_submit(Engine *engine, Request *request)
{
    arrivals[arrived++] = (Arrival){
        .due = job.admission.intended[request - job.memory.requests],
        .issued = clock_now(engine->ctx->clock),
    };
    null_ops->submit(engine, request);
}

static Engine *open_noting(AioContext *ctx, DoneList *done,
                           const EngineConfig *config, Error *error)
{
    Engine *engine = engine_null.open(ctx, done, config, error);

    CHECK(engine);
    null_ops = engine->ops;
    ops = *null_ops;
    ops.submit = note_and_submit;
    engine->ops = &ops;
    return engine;
}

static const EngineType noting = {.name = "noting", .open = open_noting};

static void note_end(void *opaque, Job *ended)
{
    (void)opaque;
    (void)ended;
    is_over = true;
}

static void run(const char *mode, const JobConfig *config)
{
    static const bool go = true;
    WorkerConfig worker_config = {
        .completion = completion_find(mode),
        .engine = &noting,
        .engine_config = {.max_requests = DEPTH,
                          .max_events = DEPTH,
                          .options.null.latency_ns = 20000},
        .min_nr = 1,
        .poll_max_ns = strcmp(mode, "adaptive") ? 0 : 32768,
        .poll_grow = 2,
        .poll_shrink = 2,
    };
    static Worker worker;
    Error error = {0};

    CHECK_EQUAL(job_init(&job, config, test_clock(), &error), 0);
    CHECK_EQUAL(worker_init(&worker, &worker_config, test_clock(), &go,
                            note_end, NULL, &error),
                0);
    CHECK_EQUAL(worker_open(&worker, &error), 0);
    worker_hand_over(&worker, &job);
    while (!is_over) {
        worker_run_once(&worker);
    }
    worker_close(&worker);
    worker_cleanup(&worker);
    job_cleanup(&job);
}

static long long ns_since(uint64_t first, uint64_t ticks)
{
    return (long long)clock_ticks_to_ns(test_clock(), ticks - first);
}

int main(int argc, char **argv)
{
    JobConfig config = {
        .fd = 99,
        .iodepth = DEPTH,
        .workload = {.blocks = 100,
                     .step_bytes = BLOCK,
                     .block_bytes = BLOCK,
                     .read_percent = 100},
    };

    CHECK_EQUAL(argc, 6);
    config.pacing.ios_per_s[0] = atof(argv[2]);
    config.pacing.poisson = strcmp(argv[4], "poisson") == 0;
    config.ios = strtoull(argv[3], NULL, 10);
    config.seed = strtoull(argv[5], NULL, 10);
    arrivals = calloc(config.ios, sizeof(*arrivals));
    CHECK(arrivals);
    run(argv[1], &config);
    for (uint64_t i = 0; i < arrived; i++) {
        printf("%lld %lld\n", ns_since(arrivals[0].due, arrivals[i].due),
               ns_since(arrivals[0].due, arrivals[i].issued));
    }
    free(arrivals);
    return 0;
}
