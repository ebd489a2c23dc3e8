/* SPDX-License-Identifier: WTFPL OR MIT */
#include "hash.h"

#include <stdlib.h>
#include <string.h>

struct pytp_hash {
    int kind;
    const pytp_xxh3 *xxh3;
    pytp_sha256 sha;
    void *state; /* XXH3's, 64-byte aligned */
};

static const pytp_xxh3 *fastest(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return &pytp_xxh3_avx2;
#endif
    return &pytp_xxh3_portable;
}

pytp_hash *pytp_hash_new(int kind)
{
    pytp_hash *hash = calloc(1, sizeof *hash);
    if (hash == NULL)
        return NULL;
    hash->kind = kind;
    hash->xxh3 = fastest();
    hash->state = aligned_alloc(64, (hash->xxh3->state_bytes + 63) / 64 * 64);
    if (hash->state == NULL) {
        free(hash);
        return NULL;
    }
    memset(hash->state, 0, hash->xxh3->state_bytes);
    pytp_hash_start(hash);
    return hash;
}

void pytp_hash_free(pytp_hash *hash)
{
    if (hash == NULL)
        return;
    free(hash->state);
    free(hash);
}

void pytp_hash_start(pytp_hash *hash)
{
    if (hash->kind == PYTP_HASH_XXH3)
        hash->xxh3->start(hash->state);
    else if (hash->kind == PYTP_HASH_SHA256)
        pytp_sha256_start(&hash->sha);
}

void pytp_hash_add(pytp_hash *hash, const void *data, size_t length)
{
    if (hash->kind == PYTP_HASH_XXH3)
        hash->xxh3->add(hash->state, data, length);
    else if (hash->kind == PYTP_HASH_SHA256)
        pytp_sha256_add(&hash->sha, data, length);
}

size_t pytp_hash_finish(pytp_hash *hash, uint8_t digest[PYTP_DIGEST_MAX])
{
    if (hash->kind == PYTP_HASH_XXH3) {
        hash->xxh3->finish(hash->state, digest);
        return 16;
    }
    if (hash->kind == PYTP_HASH_SHA256) {
        pytp_sha256_finish(&hash->sha, digest);
        return 32;
    }
    return 0;
}

size_t pytp_hash_whole(pytp_hash *hash, const void *data, size_t length, uint8_t digest[PYTP_DIGEST_MAX])
{
    if (hash->kind == PYTP_HASH_XXH3) {
        hash->xxh3->whole(data, length, digest);
        return 16;
    }
    pytp_hash_start(hash);
    pytp_hash_add(hash, data, length);
    return pytp_hash_finish(hash, digest);
}

uint64_t pytp_hash_seeded(const void *data, size_t length, uint64_t seed)
{
    return fastest()->seeded(data, length, seed);
}
