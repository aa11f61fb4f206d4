/* The Linux native AIO engine's functions by name; see engine_calls.h. */
#pragma once

#include "engines/engine.h"

extern const EngineOps laio_ops;

void laio_submit(Engine *engine, Request *request);
void laio_plug(Engine *engine);
void laio_unplug(Engine *engine);
bool laio_ready(Engine *engine);
uint32_t laio_reap(Engine *engine, uint64_t *reaped_by);
void laio_wait(Engine *engine, uint32_t min_nr, int64_t timeout_ns,
               uint64_t *reaped_by);
