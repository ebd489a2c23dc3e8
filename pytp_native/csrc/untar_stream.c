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

const uint8_t *untar_stream_look(untar_stream *in, size_t *length)
{
    while (in->at == in->used) {
        if (in->slot != NULL) {
            pytp_ring_release(in->ring);
            in->block++;
            in->slot = NULL;
        }
        in->at = in->used = 0;
        const uint8_t *slot = pytp_ring_take(in->ring, &in->used);
        if (slot == NULL) {
            in->used = 0;
            return NULL;
        }
        in->slot = slot;
    }
    *length = in->used - in->at;
    return in->slot + in->at;
}

void untar_stream_pass(untar_stream *in, size_t length)
{
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
