/* SPDX-License-Identifier: WTFPL OR MIT
 * SHA-256's compression for processors with the SHA extensions; only called after asking the processor. Four rounds at a time
 * (Intel's manual, volume 2: SHA256RNDS2, SHA256MSG1, SHA256MSG2). */
#include "hash.h"

#if defined(__x86_64__)
#pragma GCC target("sha,sse4.1")
#include <cpuid.h>
#include <immintrin.h>

int pytp_sha256_ni_here(void)
{
    unsigned a, b = 0, c, d;
    return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

/* Words t .. t+3 of the message schedule; `m` holds the sixteen before them, or takes the first sixteen from the block. */
static __m128i schedule(__m128i m[4], const uint8_t *block, int group)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i *now = &m[group % 4], last = m[(group + 3) % 4];
    if (group < 4)
        *now = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * group)), big_endian);
    else {
        __m128i seven_back = _mm_alignr_epi8(last, m[(group + 2) % 4], 4);
        *now = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(*now, m[(group + 1) % 4]), seven_back), last);
    }
    return *now;
}

void pytp_sha256_compress_ni(uint32_t h[8], const uint8_t *data, size_t blocks)
{
    /* The instructions want the words a, b, e, f and c, d, g, h together, the first of them highest. */
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)h), 0xB1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(h + 4)), 0x1B);
    __m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xF0);
    for (; blocks > 0; blocks--, data += 64) {
        __m128i m[4], abef_before = abef, cdgh_before = cdgh;
#pragma GCC unroll 16
        for (int group = 0; group < 16; group++) {
            const __m128i *constants = (const __m128i *)(pytp_sha256_constants + 4 * group);
            __m128i words = _mm_add_epi32(schedule(m, data, group), _mm_loadu_si128(constants));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0E));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    low = _mm_shuffle_epi32(abef, 0x1B);
    high = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)h, _mm_blend_epi16(low, high, 0xF0));
    _mm_storeu_si128((__m128i *)(h + 4), _mm_alignr_epi8(high, low, 8));
}
#else
int pytp_sha256_ni_here(void)
{
    return 0;
}

void pytp_sha256_compress_ni(uint32_t h[8], const uint8_t *data, size_t blocks)
{
    pytp_sha256_compress_portable(h, data, blocks);
}
#endif
