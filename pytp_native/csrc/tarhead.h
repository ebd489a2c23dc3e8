/* SPDX-License-Identifier: WTFPL OR MIT
 * A member's header group: an optional pax extended header and its records, then the ustar header (POSIX.1-2017, pax,
 * "pax Interchange Format"), laid out as Python's tarfile does, but with names as raw bytes, as GNU tar has them. */
#ifndef PYTP_TARHEAD_H
#define PYTP_TARHEAD_H
#include "bytes.h"

#include <sys/types.h>

enum { PYTP_TAR_BLOCK = 512 };

typedef struct {
    const char *name;   /* without the slash that a directory's name gets */
    size_t name_length;
    const char *link;   /* link target or NULL */
    size_t link_length;
    char type;          /* '0' file, '1' hard link, '2' symlink, '3' '4' devices, '5' directory, '6' FIFO */
    uint32_t mode;      /* permission bits, 07777 */
    uint64_t uid, gid;
    const char *uname, *gname;
    uint64_t size;      /* bytes of data behind the header */
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint32_t major, minor;
} pytp_tarhead;

/* Add one pax record "LENGTH KEY=VALUE\n"; the value may hold any bytes. */
int pytp_pax_record(pytp_bytes *records, const char *key, const void *value, size_t length);
/* Append the group to `out`. `records` holds what the caller wants in the pax header (xattrs, sparse keys), behind mtime. */
int pytp_tarhead_build(const pytp_tarhead *head, const pytp_bytes *records, pytp_bytes *out);
/* Append a global pax header of exactly `length` bytes (a multiple of 512) that holds nothing but a comment. */
int pytp_tarhead_filler(size_t length, pytp_bytes *out);
/* Append a global pax header of exactly `length` bytes with these records, filled up with a comment. -1 also when they do
 * not fit. */
int pytp_tarhead_global(const pytp_bytes *records, size_t length, pytp_bytes *out);
#endif
