/* SPDX-License-Identifier: WTFPL OR MIT
 * The queue between walker and packer. With small files a wake-up costs as much as a file, so a side that sleeps is
 * woken only for a good reason: the walker when half the queue is free, the packer for a few entries or for a file whose
 * content takes a while. */
#include "pack_parts.h"

#include <time.h>
#include <unistd.h>

uint64_t pytp_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int pytp_queue_start(pytp_queue *queue)
{
    if (pthread_mutex_init(&queue->lock, NULL) != 0)
        return -1;
    pthread_cond_init(&queue->not_empty, NULL);
    pthread_cond_init(&queue->not_full, NULL);
    pytp_queue_clear(queue);
    return 0;
}

pytp_entry *pytp_queue_space(pytp_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->count == PYTP_QUEUE_ROOM && !queue->stopped) {
        queue->crowded = 1;
        pthread_cond_wait(&queue->not_full, &queue->lock);
    }
    queue->crowded = 0;
    pytp_entry *entry = queue->stopped ? NULL : &queue->entries[(queue->head + queue->count) % PYTP_QUEUE_ROOM];
    pthread_mutex_unlock(&queue->lock);
    if (entry != NULL) {
        entry->fd = -1;
        entry->incomplete = 0;
        entry->name.length = entry->link.length = entry->records.length = 0;
    }
    return entry;
}

static int worth_waking_for(const pytp_queue *queue, const pytp_entry *newest)
{
    enum { A_FEW = 16, A_WHILE_BYTES = 64 * 1024 };
    return queue->count >= A_FEW || (newest->fd >= 0 && newest->st.st_size >= A_WHILE_BYTES);
}

void pytp_queue_push(pytp_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    const pytp_entry *newest = &queue->entries[(queue->head + queue->count++) % PYTP_QUEUE_ROOM];
    if (queue->hungry && worth_waking_for(queue, newest))
        pthread_cond_signal(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

void pytp_queue_close(pytp_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = 1;
    pthread_cond_signal(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

pytp_entry *pytp_queue_next(pytp_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->closed && !queue->stopped) {
        queue->hungry = 1;
        pthread_cond_wait(&queue->not_empty, &queue->lock);
    }
    queue->hungry = 0;
    pytp_entry *entry = queue->count > 0 && !queue->stopped ? &queue->entries[queue->head] : NULL;
    pthread_mutex_unlock(&queue->lock);
    return entry;
}

static void close_file(pytp_entry *entry)
{
    if (entry->fd >= 0)
        close(entry->fd);
    entry->fd = -1;
}

void pytp_queue_pop(pytp_queue *queue)
{
    close_file(&queue->entries[queue->head]);
    pthread_mutex_lock(&queue->lock);
    queue->head = (queue->head + 1) % PYTP_QUEUE_ROOM;
    queue->count--;
    if (queue->crowded && queue->count <= PYTP_QUEUE_ROOM / 2)
        pthread_cond_signal(&queue->not_full);
    pthread_mutex_unlock(&queue->lock);
}

void pytp_queue_stop(pytp_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->stopped = 1;
    pthread_cond_broadcast(&queue->not_full);
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

void pytp_queue_clear(pytp_queue *queue)
{
    for (; queue->count > 0; queue->count--) {
        close_file(&queue->entries[queue->head]);
        queue->head = (queue->head + 1) % PYTP_QUEUE_ROOM;
    }
    queue->closed = queue->stopped = queue->hungry = queue->crowded = 0;
}

void pytp_queue_free(pytp_queue *queue)
{
    pytp_queue_clear(queue);
    for (size_t i = 0; i < PYTP_QUEUE_ROOM; i++) {
        pytp_bytes_free(&queue->entries[i].name);
        pytp_bytes_free(&queue->entries[i].link);
        pytp_bytes_free(&queue->entries[i].records);
    }
}
