#include "verify/verify_block.h"

#include <stddef.h>
#include <string.h>

#define MAGIC UINT64_C(0x31666f6f72706f69) /* "ioproof1" */
#define SECTOR_BYTES 512

/* It has no time in it, so the same job makes the same blocks again. */
typedef struct BlockHeader {
    uint64_t magic;
    uint32_t crc; /* CRC-32C of all that follows in the header */
    uint32_t generation;
    uint64_t offset;
    uint64_t seed;
    uint64_t run;
    uint32_t bytes;
    uint32_t method;
    uint8_t digest[VERIFY_DIGEST_MAX]; /* of what follows the header */
    uint8_t reserved[16];
} BlockHeader;

_Static_assert(sizeof(BlockHeader) == VERIFY_HEADER_BYTES, "no padding");

#define CRC_BEGIN (offsetof(BlockHeader, crc) + sizeof(uint32_t))

static uint32_t header_crc(const BlockHeader *header)
{
    return verify_crc32c((const uint8_t *)header + CRC_BEGIN,
                         sizeof(*header) - CRC_BEGIN);
}

/* ---- making ------------------------------------------------------------- */

static uint64_t key_of(uint64_t seed, uint64_t run, uint64_t offset,
                       uint32_t generation)
{
    return random_mix(random_mix(seed ^ random_mix(run)) ^ random_mix(offset) ^
                      generation);
}

static void digest_of(const BlockMaker *maker, const uint8_t *block,
                      uint8_t digest[VERIFY_DIGEST_MAX])
{
    memset(digest, 0, VERIFY_DIGEST_MAX);
    if (maker->has_digest) {
        verify_hash_run(&maker->hash, block + sizeof(BlockHeader),
                        maker->bytes - sizeof(BlockHeader), digest);
    }
}

/* Make a block as the job with @seed makes it in @run. */
static void make_as(const BlockMaker *maker, uint64_t seed, uint64_t run,
                    uint64_t offset, uint32_t generation, uint8_t *block)
{
    BlockHeader header = {
        .magic = MAGIC,
        .generation = generation,
        .offset = offset,
        .seed = seed,
        .run = run,
        .bytes = maker->bytes,
        .method = maker->method,
    };
    uint64_t key = key_of(seed, run, offset, generation);

    if (!maker->has_header) {
        write_data_fill(maker->data, seed, key, offset, block, maker->bytes);
        return;
    }
    write_data_fill(maker->data, seed, key, offset, block + sizeof(header),
                    maker->bytes - (uint32_t)sizeof(header));
    digest_of(maker, block, header.digest);
    header.crc = header_crc(&header);
    memcpy(block, &header, sizeof(header));
}

void verify_block_make(const BlockMaker *maker, uint64_t offset,
                       uint32_t generation, uint8_t *block)
{
    make_as(maker, maker->seed, maker->run, offset, generation, block);
}

/* ---- judging ------------------------------------------------------------- */

static bool header_is_sound(const BlockHeader *header)
{
    return header->magic == MAGIC && header->crc == header_crc(header);
}

/* Whether this job wrote the block, in this run (or in any, if wanted). */
static bool is_own(const BlockMaker *maker, const BlockWanted *wanted,
                   const BlockHeader *header)
{
    return header->bytes == maker->bytes && header->method == maker->method &&
           (wanted->generation == 0 ||
            (header->seed == maker->seed &&
             (wanted->of_any_run || header->run == maker->run)));
}

static bool generation_is_right(const BlockWanted *wanted, uint32_t generation)
{
    return wanted->generation == 0 || generation == wanted->generation ||
           (wanted->or_newer && generation > wanted->generation);
}

static bool digest_is_right(const BlockMaker *maker, const BlockHeader *header,
                            const uint8_t *block)
{
    uint8_t digest[VERIFY_DIGEST_MAX];

    digest_of(maker, block, digest);
    return memcmp(digest, header->digest, sizeof(digest)) == 0;
}

/* Compare the first copy, then each byte with the byte one period before it. */
static bool pattern_is_sound(const BlockMaker *maker, uint64_t offset,
                             const uint8_t *block)
{
    uint8_t copy[VERIFY_PATTERN_MAX];
    uint32_t period = maker->data->pattern_bytes;

    if (period > maker->bytes) {
        period = maker->bytes;
    }
    write_data_fill(maker->data, 0, 0, offset, copy, period);
    return memcmp(block, copy, period) == 0 &&
           memcmp(block, block + period, maker->bytes - period) == 0;
}

bool verify_block_is_sound(const BlockMaker *maker, const BlockWanted *wanted,
                           const uint8_t *block)
{
    BlockHeader header;

    if (!maker->has_header) {
        return pattern_is_sound(maker, wanted->offset, block);
    }
    memcpy(&header, block, sizeof(header));
    return header_is_sound(&header) && header.offset == wanted->offset &&
           is_own(maker, wanted, &header) &&
           generation_is_right(wanted, header.generation) &&
           digest_is_right(maker, &header, block);
}

/* ---- explaining ---------------------------------------------------------- */

static bool is_zero(const uint8_t *bytes, uint32_t count)
{
    return count == 0 ||
           (bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0);
}

static void count_bad_bytes(const uint8_t *block, const uint8_t *expected,
                            uint32_t bytes, VerifyFailure *failure)
{
    for (uint32_t i = 0; i < bytes; i++) {
        if (block[i] != expected[i]) {
            if (failure->bad_bytes++ == 0) {
                failure->first_bad = i;
            }
        }
    }
}

/*
 * Is each sector of @block as in @new, as in @old (NULL: not known) or zero;
 * and is at least one as in @new, and at least one not?
 */
static bool is_patchwork(const uint8_t *block, const uint8_t *new,
                         const uint8_t *old, uint32_t bytes)
{
    uint32_t of_new = 0, of_others = 0;

    for (uint32_t at = 0; at < bytes; at += SECTOR_BYTES) {
        uint32_t part = bytes - at < SECTOR_BYTES ? bytes - at : SECTOR_BYTES;

        if (memcmp(block + at, new + at, part) == 0) {
            of_new++;
        } else if ((old && memcmp(block + at, old + at, part) == 0) ||
                   is_zero(block + at, part)) {
            of_others++;
        } else {
            return false;
        }
    }
    return of_new > 0 && of_others > 0;
}

/* Make the block that a header names.  False if its header then differs. */
static bool make_by_header(const BlockMaker *maker, const BlockHeader *header,
                           uint8_t *expected)
{
    make_as(maker, header->seed, header->run, header->offset,
            header->generation, expected);
    return memcmp(expected, header, sizeof(*header)) == 0;
}

static const char *fault_of_header(const BlockMaker *maker,
                                   const BlockWanted *wanted,
                                   const BlockHeader *header)
{
    if (header->offset != wanted->offset) {
        return "misplaced";
    }
    if (!is_own(maker, wanted, header)) {
        return "foreign";
    }
    return NULL;
}

/* What the block should be, as far as that is known. */
typedef struct Expectation {
    bool is_known;
    uint64_t run;
    uint32_t generation; /* 0: not known */
} Expectation;

/*
 * Make in @expected what the block should be.  @header: of the block that was
 * found, if this job wrote that; else NULL.
 */
static Expectation expect(const BlockMaker *maker, const BlockWanted *wanted,
                          const BlockHeader *header, uint8_t *expected)
{
    Expectation expectation = {
        .run = header ? header->run : maker->run,
        .generation = wanted->generation,
    };

    if (header && wanted->or_newer && header->generation > wanted->generation) {
        expectation.generation = header->generation;
    }
    if (wanted->generation == 0 && maker->has_header) {
        expectation.is_known = header &&
                               make_by_header(maker, header, expected);
    } else if (header || !wanted->of_any_run || !maker->has_header) {
        make_as(maker, maker->seed, expectation.run, wanted->offset,
                expectation.generation, expected);
        expectation.is_known = true;
    }
    return expectation;
}

/* Whether a write reached only a part of the block. */
static bool is_torn(const BlockMaker *maker, const Expectation *expectation,
                    const BlockHeader *header, uint64_t offset,
                    const uint8_t *block, const uint8_t *expected,
                    uint8_t *scratch)
{
    uint32_t older = expectation->generation > 1 ? expectation->generation - 1
                                                 : 0;

    if (header && header->generation < expectation->generation) {
        older = header->generation;
    }
    if (older > 0) {
        make_as(maker, maker->seed, expectation->run, offset, older, scratch);
    }
    return is_patchwork(block, expected, older > 0 ? scratch : NULL,
                        maker->bytes);
}

static const char *fault_of_content(const BlockMaker *maker,
                                    const BlockHeader *header,
                                    const Expectation *expectation,
                                    uint64_t offset, const uint8_t *block,
                                    const uint8_t *expected, uint8_t *scratch)
{
    if (is_zero(block, maker->bytes)) {
        return "zeroed";
    }
    if (header && header->generation < expectation->generation &&
        digest_is_right(maker, header, block)) {
        return "stale";
    }
    if (maker->has_header && expectation->is_known &&
        is_torn(maker, expectation, header, offset, block, expected, scratch)) {
        return "torn";
    }
    return "corrupt";
}

void verify_block_explain(const BlockMaker *maker, const BlockWanted *wanted,
                          const uint8_t *block, uint8_t *expected,
                          uint8_t *scratch, bool *expected_is_known,
                          VerifyFailure *failure)
{
    BlockHeader header = {0};
    bool is_sound, is_ours;
    Expectation expectation;

    memcpy(&header, block, maker->has_header ? sizeof(header) : 0);
    is_sound = maker->has_header && header_is_sound(&header);
    is_ours = is_sound && !fault_of_header(maker, wanted, &header);
    expectation = expect(maker, wanted, is_ours ? &header : NULL, expected);
    *failure = (VerifyFailure){
        .offset = wanted->offset,
        .bytes = maker->bytes,
        .has_header = is_sound,
        .found_generation = header.generation,
        .found_offset = header.offset,
        .expected_generation = expectation.generation,
    };
    if (expectation.is_known) {
        count_bad_bytes(block, expected, maker->bytes, failure);
    }
    *expected_is_known = expectation.is_known;
    failure->fault = is_sound && !is_ours
                         ? fault_of_header(maker, wanted, &header)
                         : fault_of_content(maker, is_ours ? &header : NULL,
                                            &expectation, wanted->offset, block,
                                            expected, scratch);
}
