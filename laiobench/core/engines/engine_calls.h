/*
 * Calls of an engine on the hot path.  Functions of native AIO are called by name
 * after one comparison: this costs less than an indirect call, and they can be
 * inlined.  Other engines are called through their table.
 */
#pragma once

#include "engines/engine.h"
#include "base/compiler.h"
#include "engines/linux_aio.h"
#include "engines/target.h"

static ALWAYS_INLINE bool engine_is_native(const Engine *engine)
{
    return __builtin_expect(engine->ops == &laio_ops, 1);
}

static ALWAYS_INLINE void engine_submit(Engine *engine, Request *request)
{
    if (engine_is_native(engine)) {
        laio_submit(engine, request);
    } else {
        engine->ops->submit(engine, request);
    }
}

static ALWAYS_INLINE void engine_plug(Engine *engine)
{
    if (engine_is_native(engine)) {
        laio_plug(engine);
    } else {
        engine->ops->plug(engine);
    }
}

static ALWAYS_INLINE void engine_unplug(Engine *engine)
{
    if (engine_is_native(engine)) {
        laio_unplug(engine);
    } else {
        engine->ops->unplug(engine);
    }
}

static ALWAYS_INLINE bool engine_ready(Engine *engine)
{
    return engine_is_native(engine) ? laio_ready(engine)
                                    : engine->ops->ready(engine);
}

static ALWAYS_INLINE uint32_t engine_reap(Engine *engine, uint64_t *reaped_by)
{
    return engine_is_native(engine) ? laio_reap(engine, reaped_by)
                                    : engine->ops->reap(engine, reaped_by);
}

static ALWAYS_INLINE void engine_wait(Engine *engine, uint32_t min_nr,
                                      int64_t timeout_ns, uint64_t *reaped_by)
{
    if (engine_is_native(engine)) {
        laio_wait(engine, min_nr, timeout_ns, reaped_by);
    } else {
        engine->ops->wait(engine, min_nr, timeout_ns, reaped_by);
    }
}

static inline void target_submit(Target *target, Request *request)
{
    engine_submit(target->engine, request);
}
