/*
 * Turns Python's plan into the configurations of jobs and workers, and
 * previews a plan's workload.  Makes neither jobs nor workers.
 */
#pragma once

#include "contract/api.h"
#include "run/worker.h"

/* @throttles: the run's groups, in the order of the plan. */
JobConfig run_job_config(const JobPlan *plan, ThrottleGroup *throttles);

/*
 * Set @config for worker @index.  0, or -errno with @error: the plan names a
 * mode, an engine or a worker that does not exist, or no job can run there.
 */
int run_worker_config(const RunPlan *plan, uint32_t index, WorkerConfig *config,
                      Error *error);

/*
 * What those of @jobs that ever run on @worker will submit from; to be freed.
 * @count gets how many.  NULL without memory.
 */
EngineUser *run_worker_users(const RunPlan *plan, const Job *jobs,
                             uint32_t worker, uint32_t *count);
