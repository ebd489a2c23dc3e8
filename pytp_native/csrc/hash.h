/* SPDX-License-Identifier: WTFPL OR MIT
 * Checksums of member contents: XXH3-128 (the xxhash library's header, inlined) or SHA-256 (FIPS 180-4). */
#ifndef PYTP_HASH_H
#define PYTP_HASH_H
#include <stddef.h>
#include <stdint.h>

enum { PYTP_HASH_NONE = 0, PYTP_HASH_XXH3 = 1, PYTP_HASH_SHA256 = 2 };
enum { PYTP_DIGEST_MAX = 32 };

typedef struct pytp_hash pytp_hash;

/* NULL when memory is short. The fastest code for this processor is chosen once. */
pytp_hash *pytp_hash_new(int kind);
void pytp_hash_free(pytp_hash *hash);
void pytp_hash_start(pytp_hash *hash);
void pytp_hash_add(pytp_hash *hash, const void *data, size_t length);
/* Write the digest (canonical, big-endian as the *sum tools print it) and return its length: 0, 16 or 32. */
size_t pytp_hash_finish(pytp_hash *hash, uint8_t digest[PYTP_DIGEST_MAX]);
/* start + add + finish in one, quicker for what is in one piece. */
size_t pytp_hash_whole(pytp_hash *hash, const void *data, size_t length, uint8_t digest[PYTP_DIGEST_MAX]);

/* XXH3-64 with a seed. */
uint64_t pytp_hash_seeded(const void *data, size_t length, uint64_t seed);

/* One way to compute XXH3; the portable one and, on x86-64, one built for AVX2. */
typedef struct {
    size_t state_bytes;
    void (*start)(void *state);
    void (*add)(void *state, const void *data, size_t length);
    void (*finish)(const void *state, uint8_t digest[16]);
    void (*whole)(const void *data, size_t length, uint8_t digest[16]);
    uint64_t (*seeded)(const void *data, size_t length, uint64_t seed);
} pytp_xxh3;
extern const pytp_xxh3 pytp_xxh3_portable;
#if defined(__x86_64__)
extern const pytp_xxh3 pytp_xxh3_avx2;
#endif

typedef struct {
    uint32_t state[8];
    uint64_t length;
    uint8_t block[64];
} pytp_sha256;
void pytp_sha256_start(pytp_sha256 *sha);
void pytp_sha256_add(pytp_sha256 *sha, const void *data, size_t length);
void pytp_sha256_finish(pytp_sha256 *sha, uint8_t digest[32]);
extern const uint32_t pytp_sha256_constants[64];
/* Take in whole blocks of 64 bytes; the second way is for processors with the SHA extensions, of which here() tells whether this
 * is one. */
void pytp_sha256_compress_portable(uint32_t h[8], const uint8_t *data, size_t blocks);
int pytp_sha256_ni_here(void);
void pytp_sha256_compress_ni(uint32_t h[8], const uint8_t *data, size_t blocks);

#endif
