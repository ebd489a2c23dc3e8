/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * A ring of page-aligned slots, each exactly one tape block, between one producer and one consumer thread.
 *
 * Producer: slot = pytp_ring_fill() -> write up to slot_bytes -> pytp_ring_commit(used) -> ... -> pytp_ring_finish(why).
 * Consumer: data = pytp_ring_take(&used) -> use it -> pytp_ring_release() -> ... until NULL.
 *
 * take() only looks at the oldest filled slot: a block that is not released (the device refused it) is still there for
 * the next take(). Blocks leave in the order they came in; free slots are reused last-in first-out, so that while the
 * consumer keeps up the same few slots stay in the processor's cache.
 *
 * Marks, in slots, hold the consumer back for devices with a lowest speed: after the ring has run down to `low`, take()
 * waits until `high` slots are filled or the stream ended. high == 0 means no marks.
 *
 * `ahead` bounds how many slots the producer may fill before the consumer has taken one. For a device that needs no
 * reserve, a few slots that stay in the cache are several times faster than many that do not.
 *
 * All waits block on a condition; nothing polls. stop() may be called from any thread.
 */
#ifndef PYTP_RING_H
#define PYTP_RING_H
#include <stddef.h>
#include <stdint.h>

/* Why a stream or a bulk transfer ended. */
enum {
    PYTP_RUNNING = 0,
    PYTP_END_OF_STREAM, /* the producer had no more */
    PYTP_FILEMARK,      /* a read met a filemark and stands behind it */
    PYTP_END_OF_DATA,   /* a read met the end of the recorded data */
    PYTP_FAILED,        /* `error` holds an errno */
    PYTP_CANCELLED,     /* stop() was called */
    PYTP_LIMIT,         /* the requested number of blocks was moved */
    PYTP_NO_SPACE       /* ENOSPC: nothing of the current block was written; it is still in the ring */
};

typedef struct pytp_ring pytp_ring;

typedef struct {
    uint64_t slots, slot_bytes, filled, peak_filled;
    uint64_t blocks_in, bytes_in, blocks_out, bytes_out;
    uint64_t producer_wait_ns, consumer_wait_ns;
    uint64_t underruns; /* times the consumer found nothing to take in mid-stream */
    uint64_t restarts;  /* times the consumer waited for the high mark */
} pytp_ring_stats;

/* NULL with errno (ENOMEM, EINVAL) on failure. Memory is touched only when a slot is first used. */
pytp_ring *pytp_ring_new(size_t slot_bytes, size_t slots);
void pytp_ring_free(pytp_ring *ring);
/* Set both marks, in slots; low < high <= slots, or high == 0. */
void pytp_ring_marks(pytp_ring *ring, size_t high, size_t low);
/* Let the producer be at most this many slots ahead; 0 or more than there are: all of them. */
void pytp_ring_ahead(pytp_ring *ring, size_t slots);
/* Empty the ring for the next stream; statistics go on. Nobody may be using it. Returns 0. */
int pytp_ring_reset(pytp_ring *ring);

/* A free slot of slot_bytes, after waiting for one; NULL when the consumer has stopped. Repeating it without a commit
 * gives the same slot. */
uint8_t *pytp_ring_fill(pytp_ring *ring);
void pytp_ring_commit(pytp_ring *ring, size_t used);
/* Say that something new begins with the slot that fill() gave; the consumer sees it in begins(), of the oldest filled slot. */
void pytp_ring_begin(pytp_ring *ring);
int pytp_ring_begins(pytp_ring *ring);
/* No more blocks will come. `why` is one of the enum above; `error` an errno for PYTP_FAILED. */
void pytp_ring_finish(pytp_ring *ring, int why, int error);

/* The oldest filled slot and its length; NULL when the stream has ended (see why()) or was stopped. */
uint8_t *pytp_ring_take(pytp_ring *ring, size_t *used);
void pytp_ring_release(pytp_ring *ring);
/* For a consumer of several threads: claim() is a take() that gives each filled slot once, in order, so that several are being
 * worked on; release() still gives back the oldest. unclaim() leaves those not released to be taken again. */
uint8_t *pytp_ring_claim(pytp_ring *ring, size_t *used);
void pytp_ring_unclaim(pytp_ring *ring);

/* Make both sides return NULL from now on, until reset. Blocks that were not released are lost. */
void pytp_ring_stop(pytp_ring *ring);
int pytp_ring_why(pytp_ring *ring);
int pytp_ring_error(pytp_ring *ring);
void pytp_ring_read_stats(pytp_ring *ring, pytp_ring_stats *into);

/* What a bulk transfer did: whole blocks on the device (or in the ring), and why it stopped. */
typedef struct {
    uint64_t blocks, bytes;
    int stop, error;
} pytp_moved;

/* Where blocks go: write exactly one block; 0 or an errno. ENOSPC means that nothing of it was written. */
typedef struct {
    int (*write_block)(void *self, const uint8_t *data, size_t length);
    void *self;
} pytp_sink;

/* Where blocks come from: read one block into `room` bytes; its length, 0 at a filemark, or -errno.
 * -ENODATA stands for the end of data. */
typedef struct {
    int64_t (*read_block)(void *self, uint8_t *into, size_t room);
    void *self;
} pytp_source;

/* Move blocks until the stream ends, the sink refuses, stop(), or `limit` blocks (0: no limit). Does not finish or stop
 * the ring: the caller decides what a refusal means. */
void pytp_drain(pytp_ring *ring, const pytp_sink *sink, uint64_t limit, pytp_moved *moved);
/* Read blocks into the ring until a filemark, end of data, error, stop(), or `limit` blocks. Does not finish the ring. */
void pytp_pour(pytp_ring *ring, const pytp_source *source, uint64_t limit, pytp_moved *moved);

/* The same for a file descriptor: one write(2) or read(2) per block, as st(4) wants it. */
void pytp_write_fd(pytp_ring *ring, int fd, uint64_t limit, pytp_moved *moved);
void pytp_read_fd(pytp_ring *ring, int fd, uint64_t limit, pytp_moved *moved);
/* Into a file on disk, which may take less at once; a full disk is PYTP_NO_SPACE. */
void pytp_write_file(pytp_ring *ring, int fd, uint64_t limit, pytp_moved *moved);

#endif
