/* SPDX-License-Identifier: WTFPL OR MIT
 * The packer: starts a walker and packs what it finds. */
#include "pack_parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct {
    pytp_pack *pack;
    const char *path, *name;
    int status;
} errand;

static void *walk(void *argument)
{
    errand *errand = argument;
    errand->status = pytp_walk(errand->pack, errand->path, errand->name);
    pytp_queue_close(&errand->pack->queue);
    return NULL;
}

/* Signals are for the threads that Python knows. The stack takes memory only as far as it is used. */
static int start_quietly(pthread_t *thread, errand *errand)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_attr_setstacksize(&attributes, PYTP_WALK_STACK);
    if (error == 0)
        error = pthread_create(thread, &attributes, walk, errand);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static int pack_entries(pytp_pack *pack)
{
    pytp_entry *entry;
    int status = 0;
    while (status == 0 && (entry = pytp_queue_next(&pack->queue)) != NULL) {
        status = pytp_rest_await(pack, entry);
        if (status == 0)
            status = pytp_pack_member(pack, entry);
        pytp_queue_pop(&pack->queue);
    }
    if (status != 0 || __atomic_load_n(&pack->queue.stopped, __ATOMIC_RELAXED))
        return status;
    return pytp_rest_await(pack, NULL);
}

static int pack_tree(pytp_pack *pack, const char *path, const char *name)
{
    errand errand = {pack, path, name, 0};
    pthread_t walker;
    pack->root = path;
    pack->prefix = strlen(name);
    pytp_queue_clear(&pack->queue);
    if (start_quietly(&walker, &errand) != 0)
        return PYTP_FAILED;
    int status = pack_entries(pack);
    int stopped = __atomic_load_n(&pack->queue.stopped, __ATOMIC_RELAXED); /* by pytp_pack_stop() */
    pytp_queue_stop(&pack->queue);
    pthread_join(walker, NULL);
    status = status == 0 && stopped ? PYTP_CANCELLED : status;
    pytp_queue_clear(&pack->queue);
    status = status ? status : errand.status;
    if (status != 0) /* nobody will end this archive: let the log tell of the members that are complete */
        pytp_log_flush(pack);
    return status;
}

int pytp_pack_tree(pytp_pack *pack, const char *path, const char *name, const char *after)
{
    pack->after = after;
    pack->within = 0;
    return pack_tree(pack, path, name);
}

int pytp_pack_rest(pytp_pack *pack, const char *path, const char *name, uint64_t block, const pytp_cut_member *cut)
{
    uint64_t at = block * pack->block_bytes;
    pack->scratch = pack->scratch != NULL ? pack->scratch : malloc(pack->block_bytes);
    if (pack->scratch == NULL || cut->head >= cut->start || cut->start > at || at >= cut->end)
        return PYTP_FAILED;
    pack->silent = block;
    pack->rest = cut;
    pack->slot = pack->scratch;
    pack->block = cut->head / pack->block_bytes;
    pack->used = (size_t)(cut->head % pack->block_bytes);
    pack->frame = block - pack->options.frame_blocks; /* a frame ends where the archive goes on */
    pack->frame_due = 0;
    pack->after = cut->name;
    pack->within = 1;
    return pack_tree(pack, path, name);
}

int pytp_pack_preface(pytp_pack *pack, const void *data, size_t length)
{
    pack->preface.length = 0;
    return pytp_bytes_add(&pack->preface, data, length) == 0 ? 0 : PYTP_FAILED;
}

void pytp_pack_compare(pytp_pack *pack, pytp_known *known)
{
    pack->known = known;
}

int pytp_pack_survey(pytp_pack *pack, const char *path, const char *name, int first_only, pytp_survey *survey)
{
    errand errand = {pack, path, name, 0};
    pthread_t walker;
    *survey = (pytp_survey){0};
    pack->root = path;
    pack->prefix = strlen(name);
    pack->after = NULL;
    pack->within = 0;
    pack->survey = survey;
    pack->first_only = first_only;
    pytp_queue_clear(&pack->queue);
    if (start_quietly(&walker, &errand) == 0)
        pthread_join(walker, NULL);
    else
        errand.status = PYTP_FAILED;
    pack->survey = NULL;
    pytp_links_clear(&pack->links);
    return errand.status == PYTP_SURVEYED ? 0 : errand.status;
}

void pytp_pack_stop(pytp_pack *pack)
{
    pytp_ring_stop(pack->ring);
    pytp_queue_stop(&pack->queue);
}

int pytp_pack_end(pytp_pack *pack)
{
    int status = pytp_stream_end(pack);
    pytp_log_flush(pack);
    if (status == 0)
        pytp_ring_finish(pack->ring, PYTP_END_OF_STREAM, 0);
    return status;
}

void pytp_pack_restart(pytp_pack *pack)
{
    pack->slot = NULL;
    pack->used = 0;
    pack->block = pack->frame = 0;
    pack->silent = 0;
    pack->rest = NULL;
    pack->preface.length = 0;
    pack->frame_due = 1;
    pack->frame_long = 0;
    pytp_links_clear(&pack->links);
    pytp_crossings_clear(&pack->crossings);
}

void pytp_pack_flush_log(pytp_pack *pack)
{
    pytp_log_flush(pack);
}

void pytp_pack_read_counts(pytp_pack *pack, pytp_pack_counts *counts)
{
    counts->members = __atomic_load_n(&pack->counts.members, __ATOMIC_RELAXED);
    counts->data_bytes = __atomic_load_n(&pack->counts.data_bytes, __ATOMIC_RELAXED);
    counts->problems = __atomic_load_n(&pack->counts.problems, __ATOMIC_RELAXED);
    counts->log_error = __atomic_load_n(&pack->counts.log_error, __ATOMIC_RELAXED);
}

static int copy_patterns(pytp_pack *pack, const pytp_pack_options *options)
{
    pack->exclude = calloc(options->excludes + 1, sizeof *pack->exclude);
    if (pack->exclude == NULL)
        return -1;
    for (size_t i = 0; i < options->excludes; i++)
        if ((pack->exclude[i] = strdup(options->exclude[i])) == NULL)
            return -1;
    return 0;
}

/* A descriptor is held for each level of directories and each file in the queue. */
static void allow_depth(void)
{
    enum { ENOUGH = 65536 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < ENOUGH) {
        limit.rlim_cur = limit.rlim_max < ENOUGH ? limit.rlim_max : ENOUGH;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

pytp_pack *pytp_pack_new(pytp_ring *ring, const pytp_pack_options *options)
{
    pytp_ring_stats stats;
    pytp_pack *pack = calloc(1, sizeof *pack);
    if (pack == NULL)
        return NULL;
    pytp_ring_read_stats(ring, &stats);
    pack->ring = ring;
    pack->options = *options;
    pack->block_bytes = stats.slot_bytes;
    pack->slots = stats.slots;
    pack->frame_due = 1;
    pthread_mutex_init(&pack->log_lock, NULL);
    pthread_mutex_init(&pack->crossings.lock, NULL);
    pack->hash = pytp_hash_new(options->hash);
    if (pack->hash == NULL || pytp_queue_start(&pack->queue) != 0 || copy_patterns(pack, options) != 0) {
        pytp_pack_free(pack);
        return NULL;
    }
    allow_depth();
    return pack;
}

void pytp_pack_free(pytp_pack *pack)
{
    if (pack == NULL)
        return;
    for (size_t i = 0; pack->exclude != NULL && pack->exclude[i] != NULL; i++)
        free(pack->exclude[i]);
    free(pack->exclude);
    pytp_hash_free(pack->hash);
    pytp_links_clear(&pack->links);
    pytp_queue_free(&pack->queue);
    pytp_crossings_clear(&pack->crossings);
    pthread_mutex_destroy(&pack->crossings.lock);
    pthread_mutex_destroy(&pack->log_lock);
    pytp_bytes_free(&pack->group);
    pytp_bytes_free(&pack->log);
    pytp_bytes_free(&pack->preface);
    free(pack->scratch);
    free(pack);
}
