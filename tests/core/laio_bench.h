/* A LinuxAioState over the fake kernel, and requests for it. */
#pragma once

#include "engine_bench.h"
#include "fake_kernel.h"

static inline Bench *make_bench(const EngineConfig *config)
{
    return make_bench_of(&engine_linux_aio, config);
}
