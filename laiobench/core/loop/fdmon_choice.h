/*
 * Which fd monitor a context has: epoll where it can be had, ppoll otherwise;
 * and ppoll for good when epoll fails in use.
 */
#pragma once

#include "loop/fdmon.h"

/* 0 or -errno. */
int fdmon_open(AioContext *ctx, FdMonKind kind, Error *error);

/* @old is replaced by @new in the context's monitor; either may be NULL. */
int fdmon_update(AioContext *ctx, AioHandler *old, AioHandler *new,
                 Error *error);

/* epoll can't be had, or has failed: go on with ppoll, for good. */
int fdmon_fall_back_to_ppoll(AioContext *ctx, Error *error);
