/*
 * Request: one I/O on its way from a job through an engine and back, and the
 * list on which finished ones wait for the loop to record them.  Knows the
 * request's life and times; not who issued it, nor how it is carried out.
 */
#pragma once

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

typedef enum RequestOp {
    REQUEST_READ,
    REQUEST_WRITE,
    REQUEST_FSYNC,
    REQUEST_FDSYNC,
} RequestOp;

typedef enum RequestState {
    REQUEST_IDLE,
    REQUEST_PENDING,   /* in an engine's queue */
    REQUEST_IN_FLIGHT, /* the device's */
    REQUEST_DONE,      /* reaped, not recorded yet */
} RequestState;

/*
 * Two cache lines: the kernel reads the first, the loop the second.  The
 * iocb is filled in by the engine but for aio_fildes, which stays.
 */
typedef struct Request {
    struct iocb iocb;

    void *owner; /* who issued it */
    uint8_t *buffer;
    uint64_t offset;
    uint32_t bytes;
    uint32_t bytes_done; /* by earlier, short completions */
    int32_t result;      /* 0 or -errno, once done */
    uint8_t op;          /* RequestOp */
    uint8_t state;       /* RequestState; read by hang reports too */
    bool eof;            /* the rest was not there, and zero-filled */
    uint64_t queued;     /* times in ticks: handed to the engine, */
    uint64_t submitted;  /* submit returned, */
    uint64_t reaped;     /* taken from the ring */
} __attribute__((aligned(64))) Request;

_Static_assert(sizeof(Request) == 128, "a request is two cache lines");

static inline int request_fd(const Request *request)
{
    return (int)request->iocb.aio_fildes;
}

/* Of one that is done: all of it, where it was to go. */
static inline bool request_succeeded(const Request *request)
{
    return request->result == 0 && !request->eof;
}

/*
 * Finished requests, in order.  Engines push, the loop pops; a ring, since a
 * nested loop may push while the outer one pops.  Home thread only.
 */
typedef struct DoneList {
    Request **requests;
    uint32_t head, tail; /* free-running */
    uint32_t mask;
} DoneList;

/* Room for @requests at a time.  0 or -1 without memory. */
static inline int done_list_init(DoneList *list, uint32_t requests)
{
    uint32_t capacity = 1;

    while (capacity < requests) {
        capacity *= 2;
    }
    *list = (DoneList){.mask = capacity - 1};
    list->requests = calloc(capacity, sizeof(*list->requests));
    return list->requests ? 0 : -1;
}

static inline void done_list_cleanup(DoneList *list)
{
    free(list->requests);
    list->requests = NULL;
}

static inline uint32_t done_list_count(const DoneList *list)
{
    return list->tail - list->head;
}

static inline void done_list_push(DoneList *list, Request *request)
{
    request->state = REQUEST_DONE;
    list->requests[list->tail++ & list->mask] = request;
}

/* The list must not be empty. */
static inline Request *done_list_pop(DoneList *list)
{
    return list->requests[list->head++ & list->mask];
}
