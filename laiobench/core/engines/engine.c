#include "engines/engine.h"

#include <string.h>

const EngineType *engine_find(const char *name)
{
    static const EngineType *const types[] = {
        &engine_linux_aio, &engine_io_uring, &engine_threads,
        &engine_psync,     &engine_null,
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

bool engine_capabilities(const char *name, EngineCapabilities *capabilities)
{
    const EngineType *type = engine_find(name);

    if (type) {
        *capabilities = type->capabilities;
    }
    return type;
}
