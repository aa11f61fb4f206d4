/*
 * Runs one job, to count the instructions of an I/O:
 *
 *     hot_path ENGINE MODE IODEPTH IOS [PATH]
 *
 * Prints nothing; a profiler counts the instructions.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/api.h"

enum { BLOCK = 4096, BLOCKS = 65536 };

int main(int argc, char **argv)
{
    JobPlan job = {
        .fd = -1,
        .step_bytes = BLOCK,
        .block_bytes = BLOCK,
        .region_blocks = BLOCKS,
        .random = true,
        .use_random_map = true,
        .read_percent = 100,
        .memory_align = BLOCK,
        .seed = 1,
    };
    WorkerPlan worker = {.name = "hot", .max_batch = 32, .complete_min = 1};
    RunPlan plan = {
        .workers = &worker, .worker_count = 1, .jobs = &job, .job_count = 1};
    Error error = {0};
    Run *run;

    if (argc < 5) {
        return 2;
    }
    worker.engine = argv[1];
    worker.completion = argv[2];
    job.iodepth = (uint32_t)strtoul(argv[3], NULL, 10);
    job.ios = strtoull(argv[4], NULL, 10);
    if (argc > 5) {
        job.fd = open(argv[5], O_RDONLY);
    }
    run = run_new(&plan, &error);
    if (!run) {
        fprintf(stderr, "%s: %s\n", error.call, strerror(error.code));
        return 1;
    }
    run_start(run);
    while (!run_wait(run, 1000)) {
    }
    run_free(run);
    return 0;
}
