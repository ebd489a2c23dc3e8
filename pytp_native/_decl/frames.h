/* SPDX-License-Identifier: WTFPL OR MIT */
/* Blocks into frames and back; see csrc/frames.h. */
size_t pytp_frames_gather(pytp_ring *ring, uint8_t *into, size_t room, size_t *blocks);
int64_t pytp_frames_spread(pytp_ring *ring, size_t slot_bytes, size_t used, const uint8_t *data, size_t length);
