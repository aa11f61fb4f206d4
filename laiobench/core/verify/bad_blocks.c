#include "verify/bad_blocks.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"

size_t bad_blocks_bytes(uint32_t block_bytes)
{
    return (size_t)block_bytes * 2 * BAD_BLOCKS_WITH_BYTES_MAX;
}

int bad_blocks_init(BadBlocks *bad, uint32_t block_bytes)
{
    bad->count = 0;
    bad->block_bytes = block_bytes;
    bad->bytes = memory_map(bad_blocks_bytes(block_bytes));
    return bad->bytes ? 0 : -ENOMEM;
}

void bad_blocks_cleanup(BadBlocks *bad)
{
    memory_unmap(bad->bytes, bad_blocks_bytes(bad->block_bytes));
    bad->bytes = NULL;
}

void bad_blocks_keep(BadBlocks *bad, const VerifyFailure *failure,
                     const uint8_t *found, const uint8_t *expected)
{
    VerifyFailure *kept = &bad->failures[bad->count];
    uint8_t *at = bad->bytes + (size_t)bad->count * 2 * bad->block_bytes;

    if (bad->count == BAD_BLOCKS_MAX) {
        return;
    }
    *kept = *failure;
    if (bad->count < BAD_BLOCKS_WITH_BYTES_MAX && found) {
        kept->found = memcpy(at, found, bad->block_bytes);
        if (expected) {
            kept->expected =
                memcpy(at + bad->block_bytes, expected, bad->block_bytes);
        }
    }
    bad->count++;
}
