/*
 * One request, carried out while the caller waits: for threads of a pool.
 * Whatever the alignment that direct I/O demands, it is done right, through a
 * bounce buffer where it must be.  Runs on any thread.
 */
#pragma once

#include <pthread.h>

#include "engines/target.h"

/*
 * Carry out @request as the completion rule says: a short read is continued,
 * zeros stand for what is beyond the end, a write that gets nowhere is
 * -ENOSPC.  Returns what is then the request's result.
 *
 * A misaligned write reads what is around it, and writes both: @read_modify
 * keeps two of them apart.  Aligned writes to the same blocks know nothing of
 * it: sessions keep them away (session_writes.c), jobs don't.
 */
int blocking_io(Request *request, pthread_mutex_t *read_modify);
