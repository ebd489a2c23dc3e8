/* SPDX-License-Identifier: WTFPL OR MIT
 * A file's content: read(2) straight into the tape block, and checksummed while it is in the processor's cache. */
#include "pack_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Read and checksum in pieces that stay in a second-level cache. */
enum { PIECE = 256 * 1024 };
static const uint8_t zeros[64 * 1024];

static int add_extent(pytp_sparse *map, uint64_t offset, uint64_t length)
{
    if (map->count == map->room) {
        size_t room = map->room ? map->room * 2 : 16;
        pytp_extent *extents = realloc(map->extents, room * sizeof *extents);
        if (extents == NULL)
            return -1;
        map->extents = extents;
        map->room = room;
    }
    map->extents[map->count++] = (pytp_extent){offset, length};
    map->data_bytes += length;
    return 0;
}

/* GNU tar manual, "Storing Sparse Files", format 1.0: number of extents, then offset and length of each, in decimal lines. */
static int write_map(pytp_sparse *map)
{
    char line[64];
    size_t n = (size_t)snprintf(line, sizeof line, "%zu\n", map->count);
    int bad = pytp_bytes_add(&map->text, line, n);
    for (size_t i = 0; i < map->count && !bad; i++) {
        n = (size_t)snprintf(line, sizeof line, "%" PRIu64 "\n%" PRIu64 "\n", map->extents[i].offset, map->extents[i].length);
        bad = pytp_bytes_add(&map->text, line, n);
    }
    return bad || pytp_bytes_add(&map->text, zeros, (PYTP_TAR_BLOCK - map->text.length % PYTP_TAR_BLOCK) % PYTP_TAR_BLOCK);
}

void pytp_sparse_free(pytp_sparse *map)
{
    free(map->extents);
    pytp_bytes_free(&map->text);
    *map = (pytp_sparse){0};
}

int pytp_sparse_map(int fd, const struct stat *st, pytp_sparse *map)
{
    off_t size = st->st_size, data = 0, hole;
    *map = (pytp_sparse){0};
    if ((off_t)st->st_blocks * 512 >= size)
        return 0;
    while (data < size) {
        data = lseek(fd, data, SEEK_DATA);
        if (data < 0 && errno != ENXIO) /* ENXIO: a hole up to the end. Any other failure tells nothing of holes. */
            return 0;
        if (data < 0 || data >= size)
            break;
        hole = lseek(fd, data, SEEK_HOLE);
        if (hole <= data)
            return 0;
        hole = hole > size ? size : hole;
        if (add_extent(map, (uint64_t)data, (uint64_t)(hole - data)) != 0)
            return -1;
        data = hole;
    }
    if (map->data_bytes == (uint64_t)size)
        return 0;
    /* a closing hole is told by an empty extent at the end */
    if (map->count == 0 || map->extents[map->count - 1].offset + map->extents[map->count - 1].length < (uint64_t)size)
        if (add_extent(map, (uint64_t)size, 0) != 0)
            return -1;
    return write_map(map) == 0 ? 1 : -1;
}

/* Holes can be far longer than any file on disk: look between pieces whether the job was stopped. */
static int hash_zeros(pytp_pack *pack, uint64_t length)
{
    while (length > 0 && !pack->unchecked) {
        if (pytp_ring_fill(pack->ring) == NULL)
            return PYTP_CANCELLED;
        size_t take = length < sizeof zeros ? (size_t)length : sizeof zeros;
        pytp_hash_add(pack->hash, zeros, take);
        length -= take;
    }
    return 0;
}

/* What the file no longer gives is zeros: the header has promised `length` bytes. */
static int fill_up(pytp_pack *pack, const pytp_entry *entry, uint64_t length, int kind, int error)
{
    pack->filled_up = 1;
    pytp_pack_problem(pack, &entry->name, kind, error);
    int status = hash_zeros(pack, length);
    return status == 0 ? pytp_stream_zeros(pack, length) : status;
}

/* Copy `length` bytes at `offset` into the archive. */
static int copy(pytp_pack *pack, const pytp_entry *entry, uint64_t offset, uint64_t length)
{
    while (length > 0) {
        size_t room;
        uint8_t *into = pytp_stream_room(pack, &room);
        if (into == NULL)
            return PYTP_CANCELLED;
        size_t want = room < PIECE ? room : PIECE;
        want = length < want ? (size_t)length : want;
        ssize_t got = pread(entry->fd, into, want, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return fill_up(pack, entry, length, got < 0 ? PYTP_PROBLEM_READ_ERROR : PYTP_PROBLEM_SHRANK, got < 0 ? errno : 0);
        pytp_hash_add(pack->hash, into, (size_t)got);
        __atomic_add_fetch(&pack->counts.data_bytes, (uint64_t)got, __ATOMIC_RELAXED);
        pytp_stream_advance(pack, (size_t)got);
        length -= (uint64_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

/* Most files of most trees: all of it in one read, where one read gets it. Returns -1 when it did not. */
static int copy_small(pytp_pack *pack, int fd, size_t length, pytp_packed_member *member)
{
    size_t room;
    uint8_t *into = pytp_stream_room(pack, &room);
    if (into == NULL)
        return PYTP_CANCELLED;
    if (length > room || length > PIECE || pread(fd, into, length, 0) != (ssize_t)length)
        return -1;
    member->digest_length = (uint8_t)pytp_hash_whole(pack->hash, into, length, member->digest);
    __atomic_add_fetch(&pack->counts.data_bytes, length, __ATOMIC_RELAXED);
    return pytp_stream_advance(pack, length);
}

static int copy_sparse(pytp_pack *pack, const pytp_entry *entry, const pytp_sparse *map)
{
    uint64_t at = 0;
    int status = pytp_stream_put(pack, map->text.data, map->text.length);
    for (size_t i = 0; i < map->count && status == 0; i++) {
        status = hash_zeros(pack, map->extents[i].offset - at);
        if (status == 0)
            status = copy(pack, entry, map->extents[i].offset, map->extents[i].length);
        at = map->extents[i].offset + map->extents[i].length;
    }
    return status;
}

static void tell_changes(pytp_pack *pack, const pytp_entry *entry)
{
    struct stat now;
    const struct stat *before = &entry->st;
    if (fstat(entry->fd, &now) != 0)
        return;
    if (now.st_size > before->st_size)
        pytp_pack_problem(pack, &entry->name, PYTP_PROBLEM_GREW, 0);
    else if (!pack->filled_up && (now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
                                  now.st_mtim.tv_nsec != before->st_mtim.tv_nsec))
        pytp_pack_problem(pack, &entry->name, PYTP_PROBLEM_CHANGED, 0);
}

int pytp_pack_content(pytp_pack *pack, const pytp_entry *entry, const pytp_sparse *map, pytp_packed_member *member)
{
    uint64_t size = (uint64_t)entry->st.st_size, stored = map->count > 0 ? map->data_bytes : size;
    pack->filled_up = 0;
    int status = map->count == 0 ? copy_small(pack, entry->fd, size, member) : -1;
    if (status == -1) {
        pack->unchecked = map->count > 0 && size - stored > (uint64_t)PYTP_CHECKED_HOLES;
        pytp_hash_start(pack->hash);
        status = map->count > 0 ? copy_sparse(pack, entry, map) : copy(pack, entry, 0, size);
        size_t digest = pytp_hash_finish(pack->hash, member->digest);
        member->digest_length = pack->unchecked ? 0 : (uint8_t)digest;
        pack->unchecked = 0;
    }
    if (status == 0)
        status = pytp_stream_zeros(pack, (PYTP_TAR_BLOCK - stored % PYTP_TAR_BLOCK) % PYTP_TAR_BLOCK);
    if (status == 0)
        tell_changes(pack, entry);
    return status;
}
