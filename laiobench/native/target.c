#include "target.h"

void target_attach(Target *target, AioContext *ctx, Engine *engine)
{
    target->ctx = ctx;
    target->engine = engine;
}

void target_detach(Target *target)
{
    target->ctx = NULL;
    target->engine = NULL;
}
