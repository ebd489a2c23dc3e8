/* SPDX-License-Identifier: WTFPL OR MIT
 * Filling a regular file that untar_place made: small ones go to the crew, others are written here, piece by piece, out of
 * the ring's slots. A file that cannot be completed is removed. */
#include "untar_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Whether a new file here has its owner already: most have, and are spared a system call. */
int untar_born_right(pytp_untar *untar, int fd)
{
    untar_walk *walk = &untar->parents;
    untar_birth *birth = walk->depth > 0 ? &walk->levels[walk->depth - 1].birth : &walk->root_birth;
    struct stat status;
    if (!birth->known && fstat(fd, &status) == 0)
        *birth = (untar_birth){1, status.st_uid, status.st_gid};
    return birth->known && birth->uid == untar->member.uid && birth->gid == untar->member.gid;
}

int untar_write_all(int fd, const uint8_t *data, size_t length, int64_t at)
{
    while (length > 0) {
        ssize_t done = pwrite(fd, data, length, at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        data += done;
        length -= (size_t)done;
        at += done;
    }
    return 0;
}

static int write_pipe(pytp_untar *untar, const uint8_t *data, size_t length)
{
    while (length > 0) {
        ssize_t done = write(untar->output, data, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        data += done;
        length -= (size_t)done;
        untar->written += (uint64_t)done;
    }
    return 0;
}

void untar_begin_file(pytp_untar *untar, int fd)
{
    untar->file.filling = 1;
    untar->file.fd = fd;
    untar->file.segment = 0;
    untar->file.at = 0;
    untar->written = 0;
    untar_check_start(untar);
}

void pytp_untar_abandon(pytp_untar *untar)
{
    if (!untar->file.filling)
        return;
    untar->file.filling = 0;
    untar->counts.restored--;
    if (untar->sink != TO_FILES)
        return;
    close(untar->file.fd);
    unlinkat(untar->file.parent, untar->file.spare != NULL ? untar->file.spare : untar->file.base, 0);
    untar->file.fd = -1;
}

int untar_parent_of(pytp_untar *untar, pytp_untar_text name, const char **base)
{
    int absolute;
    if (untar_target_name(untar, name, &untar->link_path, &absolute) != NULL)
        return -1;
    size_t above = untar_parent_length(&untar->link_path);
    *base = untar_last_component(&untar->link_path, above);
    return untar_walk_to(&untar->links, (const char *)untar->link_path.at, above, 0);
}

/* A file that could not be filled goes away, unless its name means something else by now. */
void untar_remove_incomplete(pytp_untar *untar, int fd, pytp_untar_text name)
{
    struct stat mine, there;
    const char *base;
    int parent = untar_parent_of(untar, name, &base);
    if (parent >= 0 && fstat(fd, &mine) == 0 && fstatat(parent, base, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        there.st_ino == mine.st_ino && there.st_dev == mine.st_dev)
        unlinkat(parent, base, 0);
    untar->counts.restored--;
    close(fd);
}

/* A pipe has no holes. */
static int write_zeros(pytp_untar *untar, uint64_t upto)
{
    while (untar->written < upto) {
        uint64_t some = upto - untar->written;
        if (some > untar->in.slot_bytes)
            some = untar->in.slot_bytes;
        if (write_pipe(untar, untar->in.zeros, (size_t)some) != 0)
            return -1;
    }
    return 0;
}

static int write_some(pytp_untar *untar, const uint8_t *data, size_t length, int64_t at)
{
    if (untar->sink == TO_FILES)
        return untar_write_all(untar->file.fd, data, length, at);
    if (untar->sink == TO_NOTHING)
        return 0;
    return write_zeros(untar, (uint64_t)at) != 0 ? -1 : write_pipe(untar, data, length);
}

/* The file is closed: it gets its name, or another one if it is damaged. */
static int name_it(pytp_untar *untar, int damage)
{
    const char *now = untar->file.spare != NULL ? untar->file.spare : untar->file.base;
    if (damage != PYTP_DAMAGE_NONE) {
        untar->counts.restored--;
        int left = untar_set_aside(untar->file.parent, now, untar->file.base);
        return untar_damaged(untar, untar->member.name, damage, untar->group_at, untar->in.gap_start, left);
    }
    if (untar->file.spare != NULL && renameat(untar->file.parent, now, untar->file.parent, untar->file.base) != 0)
        return untar_failed(untar, "cannot replace the file that is there");
    return 0;
}

static int complete_elsewhere(pytp_untar *untar)
{
    int damage = untar_check_end(untar, (uint64_t)untar->member.size);
    untar->file.filling = 0;
    if (untar->sink == TO_OUTPUT && write_zeros(untar, (uint64_t)untar->member.size) != 0)
        return untar_failed(untar, "cannot write it");
    return damage == 0 ? 0 : untar_damaged(untar, untar->member.name, damage, untar->group_at, untar->in.gap_start, 0);
}

static int complete(pytp_untar *untar, const untar_delayed *what)
{
    const uint8_t *records;
    size_t length;
    if (untar->sink != TO_FILES)
        return complete_elsewhere(untar);
    int fd = untar->file.fd, event = 0;
    if (untar->member.sparse && ftruncate(fd, untar->member.size) != 0) {
        event = untar_failed(untar, "cannot set its size");
        pytp_untar_abandon(untar);
        return event;
    }
    if (untar_member_records(untar, &records, &length) != 0)
        return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    untar->rules.born_right = untar->file.born_right;
    event = untar_set_attributes(untar, fd, what, records, length);
    untar->rules.born_right = 0;
    untar->file.filling = 0;
    untar->file.fd = -1;
    if (close(fd) != 0 && event == 0)
        event = untar_failed(untar, "it may not be complete");
    int named = name_it(untar, untar_check_end(untar, (uint64_t)untar->member.size));
    return named != 0 ? named : event;
}

/* Move what the stream has at hand into the current piece of the file: 0, or an event. */
static int fill_some(pytp_untar *untar, untar_segment piece)
{
    size_t some;
    if (untar_pause_due(untar))
        return PYTP_UNTAR_PAUSE;
    const uint8_t *data = untar_stream_look(&untar->in, &some);
    if (data == NULL) {
        pytp_untar_abandon(untar);
        return untar_over(untar, PYTP_UNTAR_CUT);
    }
    if ((uint64_t)some > (uint64_t)(piece.length - untar->file.at))
        some = (size_t)(piece.length - untar->file.at);
    untar_check_data(untar, data, some, (uint64_t)(piece.offset + untar->file.at));
    if (write_some(untar, data, some, piece.offset + untar->file.at) != 0) {
        int event = untar_failed(untar, "cannot write it");
        pytp_untar_abandon(untar);
        return event;
    }
    untar_stream_pass(&untar->in, some);
    untar->left -= (int64_t)some;
    untar->file.at += (int64_t)some;
    return 0;
}

static int fill_here(pytp_untar *untar)
{
    while (untar->file.segment < untar->map.count) {
        untar_segment piece = untar->map.at[untar->file.segment];
        while (untar->file.at < piece.length) {
            int event = fill_some(untar, piece);
            if (event != 0)
                return event;
        }
        untar->file.segment++;
        untar->file.at = 0;
    }
    return 0;
}

int untar_fill(pytp_untar *untar)
{
    untar_delayed what;
    untar_member_attributes(untar, &what);
    int small = untar->sink == TO_FILES && untar->file.spare == NULL && !untar->member.sparse && !untar->has_records &&
                untar->member.stored <= UNTAR_SMALL;
    if (small && untar->file.at == 0 && untar->file.segment == 0) {
        int event = untar_crew_take(untar, &what);
        if (event != 0 || !untar->file.filling)
            return event;
    }
    int event = fill_here(untar);
    return event != 0 ? event : complete(untar, &what);
}

