/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * What earlier sessions saved of a tree, as far as it takes to tell what has changed since: 32 bytes a member. Names and
 * attributes are kept as keyed hashes; the key is drawn anew for each table, so that nobody can prepare names that clash. */
#ifndef PYTP_KNOWN_H
#define PYTP_KNOWN_H
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

typedef struct pytp_known pytp_known;

/* Members, a column each; names and links each with a NUL behind it. A ctime of 0 never agrees with anything. */
typedef struct {
    size_t count;
    const char *names, *links;
    const int64_t *id, *size, *mtime_ns, *ctime_ns, *mode, *uid, *gid, *inode;
    const char *type; /* tar's type flags */
} pytp_known_members;

/* NULL when memory is short. */
pytp_known *pytp_known_new(uint64_t key);
void pytp_known_free(pytp_known *known);
/* Add members; a later one takes the place of an earlier one of its name. -1 when memory is short, and then only whole ones
 * were added. */
int pytp_known_put(pytp_known *known, const pytp_known_members *members);
/* Take names away, each with a NUL behind it. */
void pytp_known_drop(pytp_known *known, const char *names, size_t length);
size_t pytp_known_count(const pytp_known *known);
/* Nothing was met yet: before each walk. */
void pytp_known_restart(pytp_known *known);
/* Ids of members that were not met, from place *at on, which is moved; at most `room`, 0 at the end. */
size_t pytp_known_unmet(const pytp_known *known, size_t *at, int64_t *ids, size_t room);
/* Names below which nobody could look, each with a NUL behind it. */
const char *pytp_known_blind(const pytp_known *known, size_t *length);

/* The walker's side. Meet a name: 1 when it is as it was saved. `link` is the target of a symbolic link, else NULL. */
int pytp_known_same(pytp_known *known, const char *name, size_t length, const struct stat *st, const char *link,
                    size_t link_length);
/* It is there, and no more can be said: what was saved stays. `below`: that goes for all below it. */
void pytp_known_keep(pytp_known *known, const char *name, size_t length, int below);

#endif
