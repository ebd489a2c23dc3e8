/* SPDX-License-Identifier: WTFPL OR MIT
 * The walker: finds what is in a tree, in byte order of names, opens it and reads its attributes, ahead of the packer. */
#include "pack_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The directory that is being read. */
typedef struct {
    const struct stat *st;
    struct timespec tick;
    int fd, told; /* it is in the archive */
    size_t name_length;
} folder;

typedef struct {
    pytp_pack *pack;
    folder *above;   /* of the current entry; NULL for an argument */
    pytp_bytes name; /* member name of the current entry, NUL-terminated */
    uint64_t root_device;
    unsigned depth; /* directories that are being read */
    int noatime;    /* O_NOATIME, until it is refused */
    struct timespec tick; /* of the clock that stamps files, before the current one was looked at */
} walker;

typedef struct {
    int parent;       /* directory descriptor, or AT_FDCWD for an argument */
    const char *base; /* name there */
    int follow;       /* an argument that is a symbolic link is followed */
} place;

static int visit(walker *walk, place at, int type);

/* --exclude as GNU tar has it: a glob against the member name and against every part of it that begins behind a slash. */
static int excluded(const walker *walk)
{
    const char *name = (const char *)walk->name.data;
    for (size_t i = 0; i < walk->pack->options.excludes; i++)
        for (const char *part = name; part != NULL; part = strchr(part, '/'), part = part ? part + 1 : NULL)
            if (fnmatch(walk->pack->exclude[i], part, 0) == 0)
                return 1;
    return 0;
}

/* Where the current name stands to the member behind which, or within which, a tree goes on: directories come before what is in them, their
 * entries in byte order. */
enum { PASSED, ABOVE, AHEAD };

static int passed(const walker *walk)
{
    const unsigned char *name = walk->name.data, *after = (const unsigned char *)walk->pack->after;
    if (after == NULL)
        return AHEAD;
    while (*name != 0 && *name == *after)
        name++, after++;
    if (*name == 0 && *after == 0)
        return walk->pack->within ? AHEAD : ABOVE;
    if (*name == 0)
        return *after == '/' ? ABOVE : PASSED;
    if (*after == 0)
        return AHEAD;
    return (*name == '/' ? 0 : *name) > (*after == '/' ? 0 : *after) ? AHEAD : PASSED;
}

/* Make the name end in "/base"; returns the length to go back to, or 0 when memory is short. The NUL is not counted. */
static size_t enter_name(walker *walk, const char *base)
{
    size_t before = walk->name.length, length = strlen(base);
    if (pytp_bytes_reserve(&walk->name, length + 2) != 0)
        return 0;
    walk->name.data[before] = '/';
    memcpy(walk->name.data + before + 1, base, length + 1);
    walk->name.length += length + 1;
    return before;
}

static void leave_name(walker *walk, size_t before)
{
    walk->name.length = before;
    walk->name.data[before] = 0;
}

static int open_at(walker *walk, place at, int flags)
{
    flags |= O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (at.follow ? 0 : O_NOFOLLOW);
    int fd = openat(at.parent, at.base, flags | walk->noatime);
    if (fd < 0 && errno == EPERM && walk->noatime) { /* O_NOATIME is for the owner */
        fd = openat(at.parent, at.base, flags);
        walk->noatime = fd < 0 ? walk->noatime : 0;
    }
    return fd;
}

static int tell(walker *walk, int kind, int error)
{
    if (walk->pack->survey == NULL) /* it will be told when it is packed */
        pytp_pack_problem(walk->pack, &walk->name, kind, error);
    return 0;
}

static int cannot(walker *walk, int error)
{
    pytp_known *known = walk->pack->known;
    if (known != NULL && error != ENOENT)
        pytp_known_keep(known, (const char *)walk->name.data, walk->name.length, 1);
    return tell(walk, error == ENOENT ? PYTP_PROBLEM_VANISHED : PYTP_PROBLEM_UNREADABLE, error);
}

static pytp_entry *entry_for(walker *walk, const struct stat *st, char type, int *status);
static void attributes(walker *walk, int fd, const char *path, pytp_entry *entry);

/* Restoring a file over an older state changes the times of its directory, which therefore comes in front of it, even if it
 * is as it was. */
static int tell_folder(walker *walk)
{
    folder *above = walk->above;
    size_t length = walk->name.length;
    int status;
    above->told = 1;
    walk->name.length = above->name_length;
    pytp_entry *entry = entry_for(walk, above->st, '5', &status);
    if (entry != NULL) {
        entry->tick = above->tick;
        attributes(walk, above->fd, NULL, entry);
        pytp_queue_push(&walk->pack->queue);
    }
    walk->name.length = length;
    return status;
}

/* An entry for the current name, to be completed and pushed; NULL with *status when there is none to be had. */
static pytp_entry *entry_for(walker *walk, const struct stat *st, char type, int *status)
{
    if (type != '5' && walk->above != NULL && !walk->above->told && (*status = tell_folder(walk)) != 0)
        return NULL;
    pytp_entry *entry = walk->pack->survey == NULL ? pytp_queue_space(&walk->pack->queue) : NULL;
    *status = entry == NULL && walk->pack->survey == NULL ? PYTP_CANCELLED : 0;
    if (entry == NULL)
        return NULL;
    entry->tick = walk->tick;
    entry->st = *st;
    entry->type = type;
    entry->found_ns = pytp_now_ns();
    if (pytp_bytes_add(&entry->name, walk->name.data, walk->name.length) == 0)
        return entry;
    *status = PYTP_FAILED;
    return NULL;
}

static int push(walker *walk)
{
    pytp_queue_push(&walk->pack->queue);
    return 0;
}

static void attributes(walker *walk, int fd, const char *path, pytp_entry *entry)
{
    int error = pytp_attribute_records(fd, path, &entry->records);
    entry->incomplete = error != 0;
    if (error != 0)
        tell(walk, PYTP_PROBLEM_ATTRIBUTES, error);
}

/* Attributes of what is never opened: through the directory's descriptor, links not followed. Not inlined: the path would
 * cost its 4 KiB of stack in every directory above. */
__attribute__((noinline)) static void closed_attributes(walker *walk, place at, pytp_entry *entry)
{
    char path[4300];
    if (at.parent == AT_FDCWD)
        attributes(walk, -1, at.base, entry);
    else if (snprintf(path, sizeof path, "/proc/self/fd/%d/%s", at.parent, at.base) < (int)sizeof path)
        attributes(walk, -1, path, entry);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a + 1, *(char *const *)b + 1);
}

/* All names of a directory, each behind a byte with its type, and pointers to them in order. */
typedef struct {
    pytp_bytes blob;
    char **names;
    size_t count;
} listing;

static void free_listing(listing *list)
{
    pytp_bytes_free(&list->blob);
    free(list->names);
}

static int collect(DIR *dir, listing *list)
{
    errno = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL; errno = 0) {
        const char *name = entry->d_name;
        if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)))
            continue;
        if (pytp_bytes_add(&list->blob, &entry->d_type, 1) | pytp_bytes_add(&list->blob, name, strlen(name) + 1))
            return PYTP_FAILED;
        list->count++;
    }
    return 0;
}

static int sort(listing *list)
{
    list->names = malloc((list->count + 1) * sizeof *list->names);
    if (list->names == NULL)
        return PYTP_FAILED;
    char *at = (char *)list->blob.data;
    for (size_t i = 0; i < list->count; i++, at += strlen(at + 1) + 2)
        list->names[i] = at;
    qsort(list->names, list->count, sizeof *list->names, compare);
    return 0;
}

static int visit_children(walker *walk, int directory, const listing *list)
{
    int status = 0;
    for (size_t i = 0; i < list->count && status == 0; i++) {
        size_t before = enter_name(walk, list->names[i] + 1);
        if (before == 0)
            return PYTP_FAILED;
        if (!excluded(walk) && passed(walk) != PASSED)
            status = visit(walk, (place){directory, list->names[i] + 1, 0}, list->names[i][0]);
        leave_name(walk, before);
    }
    return status;
}

static int descend(walker *walk, int fd)
{
    listing list = {0};
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return cannot(walk, errno);
    }
    int status = collect(dir, &list);
    if (status == 0 && errno != 0)
        cannot(walk, errno);
    if (status == 0)
        status = sort(&list);
    walk->depth++;
    if (status == 0)
        status = visit_children(walk, dirfd(dir), &list);
    walk->depth--;
    free_listing(&list);
    closedir(dir);
    return status;
}

/* Is what stands at the current name saved already? */
static int is_known(const walker *walk, const struct stat *st, const char *link, size_t link_length)
{
    pytp_known *known = walk->pack->known;
    return known != NULL && pytp_known_same(known, (const char *)walk->name.data, walk->name.length, st, link, link_length);
}

/* Count what would be saved: a header, a pax header for its times, content. */
static int count(walker *walk, const struct stat *st)
{
    pytp_survey *survey = walk->pack->survey;
    int failed = 0;
    uint64_t size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0, stored = (uint64_t)st->st_blocks * 512;
    if (st->st_nlink > 1 && !S_ISDIR(st->st_mode) && pytp_links_seen(&walk->pack->links, st, &walk->name, &failed) != NULL)
        size = 0;
    survey->members++;
    survey->data_bytes += size;
    size = size > stored ? stored : size; /* holes take no tape */
    survey->tape_bytes += 3 * PYTP_TAR_BLOCK + (size + PYTP_TAR_BLOCK - 1) / PYTP_TAR_BLOCK * PYTP_TAR_BLOCK;
    if (failed)
        return PYTP_FAILED;
    if (walk->pack->first_only)
        return PYTP_SURVEYED;
    return __atomic_load_n(&walk->pack->queue.stopped, __ATOMIC_RELAXED) ? PYTP_CANCELLED : 0;
}

/* What needs no opening: it is as it was saved, or only counted. Returns -1 when it has to be saved, or is a directory. */
__attribute__((noinline)) static int settle(walker *walk, place at)
{
    struct stat st;
    char text[4097];
    ssize_t length = 0;
    if (fstatat(at.parent, at.base, &st, at.follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(st.st_mode))
        return -1;
    if (S_ISSOCK(st.st_mode))
        return walk->pack->survey != NULL ? 0 : -1;
    if (S_ISLNK(st.st_mode) && (length = readlinkat(at.parent, at.base, text, sizeof text)) < 0)
        return -1;
    if (is_known(walk, &st, text, (size_t)length))
        return 0;
    return walk->pack->survey != NULL ? count(walk, &st) : -1;
}

/* The member that goes on is the first thing in its archive: the directories above it are in front of the cut. */
static int is_above_rest(const walker *walk)
{
    return walk->pack->within && passed(walk) == ABOVE;
}

/* The directory itself, if it has to be saved. */
static int announce(walker *walk, const struct stat *st, int fd, int *told)
{
    int status;
    *told = !is_known(walk, st, NULL, 0) || is_above_rest(walk);
    if (!*told || is_above_rest(walk))
        return 0;
    if (walk->pack->survey != NULL)
        return count(walk, st);
    pytp_entry *entry = entry_for(walk, st, '5', &status);
    if (entry == NULL)
        return status;
    if (fd >= 0)
        attributes(walk, fd, NULL, entry);
    return push(walk);
}

static int put_directory(walker *walk, place at, const struct stat *found)
{
    struct stat st = *found;
    int fd = open_at(walk, at, O_DIRECTORY), error = errno;
    if (fd >= 0 && fstat(fd, &st) != 0)
        st = *found;
    folder here = {&st, walk->tick, fd, 0, walk->name.length}, *above = walk->above;
    int status = announce(walk, &st, fd, &here.told);
    if (fd < 0)
        return status ? status : cannot(walk, error);
    if (status != 0 || (walk->pack->options.one_file_system && (uint64_t)st.st_dev != walk->root_device)) {
        close(fd);
        return status;
    }
    if (walk->depth == PYTP_WALK_DEPTH) {
        close(fd);
        return cannot(walk, ENAMETOOLONG);
    }
    walk->above = &here;
    status = descend(walk, fd);
    walk->above = above;
    return status;
}

/* A name of an inode that is in the archive already becomes a hard link to it. Returns -1 when it is the first. */
static int put_hard_link(walker *walk, const struct stat *st)
{
    int failed, status;
    if (st->st_nlink < 2)
        return -1;
    const char *first = pytp_links_seen(&walk->pack->links, st, &walk->name, &failed);
    if (failed)
        return PYTP_FAILED;
    if (first == NULL)
        return -1;
    pytp_entry *entry = entry_for(walk, st, '1', &status);
    if (entry == NULL)
        return status;
    return pytp_bytes_add(&entry->link, first, strlen(first)) == 0 ? push(walk) : PYTP_FAILED;
}

/* Takes the descriptor over. */
static int put_file(walker *walk, const struct stat *st, int fd)
{
    int status = put_hard_link(walk, st);
    pytp_entry *entry = status == -1 ? entry_for(walk, st, '0', &status) : NULL;
    if (entry == NULL) {
        close(fd);
        return status;
    }
    entry->fd = fd;
    attributes(walk, fd, NULL, entry);
    return push(walk);
}

__attribute__((noinline)) static int put_symlink(walker *walk, place at, const struct stat *st)
{
    char text[4097];
    /* First: another name must not become a hard link to one that could not be saved. */
    ssize_t length = readlinkat(at.parent, at.base, text, sizeof text);
    if (length < 0)
        return cannot(walk, errno);
    int status = put_hard_link(walk, st);
    pytp_entry *entry = status == -1 ? entry_for(walk, st, '2', &status) : NULL;
    if (entry == NULL)
        return status;
    if (pytp_bytes_add(&entry->link, text, (size_t)length) != 0)
        return PYTP_FAILED;
    closed_attributes(walk, at, entry);
    return push(walk);
}

static int put_special(walker *walk, place at, const struct stat *st, char type)
{
    int status = put_hard_link(walk, st);
    pytp_entry *entry = status == -1 ? entry_for(walk, st, type, &status) : NULL;
    if (entry == NULL)
        return status;
    closed_attributes(walk, at, entry);
    return push(walk);
}

static int put_other(walker *walk, place at, const struct stat *st)
{
    switch (st->st_mode & S_IFMT) {
    case S_IFDIR: return put_directory(walk, at, st);
    case S_IFLNK: return put_symlink(walk, at, st);
    case S_IFIFO: return put_special(walk, at, st, '6');
    case S_IFCHR: return put_special(walk, at, st, '3');
    case S_IFBLK: return put_special(walk, at, st, '4');
    case S_IFSOCK: return tell(walk, PYTP_PROBLEM_SOCKET, 0);
    default: return tell(walk, PYTP_PROBLEM_UNKNOWN_TYPE, 0);
    }
}

/* What is, or was a moment ago, an ordinary file. Returns -1 when it is none, or with errno when it cannot be opened. */
static int visit_file(walker *walk, place at)
{
    struct stat st;
    int fd = open_at(walk, at, 0);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return put_file(walk, &st, fd);
    close(fd);
    errno = ELOOP;
    return -1;
}

static int visit(walker *walk, place at, int type)
{
    struct stat st;
    int done = passed(walk) == ABOVE, status = -1;
    clock_gettime(CLOCK_REALTIME_COARSE, &walk->tick);
    if (type != DT_DIR && !done && (walk->pack->known != NULL || walk->pack->survey != NULL))
        status = settle(walk, at);
    if (status == -1 && type == DT_REG && !done)
        status = visit_file(walk, at);
    if (status != -1)
        return status;
    if (type == DT_REG && !done && errno != ELOOP && errno != ENXIO) /* those two: something else is in its place by now */
        return cannot(walk, errno);
    if (fstatat(at.parent, at.base, &st, at.follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        return cannot(walk, errno);
    if (done && !S_ISDIR(st.st_mode))
        return 0;
    if (!S_ISREG(st.st_mode))
        return put_other(walk, at, &st);
    if (walk->pack->survey != NULL)
        return count(walk, &st);
    status = visit_file(walk, at);
    return status == -1 ? cannot(walk, errno) : status;
}

int pytp_walk(pytp_pack *pack, const char *path, const char *name)
{
    struct stat st, itself;
    walker walk = {.pack = pack, .noatime = O_NOATIME};
    if (pytp_bytes_add(&walk.name, name, pack->prefix + 1) != 0)
        return PYTP_FAILED;
    walk.name.length--; /* the NUL stays behind the name */
    int reachable = stat(path, &st) == 0;
    walk.root_device = reachable ? st.st_dev : 0;
    /* a link that leads nowhere is archived as a link */
    place root = {AT_FDCWD, path, reachable && lstat(path, &itself) == 0};
    int status = visit(&walk, root, DT_UNKNOWN);
    pytp_bytes_free(&walk.name);
    return status;
}
