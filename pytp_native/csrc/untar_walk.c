/* SPDX-License-Identifier: WTFPL OR MIT
 * Directories beneath the target. Every component is opened from its parent with O_NOFOLLOW, and ".." never gets here
 * (untar_clean), so no path can leave the target, whatever links the archive or somebody else plants; this is what
 * openat2's RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS promises, on every kernel and for paths beyond PATH_MAX too. The chain
 * stays open between members: the next file of the same directory costs no lookup. */
#include "untar_parts.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

enum { OPEN_LIMIT = 128 }; /* descriptors one chain holds; deeper ones close the oldest and reopen it when needed */

static void pop(untar_walk *walk)
{
    untar_level *level = &walk->levels[--walk->depth];
    if (level->fd >= 0) {
        close(level->fd);
        walk->open--;
    }
    walk->path.length = walk->depth > 0 ? walk->levels[walk->depth - 1].end : 0;
}

void untar_walk_forget(untar_walk *walk)
{
    while (walk->depth > 0)
        pop(walk);
}

void untar_walk_free(untar_walk *walk)
{
    untar_walk_forget(walk);
    free(walk->levels);
    free(walk->path.at);
}

static void close_oldest(untar_walk *walk)
{
    for (size_t i = 0; i < walk->depth; i++)
        if (walk->levels[i].fd >= 0) {
            close(walk->levels[i].fd);
            walk->levels[i].fd = -1;
            walk->open--;
            return;
        }
}

static int push(untar_walk *walk, const char *name, size_t length, int fd)
{
    if (walk->depth == walk->room) {
        size_t room = walk->room > 0 ? walk->room * 2 : 32;
        untar_level *levels = realloc(walk->levels, room * sizeof *levels);
        if (levels == NULL)
            return ENOMEM;
        walk->levels = levels;
        walk->room = room;
    }
    if ((walk->depth > 0 && untar_buffer_add(&walk->path, "/", 1) != 0) ||
        untar_buffer_add(&walk->path, name, length) != 0)
        return ENOMEM;
    if (walk->open == OPEN_LIMIT)
        close_oldest(walk);
    walk->levels[walk->depth++] = (untar_level){.end = walk->path.length, .fd = fd};
    walk->open++;
    return 0;
}

/* Drop the levels that are not on the way to `path`, and those above the deepest that is still open. */
static void keep_common(untar_walk *walk, const char *path, size_t length)
{
    while (walk->depth > 0) {
        size_t end = walk->levels[walk->depth - 1].end;
        if (end <= length && memcmp(walk->path.at, path, end) == 0 && (end == length || path[end] == '/') &&
            walk->levels[walk->depth - 1].fd >= 0)
            return;
        pop(walk);
    }
}

static int open_directory(int parent, const char *name)
{
    return openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* One step down; `name` is NUL-terminated. */
static int descend(untar_walk *walk, int parent, const char *name, const char *path, size_t length, int make)
{
    int fd = open_directory(parent, name);
    if (fd >= 0 || errno != ENOENT || !make)
        return fd;
    if (mkdirat(parent, name, 0777) != 0) /* not in the archive, or not yet: what umask leaves */
        return -1;
    if (walk->made != NULL && untar_made_add(walk->made, path, length) != 0) {
        errno = ENOMEM;
        return -1;
    }
    return open_directory(parent, name);
}

int untar_walk_to(untar_walk *walk, const char *path, size_t length, int make)
{
    char name[NAME_MAX + 1];
    keep_common(walk, path, length);
    size_t at = walk->depth > 0 ? walk->levels[walk->depth - 1].end + 1 : 0;
    int fd = walk->depth > 0 ? walk->levels[walk->depth - 1].fd : walk->root;
    while (at < length) {
        const char *slash = memchr(path + at, '/', length - at);
        size_t end = slash ? (size_t)(slash - path) : length;
        if (end - at > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, path + at, end - at);
        name[end - at] = 0;
        fd = descend(walk, fd, name, path, end, make);
        if (fd < 0)
            return -1;
        if (push(walk, name, end - at, fd) != 0) {
            close(fd);
            errno = ENOMEM;
            return -1;
        }
        at = end + 1;
    }
    return fd;
}

/* The seed is secret, so that no archive can be made whose paths collide with a file that was there before. */
static uint64_t hash(const untar_made *made, const char *path, size_t length)
{
    uint64_t value = XXH3_64bits_withSeed(path, length, made->seed);
    return value != 0 ? value : 1;
}

static void insert(untar_made *made, uint64_t value)
{
    size_t i = (size_t)value & (made->room - 1);
    while (made->hashes[i] != 0 && made->hashes[i] != value)
        i = (i + 1) & (made->room - 1);
    made->count += made->hashes[i] == 0;
    made->hashes[i] = value;
}

static int grow(untar_made *made)
{
    untar_made larger = {calloc(made->room * 2 + 1024 * (made->room == 0), sizeof(uint64_t)), 0,
                         made->room > 0 ? made->room * 2 : 1024, made->seed};
    if (larger.hashes == NULL)
        return ENOMEM;
    if (made->room == 0 && getrandom(&larger.seed, sizeof larger.seed, 0) != (ssize_t)sizeof larger.seed)
        larger.seed = (uint64_t)(uintptr_t)larger.hashes;
    for (size_t i = 0; i < made->room; i++)
        if (made->hashes[i] != 0)
            insert(&larger, made->hashes[i]);
    free(made->hashes);
    *made = larger;
    return 0;
}

int untar_made_add(untar_made *made, const char *path, size_t length)
{
    if (made->count * 4 >= made->room * 3 && grow(made) != 0)
        return ENOMEM;
    insert(made, hash(made, path, length));
    return 0;
}

int untar_made_has(const untar_made *made, const char *path, size_t length)
{
    if (made->room == 0)
        return 0;
    uint64_t value = hash(made, path, length);
    for (size_t i = (size_t)value & (made->room - 1); made->hashes[i] != 0; i = (i + 1) & (made->room - 1))
        if (made->hashes[i] == value)
            return 1;
    return 0;
}
