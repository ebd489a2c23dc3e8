/* SPDX-License-Identifier: WTFPL OR MIT
 * Which member is cut when a cartridge ends between two blocks, and the block with which the next cartridge goes on.
 *
 * The packer is ahead of the tape by what the ring holds, so members that cross a block boundary are remembered for as
 * long as such a boundary can be in the ring. GNU tar, "Multi-Volume Archives", and its extended header keywords
 * GNU.volume.*: name, bytes left and bytes done of the member that goes on. */
#include "pack_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pytp_crossing {
    struct pytp_crossing *next;
    uint64_t head_at;    /* where its header group begins, in bytes of the archive */
    uint64_t start, end; /* of its data */
    uint64_t total;      /* size as GNU tar counts it: holes included */
    int64_t ctime_s;
    uint32_t ctime_ns;
    pytp_bytes name;
    char uname[PYTP_OWNER_NAME], gname[PYTP_OWNER_NAME];
    pytp_tarhead head;
};

static void drop_first(pytp_crossings *crossings)
{
    pytp_crossing *first = crossings->first;
    crossings->first = first->next;
    if (crossings->first == NULL)
        crossings->last = NULL;
    crossings->count--;
    pytp_bytes_free(&first->name);
    free(first);
}

void pytp_crossings_clear(pytp_crossings *crossings)
{
    pthread_mutex_lock(&crossings->lock);
    while (crossings->first != NULL)
        drop_first(crossings);
    pthread_mutex_unlock(&crossings->lock);
}

static pytp_crossing *copy_of(const pytp_tarhead *head, const void *name, size_t length)
{
    pytp_crossing *made = calloc(1, sizeof *made);
    if (made == NULL || pytp_bytes_add(&made->name, name, length) != 0) {
        free(made);
        return NULL;
    }
    made->head = *head;
    made->head.name = (const char *)made->name.data;
    made->head.name_length = made->name.length;
    made->head.link = NULL;
    snprintf(made->uname, sizeof made->uname, "%s", head->uname ? head->uname : "");
    snprintf(made->gname, sizeof made->gname, "%s", head->gname ? head->gname : "");
    made->head.uname = made->uname;
    made->head.gname = made->gname;
    return made;
}

static void append(pytp_crossings *crossings, pytp_crossing *made)
{
    if (crossings->last != NULL)
        crossings->last->next = made;
    else
        crossings->first = made;
    crossings->last = made;
    crossings->count++;
}

/* Blocks that have left the ring may still be in the drive's buffer, and be lost there. */
enum { PYTP_REMEMBERED = 4096 };

int pytp_crossings_note(pytp_pack *pack, const pytp_tarhead *head, const pytp_entry *entry,
                        const pytp_packed_member *member)
{
    uint64_t start = pack->block * pack->block_bytes + pack->used, end = start + head->size;
    uint64_t boundary = (start + pack->block_bytes - 1) / pack->block_bytes * pack->block_bytes;
    uint64_t frame_end = (pack->frame + pack->options.frame_blocks) * pack->block_bytes;
    if (boundary >= end || (pack->options.frame_blocks > 0 && end <= frame_end)) /* tapes are cut between frames */
        return 0;
    pytp_crossing *made = copy_of(head, entry->name.data, entry->name.length);
    if (made == NULL)
        return PYTP_FAILED;
    made->head_at = member->block * pack->block_bytes + member->offset;
    made->start = start;
    made->end = end;
    made->total = member->size > head->size ? member->size : head->size;
    made->ctime_s = member->ctime_s;
    made->ctime_ns = member->ctime_ns;
    pytp_crossings *crossings = &pack->crossings;
    pthread_mutex_lock(&crossings->lock);
    append(crossings, made);
    if (pack->options.frame_blocks == 0 && crossings->count > pack->slots + PYTP_REMEMBERED)
        drop_first(crossings);
    pthread_mutex_unlock(&crossings->lock);
    return 0;
}

int pytp_pack_recall(pytp_pack *pack, const pytp_cut_member *member)
{
    pytp_tarhead head = {
        .type = '0', .mode = member->mode, .uid = member->uid, .gid = member->gid, .uname = member->uname,
        .gname = member->gname, .mtime_s = member->mtime_s, .mtime_ns = member->mtime_ns,
    };
    pytp_crossing *made = copy_of(&head, member->name, member->name_length);
    if (made == NULL)
        return PYTP_FAILED;
    made->head_at = member->head;
    made->start = member->start;
    made->end = member->end;
    made->total = member->total;
    made->ctime_s = member->ctime_s;
    made->ctime_ns = member->ctime_ns;
    pytp_crossings_clear(&pack->crossings);
    pthread_mutex_lock(&pack->crossings.lock);
    append(&pack->crossings, made);
    pthread_mutex_unlock(&pack->crossings.lock);
    return 0;
}

/* The member of whose data byte `at` of the archive is. */
static const pytp_crossing *find(const pytp_crossings *crossings, uint64_t at)
{
    const pytp_crossing *cut = crossings->first;
    while (cut != NULL && !(cut->start <= at && at < cut->end))
        cut = cut->next;
    return cut;
}

int pytp_pack_cut(pytp_pack *pack, uint64_t block, pytp_cut_member *into)
{
    pthread_mutex_lock(&pack->crossings.lock);
    const pytp_crossing *cut = find(&pack->crossings, block * pack->block_bytes);
    if (cut != NULL)
        *into = (pytp_cut_member){
            .name = (const char *)cut->name.data, .name_length = cut->name.length, .uname = cut->uname, .gname = cut->gname,
            .mode = cut->head.mode, .mtime_ns = cut->head.mtime_ns, .ctime_ns = cut->ctime_ns, .uid = cut->head.uid,
            .gid = cut->head.gid, .mtime_s = cut->head.mtime_s, .ctime_s = cut->ctime_s, .head = cut->head_at,
            .start = cut->start, .end = cut->end, .total = cut->total,
        };
    pthread_mutex_unlock(&pack->crossings.lock);
    return cut != NULL;
}

void pytp_pack_forget(pytp_pack *pack, uint64_t block)
{
    pytp_crossings *crossings = &pack->crossings;
    pthread_mutex_lock(&crossings->lock);
    while (crossings->first != NULL && crossings->first->end <= block * pack->block_bytes)
        drop_first(crossings);
    pthread_mutex_unlock(&crossings->lock);
}

static int number_record(pytp_bytes *records, const char *key, uint64_t value)
{
    char text[24];
    return pytp_pax_record(records, key, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, value));
}

/* The global header of exactly `length` bytes; -1 when memory is short or the name too long for it. */
static int volume_header(const pytp_crossing *cut, uint64_t left, size_t length, pytp_bytes *out)
{
    pytp_bytes records = {0};
    int bad = pytp_pax_record(&records, "GNU.volume.filename", cut->name.data, cut->name.length) |
              number_record(&records, "GNU.volume.size", left) |
              number_record(&records, "GNU.volume.offset", cut->total - left);
    bad = bad || pytp_tarhead_global(&records, length, out) != 0;
    pytp_bytes_free(&records);
    return bad ? -1 : 0;
}

static int build(const pytp_crossing *cut, uint64_t at, size_t block_bytes, uint8_t *into)
{
    pytp_bytes group = {0}, whole = {0}, nothing = {0};
    pytp_tarhead head = cut->head;
    int made = 0;
    head.size = cut->end - at;
    if (pytp_tarhead_build(&head, &nothing, &group) == 0 && group.length < block_bytes &&
        volume_header(cut, head.size, block_bytes - group.length, &whole) == 0 &&
        pytp_bytes_add(&whole, group.data, group.length) == 0 && whole.length == block_bytes) {
        memcpy(into, whole.data, block_bytes);
        made = 1;
    }
    pytp_bytes_free(&group);
    pytp_bytes_free(&whole);
    return made;
}

int pytp_pack_continuation(pytp_pack *pack, uint64_t block, uint8_t *into)
{
    uint64_t at = block * pack->block_bytes;
    int made = 0;
    pthread_mutex_lock(&pack->crossings.lock);
    const pytp_crossing *cut = find(&pack->crossings, at);
    if (cut != NULL)
        made = build(cut, at, pack->block_bytes, into);
    pthread_mutex_unlock(&pack->crossings.lock);
    return made;
}
