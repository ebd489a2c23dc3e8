/* SPDX-License-Identifier: WTFPL OR MIT
 * The same for processors with AVX2; only called after asking the processor. */
#if defined(__x86_64__)
#pragma GCC target("avx2")
#define TABLE pytp_xxh3_avx2
#include "xxh3_body.h"
#else
typedef int pytp_no_avx2;
#endif
