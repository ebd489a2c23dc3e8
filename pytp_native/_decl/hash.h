/* SPDX-License-Identifier: WTFPL OR MIT */
/* SHA-256's two ways, so that tests can hold them to each other; see csrc/hash.h. */
int pytp_sha256_ni_here(void);
void pytp_sha256_compress_portable(uint32_t h[8], const uint8_t *data, size_t blocks);
void pytp_sha256_compress_ni(uint32_t h[8], const uint8_t *data, size_t blocks);
/* XXH3-64: names of members that are expected in an archive. */
uint64_t pytp_hash_seeded(const void *data, size_t length, uint64_t seed);
