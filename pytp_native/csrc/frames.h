/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * Between blocks and frames: what a compressor takes and gives. The blocks of a frame leave the packer's ring as one piece;
 * compressed frames go into the tape's ring one behind the other, wherever they end in a block. */
#ifndef PYTP_FRAMES_H
#define PYTP_FRAMES_H
#include "ring.h"

/* Consumer: copy the blocks up to the next one that begins a frame (pytp_ring_begin), after waiting for it, but not more than
 * `room` bytes. Returns the bytes; *blocks says of how many blocks. 0: the stream has ended, or was stopped. */
size_t pytp_frames_gather(pytp_ring *ring, uint8_t *into, size_t room, size_t *blocks);

/* Producer: put bytes behind the first `used` ones of the slot that is being filled, and into further slots of `slot_bytes`.
 * Returns how much of the last one is used, below slot_bytes; -1 when the ring was stopped. */
int64_t pytp_frames_spread(pytp_ring *ring, size_t slot_bytes, size_t used, const uint8_t *data, size_t length);

#endif
