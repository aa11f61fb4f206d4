/*
 * From a plan, as Python gives it, to the configurations of jobs and workers.
 * Makes none of them; also tells what a plan's workload would do, and take.
 */
#pragma once

#include "contract/api.h"
#include "run/worker.h"

/* @throttles: of the run, by their number in the plan. */
JobConfig run_job_config(const JobPlan *plan, ThrottleGroup *throttles);

/* Of the worker of number @index.  0 or -errno: it names what is not there. */
int run_worker_config(const RunPlan *plan, uint32_t index, WorkerConfig *config,
                      Error *error);
