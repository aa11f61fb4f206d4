/*
 * Hashes of blocks.  Their libraries are opened only when a hash is asked for,
 * so that neither building nor other runs need them: OpenSSL's libcrypto
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
    /* @digest has room for VERIFY_DIGEST_MAX bytes, which are 0 before. */
    void (*run)(const VerifyHash *hash, const void *data, size_t bytes,
                uint8_t *digest);
    void *library;  /* NULL: none is needed */
    void *function; /* the library's function that hashes in one call */
    struct EvpFunctions *evp;
    void *context;
    const void *digest_type;
};

/*
 * Look for the hash @name in @libraries, names or paths, in this order.  0, or
 * -errno with @error; its argument is how many libraries were tried.
 */
int verify_hash_open(VerifyHash *hash, const char *name,
                     const char *const *libraries, uint32_t library_count,
                     Error *error);
void verify_hash_close(VerifyHash *hash);

/* Hash @bytes of @data into @digest; see VerifyHash.run. */
static inline void verify_hash_run(const VerifyHash *hash, const void *data,
                                   size_t bytes, uint8_t *digest)
{
    hash->run(hash, data, bytes, digest);
}

/* The CRC-32C (Castagnoli) of @bytes of @data; headers have it, too. */
uint32_t verify_crc32c(const void *data, size_t bytes);
