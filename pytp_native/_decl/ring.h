/* SPDX-License-Identifier: WTFPL OR MIT */
/* Ring of tape blocks between one producer and one consumer; see csrc/ring.h for the contract. */
typedef struct pytp_ring pytp_ring;
typedef struct {
    uint64_t slots, slot_bytes, filled, peak_filled;
    uint64_t blocks_in, bytes_in, blocks_out, bytes_out;
    uint64_t producer_wait_ns, consumer_wait_ns, underruns, restarts;
    ...;
} pytp_ring_stats;
pytp_ring *pytp_ring_new(size_t slot_bytes, size_t slots);
void pytp_ring_free(pytp_ring *ring);
void pytp_ring_marks(pytp_ring *ring, size_t high, size_t low);
void pytp_ring_ahead(pytp_ring *ring, size_t slots);
int pytp_ring_reset(pytp_ring *ring);
uint8_t *pytp_ring_fill(pytp_ring *ring);
void pytp_ring_commit(pytp_ring *ring, size_t used);
void pytp_ring_finish(pytp_ring *ring, int why, int error);
uint8_t *pytp_ring_take(pytp_ring *ring, size_t *used);
void pytp_ring_release(pytp_ring *ring);
uint8_t *pytp_ring_claim(pytp_ring *ring, size_t *used);
void pytp_ring_unclaim(pytp_ring *ring);
void pytp_ring_stop(pytp_ring *ring);
int pytp_ring_why(pytp_ring *ring);
int pytp_ring_error(pytp_ring *ring);
void pytp_ring_read_stats(pytp_ring *ring, pytp_ring_stats *into);
#define PYTP_RUNNING ...
#define PYTP_END_OF_STREAM ...
#define PYTP_FILEMARK ...
#define PYTP_END_OF_DATA ...
#define PYTP_FAILED ...
#define PYTP_CANCELLED ...
#define PYTP_LIMIT ...
#define PYTP_NO_SPACE ...
typedef struct { uint64_t blocks, bytes; int stop, error; ...; } pytp_moved;
void pytp_write_fd(pytp_ring *ring, int fd, uint64_t limit, pytp_moved *moved);
void pytp_read_fd(pytp_ring *ring, int fd, uint64_t limit, pytp_moved *moved);
void pytp_write_file(pytp_ring *ring, int fd, uint64_t limit, pytp_moved *moved);
