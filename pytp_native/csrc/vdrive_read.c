/* SPDX-License-Identifier: WTFPL OR MIT
 * Bulk reads of the virtual drive. */
#include "vdrive.h"

static void advance(pytp_drive_state *state)
{
    state->position++;
    if (state->block >= 0)
        state->block++;
}

static int is_event(const pytp_bulk *bulk, uint64_t length)
{
    return bulk->state->position >= bulk->stop_at || length < bulk->least || length > bulk->most ||
           __atomic_load_n(&bulk->state->recheck, __ATOMIC_RELAXED) != 0;
}

static int64_t read_one(void *self, uint8_t *into, size_t room)
{
    pytp_bulk *bulk = self;
    uint32_t length;
    int what = pytp_cartridge_look(bulk->cartridge, bulk->state->position, &length);
    if (what != PYTP_AT_BLOCK || length > room || is_event(bulk, length))
        return -PYTP_EVENT;
    /* Damage and host errors happen again, with their story, in the ordinary read. */
    if (pytp_cartridge_read(bulk->cartridge, bulk->state->position, into, room) != (int64_t)length)
        return -PYTP_EVENT;
    advance(bulk->state);
    bulk->state->load_read += length;
    return (int64_t)length;
}

void pytp_bulk_read(pytp_ring *ring, pytp_bulk *bulk, uint64_t limit, pytp_moved *moved)
{
    pytp_source source = {read_one, bulk};
    bulk->host_error = 0;
    pytp_pour(ring, &source, limit, moved);
}
