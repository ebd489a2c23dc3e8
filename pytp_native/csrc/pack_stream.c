/* SPDX-License-Identifier: WTFPL OR MIT
 * The archive as a byte stream cut into tape blocks. */
#include "pack_parts.h"

#include <errno.h>
#include <string.h>

/* The block that begins is the first of a frame, if one is due or the current one is full. */
static void begin_block(pytp_pack *pack)
{
    int full = pack->block - pack->frame == pack->options.frame_blocks;
    if (!full && !pack->frame_due)
        return;
    pack->frame = pack->block;
    pack->frame_long = !pack->frame_due;
    pack->frame_due = 0;
    pytp_ring_begin(pack->ring);
}

/* Where the next bytes go, and how many fit there; NULL when the ring was stopped. */
uint8_t *pytp_stream_room(pytp_pack *pack, size_t *room)
{
    if (pack->slot == NULL && pack->block < pack->silent) {
        pack->slot = pytp_ring_why(pack->ring) == PYTP_CANCELLED ? NULL : pack->scratch;
        pack->used = 0;
        if (pack->slot == NULL)
            return NULL;
    }
    if (pack->slot == NULL) {
        pack->slot = pytp_ring_fill(pack->ring);
        pack->used = 0;
        if (pack->slot == NULL)
            return NULL;
        if (pack->options.frame_blocks > 0)
            begin_block(pack);
    }
    *room = pack->block_bytes - pack->used;
    return pack->slot + pack->used;
}

/* Count `length` bytes as written behind the last room(); a full block goes to the consumer. */
int pytp_stream_advance(pytp_pack *pack, size_t length)
{
    pack->used += length;
    if (pack->used == pack->block_bytes) {
        if (pack->block >= pack->silent)
            pytp_ring_commit(pack->ring, pack->used);
        pack->slot = NULL;
        pack->used = 0;
        pack->block++;
    }
    return 0;
}

static int put(pytp_pack *pack, const uint8_t *data, uint64_t length)
{
    while (length > 0) {
        size_t room;
        uint8_t *into = pytp_stream_room(pack, &room);
        if (into == NULL)
            return PYTP_CANCELLED;
        size_t take = length < room ? (size_t)length : room;
        if (data == NULL)
            memset(into, 0, take);
        else {
            memcpy(into, data, take);
            data += take;
        }
        pytp_stream_advance(pack, take);
        length -= take;
    }
    return 0;
}

int pytp_stream_put(pytp_pack *pack, const void *data, size_t length)
{
    return put(pack, data, length);
}

int pytp_stream_zeros(pytp_pack *pack, uint64_t length)
{
    return put(pack, NULL, length);
}

static int fill_block(pytp_pack *pack, size_t left)
{
    pytp_bytes filler = {0};
    int status = PYTP_FAILED;
    if (pytp_tarhead_filler(left, &filler) == 0)
        status = pytp_stream_put(pack, filler.data, filler.length);
    pytp_bytes_free(&filler);
    return status;
}

/* What has to be filled up so that a header group is in one block, where a block can hold it. */
static size_t filler_for(const pytp_pack *pack, size_t group)
{
    size_t left = pack->slot == NULL ? pack->block_bytes : pack->block_bytes - pack->used;
    return group <= left || group > pack->block_bytes ? 0 : left;
}

int pytp_stream_align(pytp_pack *pack, size_t group)
{
    size_t left = pack->block < pack->silent ? 0 : filler_for(pack, group);
    return left == 0 ? 0 : fill_block(pack, left);
}

int pytp_stream_frame(pytp_pack *pack, size_t group, uint64_t length)
{
    if (pack->options.frame_blocks == 0 || pack->block < pack->silent)
        return 0;
    uint64_t frame_end = (pack->frame + pack->options.frame_blocks) * pack->block_bytes;
    uint64_t at = pack->block * pack->block_bytes + pack->used;
    int fits = at + filler_for(pack, group) + length <= frame_end, first = at == pack->frame * pack->block_bytes;
    if (!pack->frame_long && (fits || first))
        return 0;
    int status = pack->used > 0 ? fill_block(pack, pack->block_bytes - pack->used) : 0;
    pack->frame_due = 1;
    if (status == 0 && pack->slot != NULL)
        begin_block(pack);
    return status;
}

int pytp_stream_end(pytp_pack *pack)
{
    int status = pytp_stream_zeros(pack, 2 * PYTP_TAR_BLOCK);
    if (status == 0 && pack->slot != NULL)
        status = pytp_stream_zeros(pack, pack->block_bytes - pack->used);
    return status;
}
