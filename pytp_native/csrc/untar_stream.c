/* SPDX-License-Identifier: WTFPL OR MIT
 * Tape blocks as one stream of bytes, without copying: the reader looks into the ring's slots. */
#include "untar_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int untar_buffer_room(untar_buffer *buffer, size_t room)
{
    if (room <= buffer->room)
        return 0;
    size_t larger = buffer->room * 2 > room ? buffer->room * 2 : room;
    uint8_t *at = realloc(buffer->at, larger);
    if (at == NULL)
        return ENOMEM;
    buffer->at = at;
    buffer->room = larger;
    return 0;
}

int untar_buffer_add(untar_buffer *buffer, const void *bytes, size_t length)
{
    if (untar_buffer_room(buffer, buffer->length + length + 1) != 0)
        return ENOMEM;
    if (length > 0)
        memcpy(buffer->at + buffer->length, bytes, length);
    buffer->length += length;
    buffer->at[buffer->length] = 0;
    return 0;
}

int untar_stream_begin(untar_stream *in, pytp_ring *ring)
{
    pytp_ring_stats stats;
    pytp_ring_read_stats(ring, &stats);
    *in = (untar_stream){.ring = ring, .slot_bytes = (size_t)stats.slot_bytes, .zeros = calloc(1, (size_t)stats.slot_bytes)};
    return in->zeros == NULL ? ENOMEM : 0;
}

void untar_stream_end(untar_stream *in)
{
    free(in->runs);
    free(in->zeros);
}

void untar_stream_restart(untar_stream *in)
{
    free(in->runs);
    *in = (untar_stream){
        .ring = in->ring, .slot_bytes = in->slot_bytes, .zeros = in->zeros, .total = in->total, .gap_bytes = in->gap_bytes};
}

static void begin_run(untar_stream *in, size_t number)
{
    in->run = number;
    if (number < in->run_count) {
        in->start = in->runs[number].at;
        in->block = in->start / in->slot_bytes;
        in->run_left = in->runs[number].slots;
    }
}

int pytp_untar_runs(pytp_untar *untar, const pytp_untar_run *runs, size_t count)
{
    untar_stream *in = &untar->in;
    free(in->runs);
    in->run_count = 0;
    in->runs = malloc((count + 1) * sizeof *runs);
    if (in->runs == NULL)
        return ENOMEM;
    memcpy(in->runs, runs, count * sizeof *runs);
    in->run_count = count;
    begin_run(in, 0);
    return 0;
}

static void leave_slot(untar_stream *in)
{
    pytp_ring_release(in->ring);
    in->slot = NULL;
    in->block++;
    in->start += in->used;
    if (in->run < in->run_count && --in->run_left == 0)
        begin_run(in, in->run + 1);
}

const uint8_t *untar_stream_look(untar_stream *in, size_t *length)
{
    while (in->at == in->used) {
        if (in->slot != NULL)
            leave_slot(in);
        in->at = in->used = 0;
        const uint8_t *slot = pytp_ring_take(in->ring, &in->used);
        if (slot == NULL) {
            in->used = 0;
            return NULL;
        }
        in->in_gap = in->used == 0;
        if (in->in_gap) {
            in->used = in->slot_bytes;
            in->gap_start = in->start;
        }
        in->slot = in->in_gap ? in->zeros : slot;
    }
    *length = in->used - in->at;
    return in->slot + in->at;
}

uint64_t untar_stream_position(const untar_stream *in)
{
    return in->start + in->at;
}

void untar_stream_pass(untar_stream *in, size_t length)
{
    if (in->in_gap)
        in->gap_bytes += length;
    in->at += length;
    in->taken += length;
    in->total += length;
}

size_t untar_stream_read(untar_stream *in, void *into, size_t length)
{
    size_t done = 0;
    while (done < length) {
        size_t some;
        const uint8_t *from = untar_stream_look(in, &some);
        if (from == NULL)
            break;
        if (some > length - done)
            some = length - done;
        memcpy((uint8_t *)into + done, from, some);
        untar_stream_pass(in, some);
        done += some;
    }
    return done;
}

void untar_stream_where(const untar_stream *in, uint64_t *block, uint64_t *offset)
{
    int between = in->slot != NULL && in->at == in->used;
    *block = in->block + (uint64_t)between;
    *offset = between ? 0 : in->at;
}
