/* SPDX-License-Identifier: WTFPL OR MIT
 * Walks a tree in byte order of names and packs what it finds. */
#include "pack_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
    int parent;       /* directory descriptor, or AT_FDCWD for an argument */
    const char *base; /* name there */
    int follow;       /* an argument that is a symbolic link is followed */
} place;

static int visit(pytp_pack *pack, place at, int type);

/* --exclude as GNU tar has it: a glob against the member name and against every part of it that begins behind a slash. */
static int excluded(pytp_pack *pack)
{
    const char *name = (const char *)pack->name.data;
    for (size_t i = 0; i < pack->options.excludes; i++)
        for (const char *part = name; part != NULL; part = strchr(part, '/'), part = part ? part + 1 : NULL)
            if (fnmatch(pack->exclude[i], part, 0) == 0)
                return 1;
    return 0;
}

/* Make pack->name end in "/base"; returns the length to go back to, or 0 when memory is short. The NUL behind is not counted. */
static size_t enter_name(pytp_pack *pack, const char *base)
{
    size_t before = pack->name.length, length = strlen(base);
    if (pytp_bytes_reserve(&pack->name, length + 2) != 0)
        return 0;
    pack->name.data[before] = '/';
    memcpy(pack->name.data + before + 1, base, length + 1);
    pack->name.length += length + 1;
    return before;
}

static void leave_name(pytp_pack *pack, size_t before)
{
    pack->name.length = before;
    pack->name.data[before] = 0;
}

static int open_at(pytp_pack *pack, place at, int flags)
{
    flags |= O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (at.follow ? 0 : O_NOFOLLOW);
    int fd = openat(at.parent, at.base, flags | pack->noatime);
    if (fd < 0 && errno == EPERM && pack->noatime) { /* O_NOATIME is for the owner */
        fd = openat(at.parent, at.base, flags);
        pack->noatime = fd < 0 ? pack->noatime : 0;
    }
    return fd;
}

static int cannot(pytp_pack *pack, int error)
{
    pytp_pack_problem(pack, error == ENOENT ? PYTP_PROBLEM_VANISHED : PYTP_PROBLEM_UNREADABLE, error);
    return 0;
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

static int visit_children(pytp_pack *pack, int directory, const listing *list)
{
    int status = 0;
    for (size_t i = 0; i < list->count && status == 0; i++) {
        size_t before = enter_name(pack, list->names[i] + 1);
        if (before == 0)
            return PYTP_FAILED;
        if (!excluded(pack))
            status = visit(pack, (place){directory, list->names[i] + 1, 0}, list->names[i][0]);
        leave_name(pack, before);
    }
    return status;
}

static int descend(pytp_pack *pack, int fd)
{
    listing list = {0};
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return cannot(pack, errno);
    }
    int status = collect(dir, &list);
    if (status == 0 && errno != 0)
        cannot(pack, errno);
    if (status == 0)
        status = sort(&list);
    if (status == 0)
        status = visit_children(pack, dirfd(dir), &list);
    free_listing(&list);
    closedir(dir);
    return status;
}

static int put_directory(pytp_pack *pack, place at, const struct stat *found)
{
    struct stat st = *found;
    int fd = open_at(pack, at, O_DIRECTORY), error = errno;
    if (fd >= 0 && fstat(fd, &st) != 0)
        st = *found;
    pack->records.length = 0;
    if (fd >= 0)
        pytp_attribute_records(pack, fd, NULL, &pack->records);
    int status = pytp_pack_member(pack, &st, -1, NULL, 0, '5');
    if (fd < 0)
        return status ? status : cannot(pack, error);
    if (status != 0 || (pack->options.one_file_system && (uint64_t)st.st_dev != pack->root_device)) {
        close(fd);
        return status;
    }
    return descend(pack, fd);
}

/* A name of an inode that is in the archive already becomes a hard link to it. Returns -1 when it is the first. */
static int put_hard_link(pytp_pack *pack, const struct stat *st)
{
    int failed;
    const char *first = pytp_links_seen(&pack->links, st, &pack->name, &failed);
    if (failed)
        return PYTP_FAILED;
    if (first == NULL)
        return -1;
    pack->records.length = 0;
    pack->link.length = 0; /* a copy: the names move when more are added */
    if (pytp_bytes_add(&pack->link, first, strlen(first)) != 0)
        return PYTP_FAILED;
    return pytp_pack_member(pack, st, -1, (char *)pack->link.data, pack->link.length, '1');
}

static int put_open_file(pytp_pack *pack, const struct stat *st, int fd)
{
    int status = st->st_nlink > 1 ? put_hard_link(pack, st) : -1;
    if (status != -1)
        return status;
    pack->records.length = 0;
    pytp_attribute_records(pack, fd, NULL, &pack->records);
    return pytp_pack_member(pack, st, fd, NULL, 0, '0');
}

/* Attributes of what is never opened: through the directory's descriptor, links not followed. */
static void closed_attributes(pytp_pack *pack, place at)
{
    char path[4300];
    pack->records.length = 0;
    if (at.parent == AT_FDCWD)
        pytp_attribute_records(pack, -1, at.base, &pack->records);
    else if (snprintf(path, sizeof path, "/proc/self/fd/%d/%s", at.parent, at.base) < (int)sizeof path)
        pytp_attribute_records(pack, -1, path, &pack->records);
}

static int put_symlink(pytp_pack *pack, place at, const struct stat *st)
{
    pack->link.length = 0;
    if (pytp_bytes_reserve(&pack->link, 4097) != 0)
        return PYTP_FAILED;
    ssize_t length = readlinkat(at.parent, at.base, (char *)pack->link.data, 4097);
    if (length < 0)
        return cannot(pack, errno);
    pack->link.length = (size_t)length;
    int status = st->st_nlink > 1 ? put_hard_link(pack, st) : -1;
    if (status != -1)
        return status;
    pack->link.length = (size_t)length;
    closed_attributes(pack, at);
    return pytp_pack_member(pack, st, -1, (char *)pack->link.data, pack->link.length, '2');
}

static int put_special(pytp_pack *pack, place at, const struct stat *st, char type)
{
    int status = st->st_nlink > 1 ? put_hard_link(pack, st) : -1;
    if (status != -1)
        return status;
    closed_attributes(pack, at);
    return pytp_pack_member(pack, st, -1, NULL, 0, type);
}

static int put_other(pytp_pack *pack, place at, const struct stat *st)
{
    switch (st->st_mode & S_IFMT) {
    case S_IFDIR: return put_directory(pack, at, st);
    case S_IFLNK: return put_symlink(pack, at, st);
    case S_IFIFO: return put_special(pack, at, st, '6');
    case S_IFCHR: return put_special(pack, at, st, '3');
    case S_IFBLK: return put_special(pack, at, st, '4');
    case S_IFSOCK: pytp_pack_problem(pack, PYTP_PROBLEM_SOCKET, 0); return 0;
    default: pytp_pack_problem(pack, PYTP_PROBLEM_UNKNOWN_TYPE, 0); return 0;
    }
}

static int visit_unopened(pytp_pack *pack, place at)
{
    struct stat st;
    if (fstatat(at.parent, at.base, &st, at.follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        return cannot(pack, errno);
    return S_ISREG(st.st_mode) ? visit(pack, at, DT_REG) : put_other(pack, at, &st);
}

static int visit(pytp_pack *pack, place at, int type)
{
    struct stat st;
    if (type != DT_REG)
        return visit_unopened(pack, at);
    int fd = open_at(pack, at, 0);
    if (fd < 0 && (errno == ELOOP || errno == ENXIO)) /* it was a file a moment ago */
        return visit_unopened(pack, at);
    if (fd < 0)
        return cannot(pack, errno);
    int status = 0;
    if (fstat(fd, &st) != 0)
        cannot(pack, errno);
    else if (S_ISREG(st.st_mode))
        status = put_open_file(pack, &st, fd);
    else
        status = put_other(pack, at, &st);
    close(fd);
    return status;
}

/* The argument itself may be given with a slash at its end, which openat() takes for "must be a directory". */
int pytp_pack_tree(pytp_pack *pack, const char *path, const char *name)
{
    struct stat st;
    pack->root = path;
    pack->prefix = strlen(name);
    pack->name.length = 0;
    if (pytp_bytes_add(&pack->name, name, pack->prefix + 1) != 0)
        return PYTP_FAILED;
    pack->name.length--;
    if (stat(path, &st) == 0)
        pack->root_device = st.st_dev;
    int status = visit(pack, (place){AT_FDCWD, path, lstat(path, &st) == 0 && stat(path, &st) == 0}, DT_UNKNOWN);
    if (status != 0) /* nobody will end this archive: let the log tell of the members that are complete */
        pytp_log_flush(pack);
    return status;
}

int pytp_pack_end(pytp_pack *pack)
{
    int status = pytp_stream_end(pack);
    pytp_log_flush(pack);
    if (status == 0)
        pytp_ring_finish(pack->ring, PYTP_END_OF_STREAM, 0);
    return status;
}

void pytp_pack_restart(pytp_pack *pack)
{
    pack->slot = NULL;
    pack->used = 0;
    pack->block = 0;
    pytp_links_clear(&pack->links);
}

void pytp_pack_read_counts(pytp_pack *pack, pytp_pack_counts *counts)
{
    counts->members = __atomic_load_n(&pack->counts.members, __ATOMIC_RELAXED);
    counts->data_bytes = __atomic_load_n(&pack->counts.data_bytes, __ATOMIC_RELAXED);
    counts->problems = __atomic_load_n(&pack->counts.problems, __ATOMIC_RELAXED);
    counts->log_error = __atomic_load_n(&pack->counts.log_error, __ATOMIC_RELAXED);
}

static int copy_patterns(pytp_pack *pack, const pytp_pack_options *options)
{
    pack->exclude = calloc(options->excludes + 1, sizeof *pack->exclude);
    if (pack->exclude == NULL)
        return -1;
    for (size_t i = 0; i < options->excludes; i++)
        if ((pack->exclude[i] = strdup(options->exclude[i])) == NULL)
            return -1;
    return 0;
}

/* A descriptor is held for each level of directories. */
static void allow_depth(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

pytp_pack *pytp_pack_new(pytp_ring *ring, const pytp_pack_options *options)
{
    pytp_ring_stats stats;
    pytp_pack *pack = calloc(1, sizeof *pack);
    if (pack == NULL)
        return NULL;
    pytp_ring_read_stats(ring, &stats);
    pack->ring = ring;
    pack->options = *options;
    pack->block_bytes = stats.slot_bytes;
    pack->noatime = O_NOATIME;
    pack->hash = pytp_hash_new(options->hash);
    if (pack->hash == NULL || copy_patterns(pack, options) != 0) {
        pytp_pack_free(pack);
        return NULL;
    }
    allow_depth();
    return pack;
}

void pytp_pack_free(pytp_pack *pack)
{
    if (pack == NULL)
        return;
    for (size_t i = 0; pack->exclude != NULL && pack->exclude[i] != NULL; i++)
        free(pack->exclude[i]);
    free(pack->exclude);
    pytp_hash_free(pack->hash);
    pytp_links_clear(&pack->links);
    pytp_bytes *all[] = {&pack->name, &pack->group, &pack->records, &pack->link, &pack->log};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        pytp_bytes_free(all[i]);
    free(pack);
}
