/* SPDX-License-Identifier: WTFPL OR MIT
 * The packer's inside, shared by pack_*.c. Functions return 0, or what pytp_pack_tree() returns.
 *
 * Two threads work on a tree: the walker lists directories, opens files and reads their attributes; the packer lays out
 * headers and reads content. Between them is a queue of entries in the order of the archive. */
#ifndef PYTP_PACK_PARTS_H
#define PYTP_PACK_PARTS_H
#include "bytes.h"
#include "pack.h"
#include "tarhead.h"

#include <pthread.h>
#include <sys/stat.h>

typedef struct {
    uint64_t device, inode;
    size_t name; /* offset into names, plus 1; 0 is an empty place */
} pytp_link;

typedef struct {
    pytp_link *places; /* open addressing, a power of two */
    size_t room, count;
    pytp_bytes names; /* NUL-terminated */
} pytp_links;

/* Longer than any name service gives (LOGIN_NAME_MAX is 256): part of a name would be somebody else's. */
enum { PYTP_OWNER_NAME = 256 };

typedef struct {
    uint64_t id;
    char known, name[PYTP_OWNER_NAME];
} pytp_owner;

/* One thing found by the walker. */
typedef struct {
    struct stat st;
    uint64_t found_ns; /* when st was taken, CLOCK_MONOTONIC */
    struct timespec tick; /* before that, of the clock that stamps files */
    int fd;            /* an ordinary file, open for reading; else -1 */
    int incomplete;    /* it is not all of the file that is saved: another session has to try again */
    char type;         /* tar's type flag */
    pytp_bytes name, link, records; /* member name, link target, pax records of its attributes */
} pytp_entry;

/* How far the walker is ahead at most: enough to keep a disk busy, and far from the limit of open files. */
enum { PYTP_QUEUE_ROOM = 128 };

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    pytp_entry entries[PYTP_QUEUE_ROOM];
    size_t head, count;
    int closed, stopped; /* by the walker, by the packer */
    int hungry, crowded; /* a side waits */
} pytp_queue;

/* Members that cross a block boundary which may be in the ring: pack_continue.c. */
typedef struct pytp_crossing pytp_crossing;
typedef struct {
    pthread_mutex_t lock;
    pytp_crossing *first, *last;
    size_t count;
} pytp_crossings;

struct pytp_pack {
    pytp_ring *ring;
    pytp_pack_options options;
    char **exclude;
    pytp_hash *hash;
    size_t block_bytes, slots;
    /* the block being filled */
    uint8_t *slot;
    size_t used;
    uint64_t block;
    uint64_t frame; /* block with which the current frame begins */
    int frame_due;  /* another one begins with the next block */
    int frame_long; /* the current one does not begin with a member */
    int unchecked; /* the current file has more holes than are checksummed */
    int filled_up; /* the current file gave less than its header says, which has been told */
    /* an archive that goes on */
    uint64_t silent;             /* what is in front of this block is on tape: it is made and thrown away */
    uint8_t *scratch;            /* the block that is thrown away; NULL: none was */
    const pytp_cut_member *rest; /* the member that goes on, until it has been laid out again */
    /* the tree being walked */
    const char *root;    /* path of the argument */
    const char *after;   /* member behind which to begin, or NULL */
    int within;          /* begin with that member itself, without the directories above it */
    size_t prefix;       /* length of its member name */
    pytp_queue queue;
    pytp_bytes group, log;
    pytp_bytes preface; /* what is still to be put in front of the first member */
    pthread_mutex_t log_lock;
    pytp_crossings crossings;
    pytp_links links;    /* the walker's */
    pytp_known *known;   /* what is left out; or NULL */
    pytp_survey *survey; /* only count; or NULL */
    int first_only;
    pytp_owner users[64], groups[64];
    pytp_pack_counts counts;
};

/* pack_queue.c */
int pytp_queue_start(pytp_queue *queue);
/* The next free entry, emptied, after waiting for it; NULL when the packer has stopped. */
pytp_entry *pytp_queue_space(pytp_queue *queue);
void pytp_queue_push(pytp_queue *queue);
void pytp_queue_close(pytp_queue *queue);
/* The oldest entry; NULL at the end. pop() closes its file. */
pytp_entry *pytp_queue_next(pytp_queue *queue);
void pytp_queue_pop(pytp_queue *queue);
/* Make both sides stop; afterwards, when the walker has ended, clear() closes what is left. */
void pytp_queue_stop(pytp_queue *queue);
void pytp_queue_clear(pytp_queue *queue);
void pytp_queue_free(pytp_queue *queue);
uint64_t pytp_now_ns(void);

/* pack_walk.c: fill the queue with `path` and what is below it; runs in the walker's thread, which needs PYTP_WALK_STACK
 * bytes. What lies deeper than PYTP_WALK_DEPTH directories is reported as unreadable: anybody may nest that many, and must
 * not end the backup with it. */
enum { PYTP_SURVEYED = -2 }; /* the survey needs no more */
enum { PYTP_WALK_DEPTH = 32768, PYTP_WALK_STACK = 128 << 20 };
int pytp_walk(pytp_pack *pack, const char *path, const char *name);

/* pack_stream.c: bytes into slots */
uint8_t *pytp_stream_room(pytp_pack *pack, size_t *room);
int pytp_stream_advance(pytp_pack *pack, size_t length);
int pytp_stream_put(pytp_pack *pack, const void *data, size_t length);
int pytp_stream_zeros(pytp_pack *pack, uint64_t length);
int pytp_stream_align(pytp_pack *pack, size_t group);
/* Begin another frame, if a member of `length` bytes, of which `group` are headers, has to have one. */
int pytp_stream_frame(pytp_pack *pack, size_t group, uint64_t length);
int pytp_stream_end(pytp_pack *pack);

/* pack_member.c: one member, header and content. The entry's attributes are used up. */
int pytp_pack_member(pytp_pack *pack, pytp_entry *entry);

/* pack_data.c: content */
typedef struct {
    uint64_t offset, length;
} pytp_extent;
typedef struct {
    pytp_extent *extents;
    size_t count, room;
    uint64_t data_bytes;
    pytp_bytes text; /* the map as GNU.sparse 1.0 writes it, padded to 512 */
} pytp_sparse;
/* 1 when the file has holes and the map was made, 0 when it is dense, -1 when memory is short. */
int pytp_sparse_map(int fd, const struct stat *st, pytp_sparse *map);
void pytp_sparse_free(pytp_sparse *map);
int pytp_pack_content(pytp_pack *pack, const pytp_entry *entry, const pytp_sparse *map, pytp_packed_member *member);

/* pack_attributes.c: xattrs and ACLs of an open file, or of a path when fd is -1, as pax records. What can be read is
 * added; returns 0, or the errno of the first that could not. */
int pytp_attribute_records(int fd, const char *path, pytp_bytes *records);

/* pack_links.c: the name under which this inode was archived before, or NULL, remembering it under the current name. */
const char *pytp_links_seen(pytp_links *links, const struct stat *st, const pytp_bytes *name, int *failed);
void pytp_links_clear(pytp_links *links);

/* pack_continue.c: remember a member whose header was just put, if its data cross a block boundary; `total` is its size
 * with holes. */
int pytp_crossings_note(pytp_pack *pack, const pytp_tarhead *head, const pytp_entry *entry,
                        const pytp_packed_member *member);
void pytp_crossings_clear(pytp_crossings *crossings);

/* pack_rest.c: before an entry (NULL: at the end) is packed: if the member that goes on is not there, zeros take its place. */
int pytp_rest_await(pytp_pack *pack, const pytp_entry *entry);
/* Its headers are in pack->group: is it the same? Returns 0, or PYTP_REPLACED when zeros have taken the place of its rest. */
enum { PYTP_REPLACED = -3 };
int pytp_rest_check(pytp_pack *pack, const pytp_packed_member *member, uint64_t stored);

/* pack_log.c */
void pytp_log_member(pytp_pack *pack, const pytp_packed_member *member, const pytp_entry *entry);
void pytp_log_flush(pytp_pack *pack);
/* Report a member by its path on disk; from either thread. */
void pytp_pack_problem(pytp_pack *pack, const pytp_bytes *name, int kind, int error);

#endif
