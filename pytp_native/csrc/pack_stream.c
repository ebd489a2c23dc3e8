/* SPDX-License-Identifier: WTFPL OR MIT
 * The archive as a byte stream cut into tape blocks. */
#include "pack_parts.h"

#include <errno.h>
#include <string.h>

/* Where the next bytes go, and how many fit there; NULL when the ring was stopped. */
uint8_t *pytp_stream_room(pytp_pack *pack, size_t *room)
{
    if (pack->slot == NULL) {
        pack->slot = pytp_ring_fill(pack->ring);
        pack->used = 0;
        if (pack->slot == NULL)
            return NULL;
    }
    *room = pack->block_bytes - pack->used;
    return pack->slot + pack->used;
}

/* Count `length` bytes as written behind the last room(); a full block goes to the consumer. */
int pytp_stream_advance(pytp_pack *pack, size_t length)
{
    pack->used += length;
    if (pack->used == pack->block_bytes) {
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

/* Make room for a header group in one block, where a block can hold it. */
int pytp_stream_align(pytp_pack *pack, size_t group)
{
    size_t left = pack->slot == NULL ? pack->block_bytes : pack->block_bytes - pack->used;
    if (group <= left || group > pack->block_bytes)
        return 0;
    pytp_bytes filler = {0};
    int status = PYTP_FAILED;
    if (pytp_tarhead_filler(left, &filler) == 0)
        status = pytp_stream_put(pack, filler.data, filler.length);
    pytp_bytes_free(&filler);
    return status;
}

int pytp_stream_end(pytp_pack *pack)
{
    int status = pytp_stream_zeros(pack, 2 * PYTP_TAR_BLOCK);
    if (status == 0 && pack->slot != NULL)
        status = pytp_stream_zeros(pack, pack->block_bytes - pack->used);
    return status;
}
