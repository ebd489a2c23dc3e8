/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * Packs directory trees as pax tar straight into a ring of tape blocks: file data is read(2) into its slot, headers of
 * every kind of member are laid out in place, and each member's address, length and checksum go to a log. One thread, no GIL.
 *
 * A header group (pax header and ustar header) that fits a tape block never straddles two: filler, a global pax header
 * with a comment, is put before it where needed.
 *
 * With frame_blocks, the first block of every frame is told to the ring (pytp_ring_begin). A frame begins with a member, after
 * a filler up to the block, unless it is a further one of a member that is longer than a frame.
 */
#ifndef PYTP_PACK_H
#define PYTP_PACK_H
#include "hash.h"
#include "known.h"
#include "ring.h"

/* What can be said about one file. */
/* A file with more bytes of holes than this has no checksum: taking in 8 EB of nothing would take years. */
#define PYTP_CHECKED_HOLES (INT64_C(8) << 40)

enum {
    PYTP_PROBLEM_UNREADABLE = 1, /* could not be opened or examined: errno */
    PYTP_PROBLEM_VANISHED,       /* was listed by its directory and is gone */
    PYTP_PROBLEM_READ_ERROR,     /* read(2) failed: errno; the rest of the member is zeros */
    PYTP_PROBLEM_SHRANK,         /* shorter than its header says; the rest of the member is zeros */
    PYTP_PROBLEM_GREW,           /* longer than its header says; the member is cut there */
    PYTP_PROBLEM_CHANGED,        /* its times changed while it was read */
    PYTP_PROBLEM_SOCKET,         /* a socket: cannot be archived */
    PYTP_PROBLEM_UNKNOWN_TYPE,   /* neither file, directory, link, FIFO nor device */
    PYTP_PROBLEM_ATTRIBUTES,     /* extended attributes or ACLs could not be read: errno; the file itself was saved */
    PYTP_PROBLEM_REPLACED        /* it was cut, and is not what it was when it should go on: the rest of it is zeros */
};

typedef struct pytp_pack pytp_pack;

typedef struct {
    int hash;                   /* PYTP_HASH_* */
    int one_file_system;        /* do not descend into other file systems */
    const char *const *exclude; /* glob patterns as `tar --exclude` takes them */
    size_t excludes;
    int members_fd;             /* where member records go, or -1 */
    size_t frame_blocks;        /* cut the archive into frames of at most so many blocks, for compression; 0: do not */
    void (*problem)(void *context, const char *path, size_t length, int kind, int error);
    void *context;
} pytp_pack_options;

typedef struct {
    uint64_t members, data_bytes, problems;
    int log_error; /* errno that ended the member log; the archive goes on without */
} pytp_pack_counts;

/* One record of the member log: this, then the name, then the link target. No padding; in the log its numbers are
 * little-endian (members.h). */
typedef struct __attribute__((packed)) {
    uint64_t block;           /* tape block of the header group, from the start of the tape file */
    uint64_t size;            /* bytes of the file's content */
    uint64_t stored_bytes;    /* bytes of the whole member in the archive: headers, data, padding */
    int64_t mtime_s, ctime_s;
    uint64_t device, inode, uid, gid;
    uint32_t mtime_ns, ctime_ns;
    uint32_t offset;          /* of the header group in its block */
    uint32_t mode;            /* st_mode */
    uint32_t name_length, link_length;
    uint8_t type;             /* tar's type flag */
    uint8_t digest_length; /* 0: no content, or no checksum */
    uint8_t digest[PYTP_DIGEST_MAX];
} pytp_packed_member;

/* NULL when memory is short. The ring must outlive it; the options' strings are copied. */
pytp_pack *pytp_pack_new(pytp_ring *ring, const pytp_pack_options *options);
void pytp_pack_free(pytp_pack *pack);
/* Add what `path` names (a symbolic link given here is followed) with everything below it; its members are called `name`...
 * With `after` only what comes behind the member of that name, in the order in which trees are packed, and the
 * directories above it again; it need not exist.
 * Returns 0, PYTP_CANCELLED when the ring was stopped, or PYTP_FAILED when memory is short. */
int pytp_pack_tree(pytp_pack *pack, const char *path, const char *name, const char *after);
/* Put these bytes, whole headers, in front of the first member of this archive; fewer than a block. 0, or PYTP_FAILED. */
int pytp_pack_preface(pytp_pack *pack, const void *data, size_t length);
/* From now on leave out what `known` has as it is on disk (NULL: nothing); it must outlive that, and is told what is met. */
void pytp_pack_compare(pytp_pack *pack, pytp_known *known);
/* What pytp_pack_tree() would add, without opening a file or filling a block; with `first_only` it ends at the first member.
 * Times are not compared to what is being read: a file may have changed until it is packed. */
typedef struct {
    uint64_t members, data_bytes, tape_bytes;
} pytp_survey;
int pytp_pack_survey(pytp_pack *pack, const char *path, const char *name, int first_only, pytp_survey *survey);
/* Add the end-of-archive blocks, pad the last tape block with zeros, finish the ring. Returns as pytp_pack_tree. */
int pytp_pack_end(pytp_pack *pack);
/* Start the next tape file: block numbers from 0, hard links forgotten. The ring has been reset. */
void pytp_pack_restart(pytp_pack *pack);
/* Stop the ring, and a packer that waits for a slow source. May be called from another thread at any time. */
void pytp_pack_stop(pytp_pack *pack);
/* Make the block with which the next cartridge goes on when this one ended in front of `block` of the archive: a global
 * header with GNU.volume.* records and a header for the rest of the member that is cut, together exactly one block.
 * Returns 0 when the cut is between two members (or in a header too long for a block) and nothing is needed. The ring must
 * still hold that block. From another thread, too, as these two: */
int pytp_pack_continuation(pytp_pack *pack, uint64_t block, uint8_t *into);
/* A member that is cut. Its header group begins at byte `head` of the archive, its data are the bytes from `start` to `end`;
 * `total` is its size with holes. */
typedef struct {
    const char *name;
    size_t name_length;
    const char *uname, *gname;
    uint32_t mode, mtime_ns, ctime_ns;
    uint64_t uid, gid;
    int64_t mtime_s, ctime_s;
    uint64_t head, start, end, total;
} pytp_cut_member;
/* The member that is cut in front of `block`: 1, or 0 where `pytp_pack_continuation` would need nothing. Its strings are valid
 * as long as the packer does not go on. */
int pytp_pack_cut(pytp_pack *pack, uint64_t block, pytp_cut_member *cut);
/* Let `pytp_pack_continuation` know of a member of an archive that was built before, and of no other. 0, or PYTP_FAILED when
 * memory is short. */
int pytp_pack_recall(pytp_pack *pack, const pytp_cut_member *member);
/* As pytp_pack_tree, after a restart: go on with `block` of an archive, in front of which `cut` was cut, and with what comes
 * behind that. The member is read, checksummed and logged from its beginning, and laid out again as it was; what is in front of
 * `block` is thrown away. If that is not the same member any more, PYTP_PROBLEM_REPLACED is told, and zeros take its place.
 * PYTP_FAILED also for a block that is not the member's. */
int pytp_pack_rest(pytp_pack *pack, const char *path, const char *name, uint64_t block, const pytp_cut_member *cut);
/* With frames, what precedes `block` of the archive will not be continued any more: it is on tape. */
void pytp_pack_forget(pytp_pack *pack, uint64_t block);
/* Write out the member records that are complete so far. */
void pytp_pack_flush_log(pytp_pack *pack);
/* May be called from another thread at any time. */
void pytp_pack_read_counts(pytp_pack *pack, pytp_pack_counts *counts);

#endif
