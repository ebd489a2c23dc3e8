/* SPDX-License-Identifier: WTFPL OR MIT */
#include "ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct pytp_ring {
    pthread_mutex_t lock;
    pthread_cond_t not_full, not_empty;
    uint8_t *memory;
    size_t slot_bytes, stride, slots;
    size_t *free_stack, free_count;   /* slots nobody uses, hottest on top */
    size_t *queue, head, filled;      /* circular queue of filled slots, oldest at head */
    size_t *used;                     /* bytes in each slot */
    uint8_t *begins;                  /* something new begins with this slot */
    size_t high, low, ahead;
    size_t claimed;                   /* of the filled slots, how many claim() has given out */
    size_t filling;                   /* slot given out by fill(), or NONE */
    int resting;                      /* the consumer waits for the high mark */
    int why, error, stopped;
    pytp_ring_stats stats;
};

static const size_t NONE = (size_t)-1;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void empty(pytp_ring *ring)
{
    ring->free_count = ring->slots;
    for (size_t i = 0; i < ring->slots; i++)
        ring->free_stack[i] = ring->slots - 1 - i;
    ring->head = ring->filled = ring->claimed = 0;
    ring->filling = NONE;
    ring->resting = ring->high > 0;
    ring->why = PYTP_RUNNING;
    ring->error = ring->stopped = 0;
}

pytp_ring *pytp_ring_new(size_t slot_bytes, size_t slots)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t stride = (slot_bytes + page - 1) / page * page;
    if (slot_bytes == 0 || slots == 0 || slots > SIZE_MAX / stride) {
        errno = EINVAL;
        return NULL;
    }
    pytp_ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        return NULL;
    ring->memory = mmap(NULL, stride * slots, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ring->free_stack = calloc(slots, sizeof(size_t));
    ring->queue = calloc(slots, sizeof(size_t));
    ring->used = calloc(slots, sizeof(size_t));
    ring->begins = calloc(slots, 1);
    ring->slot_bytes = slot_bytes;
    ring->stride = stride;
    ring->slots = ring->ahead = slots;
    if (ring->memory == MAP_FAILED || !ring->free_stack || !ring->queue || !ring->used || !ring->begins) {
        pytp_ring_free(ring);
        errno = ENOMEM;
        return NULL;
    }
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->not_full, NULL);
    pthread_cond_init(&ring->not_empty, NULL);
    ring->stats.slots = slots;
    ring->stats.slot_bytes = slot_bytes;
    empty(ring);
    return ring;
}

void pytp_ring_free(pytp_ring *ring)
{
    if (ring == NULL)
        return;
    if (ring->memory != MAP_FAILED && ring->memory != NULL)
        munmap(ring->memory, ring->stride * ring->slots);
    free(ring->free_stack);
    free(ring->queue);
    free(ring->used);
    free(ring->begins);
    free(ring);
}

void pytp_ring_marks(pytp_ring *ring, size_t high, size_t low)
{
    pthread_mutex_lock(&ring->lock);
    ring->high = high > ring->slots ? ring->slots : high;
    ring->low = high > 0 && low >= ring->high ? ring->high - 1 : low;
    ring->resting = ring->high > 0 && ring->filled < ring->high;
    pthread_cond_broadcast(&ring->not_empty);
    pthread_mutex_unlock(&ring->lock);
}

void pytp_ring_ahead(pytp_ring *ring, size_t slots)
{
    pthread_mutex_lock(&ring->lock);
    ring->ahead = slots == 0 || slots > ring->slots ? ring->slots : slots;
    pthread_cond_broadcast(&ring->not_full);
    pthread_mutex_unlock(&ring->lock);
}

int pytp_ring_reset(pytp_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    empty(ring);
    pthread_mutex_unlock(&ring->lock);
    return 0;
}

static int may_fill(const pytp_ring *ring)
{
    return ring->free_count > 0 && ring->filled < ring->ahead;
}

uint8_t *pytp_ring_fill(pytp_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    if (ring->filling == NONE && !may_fill(ring) && !ring->stopped) {
        uint64_t since = now_ns();
        while (!may_fill(ring) && !ring->stopped)
            pthread_cond_wait(&ring->not_full, &ring->lock);
        ring->stats.producer_wait_ns += now_ns() - since;
    }
    if (!ring->stopped && ring->filling == NONE) {
        ring->filling = ring->free_stack[--ring->free_count];
        ring->begins[ring->filling] = 0;
    }
    uint8_t *slot = ring->stopped ? NULL : ring->memory + ring->filling * ring->stride;
    pthread_mutex_unlock(&ring->lock);
    return slot;
}

void pytp_ring_commit(pytp_ring *ring, size_t used)
{
    pthread_mutex_lock(&ring->lock);
    if (!ring->stopped && ring->filling != NONE) {
        ring->used[ring->filling] = used;
        ring->queue[(ring->head + ring->filled) % ring->slots] = ring->filling;
        ring->filling = NONE;
        ring->filled++;
        if (ring->filled > ring->stats.peak_filled)
            ring->stats.peak_filled = ring->filled;
        ring->stats.blocks_in++;
        ring->stats.bytes_in += used;
        if (!ring->resting || ring->filled >= ring->high)
            pthread_cond_signal(&ring->not_empty);
    }
    pthread_mutex_unlock(&ring->lock);
}

void pytp_ring_begin(pytp_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    if (ring->filling != NONE)
        ring->begins[ring->filling] = 1;
    pthread_mutex_unlock(&ring->lock);
}

int pytp_ring_begins(pytp_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    int begins = ring->filled > 0 && ring->begins[ring->queue[ring->head]];
    pthread_mutex_unlock(&ring->lock);
    return begins;
}

void pytp_ring_finish(pytp_ring *ring, int why, int error)
{
    pthread_mutex_lock(&ring->lock);
    if (ring->why == PYTP_RUNNING) {
        ring->why = why;
        ring->error = error;
    }
    pthread_cond_broadcast(&ring->not_empty);
    pthread_mutex_unlock(&ring->lock);
}

/* Whether take() may hand out a block now, by the marks. Called with the lock held. */
static int ready(pytp_ring *ring)
{
    if (ring->why != PYTP_RUNNING)
        return 1;
    if (ring->high == 0)
        return ring->filled > ring->claimed;
    if (!ring->resting && ring->filled <= ring->low) {
        ring->resting = 1;
        ring->stats.restarts++;
    }
    if (ring->resting && ring->filled >= ring->high)
        ring->resting = 0;
    return !ring->resting;
}

/* The oldest filled slot that was not claimed, after waiting for one. Called with the lock held. */
static uint8_t *next_filled(pytp_ring *ring, size_t *used)
{
    if (!ready(ring) && !ring->stopped) {
        uint64_t since = now_ns();
        ring->stats.underruns += ring->stats.blocks_out > 0 && ring->filled == 0;
        while (!ready(ring) && !ring->stopped)
            pthread_cond_wait(&ring->not_empty, &ring->lock);
        ring->stats.consumer_wait_ns += now_ns() - since;
    }
    if (ring->stopped || ring->filled == ring->claimed)
        return NULL;
    size_t index = ring->queue[(ring->head + ring->claimed) % ring->slots];
    *used = ring->used[index];
    return ring->memory + index * ring->stride;
}

uint8_t *pytp_ring_take(pytp_ring *ring, size_t *used)
{
    pthread_mutex_lock(&ring->lock);
    uint8_t *slot = next_filled(ring, used);
    pthread_mutex_unlock(&ring->lock);
    return slot;
}

uint8_t *pytp_ring_claim(pytp_ring *ring, size_t *used)
{
    pthread_mutex_lock(&ring->lock);
    uint8_t *slot = next_filled(ring, used);
    ring->claimed += slot != NULL;
    pthread_mutex_unlock(&ring->lock);
    return slot;
}

void pytp_ring_unclaim(pytp_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->claimed = 0;
    pthread_cond_broadcast(&ring->not_empty);
    pthread_mutex_unlock(&ring->lock);
}

void pytp_ring_release(pytp_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    if (ring->filled > 0) {
        size_t index = ring->queue[ring->head];
        ring->head = (ring->head + 1) % ring->slots;
        ring->filled--;
        ring->claimed -= ring->claimed > 0;
        ring->free_stack[ring->free_count++] = index;
        ring->stats.blocks_out++;
        ring->stats.bytes_out += ring->used[index];
        pthread_cond_signal(&ring->not_full);
    }
    pthread_mutex_unlock(&ring->lock);
}

void pytp_ring_stop(pytp_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->stopped = 1;
    pthread_cond_broadcast(&ring->not_full);
    pthread_cond_broadcast(&ring->not_empty);
    pthread_mutex_unlock(&ring->lock);
}

int pytp_ring_why(pytp_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    int why = ring->stopped ? PYTP_CANCELLED : ring->why;
    pthread_mutex_unlock(&ring->lock);
    return why;
}

int pytp_ring_error(pytp_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    int error = ring->error;
    pthread_mutex_unlock(&ring->lock);
    return error;
}

void pytp_ring_read_stats(pytp_ring *ring, pytp_ring_stats *into)
{
    pthread_mutex_lock(&ring->lock);
    *into = ring->stats;
    into->filled = ring->filled;
    pthread_mutex_unlock(&ring->lock);
}
