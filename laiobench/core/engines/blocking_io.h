/*
 * Carries out one request while the caller waits: for threads of a pool.  A
 * request that is not aligned as direct I/O demands goes through a bounce
 * buffer.  Runs on any thread.
 */
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include "engines/target.h"

/*
 * Carry out @request as the completion rule says: a short read is continued,
 * what is beyond the target's end reads as zeros, a write that makes no
 * progress fails with -ENOSPC.  Returns the request's result.
 *
 * A misaligned write reads its blocks, changes a part and writes them back;
 * the lock @read_modify lets only one do so at a time.  Aligned writes do not
 * take this lock: sessions keep them off the same blocks (session_writes.c), jobs
 * do not.
 */
int blocking_io(Request *request, pthread_mutex_t *read_modify);

/*
 * One call for what is left of an aligned read or write.  Returns the bytes that
 * it moved, which may be fewer, or -errno.
 */
ssize_t blocking_io_once(Request *request);
