/* SPDX-License-Identifier: WTFPL OR MIT
 * The order of an archive: headers, extended headers before them, data, padding, the end mark, and what to do when
 * something else stands there. */
#include "untar_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TYPE = 156, SIZE = 124 };
enum { HEADER_WANTED = 1, SEARCHING, HEADER_READ }; /* states of `lost` */

pytp_untar *pytp_untar_new(pytp_ring *ring)
{
    pytp_untar *untar = calloc(1, sizeof *untar);
    if (untar == NULL)
        return NULL;
    if (untar_stream_begin(&untar->in, ring) != 0) {
        free(untar);
        return NULL;
    }
    untar->root = untar->file.fd = untar->parents.root = untar->links.root = untar->output = -1;
    untar->names_width = 19; /* GNU tar's initial widths; both only grow */
    untar->date_width = sizeof "YYYY-MM-DD HH:MM" - 1;
    return untar;
}

void pytp_untar_free(pytp_untar *untar)
{
    if (untar == NULL)
        return;
    pytp_untar_abandon(untar);
    untar_crew_dismiss(untar->crew);
    untar_buffer *buffers[] = {&untar->local, &untar->global, &untar->long_name, &untar->long_link, &untar->problem_path,
                               &untar->path, &untar->link_path, &untar->scratch, &untar->line, &untar->spare_name,
                               &untar->expect.texts};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]->at);
    for (size_t i = 0; i < untar->pattern_count; i++)
        free(untar->patterns[i].text);
    for (size_t i = untar->settled; i < untar->delayed_count; i++)
        free(untar->delayed[i].path);
    untar_walk_free(&untar->parents);
    untar_walk_free(&untar->links);
    free(untar->patterns);
    free(untar->delayed);
    free(untar->made.hashes);
    free(untar->map.at);
    free(untar->expect.members);
    pytp_hash_free(untar->hash);
    untar_stream_end(&untar->in);
    free(untar);
}

void pytp_untar_restart(pytp_untar *untar)
{
    untar_stream_restart(&untar->in);
    free(untar->expect.members);
    untar->expect = (untar_expectations){.texts = untar->expect.texts};
    untar->expected = NULL;
    untar->global.length = 0;
    untar->left = 0;
    untar->padding = 0;
    untar->data_end = 0;
    untar->zeros = untar->draining = untar->lost = untar->lost_zeros = untar->over = 0;
    untar_begin_group(untar);
}

const pytp_untar_entry *pytp_untar_member(pytp_untar *untar)
{
    return &untar->member;
}

const pytp_untar_mishap *pytp_untar_problem(pytp_untar *untar)
{
    return &untar->problem;
}

void pytp_untar_count(pytp_untar *untar, pytp_untar_counts *into)
{
    untar->counts.bytes = untar->in.total;
    *into = untar->counts;
    into->checked += untar_crew_checked(untar->crew);
}

int pytp_untar_standing(const pytp_untar *untar, uint64_t *left)
{
    uint64_t here = untar_stream_position(&untar->in);
    *left = here < untar->data_end ? untar->data_end - here : 0;
    if (untar->over != 0 || untar->draining)
        return PYTP_STANDS_BEHIND_END;
    if (*left > 0)
        return PYTP_STANDS_INSIDE;
    return untar->pending ? PYTP_STANDS_IN_HEADER : PYTP_STANDS_BETWEEN;
}

int untar_over(pytp_untar *untar, int event)
{
    untar->over = event;
    return event;
}

int untar_trouble_of(pytp_untar *untar, pytp_untar_text name, const char *reason, int error)
{
    untar->problem_path.length = 0;
    if (error == ENOSPC && untar->over == 0)
        untar->over = PYTP_UNTAR_NO_SPACE; /* the next call says so */
    if (untar_buffer_add(&untar->problem_path, name.at, name.length) != 0)
        return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    untar->problem = (pytp_untar_mishap){.path = {untar->problem_path.at, untar->problem_path.length},
                                         .reason = reason, .error = error,
                                         .block = untar->member.header_block, .offset = untar->member.header_offset};
    return PYTP_UNTAR_PROBLEM;
}

int untar_trouble(pytp_untar *untar, const char *reason, int error)
{
    return untar_trouble_of(untar, untar->member.name, reason, error);
}

int untar_pause_due(pytp_untar *untar)
{
    if (untar->in.taken < PAUSE_BYTES)
        return 0;
    untar->in.taken = 0;
    return 1;
}

/* Pass over `*left` bytes: 0, PAUSE, or CUT. */
static int skip(pytp_untar *untar, int64_t *left)
{
    while (*left > 0) {
        size_t some;
        if (untar_pause_due(untar))
            return PYTP_UNTAR_PAUSE;
        if (untar_stream_look(&untar->in, &some) == NULL)
            return untar_over(untar, PYTP_UNTAR_CUT);
        if ((uint64_t)some > (uint64_t)*left)
            some = (size_t)*left;
        untar_stream_pass(&untar->in, some);
        *left -= (int64_t)some;
    }
    return 0;
}

/* Leave the current member: the rest of its data and its padding. */
int untar_leave(pytp_untar *untar)
{
    int event = skip(untar, &untar->left);
    if (event != 0 || untar->padding == 0)
        return event;
    uint8_t rest[BLOCK];
    size_t padding = untar->padding;
    untar->padding = 0;
    if (untar_stream_read(&untar->in, rest, padding) < padding)
        return untar_over(untar, PYTP_UNTAR_UNMARKED); /* the data itself was complete */
    return 0;
}

void untar_begin_group(pytp_untar *untar)
{
    untar->group_at = untar->here_at;
    untar->expected = NULL;
    untar->member.header_block = untar->here_block;
    untar->member.header_offset = untar->here_offset;
    untar->pending = 0;
    untar->local.length = untar->long_name.length = untar->long_link.length = 0;
    untar->map.count = 0;
    untar->sparse = (untar_sparse_info){.real_size = -1, .pending = -1};
    untar->volume = (untar_volume_info){0};
    untar->refused = NULL;
    untar->has_records = 0;
}

/* Take an extended header's data into memory. */
static int load(pytp_untar *untar, untar_buffer *into)
{
    int64_t size;
    into->length = 0;
    untar->pending = 1;
    if (untar_number(untar->header + SIZE, 12, &size) != 0 || size < 0) {
        untar->lost = HEADER_WANTED;
        return 0;
    }
    untar->padding = (size_t)((BLOCK - size % BLOCK) % BLOCK);
    if ((uint64_t)size > EXTENDED_LIMIT) {
        untar->refused = "its extended header is larger than 64 MiB";
        untar->left = size;
        return untar_leave(untar);
    }
    uint64_t gaps = untar->in.gap_bytes;
    if (untar_buffer_room(into, (size_t)size + 1) != 0)
        return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    if (untar_stream_read(&untar->in, into->at, (size_t)size) < (size_t)size)
        return untar_over(untar, PYTP_UNTAR_CUT);
    into->length = (size_t)size;
    into->at[size] = 0;
    if (untar->in.gap_bytes != gaps) {
        into->length = 0;
        untar->refused = "not restored: part of its extended header could not be read";
    }
    return untar_leave(untar);
}

/* A global header holds for all members that follow; our own writer's comments only fill up blocks. */
static int load_global(pytp_untar *untar)
{
    int pending = untar->pending;
    int event = load(untar, &untar->scratch);
    untar->pending = pending;
    if (event != 0 || untar_only_comments(untar->scratch.at, untar->scratch.length))
        return event;
    if (untar->global.length + untar->scratch.length > EXTENDED_LIMIT ||
        untar_buffer_add(&untar->global, untar->scratch.at, untar->scratch.length) != 0)
        return untar_over(untar, PYTP_UNTAR_NO_MEMORY);
    return 0;
}

static int member_header(pytp_untar *untar)
{
    if (untar_decode(untar) != 0) {
        untar->lost = HEADER_WANTED;
        return 0;
    }
    untar->pending = 0;
    untar->left = untar->member.stored;
    untar->data_end = untar_stream_position(&untar->in) + (uint64_t)untar->left;
    untar->padding = (size_t)((BLOCK - untar->left % BLOCK) % BLOCK);
    if (untar->header[TYPE] == 'S' && untar_old_sparse(untar) != 0)
        return untar->over;
    untar->counts.members++;
    int event = untar_expect_match(untar);
    return event != 0 ? event : PYTP_UNTAR_MEMBER;
}

static int typed_header(pytp_untar *untar)
{
    switch (untar->header[TYPE]) {
    case 'x':
    case 'X': /* Solaris */
        return load(untar, &untar->local);
    case 'g':
        return load_global(untar);
    case 'L':
        return load(untar, &untar->long_name);
    case 'K':
        return load(untar, &untar->long_link);
    default:
        return member_header(untar);
    }
}

/* Two zero blocks end an archive; a single one in the middle is passed over. */
static int zero_block(pytp_untar *untar)
{
    if (untar->expect.only)
        return untar_expect_lost(untar);
    untar_begin_group(untar);
    untar->draining = ++untar->zeros == 2;
    return 0;
}

static int next_header(pytp_untar *untar)
{
    size_t some;
    untar_stream_look(&untar->in, &some); /* which slot it is: runs need not follow each other */
    untar_stream_where(&untar->in, &untar->here_block, &untar->here_offset);
    untar->here_at = untar_stream_position(&untar->in);
    if (!untar->pending) {
        int event = untar_expect_here(untar);
        if (event != 0)
            return event;
        untar_begin_group(untar);
    }
    uint64_t gaps = untar->in.gap_bytes;
    size_t got = untar_stream_read(&untar->in, untar->header, BLOCK);
    if (got == 0 && !untar->pending)
        return untar_over(untar, untar->zeros > 0 ? PYTP_UNTAR_END : PYTP_UNTAR_UNMARKED);
    if (got < BLOCK) {
        untar->member.name.length = 0;
        return untar_over(untar, PYTP_UNTAR_CUT);
    }
    if (untar->in.gap_bytes != gaps) {
        untar->lost = HEADER_WANTED;
        untar->lost_in_gap = 1;
        return 0;
    }
    if (untar_is_zero(untar->header))
        return zero_block(untar);
    untar->zeros = 0;
    if (untar_is_header(untar->header))
        return typed_header(untar);
    untar->lost = HEADER_WANTED;
    return 0;
}

/* The search ended without another header. */
static int nothing_found(pytp_untar *untar)
{
    if (untar->counts.members == 0)
        return untar_over(untar, PYTP_UNTAR_NO_TAR);
    untar->over = untar->lost_zeros >= 2 ? PYTP_UNTAR_END : PYTP_UNTAR_UNMARKED;
    return PYTP_UNTAR_PROBLEM;
}

/* What stands here is no header: look for the next one that is. */
static int search(pytp_untar *untar)
{
    untar_begin_group(untar);
    if (untar->lost == HEADER_WANTED) {
        untar->problem = (pytp_untar_mishap){
            .reason = "no tar header here", .block = untar->here_block, .offset = untar->here_offset, .bytes = BLOCK,
            .at = untar->here_at};
        if (untar->lost_in_gap) {
            untar->problem.reason = "a header could not be read";
            untar->problem.damage = PYTP_DAMAGE_LOST;
            untar->problem.bad = untar->in.gap_start;
            untar->counts.damaged++;
        }
        untar->lost_zeros = untar->lost_in_gap = 0;
        untar->lost = SEARCHING;
    }
    while (!untar_pause_due(untar)) {
        untar_stream_where(&untar->in, &untar->here_block, &untar->here_offset);
        untar->here_at = untar_stream_position(&untar->in);
        uint64_t gaps = untar->in.gap_bytes;
        if (untar->counts.members == 0 && untar->problem.bytes >= SEARCH_LIMIT)
            return nothing_found(untar);
        if (untar_stream_read(&untar->in, untar->header, BLOCK) < BLOCK)
            return nothing_found(untar);
        int zero = untar->in.gap_bytes == gaps && untar_is_zero(untar->header);
        if (!zero && untar_is_header(untar->header)) {
            untar->lost = HEADER_READ;
            return PYTP_UNTAR_PROBLEM;
        }
        untar->lost_zeros = zero ? untar->lost_zeros + 1 : 0;
        untar->problem.bytes += BLOCK;
    }
    return PYTP_UNTAR_PAUSE;
}

static int found(pytp_untar *untar)
{
    untar->lost = 0;
    untar_begin_group(untar);
    return typed_header(untar);
}

/* Zero padding up to the filemark: the original pytp wrote up to 256 MiB of it. */
static int drain(pytp_untar *untar)
{
    size_t some;
    while (untar_stream_look(&untar->in, &some) != NULL) {
        untar_stream_pass(&untar->in, some);
        if (untar_pause_due(untar))
            return PYTP_UNTAR_PAUSE;
    }
    return untar_over(untar, PYTP_UNTAR_END);
}

int pytp_untar_next(pytp_untar *untar)
{
    int event = untar->over;
    if (event == 0 && (!untar->expect.only || untar->expect.in_group))
        event = untar_leave(untar);
    while (event == 0) {
        if (untar->expect.only && untar->lost)
            event = untar_expect_lost(untar);
        else if (untar->expect.only && !untar->expect.in_group)
            event = untar_expect_seek(untar);
        else if (untar->draining)
            event = drain(untar);
        else if (untar->lost == HEADER_READ)
            event = found(untar);
        else if (untar->lost)
            event = search(untar);
        else
            event = next_header(untar);
    }
    return event;
}
