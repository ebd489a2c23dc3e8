/* SPDX-License-Identifier: WTFPL OR MIT
 * Owner, mode, extended attributes, ACLs and times, in the order that keeps each: the owner first (chown clears setuid
 * and capabilities), times last. Directories get theirs when everything beneath them is in place. */
#include "untar_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

void untar_member_attributes(const pytp_untar *untar, untar_delayed *into)
{
    const pytp_untar_entry *member = &untar->member;
    into->mode = member->mode;
    into->uid = member->uid;
    into->gid = member->gid;
    into->times[0] = (struct timespec){member->atime_s, member->has_atime ? member->atime_ns : UTIME_OMIT};
    into->times[1] = (struct timespec){member->mtime_s, member->mtime_ns};
}

/* The extended records that hold for this member: its own behind the global ones. */
int untar_member_records(pytp_untar *untar, const uint8_t **at, size_t *length)
{
    *at = untar->local.at;
    *length = untar->has_records ? untar->local.length : 0;
    if (!untar->has_records || untar->global.length == 0)
        return 0;
    untar->scratch.length = 0;
    if (untar_buffer_add(&untar->scratch, untar->global.at, untar->global.length) != 0 ||
        untar_buffer_add(&untar->scratch, untar->local.at, *length) != 0)
        return ENOMEM;
    *at = untar->scratch.at;
    *length = untar->scratch.length;
    return 0;
}

/* What goes wrong first is told; the rest is still tried. */
static void note(untar_mishap *what, const char *reason, int error)
{
    if (what->reason == NULL)
        *what = (untar_mishap){reason, error};
}

/* GNU tar writes '=' and '%' of an attribute's name as %3D and %25. */
static int attribute_name(pytp_untar_text key, char *into)
{
    size_t length = 0;
    for (size_t i = 0; i < key.length; i++) {
        uint8_t byte = key.at[i];
        if (byte == '%' && i + 2 < key.length && memcmp(key.at + i + 1, "3D", 2) == 0)
            byte = '=', i += 2;
        else if (byte == '%' && i + 2 < key.length && memcmp(key.at + i + 1, "25", 2) == 0)
            i += 2;
        if (length == XATTR_NAME_MAX || byte == 0)
            return -1;
        into[length++] = (char)byte;
    }
    into[length] = 0;
    return length > 0 ? 0 : -1;
}

static int set_one(int fd, const char *by_path, const char *name, const void *value, size_t length)
{
    return by_path != NULL ? setxattr(by_path, name, value, length, 0) : fsetxattr(fd, name, value, length, 0);
}

static void set_acl(int fd, const char *by_path, const char *name, pytp_untar_text text, untar_mishap *what)
{
    uint8_t value[65536]; /* XATTR_SIZE_MAX */
    int64_t length = pytp_acl_from_text(text.at, text.length, value, sizeof value);
    if (length == -ENOENT)
        note(what, "its ACL names a user or group that this system does not know", 0);
    else if (length < 0)
        note(what, "its ACL makes no sense", (int)-length);
    else if (set_one(fd, by_path, name, value, (size_t)length) != 0)
        note(what, "cannot set its ACL", errno == ENOSPC ? E2BIG : errno);
}

static int privileged(const char *name)
{
    return strncmp(name, "user.", 5) != 0;
}

static void set_attribute(pytp_untar *untar, int fd, const char *by_path, pytp_untar_text key, pytp_untar_text value, untar_mishap *what)
{
    char name[XATTR_NAME_MAX + 1];
    if (attribute_name(key, name) != 0)
        note(what, "an extended attribute has an unusable name", 0);
    else if (set_one(fd, by_path, name, value.at, value.length) == 0)
        return;
    else if (errno == EPERM && !untar->rules.owners && privileged(name))
        untar->counts.owners_skipped++;
    else if (errno == ENOSPC) /* ext4 says so of a value that is larger than its block */
        note(what, "an extended attribute does not fit this file system", 0);
    else
        note(what, "cannot set an extended attribute", errno);
}

static void set_records(pytp_untar *untar, int fd, const char *by_path, const uint8_t *at, size_t length, untar_mishap *what)
{
    static const size_t PREFIX = sizeof "SCHILY.xattr." - 1;
    const uint8_t *end = at + length;
    pytp_untar_text key, value;
    while (length > 0 && untar_record(&at, end, &key, &value) == 1) {
        if (untar_begins(key, "SCHILY.xattr."))
            set_attribute(untar, fd, by_path, (pytp_untar_text){key.at + PREFIX, key.length - PREFIX}, value, what);
        else if (untar_begins(key, "SCHILY.acl.access") && value.length > 0)
            set_acl(fd, by_path, "system.posix_acl_access", value, what);
        else if (untar_begins(key, "SCHILY.acl.default") && value.length > 0)
            set_acl(fd, by_path, "system.posix_acl_default", value, what);
    }
}

static int representable(const untar_delayed *what)
{
    return what->uid < UINT32_MAX && what->gid < UINT32_MAX; /* (uid_t)-1 means "leave it" to chown */
}

/* The mode that may be set. Set-id bits belong to an owner: without that owner they are dropped. */
static mode_t fitting_mode(const untar_rules *rules, const untar_delayed *what, int owned)
{
    mode_t mode = what->mode;
    if (owned)
        return mode;
    if (what->uid != rules->euid)
        mode &= ~(mode_t)S_ISUID;
    if (what->gid != rules->egid)
        mode &= ~(mode_t)S_ISGID;
    return mode;
}

int untar_is_foreign(const untar_rules *rules, const untar_delayed *what)
{
    return !rules->owners && (what->uid != rules->euid || what->gid != rules->egid);
}

void untar_set_basics(int fd, const untar_rules *rules, const untar_delayed *what, untar_mishap *mishap)
{
    int owned = !untar_is_foreign(rules, what);
    if (rules->owners && !rules->born_right &&
        (!representable(what) || fchown(fd, (uid_t)what->uid, (gid_t)what->gid) != 0)) {
        note(mishap, "cannot set its owner", representable(what) ? errno : EINVAL);
        owned = 0;
    }
    if (fchmod(fd, fitting_mode(rules, what, owned)) != 0)
        note(mishap, "cannot set its mode", errno);
}

void untar_set_times(int fd, const untar_delayed *what, untar_mishap *mishap)
{
    if (futimens(fd, what->times) != 0)
        note(mishap, "cannot set its time", errno);
}

static int told(pytp_untar *untar, untar_mishap what)
{
    return what.reason != NULL ? untar_trouble(untar, what.reason, what.error) : 0;
}

int untar_set_attributes(pytp_untar *untar, int fd, const untar_delayed *what, const uint8_t *records, size_t length)
{
    untar_mishap first = {NULL, 0};
    untar->counts.owners_skipped += (uint64_t)untar_is_foreign(&untar->rules, what);
    untar_set_basics(fd, &untar->rules, what, &first);
    set_records(untar, fd, NULL, records, length, &first);
    untar_set_times(fd, what, &first);
    return told(untar, first);
}

/* Mode and attributes of a node that must not be opened: through /proc, which names the inode and no path. */
static void set_unopened(pytp_untar *untar, int parent, const char *base, mode_t mode, untar_mishap *what)
{
    char by_path[64];
    const uint8_t *records;
    size_t length;
    int link = untar->member.kind == '2';
    if (link && !untar->has_records)
        return;
    int fd = openat(parent, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        note(what, "cannot set its mode", errno);
        return;
    }
    snprintf(by_path, sizeof by_path, "/proc/self/fd/%d", fd);
    if (!link && chmod(by_path, mode) != 0)
        note(what, "cannot set its mode", errno);
    if (untar_member_records(untar, &records, &length) == 0)
        set_records(untar, -1, by_path, records, length, what);
    close(fd);
}

int untar_set_node_attributes(pytp_untar *untar, int parent, const char *base)
{
    untar_mishap first = {NULL, 0};
    untar_delayed what;
    untar_member_attributes(untar, &what);
    int owned = !untar_is_foreign(&untar->rules, &what);
    untar->counts.owners_skipped += (uint64_t)!owned;
    if (untar->rules.owners && (!representable(&what) ||
                                fchownat(parent, base, (uid_t)what.uid, (gid_t)what.gid, AT_SYMLINK_NOFOLLOW) != 0)) {
        note(&first, "cannot set its owner", representable(&what) ? errno : EINVAL);
        owned = 0;
    }
    set_unopened(untar, parent, base, fitting_mode(&untar->rules, &what, owned), &first);
    if (utimensat(parent, base, what.times, AT_SYMLINK_NOFOLLOW) != 0)
        note(&first, "cannot set its time", errno);
    return told(untar, first);
}

int untar_delay(pytp_untar *untar, const char *path, size_t length)
{
    const uint8_t *records;
    size_t size;
    if (untar->delayed_count == untar->delayed_room) {
        size_t room = untar->delayed_room > 0 ? untar->delayed_room * 2 : 256;
        untar_delayed *delayed = realloc(untar->delayed, room * sizeof *delayed);
        if (delayed == NULL)
            return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
        untar->delayed = delayed;
        untar->delayed_room = room;
    }
    if (untar_member_records(untar, &records, &size) != 0)
        return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    untar_delayed *one = &untar->delayed[untar->delayed_count];
    untar_member_attributes(untar, one);
    *one = (untar_delayed){.path = malloc(length + 1 + size), .length = length, .records = size,
                           .sequence = untar->delayed_count, .uid = one->uid, .gid = one->gid, .mode = one->mode,
                           .times = {one->times[0], one->times[1]}};
    if (one->path == NULL)
        return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    memcpy(one->path, path, length);
    one->path[length] = 0;
    if (size > 0)
        memcpy(one->path + length + 1, records, size);
    untar->delayed_count++;
    return 0;
}

/* Deepest first: a directory's path sorts behind its parent's. Of two entries for one directory the later one wins. */
static int deepest_first(const void *left, const void *right)
{
    const untar_delayed *a = left, *b = right;
    int order = strcmp(b->path, a->path);
    return order != 0 ? order : a->sequence < b->sequence ? -1 : 1;
}

static int settle_one(pytp_untar *untar, const untar_delayed *one)
{
    untar->member.name = (pytp_untar_text){(const uint8_t *)one->path, one->length};
    int chain = untar_walk_to(&untar->parents, one->path, one->length, 0);
    int fd = chain < 0 ? -1 : openat(chain, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return untar_trouble(untar, "cannot set the attributes of this directory", errno);
    int event = untar_set_attributes(untar, fd, one, (const uint8_t *)one->path + one->length + 1, one->records);
    close(fd);
    return event;
}

int pytp_untar_settle(pytp_untar *untar)
{
    int event = 0;
    pytp_untar_abandon(untar);
    if ((event = untar_crew_wait(untar)) != 0)
        return event;
    if (!untar->sorted && untar->delayed_count > 0)
        qsort(untar->delayed, untar->delayed_count, sizeof *untar->delayed, deepest_first);
    untar->sorted = 1;
    while (event == 0 && untar->settled < untar->delayed_count) {
        untar_delayed *one = &untar->delayed[untar->settled++];
        event = settle_one(untar, one);
        free(one->path);
    }
    if (event != 0)
        return event;
    untar_walk_forget(&untar->parents); /* keep nothing of the target open */
    untar_walk_forget(&untar->links);
    return PYTP_UNTAR_END;
}
