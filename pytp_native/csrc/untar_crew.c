/* SPDX-License-Identifier: WTFPL OR MIT
 * Threads that fill and finish small files. The reader makes each file, in the archive's order, so that every rule about
 * names holds as before; writing its data, setting its attributes and closing it happen through the descriptor alone, and
 * that is the larger part of the kernel's work. */
#include "untar_parts.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JOBS = 64, THREADS = 3, WAKE_AT = 8 };
enum { FREE = 0, READY, BUSY, FAILED };

typedef struct {
    int fd, state, incomplete; /* incomplete: its data could not be written */
    int hash_kind, damage;     /* PYTP_DAMAGE_ */
    pytp_untar_expected expected;
    uint64_t at, bad; /* of the archive: where it begins, and where the block that could not be read */
    untar_delayed what;
    untar_rules rules;
    untar_buffer data, name;
    untar_mishap mishap;
} untar_job;

struct untar_crew {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    untar_job jobs[JOBS];
    size_t in, out; /* the next job to give, the next to take */
    size_t ready, unfinished;
    uint64_t checked; /* files whose checksum is right */
    int reader_waits, stop;
    pthread_t threads[THREADS];
    size_t thread_count;
};

static void do_job(untar_job *job, pytp_hash **hash)
{
    job->mishap = (untar_mishap){NULL, 0};
    if (job->damage == PYTP_DAMAGE_NONE && job->expected.digest_length > 0)
        job->damage = untar_check_whole(hash, job->hash_kind, &job->expected, job->data.at, job->data.length);
    job->incomplete = untar_write_all(job->fd, job->data.at, job->data.length, 0) != 0;
    if (job->incomplete) {
        job->mishap = (untar_mishap){"cannot write it", errno};
        return; /* the reader removes and closes it */
    }
    untar_set_basics(job->fd, &job->rules, &job->what, &job->mishap);
    untar_set_times(job->fd, &job->what, &job->mishap);
    if (close(job->fd) != 0 && job->mishap.reason == NULL)
        job->mishap = (untar_mishap){"it may not be complete", errno};
}

static int is_to_be_told(const untar_job *job)
{
    return job->mishap.reason != NULL || job->damage != PYTP_DAMAGE_NONE;
}

static void *work(void *argument)
{
    untar_crew *crew = argument;
    pytp_hash *hash = NULL;
    int hash_kind = PYTP_HASH_NONE;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (crew->ready == 0 && !crew->stop)
            pthread_cond_wait(&crew->work, &crew->lock);
        if (crew->ready == 0)
            break;
        untar_job *job = &crew->jobs[crew->out];
        crew->out = (crew->out + 1) % JOBS;
        crew->ready--;
        job->state = BUSY;
        pthread_mutex_unlock(&crew->lock);
        if (hash != NULL && hash_kind != job->hash_kind) { /* another archive's */
            pytp_hash_free(hash);
            hash = NULL;
        }
        hash_kind = job->hash_kind;
        do_job(job, &hash);
        pthread_mutex_lock(&crew->lock);
        crew->checked += job->expected.digest_length > 0 && job->damage == PYTP_DAMAGE_NONE;
        job->state = is_to_be_told(job) ? FAILED : FREE;
        crew->unfinished--;
        if (crew->reader_waits)
            pthread_cond_signal(&crew->done);
    }
    pthread_mutex_unlock(&crew->lock);
    pytp_hash_free(hash);
    return NULL;
}

/* One thread fewer than there are processors; none on a single one. */
static void start_threads(untar_crew *crew)
{
    cpu_set_t usable;
    sigset_t all, before;
    size_t wanted = sched_getaffinity(0, sizeof usable, &usable) == 0 ? (size_t)CPU_COUNT(&usable) - 1 : 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the caller's threads */
    while (crew->thread_count < THREADS && crew->thread_count < wanted &&
           pthread_create(&crew->threads[crew->thread_count], NULL, work, crew) == 0)
        crew->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static untar_crew *hire(void)
{
    untar_crew *crew = calloc(1, sizeof *crew);
    if (crew == NULL)
        return NULL;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->work, NULL);
    pthread_cond_init(&crew->done, NULL);
    start_threads(crew);
    return crew;
}

void untar_crew_dismiss(untar_crew *crew)
{
    if (crew == NULL)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->stop = 1;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->lock);
    for (size_t i = 0; i < crew->thread_count; i++)
        pthread_join(crew->threads[i], NULL);
    for (size_t i = 0; i < JOBS; i++) {
        if (crew->jobs[i].state == FAILED && crew->jobs[i].incomplete)
            close(crew->jobs[i].fd);
        free(crew->jobs[i].data.at);
        free(crew->jobs[i].name.at);
    }
    free(crew);
}

static int in_work(const untar_crew *crew, const untar_job *job)
{
    return job != NULL ? job->state == READY || job->state == BUSY : crew->unfinished > 0;
}

/* Wait until `job`, or all of them (NULL), is done. */
static void wait_for(untar_crew *crew, const untar_job *job)
{
    pthread_mutex_lock(&crew->lock);
    if (in_work(crew, job)) {
        pthread_cond_broadcast(&crew->work);
        crew->reader_waits = 1;
        while (in_work(crew, job))
            pthread_cond_wait(&crew->done, &crew->lock);
        crew->reader_waits = 0;
    }
    pthread_mutex_unlock(&crew->lock);
}

/* Tell what became of a failed job, and free it. */
static int tell(pytp_untar *untar, untar_job *job)
{
    pytp_untar_text name = {job->name.at, job->name.length};
    const char *base;
    job->state = FREE;
    if (job->incomplete)
        untar_remove_incomplete(untar, job->fd, name);
    else if (job->damage != PYTP_DAMAGE_NONE) {
        int parent = untar_parent_of(untar, name, &base);
        untar->counts.restored--;
        return untar_damaged(untar, name, job->damage, job->at, job->bad, parent >= 0 && untar_set_aside(parent, base, base));
    }
    return untar_trouble_of(untar, name, job->mishap.reason, job->mishap.error);
}

static int hand_over(pytp_untar *untar, untar_crew *crew, untar_job *job, const untar_delayed *what)
{
    size_t size = (size_t)untar->left;
    job->name.length = 0;
    if (untar_buffer_room(&job->data, size) != 0 ||
        untar_buffer_add(&job->name, untar->member.name.at, untar->member.name.length) != 0)
        return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    if (untar_stream_read(&untar->in, job->data.at, size) < size) {
        pytp_untar_abandon(untar);
        return untar_over(untar, PYTP_UNTAR_CUT);
    }
    untar->left = 0;
    untar->counts.owners_skipped += (uint64_t)untar_is_foreign(&untar->rules, what);
    untar->counts.content += size;
    job->damage = untar->in.gap_bytes != untar->gaps_before ? PYTP_DAMAGE_UNREAD : PYTP_DAMAGE_NONE;
    job->expected.digest_length = 0;
    if (untar->hashing)
        job->expected = *untar->expected;
    job->hash_kind = untar->hash_kind;
    job->at = untar->group_at;
    job->bad = untar->in.gap_start;
    job->data.length = size;
    job->what = *what;
    job->rules = untar->rules;
    job->rules.born_right = untar->file.born_right;
    job->fd = untar->file.fd;
    untar->file.fd = -1;
    untar->file.filling = 0;
    pthread_mutex_lock(&crew->lock);
    job->state = READY;
    crew->in = (crew->in + 1) % JOBS;
    crew->ready++;
    crew->unfinished++;
    if (crew->ready >= WAKE_AT) /* waking for each file would cost more than the file */
        pthread_cond_signal(&crew->work);
    pthread_mutex_unlock(&crew->lock);
    return 0;
}

int untar_crew_take(pytp_untar *untar, const untar_delayed *what)
{
    untar_crew *crew = untar->crew;
    if (crew == NULL && (crew = untar->crew = hire()) == NULL)
        return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    if (crew->thread_count == 0)
        return 0;
    untar_job *job = &crew->jobs[crew->in];
    wait_for(crew, job);
    return job->state == FAILED ? tell(untar, job) : hand_over(untar, crew, job, what);
}

uint64_t untar_crew_checked(untar_crew *crew)
{
    if (crew == NULL)
        return 0;
    pthread_mutex_lock(&crew->lock);
    uint64_t checked = crew->checked;
    pthread_mutex_unlock(&crew->lock);
    return checked;
}

int untar_crew_settle(pytp_untar *untar, pytp_untar_text name)
{
    untar_crew *crew = untar->crew;
    for (size_t i = 0; crew != NULL && i < JOBS; i++) {
        untar_job *job = &crew->jobs[i];
        if (job->name.length != name.length || name.length == 0 || memcmp(job->name.at, name.at, name.length) != 0)
            continue;
        wait_for(crew, job);
        if (job->state == FAILED)
            return tell(untar, job);
    }
    return 0;
}

int untar_crew_wait(pytp_untar *untar)
{
    untar_crew *crew = untar->crew;
    if (crew == NULL)
        return 0;
    wait_for(crew, NULL);
    for (size_t i = 0; i < JOBS; i++)
        if (crew->jobs[i].state == FAILED)
            return tell(untar, &crew->jobs[i]);
    return 0;
}
