#include "engines/short_io.h"

#include <errno.h>

#include "engines/target.h"

bool short_io_finish(Engine *engine, Request *request, int64_t res, bool strict)
{
    uint32_t left = request_bytes_left(request);

    if (res < 0) {
        engine_finish(engine, request, (int)res);
        return true;
    }
    if (res > left) { /* more than was asked for: never trust it */
        engine_finish(engine, request, -EIO);
        return true;
    }
    if (res == left) { /* the last part of a short request */
        engine_finish(engine, request, 0);
        return true;
    }
    request_advance(request, (uint32_t)res);
    if (res == 0 || strict) {
        engine_finish(engine, request, request_end_of_target(request));
        return true;
    }
    engine->ctx->counters.other.short_io++;
    request_set_state(request, REQUEST_PENDING);
    return false;
}

bool short_io_rest_is_aligned(const Request *request)
{
    return target_takes(request->target, request) &&
           !(request->bytes_done & request->target->request_mask);
}
