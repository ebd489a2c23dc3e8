/* SPDX-License-Identifier: WTFPL OR MIT
 * SHA-256 after FIPS 180-4, section 6.2. */
#include "hash.h"

#include <string.h>

/* FIPS 180-4, 4.2.2: first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const uint32_t pytp_sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static uint32_t load(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void compress_one(uint32_t h[8], const uint8_t *block)
{
    uint32_t w[64];
    for (int t = 0; t < 16; t++)
        w[t] = load(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t a = w[t - 15], b = w[t - 2];
        w[t] = (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10) + w[t - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[t - 16];
    }
    /* The working variables are named, not an array that moves: they stay in registers, several times faster. */
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], last = h[7];
    for (int t = 0; t < 64; t++) {
        uint32_t t1 = last + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + pytp_sha256_constants[t] + w[t];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        last = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + t2;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d;
    h[4] += e, h[5] += f, h[6] += g, h[7] += last;
}

void pytp_sha256_compress_portable(uint32_t h[8], const uint8_t *data, size_t blocks)
{
    for (; blocks > 0; blocks--, data += 64)
        compress_one(h, data);
}

static void compress(uint32_t h[8], const uint8_t *data, size_t blocks)
{
    static int extensions = -1; /* every thread finds the same */
    if (__atomic_load_n(&extensions, __ATOMIC_RELAXED) < 0)
        __atomic_store_n(&extensions, pytp_sha256_ni_here(), __ATOMIC_RELAXED);
    if (__atomic_load_n(&extensions, __ATOMIC_RELAXED)) {
        pytp_sha256_compress_ni(h, data, blocks);
        return;
    }
    pytp_sha256_compress_portable(h, data, blocks);
}

void pytp_sha256_start(pytp_sha256 *sha)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(sha->state, initial, sizeof initial);
    sha->length = 0;
}

void pytp_sha256_add(pytp_sha256 *sha, const void *data, size_t length)
{
    const uint8_t *p = data;
    size_t held = sha->length % 64;
    sha->length += length;
    if (held > 0) {
        size_t take = length < 64 - held ? length : 64 - held;
        memcpy(sha->block + held, p, take);
        p += take;
        length -= take;
        if (held + take < 64)
            return;
        compress(sha->state, sha->block, 1);
    }
    compress(sha->state, p, length / 64);
    memcpy(sha->block, p + length / 64 * 64, length % 64);
}

void pytp_sha256_finish(pytp_sha256 *sha, uint8_t digest[32])
{
    uint64_t bits = sha->length * 8;
    uint8_t tail[72] = {0x80};
    size_t pad = 64 - (sha->length + 8) % 64;
    for (int i = 0; i < 8; i++)
        tail[pad + i] = (uint8_t)(bits >> (56 - 8 * i));
    pytp_sha256_add(sha, tail, pad + 8);
    for (int i = 0; i < 32; i++)
        digest[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}
