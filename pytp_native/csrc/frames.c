/* SPDX-License-Identifier: WTFPL OR MIT */
#include "frames.h"

#include <string.h>

size_t pytp_frames_gather(pytp_ring *ring, uint8_t *into, size_t room, size_t *blocks)
{
    size_t length = 0, used;
    const uint8_t *slot;
    *blocks = 0;
    while ((slot = pytp_ring_take(ring, &used)) != NULL) {
        if (used > room - length || (*blocks > 0 && pytp_ring_begins(ring)))
            break;
        memcpy(into + length, slot, used);
        pytp_ring_release(ring);
        length += used;
        ++*blocks;
    }
    return length;
}

int64_t pytp_frames_spread(pytp_ring *ring, size_t slot_bytes, size_t used, const uint8_t *data, size_t length)
{
    while (length > 0) {
        uint8_t *slot = pytp_ring_fill(ring); /* the same one again until it is committed */
        if (slot == NULL)
            return -1;
        size_t some = length < slot_bytes - used ? length : slot_bytes - used;
        memcpy(slot + used, data, some);
        data += some;
        length -= some;
        used += some;
        if (used == slot_bytes) {
            pytp_ring_commit(ring, used);
            used = 0;
        }
    }
    return (int64_t)used;
}
