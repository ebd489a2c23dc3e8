/* SPDX-License-Identifier: WTFPL OR MIT
 * Members become files beneath the target. A file is made new (O_EXCL, mode 0600) in a directory that untar_walk opened,
 * and gets its attributes through its descriptor; nothing that exists is ever written through. */
#include "untar_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char KEPT[] = "it exists already and was kept";

/* Write `name` without empty and "." components into `into`; NULL or the reason why it cannot be restored. */
const char *untar_clean(pytp_untar_text name, untar_buffer *into, int *absolute)
{
    size_t at = 0;
    into->length = 0;
    if (untar_buffer_room(into, name.length + 1) != 0)
        return "out of memory";
    into->at[0] = 0;
    if (name.length > 0 && memchr(name.at, 0, name.length) != NULL)
        return "refused: its name contains a NUL byte";
    *absolute = name.length > 0 && name.at[0] == '/';
    while (at < name.length) {
        const uint8_t *slash = memchr(name.at + at, '/', name.length - at);
        size_t length = slash ? (size_t)(slash - name.at) - at : name.length - at;
        const uint8_t *component = name.at + at;
        at += length + 1;
        if (length == 0 || (length == 1 && component[0] == '.'))
            continue;
        if (length == 2 && component[0] == '.' && component[1] == '.')
            return "refused: its name climbs out of the target (\"..\")";
        if (into->length > 0)
            untar_buffer_add(into, "/", 1);
        untar_buffer_add(into, component, length);
    }
    return NULL;
}

/* Split a clean path into its directory's length and its last component. */
size_t untar_parent_length(const untar_buffer *path)
{
    const uint8_t *slash = memrchr(path->at, '/', path->length);
    return slash ? (size_t)(slash - path->at) : 0;
}

const char *untar_last_component(const untar_buffer *path, size_t parent)
{
    return (const char *)path->at + parent + (parent > 0);
}

int untar_failed(pytp_untar *untar, const char *reason)
{
    return untar_trouble(untar, reason, errno);
}

const char *untar_target_name(pytp_untar *untar, pytp_untar_text name, untar_buffer *into, int *absolute)
{
    const char *bad = untar_clean(name, into, absolute);
    for (size_t left = untar->strip; bad == NULL && left > 0 && into->length > 0; left--) {
        const uint8_t *slash = memchr(into->at, '/', into->length);
        size_t gone = slash != NULL ? (size_t)(slash - into->at) + 1 : into->length;
        memmove(into->at, into->at + gone, into->length - gone + 1); /* with its NUL */
        into->length -= gone;
    }
    return bad;
}

static int remember(pytp_untar *untar)
{
    untar->counts.restored++;
    if (untar->existing == PYTP_UNTAR_OVERWRITE)
        return 0;
    if (untar_made_add(&untar->made, (const char *)untar->path.at, untar->path.length) != 0)
        return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    return 0;
}

static int is_newer(const pytp_untar *untar, const struct stat *there)
{
    const pytp_untar_entry *member = &untar->member;
    return member->mtime_s != there->st_mtim.tv_sec ? member->mtime_s > there->st_mtim.tv_sec
                                                    : member->mtime_ns > there->st_mtim.tv_nsec;
}

static int is_ours(const pytp_untar *untar)
{
    return untar_made_has(&untar->made, (const char *)untar->path.at, untar->path.length);
}

enum { AS_IT_IS = -1 };

/* Whether what is in the way of `base` may be replaced: 0, AS_IT_IS, or PROBLEM. */
static int may_replace(pytp_untar *untar, int parent, const char *base)
{
    struct stat there;
    if (untar->existing == PYTP_UNTAR_OVERWRITE || is_ours(untar))
        return 0;
    if (untar->existing == PYTP_UNTAR_KEEP)
        return untar_trouble(untar, KEPT, 0);
    if (fstatat(parent, base, &there, AT_SYMLINK_NOFOLLOW) != 0 || is_newer(untar, &there))
        return 0;
    untar->counts.kept++;
    return AS_IT_IS;
}

/* Something is in the way of `base`: remove it if that is allowed. 0, AS_IT_IS, or PROBLEM. */
static int make_room(pytp_untar *untar, int parent, const char *base)
{
    int event = may_replace(untar, parent, base);
    if (event != 0)
        return event;
    if (unlinkat(parent, base, 0) == 0)
        return 0;
    if ((errno != EISDIR && errno != EPERM) || unlinkat(parent, base, AT_REMOVEDIR) != 0)
        return untar_failed(untar, errno == ENOTEMPTY ? "a directory that is not empty is in its place" : "cannot replace it");
    if (untar->links.depth > 0)
        untar_walk_forget(&untar->links);
    return 0;
}

/* Which pieces of the file are there: 0, or an event. */
static int prepare_map(pytp_untar *untar)
{
    if (untar->member.sparse && untar->sparse.major == 1 && untar_data_map(untar) != 0)
        return untar->over;
    if (untar->refused == NULL && untar->member.sparse)
        untar->refused = untar_map_check(&untar->map, untar->member.size, untar->left);
    if (untar->refused != NULL)
        return untar_trouble(untar, untar->refused, 0);
    if (!untar->member.sparse) {
        untar->map.count = 0;
        if (untar_map_add(&untar->map, 0, untar->left) != 0)
            return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    }
    return 0;
}

/* A file that will replace another has this name until it has proved right. */
static const char *spare_name(pytp_untar *untar, int parent, const char *base)
{
    char name[NAME_MAX + 1];
    untar->spare_name.length = 0;
    if (untar->expected == NULL || untar->expected->digest_length == 0 || !untar_free_name(parent, base, NULL, name) ||
        untar_buffer_add(&untar->spare_name, name, strlen(name)) != 0)
        return NULL;
    return (const char *)untar->spare_name.at;
}

static int place_file(pytp_untar *untar, int parent, const char *base)
{
    enum { FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC };
    struct stat there;
    const char *spare = NULL;
    int event = prepare_map(untar);
    if (event != 0)
        return event;
    int fd = openat(parent, base, FLAGS, 0600);
    if (fd < 0 && errno == EEXIST) {
        event = may_replace(untar, parent, base);
        if (event == 0 && fstatat(parent, base, &there, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(there.st_mode))
            spare = spare_name(untar, parent, base);
        if (event == 0 && spare == NULL)
            event = make_room(untar, parent, base);
        if (event != 0)
            return event == AS_IT_IS ? 0 : event;
        fd = openat(parent, spare != NULL ? spare : base, FLAGS, 0600);
    }
    if (fd < 0)
        return untar_failed(untar, "cannot create it");
    untar->file.parent = parent;
    untar->file.base = base;
    untar->file.spare = spare;
    untar_begin_file(untar, fd);
    untar->file.born_right = untar_born_right(untar, fd);
    return remember(untar);
}

/* The content of files only, to where no names are. */
static int place_content(pytp_untar *untar)
{
    if (untar->member.kind != '0')
        return 0;
    int event = prepare_map(untar);
    if (event != 0)
        return event;
    untar->counts.restored++;
    untar_begin_file(untar, untar->output);
    return 0;
}

static int place_directory(pytp_untar *untar, int parent, const char *base)
{
    struct stat status;
    const char *path = (const char *)untar->path.at;
    if (untar->path.length == 0)
        return untar->existing == PYTP_UNTAR_OVERWRITE || untar->root_is_ours ? untar_delay(untar, path, 0) : 0;
    if (mkdirat(parent, base, 0700) != 0) {
        if (errno != EEXIST)
            return untar_failed(untar, "cannot create it");
        if (fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)) {
            int wins = untar->existing == PYTP_UNTAR_OVERWRITE || is_ours(untar) ||
                       (untar->existing == PYTP_UNTAR_NEWER && is_newer(untar, &status));
            return wins ? untar_delay(untar, path, untar->path.length) : 0;
        }
        int event = make_room(untar, parent, base);
        if (event != 0)
            return event == AS_IT_IS ? 0 : event;
        if (mkdirat(parent, base, 0700) != 0)
            return untar_failed(untar, "cannot create it");
    }
    int event = remember(untar);
    return event != 0 ? event : untar_delay(untar, path, untar->path.length);
}

static const char *link_text(pytp_untar *untar)
{
    pytp_untar_text text = untar->member.link;
    untar->link_path.length = 0;
    if (text.length == 0 || memchr(text.at, 0, text.length) != NULL ||
        untar_buffer_add(&untar->link_path, text.at, text.length) != 0)
        return NULL;
    return (const char *)untar->link_path.at;
}

static int make_node(pytp_untar *untar, int parent, const char *base)
{
    static const mode_t types[] = {['3'] = S_IFCHR, ['4'] = S_IFBLK, ['6'] = S_IFIFO};
    const pytp_untar_entry *member = &untar->member;
    if (member->kind == '2')
        return symlinkat((const char *)untar->link_path.at, parent, base);
    return mknodat(parent, base, types[member->kind] | 0600, makedev(member->device_major, member->device_minor));
}

/* Symbolic links, FIFOs and devices: made in one step, then given their attributes by name without following. */
static int place_node(pytp_untar *untar, int parent, const char *base)
{
    if (untar->member.kind == '2' && link_text(untar) == NULL)
        return untar_trouble(untar, "refused: a symbolic link without a usable text", 0);
    if (make_node(untar, parent, base) != 0) {
        int event = errno == EEXIST ? make_room(untar, parent, base) : untar_failed(untar, "cannot create it");
        if (event != 0)
            return event == AS_IT_IS ? 0 : event;
        if (make_node(untar, parent, base) != 0)
            return untar_failed(untar, "cannot create it");
    }
    int event = untar_set_node_attributes(untar, parent, base);
    return event != 0 ? event : remember(untar);
}

static int same_file(int left, const char *left_name, int right, const char *right_name)
{
    struct stat a, b;
    return fstatat(left, left_name, &a, AT_SYMLINK_NOFOLLOW) == 0 && fstatat(right, right_name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Whether what has the first name is what was saved under it, and not a file that was kept there: it has its time. An archive
 * whose links tell no time is believed where nothing else can have that name. */
static int is_first_name(const pytp_untar *untar, int from, const char *name)
{
    struct stat there;
    const pytp_untar_entry *member = &untar->member;
    if (fstatat(from, name, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return 1; /* linkat() says why */
    if (there.st_mtim.tv_sec == member->mtime_s && (member->mtime_ns == 0 || there.st_mtim.tv_nsec == member->mtime_ns))
        return 1;
    if (untar->existing == PYTP_UNTAR_OVERWRITE)
        return untar->counts.damaged == 0;
    return untar->existing == PYTP_UNTAR_KEEP &&
           untar_made_has(&untar->made, (const char *)untar->link_path.at, untar->link_path.length);
}

/* The first name may be in the crew's hands still, and turn out to be damaged. */
static int check_first_name(pytp_untar *untar, int *from, const char **name)
{
    for (int waited = 0;; waited++) {
        int event = waited ? untar_crew_wait(untar) : untar_crew_settle(untar, untar->member.link);
        if (event != 0) {
            untar->place_again = 1;
            return event;
        }
        int absolute;
        const char *bad = untar_target_name(untar, untar->member.link, &untar->link_path, &absolute);
        if (bad != NULL || untar->link_path.length == 0)
            return untar_trouble(untar, "refused: a hard link to something outside the target", 0);
        size_t above = untar_parent_length(&untar->link_path);
        *from = untar_walk_to(&untar->links, (const char *)untar->link_path.at, above, 0);
        *name = untar_last_component(&untar->link_path, above);
        if (*from < 0)
            return untar_failed(untar, "the directory of the file it links to cannot be opened");
        if (is_first_name(untar, *from, *name))
            return 0;
        if (waited)
            return untar_trouble(untar, "the file with its first name is another one, which was kept", 0);
    }
}

static int place_hard_link(pytp_untar *untar, int parent, const char *base)
{
    int from = -1;
    const char *name = NULL;
    int event = check_first_name(untar, &from, &name);
    if (event != 0)
        return event;
    if (linkat(from, name, parent, base, 0) != 0) {
        if (errno != EEXIST)
            return untar_failed(untar, "cannot link it to its first name");
        if (same_file(from, name, parent, base))
            return 0;
        event = make_room(untar, parent, base);
        if (event != 0)
            return event == AS_IT_IS ? 0 : event;
        if (linkat(from, name, parent, base, 0) != 0)
            return untar_failed(untar, "cannot link it to its first name");
    }
    return remember(untar);
}

static int place_kind(pytp_untar *untar, int parent, const char *base)
{
    switch (untar->member.kind) {
    case '0':
        return place_file(untar, parent, base);
    case '1':
        return place_hard_link(untar, parent, base);
    case '5':
        return place_directory(untar, parent, base);
    default:
        return place_node(untar, parent, base);
    }
}

int untar_place(pytp_untar *untar)
{
    int absolute = 0, kind = untar->member.kind;
    if (kind == 'V')
        return 0;
    const char *bad = untar_clean(untar->member.name, &untar->path, &absolute);
    if (bad == NULL && !untar_is_wanted(untar))
        return 0;
    if (untar->sink != TO_FILES)
        return untar->refused != NULL ? untar_trouble(untar, untar->refused, 0) : place_content(untar);
    if (bad == NULL && untar->strip > 0) {
        bad = untar_target_name(untar, untar->member.name, &untar->path, &absolute);
        if (untar->path.length == 0)
            return 0;
    }
    if (bad == NULL && untar->path.length == 0 && kind != '5')
        bad = "refused: it has no name";
    if (kind == 'M')
        bad = "it continues a file of an earlier cartridge; restore it with that cartridge first (tar -xM)";
    if (bad != NULL || untar->refused != NULL)
        return untar_trouble(untar, bad != NULL ? bad : untar->refused, 0);
    size_t above = untar_parent_length(&untar->path);
    int parent = untar_walk_to(&untar->parents, (const char *)untar->path.at, above, 1);
    if (parent < 0)
        return untar_failed(untar, errno == ENOTDIR ? "refused: its directory is a symbolic link or no directory"
                                              : "its directory cannot be opened");
    untar->absolute_told |= absolute;
    return place_kind(untar, parent, untar_last_component(&untar->path, above));
}
