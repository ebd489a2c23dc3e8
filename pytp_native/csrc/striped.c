/* SPDX-License-Identifier: WTFPL OR MIT */
#include "striped.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNIT = 512 * 1024 };

int pytp_host_write(int fd, const void *data, size_t length, uint64_t offset)
{
    const uint8_t *from = data;
    while (length > 0) {
        ssize_t done = pwrite(fd, from, length, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? errno : ENOSPC;
        from += done;
        offset += (uint64_t)done;
        length -= (size_t)done;
    }
    return 0;
}

int pytp_host_read(int fd, void *into, size_t length, uint64_t offset)
{
    uint8_t *to = into;
    while (length > 0) {
        ssize_t done = pread(fd, to, length, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? errno : EBADMSG;
        to += done;
        offset += (uint64_t)done;
        length -= (size_t)done;
    }
    return 0;
}

/* Where byte `offset` lies, and how many of at most `length` lie there together. */
static int place(const pytp_striped *s, uint64_t offset, size_t *length, uint64_t *at)
{
    uint64_t unit = offset / UNIT, within = offset % UNIT, files = (uint64_t)s->files;
    *at = unit / files * UNIT + within;
    if (*length > UNIT - within)
        *length = UNIT - within;
    return s->fds[unit % files];
}

int pytp_striped_write(const pytp_striped *s, const void *data, size_t length, uint64_t offset)
{
    const uint8_t *from = data;
    int error = 0;
    while (length > 0 && error == 0) {
        size_t piece = length;
        uint64_t at;
        int fd = place(s, offset, &piece, &at);
        error = pytp_host_write(fd, from, piece, at);
        from += piece;
        offset += piece;
        length -= piece;
    }
    return error;
}

int pytp_striped_read(const pytp_striped *s, void *into, size_t length, uint64_t offset)
{
    uint8_t *to = into;
    int error = 0;
    while (length > 0 && error == 0) {
        size_t piece = length;
        uint64_t at;
        int fd = place(s, offset, &piece, &at);
        error = pytp_host_read(fd, to, piece, at);
        to += piece;
        offset += piece;
        length -= piece;
    }
    return error;
}

/* Of the first `length` bytes, how many are in file `stripe`. */
static uint64_t share(const pytp_striped *s, int stripe, uint64_t length)
{
    uint64_t unit = length / UNIT, round = unit / (uint64_t)s->files, turn = unit % (uint64_t)s->files;
    return round * UNIT + ((uint64_t)stripe < turn ? UNIT : (uint64_t)stripe == turn ? length % UNIT : 0);
}

int pytp_striped_cut(const pytp_striped *s, uint64_t length)
{
    for (int i = 0; i < s->files; i++)
        if (ftruncate(s->fds[i], (off_t)share(s, i, length)) != 0)
            return errno;
    return 0;
}

int pytp_striped_length(const pytp_striped *s, uint64_t *length)
{
    *length = UINT64_MAX;
    for (int i = 0; i < s->files; i++) {
        struct stat st;
        if (fstat(s->fds[i], &st) != 0)
            return errno;
        uint64_t size = (uint64_t)st.st_size;
        uint64_t missing = (size / UNIT * (uint64_t)s->files + (uint64_t)i) * UNIT + size % UNIT;
        *length = missing < *length ? missing : *length;
    }
    return 0;
}

int pytp_striped_sync(const pytp_striped *s)
{
    for (int i = 0; i < s->files; i++)
        if (fdatasync(s->fds[i]) != 0)
            return errno;
    return 0;
}
