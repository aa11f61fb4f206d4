/*
 * Hashes of blocks, from libraries that are opened when one is asked for, so
 * that neither building nor running without needs any: OpenSSL's libcrypto
 * (any digest it knows, such as md5 and sha256), libz (crc32) and libxxhash.
 * crc32c is an instruction of x86-64, and a table elsewhere.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define VERIFY_DIGEST_MAX 64 /* bytes: sha512's */

typedef struct VerifyHash VerifyHash;

struct VerifyHash {
    /* @digest has room for VERIFY_DIGEST_MAX, and is zero. */
    void (*run)(const VerifyHash *hash, const void *data, size_t bytes,
                uint8_t *digest);
    void *library;  /* NULL: none is needed */
    void *function; /* its own one-call function */
    struct EvpFunctions *evp;
    void *context;
    const void *digest_type;
};

/*
 * @libraries: names or paths of libraries to look in, in this order.  0 or
 * -errno with @error; its argument tells how many were tried.
 */
int verify_hash_open(VerifyHash *hash, const char *name,
                     const char *const *libraries, uint32_t library_count,
                     Error *error);
void verify_hash_close(VerifyHash *hash);

static inline void verify_hash_run(const VerifyHash *hash, const void *data,
                                   size_t bytes, uint8_t *digest)
{
    hash->run(hash, data, bytes, digest);
}

/* CRC-32C (Castagnoli) of @bytes; for headers too. */
uint32_t verify_crc32c(const void *data, size_t bytes);
