#define _GNU_SOURCE
#include "verify/verify_hash.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- crc32c ------------------------------------------------------------- */

#define CRC32C_POLYNOMIAL 0x82f63b78u /* reflected */

static uint32_t crc32c_table[256];
static pthread_once_t crc32c_table_made = PTHREAD_ONCE_INIT;

static void make_crc32c_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLYNOMIAL : 0);
        }
        crc32c_table[byte] = crc;
    }
}

static uint32_t crc32c_by_table(uint32_t crc, const uint8_t *data, size_t bytes)
{
    pthread_once(&crc32c_table_made, make_crc32c_table);
    for (size_t i = 0; i < bytes; i++) {
        crc = crc >> 8 ^ crc32c_table[(crc ^ data[i]) & 0xff];
    }
    return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c_by_instruction(
    uint32_t crc, const uint8_t *data, size_t bytes)
{
    uint64_t wide = crc;

    for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, data, sizeof(word));
        wide = __builtin_ia32_crc32di(wide, word);
        data += sizeof(word);
    }
    crc = (uint32_t)wide;
    for (; bytes > 0; bytes--) {
        crc = __builtin_ia32_crc32qi(crc, *data++);
    }
    return crc;
}
#endif

uint32_t verify_crc32c(const void *data, size_t bytes)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2")) {
        return ~crc32c_by_instruction(~0u, data, bytes);
    }
#endif
    return ~crc32c_by_table(~0u, data, bytes);
}

static void run_crc32c(const VerifyHash *hash, const void *data, size_t bytes,
                       uint8_t *digest)
{
    uint32_t crc = verify_crc32c(data, bytes);

    (void)hash;
    memcpy(digest, &crc, sizeof(crc));
}

/* ---- one call of a library ---------------------------------------------- */

static void run_crc32(const VerifyHash *hash, const void *data, size_t bytes,
                      uint8_t *digest)
{
    unsigned long (*crc32)(unsigned long, const void *, unsigned) =
        (unsigned long (*)(unsigned long, const void *,
                           unsigned))hash->function;
    uint32_t crc = (uint32_t)crc32(0, data, (unsigned)bytes);

    memcpy(digest, &crc, sizeof(crc));
}

static void run_xxhash(const VerifyHash *hash, const void *data, size_t bytes,
                       uint8_t *digest)
{
    unsigned long long (*xxh64)(const void *, size_t, unsigned long long) =
        (unsigned long long (*)(const void *, size_t,
                                unsigned long long))hash->function;
    uint64_t sum = xxh64(data, bytes, 0);

    memcpy(digest, &sum, sizeof(sum));
}

/* ---- OpenSSL ------------------------------------------------------------- */

typedef struct EvpFunctions {
    void *(*context_new)(void);
    void (*context_free)(void *context);
    const void *(*by_name)(const char *name);
    int (*init)(void *context, const void *type, void *engine);
    int (*update)(void *context, const void *data, size_t bytes);
    int (*final)(void *context, uint8_t *digest, unsigned *bytes);
} EvpFunctions;

static void run_evp(const VerifyHash *hash, const void *data, size_t bytes,
                    uint8_t *digest)
{
    const EvpFunctions *evp = hash->evp;

    evp->init(hash->context, hash->digest_type, NULL);
    evp->update(hash->context, data, bytes);
    evp->final(hash->context, digest, NULL);
}

static bool load_evp(EvpFunctions *evp, void *library)
{
    const struct {
        const char *name;
        void *into;
    } wanted[] = {
        {"EVP_MD_CTX_new", &evp->context_new},
        {"EVP_MD_CTX_free", &evp->context_free},
        {"EVP_get_digestbyname", &evp->by_name},
        {"EVP_DigestInit_ex", &evp->init},
        {"EVP_DigestUpdate", &evp->update},
        {"EVP_DigestFinal_ex", &evp->final},
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        void *found = dlsym(library, wanted[i].name);

        if (!found) {
            return false;
        }
        /* ISO C has no cast from an object's pointer to a function's */
        memcpy(wanted[i].into, &found, sizeof(found));
    }
    return true;
}

static bool open_evp(VerifyHash *hash, const char *name)
{
    uint8_t trial[VERIFY_DIGEST_MAX];

    hash->evp = calloc(1, sizeof(*hash->evp));
    if (!hash->evp || !load_evp(hash->evp, hash->library)) {
        return false;
    }
    hash->digest_type = hash->evp->by_name(name);
    hash->context = hash->evp->context_new();
    hash->run = run_evp;
    /* A library may know a hash but refuse it, as md5 in FIPS mode. */
    return hash->digest_type && hash->context &&
           hash->evp->init(hash->context, hash->digest_type, NULL) == 1 &&
           hash->evp->final(hash->context, trial, NULL) == 1;
}

/* ---- opening ------------------------------------------------------------- */

/* Returns whether the library that is open has the hash @name. */
static bool open_in_library(VerifyHash *hash, const char *name)
{
    if (strcmp(name, "crc32") == 0) {
        hash->function = dlsym(hash->library, "crc32");
        hash->run = run_crc32;
        return hash->function;
    }
    if (strcmp(name, "xxhash") == 0) {
        hash->function = dlsym(hash->library, "XXH64");
        hash->run = run_xxhash;
        return hash->function;
    }
    return open_evp(hash, name);
}

int verify_hash_open(VerifyHash *hash, const char *name,
                     const char *const *libraries, uint32_t library_count,
                     Error *error)
{
    *hash = (VerifyHash){.run = run_crc32c};
    if (strcmp(name, "crc32c") == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < library_count; i++) {
        hash->library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
        if (hash->library && open_in_library(hash, name)) {
            return 0;
        }
        verify_hash_close(hash);
    }
    return error_set(error, "verify", ENOENT, library_count);
}

void verify_hash_close(VerifyHash *hash)
{
    if (hash->context) {
        hash->evp->context_free(hash->context);
    }
    free(hash->evp);
    if (hash->library) {
        dlclose(hash->library);
    }
    *hash = (VerifyHash){0};
}
