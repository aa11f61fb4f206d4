#include "loop/fdmon_choice.h"

#include <errno.h>

static int register_all(FdMon *mon)
{
    AioHandler *handler;

    TAILQ_FOREACH (handler, &mon->ctx->handlers, node) {
        int ret = handler->deleted ? 0 : mon->ops->update(mon, NULL, handler);

        if (ret < 0) {
            return ret;
        }
    }
    return 0;
}

int fdmon_fall_back_to_ppoll(AioContext *ctx, Error *error)
{
    FdMon *ppoll = fdmon_ppoll_new(ctx, error);

    if (!ppoll) {
        return -ENOMEM;
    }
    if (register_all(ppoll) < 0) {
        ppoll->ops->destroy(ppoll);
        return error_set(error, "malloc", ENOMEM, 0);
    }
    ctx->fdmon->ops->destroy(ctx->fdmon);
    ctx->fdmon = ppoll;
    ctx->fdmon_fell_back = true;
    return 0;
}

int fdmon_update(AioContext *ctx, AioHandler *old, AioHandler *new,
                 Error *error)
{
    int ret = ctx->fdmon->ops->update(ctx->fdmon, old, new);

    if (ret == 0) {
        return 0;
    }
    if (ctx->fdmon->ops->is_replaceable) {
        return fdmon_fall_back_to_ppoll(ctx, error);
    }
    return error_set(error, "malloc", -ret, 0);
}

int fdmon_open(AioContext *ctx, FdMonKind kind, Error *error)
{
    if (kind == FDMON_EPOLL) {
        ctx->fdmon = fdmon_epoll_new(ctx, NULL);
        ctx->fdmon_fell_back = !ctx->fdmon;
    }
    if (!ctx->fdmon) {
        ctx->fdmon = fdmon_ppoll_new(ctx, error);
    }
    return ctx->fdmon ? 0 : -ENOMEM;
}
