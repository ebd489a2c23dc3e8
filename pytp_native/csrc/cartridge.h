/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * A virtual cartridge on the host's disk: the blocks one behind the other in `data` and `data.odd` (striped.h), and `index`, a
 * header of 64 bytes and 16 bytes for every object (block or filemark) in order, all little-endian:
 *
 *     offset 0   u64  where the block begins among all blocks' bytes (filemark: where the next block will)
 *     offset 8   u32  length in bytes; 0 is a filemark
 *     offset 12  u32  check: XXH3 of the block (filemark: of the offset), seeded by the cartridge and the object's number
 *
 * So 100 GB in blocks of 512 KiB has an index of 3.2 MB, and a block that rotted, was swapped with another or lost its tail is
 * found out when it is read. An object's number is the logical block number of SSC: filemarks count.
 *
 * The index record is written after the data, each in one write, so a killed process leaves whole objects only. The header never
 * claims more than the disk holds: it is written behind a sync, and lowered before a cut. Power loss may take what was written
 * after the last sync: records from `synced` on whose data is not there are cut off when the cartridge is
 * next opened (end of data moves forward); anything wrong before `synced` is damage and is reported, never repaired.
 *
 * One user at a time (the drive's lock). Functions return 0 or an errno of the host unless they say otherwise; EBADMSG is damage.
 */
#ifndef PYTP_CARTRIDGE_H
#define PYTP_CARTRIDGE_H
#include <stddef.h>
#include <stdint.h>

#include "striped.h"

enum { PYTP_CARTRIDGE_HEADER = 64, PYTP_CARTRIDGE_RECORD = 16 };

/* What stands at an object number. */
enum { PYTP_AT_END = 0, PYTP_AT_FILEMARK, PYTP_AT_BLOCK, PYTP_AT_DAMAGE };

typedef struct {
    pytp_striped data;
    int index_fd;
    uint64_t count;      /* objects; also the number of the next one */
    uint64_t filemarks;  /* of them */
    uint64_t data_bytes; /* bytes in all blocks: where the next block goes */
    uint64_t seed;       /* of this cartridge */
    uint64_t synced;     /* objects that a sync has put on the host's disk */
    uint64_t torn;       /* objects cut off by open() */
} pytp_cartridge;

/* Write the header of an empty index. */
int pytp_cartridge_format(int index_fd, uint64_t seed);
/* Fill in `c` from the files; odd_fd is -1 when there is no such file. `boot` names this run of the host: if the last user's was another, the tail behind `synced` is read
 * and compared. With `writable` a torn tail is removed from the index, else only left out of the count. */
int pytp_cartridge_open(pytp_cartridge *c, int even_fd, int odd_fd, int index_fd, uint64_t boot, int writable);
/* Add a block or a filemark at the end. On failure nothing was added. */
int pytp_cartridge_append(pytp_cartridge *c, const uint8_t *data, size_t length);
int pytp_cartridge_mark(pytp_cartridge *c);
/* append() in two steps, for several threads: put() writes the bytes of what will be object `at`, and may be called by many at
 * once; commit() records the next object, in order, when its bytes are there. trim() gives back what was put and not committed. */
typedef struct {
    const uint8_t *data;
    size_t length;
    uint64_t at, offset;
} pytp_new_block;
int pytp_cartridge_put(pytp_cartridge *c, const pytp_new_block *block, uint32_t *check);
int pytp_cartridge_commit(pytp_cartridge *c, size_t length, uint32_t check);
void pytp_cartridge_trim(pytp_cartridge *c);
/* Forget object `at` and all behind it. */
int pytp_cartridge_cut(pytp_cartridge *c, uint64_t at);
/* Put everything on the host's disk: data first, then the index. */
int pytp_cartridge_sync(pytp_cartridge *c);

/* PYTP_AT_*, or -errno; *length in bytes for a block. */
int pytp_cartridge_look(pytp_cartridge *c, uint64_t at, uint32_t *length);
/* Read block `at`; its length, or -errno. A block longer than `room` is not read: only its length is returned. */
int64_t pytp_cartridge_read(pytp_cartridge *c, uint64_t at, uint8_t *into, size_t room);

/* SPACE over filemarks: returns how many were crossed (count < 0: towards the beginning, ending before the last one crossed), or
 * -errno; *at moves along, to the end of data or to 0 when there are too few. */
int64_t pytp_cartridge_space_marks(pytp_cartridge *c, uint64_t *at, int64_t count);
/* SPACE over blocks: returns how many were crossed, or -errno; a filemark stops it, is crossed and sets *hit. */
int64_t pytp_cartridge_space_blocks(pytp_cartridge *c, uint64_t *at, int64_t count, int *hit);
/* Filemarks before object `at`, and *since: objects between the last of them and `at`; or -errno. */
int64_t pytp_cartridge_marks_before(pytp_cartridge *c, uint64_t at, uint64_t *since);
/* Read and compare everything; the first damaged object, or -1, or -errno - 1. */
int64_t pytp_cartridge_verify(pytp_cartridge *c);

#endif
