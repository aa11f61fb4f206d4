/*
 * A LinuxAioState over the fake kernel that does what its standard input says,
 * one command a line, and answers each with its state: see test_queue_model.py.
 * Requests with an even number read, those with an odd one write.
 *
 *     queue_driver MAX_EVENTS MAX_BATCH RING_EVENTS STRICT
 */
#include <errno.h>

#include "harness.h"
#include "laio_bench.h"
#include "loop/timer.h"

static Bench *bench;

static int number_of(const Request *request)
{
    return (int)(request - bench->requests);
}

static int next_number(void)
{
    const char *word = strtok(NULL, " \n");

    CHECK(word);
    return atoi(word);
}

/* ---- commands ------------------------------------------------------------------ */

static void submit_one(void)
{
    int number = next_number();

    bench->requests[number].op = number % 2 ? REQUEST_WRITE : REQUEST_READ;
    submit(bench, number, 1);
}

static void plug(void)
{
    bench->engine->ops->plug(bench->engine);
}

static void unplug(void)
{
    bench->engine->ops->unplug(bench->engine);
}

static void reap_all(void)
{
    reap(bench);
}

static void cancel(void)
{
    bench->engine->ops->cancel_pending(bench->engine, &bench->target);
}

/* As though the retry timer's time had come. */
static void retry(void)
{
    bench->ctx->now = timers_deadline(bench->ctx);
    timers_run(bench->ctx);
}

static void complete(void)
{
    int index = next_number(), res = next_number();

    fake_kernel_complete((uint32_t)index, res);
}

/* The next calls fail: how many, and how. */
static void refuse(void)
{
    fake_kernel.submit_failures = next_number();
    fake_kernel.submit_errno = next_number();
}

static void limit(void)
{
    fake_kernel.submit_limit = (uint32_t)next_number();
}

/* The request of this number can't be submitted. */
static void spoil(void)
{
    fake_kernel.bad_iocb_offset = (uint64_t)next_number() * BLOCK;
    fake_kernel.bad_iocb_errno = EBADF;
}

static void spoil_none(void)
{
    fake_kernel.bad_iocb_errno = 0;
}

static const struct {
    const char *name;
    void (*run)(void);
} commands[] = {
    {"submit", submit_one},     {"plug", plug},
    {"unplug", unplug},         {"reap", reap_all},
    {"cancel", cancel},         {"retry", retry},
    {"complete", complete},     {"refuse", refuse},
    {"limit", limit},           {"spoil", spoil},
    {"spoil_none", spoil_none},
};

/* ---- the answer ------------------------------------------------------------------ */

static void print_done(void)
{
    printf("{\"done\": [");
    for (const char *comma = ""; done_list_count(&bench->done); comma = ", ") {
        Request *request = done_list_pop(&bench->done);

        printf("%s[%d, %d]", comma, number_of(request), request->result);
    }
}

static void print_held(void)
{
    const char *comma = "";

    printf("], \"held\": [");
    for (uint32_t i = 0; i < fake_kernel.held_count; i++, comma = ", ") {
        printf("%s%d", comma, number_of((Request *)fake_kernel.held[i]));
    }
}

static void print_state(void)
{
    SubmitCounters *submit = &bench->ctx->counters.submit;
    int pending = 0;

    for (int i = 0; i < REQUESTS; i++) {
        pending += bench->requests[i].state == REQUEST_PENDING;
    }
    print_done();
    print_held();
    printf("], \"pending\": %d, \"in_flight\": %u, \"is_retry_armed\": %s, "
           "\"calls\": %u, \"largest_submit\": %u, \"refused\": %d, "
           "\"rejected\": %llu, \"withdrawn\": %llu}\n",
           pending, bench->engine->in_flight,
           timers_deadline(bench->ctx) != UINT64_MAX ? "true" : "false",
           fake_kernel.submit_calls, fake_kernel.largest_submit,
           fake_kernel.submit_failures, (unsigned long long)submit->rejected,
           (unsigned long long)submit->withdrawn);
    fflush(stdout);
}

static void obey(char *line)
{
    const char *name = strtok(line, " \n");

    CHECK(name);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            commands[i].run();
            return;
        }
    }
    CHECK(!"a command");
}

int main(int argc, char **argv)
{
    EngineConfig config = {.max_requests = REQUESTS};
    char line[128];

    CHECK_EQUAL(argc, 5);
    alarm(TEST_TIMEOUT_S);
    config.max_events = (uint32_t)atoi(argv[1]);
    config.max_batch = (uint32_t)atoi(argv[2]);
    config.strict_short_io = atoi(argv[4]);
    fake_kernel.ring_events = (uint32_t)atoi(argv[3]);
    bench = make_bench(&config);
    while (fgets(line, sizeof(line), stdin)) {
        obey(line);
        print_state();
    }
    free_bench(bench);
    return 0;
}
