/*
 * By which flags an io_uring is set up, for the options that were chosen and for
 * how completions are noticed; and what they are called.
 */
#pragma once

#include "engines/engine.h"
#include "engines/uring_ring.h"

/* The flags; the sizes are left to the caller. */
UringRingConfig uring_flags_choose(const EngineConfig *config);

/* Tell in @set_up by which @ring was set up, and which were refused. */
void uring_flags_describe(const UringRing *ring, EngineSetUp *set_up);
