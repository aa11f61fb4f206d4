/*
 * Request: one I/O on its way from a job through an engine and back; and the
 * list where finished requests wait for the loop to record them.  Knows a
 * request's states and times; not who issued it, nor how it is carried out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

typedef enum RequestOp {
    REQUEST_READ,
    REQUEST_WRITE,
    REQUEST_FSYNC,
    REQUEST_FDSYNC,
    REQUEST_TRIM,
} RequestOp;

typedef enum RequestState {
    REQUEST_IDLE,
    REQUEST_PENDING,   /* in an engine's queue */
    REQUEST_IN_FLIGHT, /* the device has it */
    REQUEST_DONE,      /* reaped, not recorded yet */
} RequestState;

typedef enum RequestFlag {
    REQUEST_HIPRI = 1,  /* the kernel may poll for it; as RWF_HIPRI */
    REQUEST_NOWAIT = 8, /* fail with -EAGAIN rather than wait; as RWF_NOWAIT */
} RequestFlag;

/* A result: the target ended before the rest, which was zero-filled. */
#define REQUEST_EOF 1

/* Room for what an engine hands to the kernel: an iocb, an io_uring_sqe. */
#define REQUEST_ENGINE_BYTES 64

/*
 * Two cache lines: one for its engine, which the kernel may read, one for the
 * loop.
 */
typedef struct Request {
    /*
     * Only its engine uses it.  It is 0 before the first I/O, and later as the
     * engine left it, since a request never goes to engines of two types.
     */
    uint8_t engine_part[REQUEST_ENGINE_BYTES];

    struct Target *target; /* has the fd and the owner */
    void *buffer;          /* the data; if niov > 0, an array of struct iovec */
    uint64_t offset;
    uint32_t bytes;
    uint32_t bytes_done; /* by earlier, short completions */
    int32_t result;      /* once done: 0, REQUEST_EOF or -errno */
    uint8_t op;          /* RequestOp */
    uint8_t state;       /* RequestState, atomic: read by hang reports too */
    uint8_t flags;       /* RequestFlag */
    uint8_t niov;        /* of iovecs; the engine may change them */
    uint64_t queued;     /* times in ticks: handed to the engine, */
    uint64_t submitted;  /* submit returned, */
    uint64_t reaped;     /* taken from the ring */
} __attribute__((aligned(64))) Request;

_Static_assert(sizeof(Request) == 128, "a request is two cache lines");

/* Atomic, since hang reports read it on another thread. */
static inline void request_set_state(Request *request, RequestState state)
{
    __atomic_store_n(&request->state, (uint8_t)state, __ATOMIC_RELAXED);
}

/*
 * Set what it is to do.  Hang reports read this, and `queued`, on another thread,
 * so the stores are relaxed atomic ones, which cost nothing.
 */
static inline void request_set_io(Request *request, RequestOp op,
                                  uint64_t offset, uint32_t bytes)
{
    __atomic_store_n(&request->op, (uint8_t)op, __ATOMIC_RELAXED);
    __atomic_store_n(&request->offset, offset, __ATOMIC_RELAXED);
    __atomic_store_n(&request->bytes, bytes, __ATOMIC_RELAXED);
}

/* For engines: it was handed over at @now. */
static inline void request_begin(Request *request, uint64_t now)
{
    __atomic_store_n(&request->queued, now, __ATOMIC_RELAXED);
    request->bytes_done = 0;
    request_set_state(request, REQUEST_PENDING);
}

/* @request is done: was all of it transferred? */
static inline bool request_succeeded(const Request *request)
{
    return request->result == 0;
}

/* Bytes that are left after short completions. */
static inline uint32_t request_bytes_left(const Request *request)
{
    return request->bytes - request->bytes_done;
}

/* A short completion: @bytes more are done, but not all. */
void request_advance(Request *request, uint32_t bytes);

/* The target ends before the rest: fill a read's rest with zeros and return REQUEST_EOF, else -ENOSPC. */
int request_end_of_target(Request *request);

/*
 * Finished requests, in order: engines push, the loop pops.  It is a ring, since
 * a nested loop may push while the outer one pops.  Home thread only.
 */
typedef struct DoneList {
    Request **requests;
    uint32_t head, tail; /* free-running */
    uint32_t mask;
} DoneList;

/* Room for @requests at a time.  0 or -1 without memory. */
int done_list_init(DoneList *list, uint32_t requests);
void done_list_cleanup(DoneList *list);

static inline uint32_t done_list_count(const DoneList *list)
{
    return list->tail - list->head;
}

static inline void done_list_push(DoneList *list, Request *request)
{
    list->requests[list->tail++ & list->mask] = request;
}

/* The one after the oldest @i; it stays on the list. */
static inline Request *done_list_at(const DoneList *list, uint32_t i)
{
    return list->requests[(list->head + i) & list->mask];
}

/* Remove the oldest @n. */
static inline void done_list_drop(DoneList *list, uint32_t n)
{
    list->head += n;
}

/* The list must not be empty. */
static inline Request *done_list_pop(DoneList *list)
{
    return list->requests[list->head++ & list->mask];
}
