/* SPDX-License-Identifier: WTFPL OR MIT */
/* Member records as columns; see csrc/columns.h. */
typedef struct {
    size_t members;
    int64_t *size, *mtime_ns, *ctime_ns, *inode, *uid, *gid, *block, *length;
    uint32_t *offset, *mode;
    uint8_t *type, *has_digest, *digests;
    size_t digest_bytes;
    uint8_t *names;
    size_t names_bytes;
    uint8_t *directories;
    size_t directories_bytes, runs;
    uint32_t *run_members;
    uint8_t *links;
    size_t links_bytes, linked;
    uint32_t *link_member;
    int bad;
    ...;
} pytp_columns;
pytp_columns *pytp_columns_new(size_t length);
void pytp_columns_free(pytp_columns *columns);
size_t pytp_columns_fill(pytp_columns *columns, const uint8_t *records, size_t length);
