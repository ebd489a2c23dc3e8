/* SPDX-License-Identifier: WTFPL OR MIT
 * The body of one pytp_xxh3; the including file has chosen the instruction set and TABLE, its name. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "hash.h"

static void start(void *state)
{
    XXH3_128bits_reset(state);
}

static void add(void *state, const void *data, size_t length)
{
    XXH3_128bits_update(state, data, length);
}

static void put(XXH128_hash_t value, uint8_t digest[16])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, value);
    memcpy(digest, canonical.digest, 16);
}

static void finish(const void *state, uint8_t digest[16])
{
    put(XXH3_128bits_digest(state), digest);
}

static void whole(const void *data, size_t length, uint8_t digest[16])
{
    put(XXH3_128bits(data, length), digest);
}

static uint64_t seeded(const void *data, size_t length, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, length, seed);
}

const pytp_xxh3 TABLE = {sizeof(XXH3_state_t), start, add, finish, whole, seeded};
