#include "workload.h"

/* So that one seed gives streams that have nothing to do with each other. */
enum { SALT_DIRECTIONS = 1, SALT_OFFSETS, SALT_MAP };

static uint64_t salted(uint64_t seed, uint64_t salt)
{
    return random_mix(random_mix(seed) + salt);
}

void workload_init(Workload *workload, const WorkloadPlan *plan)
{
    *workload = (Workload){.plan = *plan};
    random_stream_init(&workload->directions,
                       salted(plan->seed, SALT_DIRECTIONS));
    random_stream_init(&workload->offsets, salted(plan->seed, SALT_OFFSETS));
    if (plan->random && plan->use_map) {
        random_map_init(&workload->map, plan->blocks,
                        salted(plan->seed, SALT_MAP));
    }
}
