#include "record/latency.h"

#include <stddef.h>

#define OF_EVERY_IO(latency, name, ns) [latency] = {#name, true}
#define OF_DUE_IOS(latency, name, ns) [latency] = {#name, false}

static const LatencyType types[] = {
    LATENCIES_OF_EVERY_IO(OF_EVERY_IO),
    LATENCIES_OF_DUE_IOS(OF_DUE_IOS),
};

const LatencyType *latency_type(uint32_t latency)
{
    return latency < LATENCY_COUNT ? &types[latency] : NULL;
}
