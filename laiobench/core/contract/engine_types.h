/*
 * Engines as whoever chooses one sees them: what each can do, and the options
 * that it alone has.  Those of an engine are a struct of its own here; what
 * they do, only its file knows.
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct EngineCapabilities {
    bool uses_aio_events; /* a request in flight is one of fs.aio-max-nr */
    bool takes_nowait;    /* a request may fail rather than wait */
    bool bounds_waits;    /* a wait may be for so many completions at most */
    bool is_simulated;    /* no target: nothing is opened, no data moves */
} EngineCapabilities;

typedef struct NullOptions {
    uint64_t latency_ns; /* mean service time; 0: done when submitted */
    double jitter;       /* service times are within mean × (1 ± this) */
    uint32_t servers;    /* requests served at a time; 0: all */
} NullOptions;

/* Each engine reads the struct of its name, and leaves the others alone. */
typedef struct EngineOptions {
    uint64_t seed; /* for what an engine draws at random */
    NullOptions null;
} EngineOptions;

/* False if there is no engine of this name. */
bool engine_capabilities(const char *name, EngineCapabilities *capabilities);
