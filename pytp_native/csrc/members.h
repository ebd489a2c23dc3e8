/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * The packer's member records (pack.h, pytp_packed_member) as a stream of bytes: how much of it is on tape, and as lines
 * for `xxhsum -c` and `sha256sum -c`. The bytes may come from a tape, so nothing in them is trusted. */
#ifndef PYTP_MEMBERS_H
#define PYTP_MEMBERS_H
#include "pack.h"

typedef struct {
    uint64_t members;
    uint64_t line_bytes; /* of their checksum lines */
} pytp_members_tally;

/* Turn the bytes of every number in the head of a record around: its other byte order. */
void pytp_member_swap(uint8_t *head);
/* Records are little-endian (FORMAT.md), whatever the machine is: from and to its order. */
static inline void pytp_member_order(pytp_packed_member *head)
{
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        pytp_member_swap((uint8_t *)head);
}

/* Walk whole records as long as each ends within `limit_bytes` of a tape file in blocks of `block_bytes`, and count them.
 * Returns the bytes walked. *beyond is set when a record ends behind the limit: no later one is on tape. */
size_t pytp_members_count(const uint8_t *records, size_t length, uint64_t limit_bytes, uint32_t block_bytes,
                          pytp_members_tally *tally, int *beyond);
/* Write the checksum lines of `length` bytes of whole records, as counted. Returns the bytes written, at most `room`. */
size_t pytp_members_lines(const uint8_t *records, size_t length, uint8_t *lines, size_t room);

/* Where in `records` (whole ones) the first, the middle and the last record is of a member that has a checksum, lies within
 * `from` and `limit` bytes of the archive and is not longer than `most`. Returns how many such members there are. */
size_t pytp_members_pick(const uint8_t *records, size_t length, uint64_t from, uint64_t limit, uint32_t block_bytes,
                         uint64_t most, size_t picked[3]);

#endif
