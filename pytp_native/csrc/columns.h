/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * The packer's member records (pack.h, pytp_packed_member) turned into columns, as a table takes them: some hundred
 * nanoseconds a member in Python instead of several microseconds. The bytes may come from a tape; nothing is trusted. */
#ifndef PYTP_COLUMNS_H
#define PYTP_COLUMNS_H
#include "pack.h"

typedef struct {
    size_t members;
    int64_t *size, *mtime_ns, *ctime_ns, *inode, *uid, *gid, *block, *length; /* nanoseconds and sizes saturate */
    uint32_t *offset, *mode;
    uint8_t *type, *has_digest;
    uint8_t *digests; /* digest_bytes for each member, zeros where it has none */
    size_t digest_bytes;
    uint8_t *names; /* last parts of the names, each with a NUL behind it */
    size_t names_bytes;
    uint8_t *directories; /* what is before the last slash, once for each run of members in one directory, NUL behind */
    size_t directories_bytes, runs;
    uint32_t *run_members;
    uint8_t *links; /* targets of those members that have one, NUL behind */
    size_t links_bytes, linked;
    uint32_t *link_member;
    int bad; /* a record that no packer writes was met (a NUL in a name, a long digest); the walk ended before it */
} pytp_columns;

/* Room for `length` bytes of records; NULL when memory is short. */
pytp_columns *pytp_columns_new(size_t length);
void pytp_columns_free(pytp_columns *columns);
/* Fill from at most that many bytes. Returns the bytes of whole records used; a cut one at the end is left. */
size_t pytp_columns_fill(pytp_columns *columns, const uint8_t *records, size_t length);

#endif
