#include "base/error.h"

#include <stdio.h>

int error_set(Error *error, const char *call, int code, uint64_t argument)
{
    if (error && error->code == 0) {
        snprintf(error->call, sizeof(error->call), "%s", call);
        error->code = code;
        error->argument = argument;
    }
    return -code;
}
