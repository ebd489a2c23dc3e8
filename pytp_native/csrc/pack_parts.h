/* SPDX-License-Identifier: WTFPL OR MIT
 * The packer's inside, shared by pack_*.c. Functions return 0, or what pytp_pack_tree() returns. */
#ifndef PYTP_PACK_PARTS_H
#define PYTP_PACK_PARTS_H
#include "bytes.h"
#include "pack.h"
#include "tarhead.h"

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

struct pytp_pack {
    pytp_ring *ring;
    pytp_pack_options options;
    char **exclude;
    pytp_hash *hash;
    size_t block_bytes;
    /* the block being filled */
    uint8_t *slot;
    size_t used;
    uint64_t block;
    /* the tree being walked */
    const char *root;    /* path of the argument */
    size_t prefix;       /* length of its member name */
    uint64_t root_device;
    pytp_bytes name;     /* member name of the current entry */
    pytp_bytes group, records, link, log;
    pytp_links links;
    pytp_owner users[64], groups[64];
    int noatime; /* O_NOATIME, until it is refused */
    pytp_pack_counts counts;
};

/* pack_stream.c: bytes into slots */
uint8_t *pytp_stream_room(pytp_pack *pack, size_t *room);
int pytp_stream_advance(pytp_pack *pack, size_t length);
int pytp_stream_put(pytp_pack *pack, const void *data, size_t length);
int pytp_stream_zeros(pytp_pack *pack, uint64_t length);
int pytp_stream_align(pytp_pack *pack, size_t group);
int pytp_stream_end(pytp_pack *pack);

/* pack_member.c: one member, header and data; `fd` -1 for those without data. */
int pytp_pack_member(pytp_pack *pack, const struct stat *st, int fd, const char *link, size_t link_length, char type);

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
int pytp_pack_content(pytp_pack *pack, int fd, const struct stat *st, const pytp_sparse *map, pytp_packed_member *member);

/* pack_attributes.c: xattrs and ACLs of an open file, or of a path when fd is -1, as pax records. */
int pytp_attribute_records(pytp_pack *pack, int fd, const char *path, pytp_bytes *records);

/* pack_links.c: the name under which this inode was archived before, or NULL, remembering it under the current name. */
const char *pytp_links_seen(pytp_links *links, const struct stat *st, const pytp_bytes *name, int *failed);
void pytp_links_clear(pytp_links *links);

/* pack_log.c */
void pytp_log_member(pytp_pack *pack, const pytp_packed_member *member, const char *link);
void pytp_log_flush(pytp_pack *pack);
void pytp_pack_problem(pytp_pack *pack, int kind, int error);

#endif
