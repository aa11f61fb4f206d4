/*
 * The completion rule: what a result of the kernel means for its request.
 * Whole, the last part of it, short, the end of the target, or an error.
 */
#pragma once

#include "engines/engine.h"

/*
 * The kernel returned @res, which is not simply all of @request's bytes.  It
 * is finished then (true), or advanced, and its rest is to be submitted.  If
 * @strict, a short I/O ends the request at once.
 */
bool short_io_finish(Engine *engine, Request *request, int64_t res,
                     bool strict);

/* May what is left of @request, or all of it, go to the device as it is? */
bool short_io_rest_is_aligned(const Request *request);
