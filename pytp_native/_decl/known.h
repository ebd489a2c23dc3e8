/* SPDX-License-Identifier: WTFPL OR MIT */
/* What earlier sessions saved; see csrc/known.h. */
typedef struct pytp_known pytp_known;
typedef struct {
    size_t count;
    const char *names, *links;
    const int64_t *id, *size, *mtime_ns, *ctime_ns, *mode, *uid, *gid, *inode;
    const char *type;
    ...;
} pytp_known_members;
pytp_known *pytp_known_new(uint64_t key);
void pytp_known_free(pytp_known *known);
int pytp_known_put(pytp_known *known, const pytp_known_members *members);
void pytp_known_drop(pytp_known *known, const char *names, size_t length);
size_t pytp_known_count(const pytp_known *known);
void pytp_known_restart(pytp_known *known);
size_t pytp_known_unmet(const pytp_known *known, size_t *at, int64_t *ids, size_t room);
const char *pytp_known_blind(const pytp_known *known, size_t *length);
