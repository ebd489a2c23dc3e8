/* SPDX-License-Identifier: WTFPL OR MIT
 * Bulk writes of the virtual drive. Two threads fill the cartridge's two data files (striped.h says why); blocks are claimed and
 * recorded strictly in order, so that what is on the cartridge is always a beginning of what came out of the ring.
 *
 *     claim (in turn) -> put the bytes (both at once) -> commit, advance, release (in turn)
 */
#include "vdrive.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { WRITERS = 2 };

typedef struct {
    pytp_ring *ring;
    pytp_bulk *bulk;
    uint64_t limit;
    pytp_moved *moved;
    /* claiming */
    pthread_mutex_t claiming;
    uint64_t claimed, claimed_bytes;
    int no_more; /* nothing more will be claimed */
    /* committing */
    pthread_mutex_t committing;
    pthread_cond_t turn;
    int failed; /* the block after the last committed one was refused; atomic */
    uint64_t first, first_bytes;
} crew;

static int is_event(const crew *c, size_t length)
{
    const pytp_bulk *bulk = c->bulk;
    return c->first + c->claimed >= bulk->stop_at || length < bulk->least || length > bulk->most ||
           c->first_bytes + c->claimed_bytes + length >= bulk->stop_bytes ||
           __atomic_load_n(&bulk->state->recheck, __ATOMIC_RELAXED) != 0;
}

static void end(crew *c, int stop, int error)
{
    c->no_more = 1;
    c->moved->stop = stop;
    c->moved->error = error;
}

/* The next block in order, or 0: then moved says why. */
static int claim_block(crew *c, pytp_new_block *block)
{
    if (c->no_more)
        return 0;
    if (c->limit != 0 && c->claimed == c->limit) {
        end(c, PYTP_LIMIT, 0);
        return 0;
    }
    block->data = pytp_ring_claim(c->ring, &block->length);
    if (block->data == NULL)
        end(c, pytp_ring_why(c->ring), pytp_ring_error(c->ring));
    else if (__atomic_load_n(&c->failed, __ATOMIC_ACQUIRE))
        c->no_more = 1;
    else if (is_event(c, block->length))
        end(c, PYTP_FAILED, PYTP_EVENT);
    if (c->no_more)
        return 0;
    block->at = c->first + c->claimed++;
    block->offset = c->first_bytes + c->claimed_bytes;
    c->claimed_bytes += block->length;
    return 1;
}

static void advance(pytp_drive_state *state, size_t length)
{
    state->position++;
    if (state->block >= 0)
        state->block++;
    state->load_written += length;
    state->changes++;
}

/* Called with `committing` held and everything before the block committed. */
static void commit_block(crew *c, const pytp_new_block *block, uint32_t check, int error)
{
    if (error == 0)
        error = pytp_cartridge_commit(c->bulk->cartridge, block->length, check);
    if (error != 0) {
        c->bulk->host_error = error;
        __atomic_store_n(&c->failed, 1, __ATOMIC_RELEASE);
        pytp_ring_unclaim(c->ring); /* wakes who waits for another block */
        return;
    }
    advance(c->bulk->state, block->length);
    c->moved->blocks++;
    c->moved->bytes += block->length;
    pytp_ring_release(c->ring);
}

/* 0 when a block before this one, or this one, was refused. */
static int commit_in_turn(crew *c, const pytp_new_block *block, uint32_t check, int error)
{
    pthread_mutex_lock(&c->committing);
    while (c->bulk->cartridge->count != block->at && !c->failed)
        pthread_cond_wait(&c->turn, &c->committing);
    if (!c->failed)
        commit_block(c, block, check, error);
    int failed = c->failed;
    pthread_cond_broadcast(&c->turn);
    pthread_mutex_unlock(&c->committing);
    return !failed;
}

static void *write_blocks(void *self)
{
    crew *c = self;
    pytp_new_block block;
    uint32_t check = 0;
    for (;;) {
        pthread_mutex_lock(&c->claiming);
        int claimed = claim_block(c, &block);
        pthread_mutex_unlock(&c->claiming);
        if (!claimed)
            return NULL;
        int error = pytp_cartridge_put(c->bulk->cartridge, &block, &check);
        if (!commit_in_turn(c, &block, check, error))
            return NULL;
    }
}

/* A thread that no signal interrupts: those are for the caller's. */
static int hire(pthread_t *thread, crew *c)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, NULL, write_blocks, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void write_together(crew *c)
{
    pthread_t others[WRITERS - 1];
    int hired = 0;
    while (hired < WRITERS - 1 && hire(&others[hired], c) == 0)
        hired++;
    write_blocks(c);
    while (hired > 0)
        pthread_join(others[--hired], NULL);
}

void pytp_bulk_write(pytp_ring *ring, pytp_bulk *bulk, uint64_t limit, pytp_moved *moved)
{
    crew c = {.ring = ring, .bulk = bulk, .limit = limit, .moved = moved};
    c.first = bulk->cartridge->count;
    c.first_bytes = bulk->cartridge->data_bytes;
    memset(moved, 0, sizeof *moved);
    bulk->host_error = 0;
    if (bulk->state->position != c.first) {
        end(&c, PYTP_FAILED, PYTP_EVENT);
        return;
    }
    pthread_mutex_init(&c.claiming, NULL);
    pthread_mutex_init(&c.committing, NULL);
    pthread_cond_init(&c.turn, NULL);
    write_together(&c);
    pytp_ring_unclaim(ring);
    if (c.failed) {
        end(&c, PYTP_FAILED, EIO); /* ENOSPC would mean the end of the tape */
        pytp_cartridge_trim(bulk->cartridge);
    }
    pthread_cond_destroy(&c.turn);
    pthread_mutex_destroy(&c.committing);
    pthread_mutex_destroy(&c.claiming);
}
