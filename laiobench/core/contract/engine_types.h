/*
 * What each engine can do, and which options it has of its own: for the code
 * that chooses an engine.  Each engine with options has a struct here; only
 * the engine's file knows what they do.
 *
 * cffi reads this file, too, so it has plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct EngineCapabilities {
    bool uses_aio_events; /* requests in flight count against fs.aio-max-nr */
    bool takes_nowait;    /* a request can fail instead of waiting */
    bool bounds_waits; /* a wait can return a limited number of completions */
    bool coalesces_events; /* an eventfd can count several completions as one */
    bool is_simulated;     /* it needs no target, and moves no data */
    bool completes_in_submit; /* a request is done when its submit returns */
} EngineCapabilities;

typedef struct IoUringOptions {
    bool fixedbufs;            /* memory is registered beforehand */
    bool registerfiles;        /* and so are files */
    bool hipri;                /* completions are polled for in the kernel */
    bool sqthread_poll;        /* a kernel thread submits */
    int32_t sqthread_poll_cpu; /* it runs there; -1: anywhere */
    bool vectored;             /* a buffer is passed as a vector of one */
    bool uncached;             /* data does not stay in the page cache */
} IoUringOptions;

typedef struct NullOptions {
    uint64_t latency_ns; /* mean service time; 0: done when submitted */
    double jitter;       /* service times: mean × (1 ± jitter) */
    uint32_t servers;    /* requests served at a time; 0: all */
} NullOptions;

typedef struct PsyncOptions {
    bool hipri; /* RWF_HIPRI with each read and write */
} PsyncOptions;

/* Each engine reads only the struct of its name. */
typedef struct EngineOptions {
    uint64_t seed; /* of an engine's random numbers */
    IoUringOptions io_uring;
    NullOptions null;
    PsyncOptions psync;
} EngineOptions;

/* How an engine set itself up, by names that are its own; "" for none. */
typedef struct EngineSetUp {
    char flags[128];
    char refused[128]; /* the kernel is too old for these */
} EngineSetUp;

/* What the engine @name can do.  False if there is none of this name. */
bool engine_capabilities(const char *name, EngineCapabilities *capabilities);
