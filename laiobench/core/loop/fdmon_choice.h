/*
 * Which fd monitor a context has: epoll if the kernel has it, else ppoll.  If
 * epoll fails in use, ppoll replaces it for good.
 */
#pragma once

#include "loop/fdmon.h"

/* 0 or -errno. */
int fdmon_open(AioContext *ctx, FdMonKind kind, Error *error);

/* @old is replaced by @new in the context's monitor; either may be NULL. */
int fdmon_update(AioContext *ctx, AioHandler *old, AioHandler *new,
                 Error *error);

/* epoll is missing or has failed: use ppoll from now on. */
int fdmon_fall_back_to_ppoll(AioContext *ctx, Error *error);
