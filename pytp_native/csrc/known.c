/* SPDX-License-Identifier: WTFPL OR MIT
 * The table of known members; see known.h. */
#include "known.h"

#include "bytes.h"
#include "hash.h"

#include <stdlib.h>
#include <string.h>

enum { USED = 1, GONE = 2, MET = 4, NEVER = 8, DIRECTORY = 16, HARD_LINK = 32 };
enum { FLAG_BITS = 6 };

typedef struct {
    uint64_t name, name_again; /* two hashes: 128 bits */
    uint64_t print;            /* of the attributes */
    uint64_t id_flags;         /* the id, shifted left by FLAG_BITS */
} place;

struct pytp_known {
    place *places; /* open addressing, a power of two */
    size_t room, count;
    uint64_t key;
    uint64_t *kept; /* inodes of which the name that has the content is as it was; open addressing, 0 is empty */
    size_t kept_room, kept_count;
    pytp_bytes blind;
};

/* What has to agree; links have their target behind it. */
typedef struct {
    int64_t size, mtime_ns, ctime_ns, mode, uid, gid, inode;
} attributes;

pytp_known *pytp_known_new(uint64_t key)
{
    pytp_known *known = calloc(1, sizeof *known);
    if (known != NULL)
        known->key = key;
    return known;
}

void pytp_known_free(pytp_known *known)
{
    if (known == NULL)
        return;
    free(known->places);
    free(known->kept);
    pytp_bytes_free(&known->blind);
    free(known);
}

static place *find(place *places, size_t room, uint64_t name, uint64_t again)
{
    size_t at = (size_t)again & (room - 1);
    while ((places[at].id_flags & USED) && (places[at].name != name || places[at].name_again != again))
        at = (at + 1) & (room - 1);
    return &places[at];
}

/* Three quarters full at most. */
static int grow(pytp_known *known)
{
    if (known->count < known->room / 4 * 3)
        return 0;
    size_t room = known->room ? known->room * 2 : 1024;
    place *places = calloc(room, sizeof *places);
    if (places == NULL)
        return -1;
    for (size_t i = 0; i < known->room; i++)
        if (known->places[i].id_flags & USED)
            *find(places, room, known->places[i].name, known->places[i].name_again) = known->places[i];
    free(known->places);
    known->places = places;
    known->room = room;
    return 0;
}

static place *place_of(const pytp_known *known, const char *name, size_t length, uint64_t hash[2])
{
    hash[0] = pytp_hash_seeded(name, length, known->key);
    hash[1] = pytp_hash_seeded(name, length, ~known->key);
    return known->room ? find(known->places, known->room, hash[0], hash[1]) : NULL;
}

/* A directory's size says nothing; neither does that of a hard link, which has no content of its own on tape. */
static uint64_t print_of(const pytp_known *known, attributes what, const char *link, size_t link_length)
{
    uint64_t key = known->key;
    if (S_ISLNK(what.mode))
        key = pytp_hash_seeded(link, link_length, key);
    if (!S_ISREG(what.mode))
        what.size = 0;
    return pytp_hash_seeded(&what, sizeof what, key);
}

int pytp_known_put(pytp_known *known, const pytp_known_members *members)
{
    const char *name = members->names, *link = members->links;
    for (size_t i = 0; i < members->count; i++, name += strlen(name) + 1, link += strlen(link) + 1) {
        uint64_t hash[2], flags = USED;
        if (grow(known) != 0)
            return -1;
        place *there = place_of(known, name, strlen(name), hash);
        attributes what = {members->size[i], members->mtime_ns[i], members->ctime_ns[i], members->mode[i],
                           members->uid[i],  members->gid[i],      members->inode[i]};
        known->count += (there->id_flags & USED) == 0;
        flags |= members->type[i] == '5' ? DIRECTORY : 0;
        flags |= members->type[i] == '1' ? HARD_LINK : 0;
        flags |= members->ctime_ns[i] == 0 ? NEVER : 0;
        *there = (place){hash[0], hash[1], print_of(known, what, link, strlen(link)),
                         (uint64_t)members->id[i] << FLAG_BITS | flags};
    }
    return 0;
}

void pytp_known_drop(pytp_known *known, const char *names, size_t length)
{
    uint64_t hash[2];
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        place *there = place_of(known, name, strlen(name), hash);
        if (there != NULL && (there->id_flags & USED))
            there->id_flags |= GONE;
    }
}

size_t pytp_known_count(const pytp_known *known)
{
    size_t count = 0;
    for (size_t i = 0; i < known->room; i++)
        count += (known->places[i].id_flags & (USED | GONE)) == USED;
    return count;
}

void pytp_known_restart(pytp_known *known)
{
    for (size_t i = 0; i < known->room; i++)
        known->places[i].id_flags &= ~(uint64_t)MET;
    free(known->kept);
    known->kept = NULL;
    known->kept_room = known->kept_count = 0;
    known->blind.length = 0;
}

size_t pytp_known_unmet(const pytp_known *known, size_t *at, int64_t *ids, size_t room)
{
    size_t count = 0;
    for (; *at < known->room && count < room; ++*at)
        if ((known->places[*at].id_flags & (USED | GONE | MET)) == USED)
            ids[count++] = (int64_t)(known->places[*at].id_flags >> FLAG_BITS);
    return count;
}

const char *pytp_known_blind(const pytp_known *known, size_t *length)
{
    *length = known->blind.length;
    return (const char *)known->blind.data;
}

static uint64_t *kept_place(uint64_t *kept, size_t room, uint64_t mark)
{
    size_t at = (size_t)(mark >> 8) & (room - 1);
    while (kept[at] != 0 && kept[at] != mark)
        at = (at + 1) & (room - 1);
    return &kept[at];
}

static uint64_t mark_of(const pytp_known *known, const struct stat *st)
{
    uint64_t both[2] = {st->st_dev, st->st_ino}, mark = pytp_hash_seeded(both, sizeof both, known->key);
    return mark ? mark : 1;
}

/* Without memory for it the other names of the file are saved once more: that is safe. */
static void keep_inode(pytp_known *known, const struct stat *st)
{
    if (known->kept_count >= known->kept_room / 2) {
        size_t room = known->kept_room ? known->kept_room * 2 : 256;
        uint64_t *kept = calloc(room, sizeof *kept);
        if (kept == NULL)
            return;
        for (size_t i = 0; i < known->kept_room; i++)
            if (known->kept[i] != 0)
                *kept_place(kept, room, known->kept[i]) = known->kept[i];
        free(known->kept);
        known->kept = kept;
        known->kept_room = room;
    }
    uint64_t *at = kept_place(known->kept, known->kept_room, mark_of(known, st));
    known->kept_count += *at == 0;
    *at = mark_of(known, st);
}

/* A name that was saved as a hard link stays so only as long as the name with the content does. */
static int content_is_kept(const pytp_known *known, const struct stat *st)
{
    return known->kept_room > 0 && *kept_place(known->kept, known->kept_room, mark_of(known, st)) != 0;
}

static int64_t nanoseconds(struct timespec time)
{
    int64_t value;
    if (__builtin_mul_overflow((int64_t)time.tv_sec, (int64_t)1000000000, &value) ||
        __builtin_add_overflow(value, (int64_t)time.tv_nsec, &value))
        return time.tv_sec < 0 ? INT64_MIN : INT64_MAX;
    return value;
}

int pytp_known_same(pytp_known *known, const char *name, size_t length, const struct stat *st, const char *link,
                    size_t link_length)
{
    uint64_t hash[2];
    place *there = place_of(known, name, length, hash);
    if (there == NULL || (there->id_flags & (USED | GONE)) != USED)
        return 0;
    uint64_t flags = there->id_flags;
    if (((flags & DIRECTORY) != 0) != (S_ISDIR(st->st_mode) != 0))
        return 0; /* not met: what was there is gone, and what took its place is new */
    there->id_flags |= MET;
    attributes what = {flags & HARD_LINK ? 0 : st->st_size, nanoseconds(st->st_mtim), nanoseconds(st->st_ctim),
                       st->st_mode, st->st_uid, st->st_gid, (int64_t)st->st_ino};
    if ((flags & NEVER) || there->print != print_of(known, what, link, link_length))
        return 0;
    if (st->st_nlink > 1 && !S_ISDIR(st->st_mode)) {
        if (flags & HARD_LINK)
            return content_is_kept(known, st);
        keep_inode(known, st);
    }
    return (flags & HARD_LINK) == 0 || st->st_nlink > 1;
}

void pytp_known_keep(pytp_known *known, const char *name, size_t length, int below)
{
    uint64_t hash[2];
    place *there = place_of(known, name, length, hash);
    if (there != NULL && (there->id_flags & USED))
        there->id_flags |= MET;
    if (below)
        (void)(pytp_bytes_add(&known->blind, name, length) | pytp_bytes_add(&known->blind, "", 1));
}
