/* SPDX-License-Identifier: WTFPL OR MIT
 * The two loops that move blocks between a ring and a device. They run without the GIL, once per block. */
#include "ring.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void pytp_drain(pytp_ring *ring, const pytp_sink *sink, uint64_t limit, pytp_moved *moved)
{
    memset(moved, 0, sizeof *moved);
    while (limit == 0 || moved->blocks < limit) {
        size_t used;
        const uint8_t *data = pytp_ring_take(ring, &used);
        if (data == NULL) {
            moved->stop = pytp_ring_why(ring);
            moved->error = pytp_ring_error(ring);
            return;
        }
        int error = sink->write_block(sink->self, data, used);
        if (error != 0) {
            moved->stop = error == ENOSPC ? PYTP_NO_SPACE : PYTP_FAILED;
            moved->error = error;
            return;
        }
        moved->blocks++;
        moved->bytes += used;
        pytp_ring_release(ring);
    }
    moved->stop = PYTP_LIMIT;
}

void pytp_pour(pytp_ring *ring, const pytp_source *source, uint64_t limit, pytp_moved *moved)
{
    pytp_ring_stats stats;
    pytp_ring_read_stats(ring, &stats);
    memset(moved, 0, sizeof *moved);
    while (limit == 0 || moved->blocks < limit) {
        uint8_t *slot = pytp_ring_fill(ring);
        if (slot == NULL) {
            moved->stop = PYTP_CANCELLED;
            return;
        }
        int64_t length = source->read_block(source->self, slot, stats.slot_bytes);
        if (length <= 0) {
            moved->stop = length == 0 ? PYTP_FILEMARK : length == -ENODATA ? PYTP_END_OF_DATA : PYTP_FAILED;
            moved->error = (int)-length;
            return;
        }
        moved->blocks++;
        moved->bytes += (uint64_t)length;
        pytp_ring_commit(ring, (size_t)length);
    }
    moved->stop = PYTP_LIMIT;
}

static int write_one(void *self, const uint8_t *data, size_t length)
{
    ssize_t done;
    do
        done = write(*(int *)self, data, length);
    while (done < 0 && errno == EINTR);
    if (done < 0)
        return errno;
    return (size_t)done == length ? 0 : EIO; /* st writes whole blocks; a part means that the count is not to be trusted */
}

static int64_t read_one(void *self, uint8_t *into, size_t room)
{
    ssize_t done;
    do
        done = read(*(int *)self, into, room);
    while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}

void pytp_write_fd(pytp_ring *ring, int fd, uint64_t limit, pytp_moved *moved)
{
    pytp_sink sink = {write_one, &fd};
    pytp_drain(ring, &sink, limit, moved);
}

void pytp_read_fd(pytp_ring *ring, int fd, uint64_t limit, pytp_moved *moved)
{
    pytp_source source = {read_one, &fd};
    pytp_pour(ring, &source, limit, moved);
}

static int write_all(void *self, const uint8_t *data, size_t length)
{
    while (length > 0) {
        ssize_t done = write(*(int *)self, data, length);
        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            data += done;
            length -= (size_t)done;
        }
    }
    return 0;
}

void pytp_write_file(pytp_ring *ring, int fd, uint64_t limit, pytp_moved *moved)
{
    pytp_sink sink = {write_all, &fd};
    pytp_drain(ring, &sink, limit, moved);
}
