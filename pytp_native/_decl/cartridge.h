/* SPDX-License-Identifier: WTFPL OR MIT */
/* A virtual cartridge's files; see csrc/cartridge.h for the contract. */
#define PYTP_CARTRIDGE_HEADER ...
#define PYTP_CARTRIDGE_RECORD ...
#define PYTP_AT_END ...
#define PYTP_AT_FILEMARK ...
#define PYTP_AT_BLOCK ...
#define PYTP_AT_DAMAGE ...
typedef struct {
    uint64_t count, filemarks, data_bytes, seed, synced, torn;
    ...;
} pytp_cartridge;
int pytp_cartridge_format(int index_fd, uint64_t seed);
int pytp_cartridge_open(pytp_cartridge *c, int even_fd, int odd_fd, int index_fd, uint64_t boot, int writable);
int pytp_cartridge_append(pytp_cartridge *c, const uint8_t *data, size_t length);
int pytp_cartridge_mark(pytp_cartridge *c);
int pytp_cartridge_cut(pytp_cartridge *c, uint64_t at);
int pytp_cartridge_sync(pytp_cartridge *c);
int pytp_cartridge_look(pytp_cartridge *c, uint64_t at, uint32_t *length);
int64_t pytp_cartridge_read(pytp_cartridge *c, uint64_t at, uint8_t *into, size_t room);
int64_t pytp_cartridge_space_marks(pytp_cartridge *c, uint64_t *at, int64_t count);
int64_t pytp_cartridge_space_blocks(pytp_cartridge *c, uint64_t *at, int64_t count, int *hit);
int64_t pytp_cartridge_marks_before(pytp_cartridge *c, uint64_t at, uint64_t *since);
int64_t pytp_cartridge_verify(pytp_cartridge *c);
