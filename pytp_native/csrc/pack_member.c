/* SPDX-License-Identifier: WTFPL OR MIT
 * One member: header group, content, log record. */
#include "pack_parts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

typedef int (*find_name)(uint64_t id, char *buffer, size_t room, char name[PYTP_OWNER_NAME]);

/* getpwuid_r and getgrgid_r ask for more room with ERANGE: a group's entry holds all its members' names. */
enum { SMALL_ENTRY = 16 * 1024, LARGEST_ENTRY = 16 * 1024 * 1024 };

static int find_user(uint64_t id, char *buffer, size_t room, char name[PYTP_OWNER_NAME])
{
    struct passwd entry, *found = NULL;
    int error = getpwuid_r((uid_t)id, &entry, buffer, room, &found);
    snprintf(name, PYTP_OWNER_NAME, "%s", error == 0 && found != NULL ? found->pw_name : "");
    return error;
}

static int find_group(uint64_t id, char *buffer, size_t room, char name[PYTP_OWNER_NAME])
{
    struct group entry, *found = NULL;
    int error = getgrgid_r((gid_t)id, &entry, buffer, room, &found);
    snprintf(name, PYTP_OWNER_NAME, "%s", error == 0 && found != NULL ? found->gr_name : "");
    return error;
}

static void look_up(find_name find, uint64_t id, char name[PYTP_OWNER_NAME])
{
    char small[SMALL_ENTRY];
    int error = find(id, small, sizeof small, name);
    for (size_t room = 4 * SMALL_ENTRY; error == ERANGE && room <= LARGEST_ENTRY; room *= 4) {
        char *buffer = malloc(room);
        if (buffer == NULL)
            return;
        error = find(id, buffer, room, name);
        free(buffer);
    }
}

/* Looking an owner up may cost a trip to a name service: once per id. */
static const char *cached(pytp_owner *owners, size_t count, uint64_t id, find_name find)
{
    pytp_owner *owner = &owners[id % count];
    if (!owner->known || owner->id != id) {
        owner->id = id;
        owner->known = 1;
        look_up(find, id, owner->name);
    }
    return owner->name;
}

static void fill_head(pytp_pack *pack, const pytp_entry *entry, pytp_tarhead *head)
{
    const struct stat *st = &entry->st;
    head->name = (const char *)entry->name.data;
    head->name_length = entry->name.length;
    if (entry->type == '1' || entry->type == '2') {
        head->link = (const char *)entry->link.data;
        head->link_length = entry->link.length;
    }
    head->type = entry->type;
    head->mode = st->st_mode & 07777;
    head->uid = st->st_uid;
    head->gid = st->st_gid;
    head->uname = cached(pack->users, sizeof pack->users / sizeof *pack->users, st->st_uid, find_user);
    head->gname = cached(pack->groups, sizeof pack->groups / sizeof *pack->groups, st->st_gid, find_group);
    head->mtime_s = st->st_mtim.tv_sec;
    head->mtime_ns = (uint32_t)st->st_mtim.tv_nsec;
    head->major = major(st->st_rdev);
    head->minor = minor(st->st_rdev);
}

static void fill_log(const pytp_entry *entry, pytp_packed_member *member)
{
    const struct stat *st = &entry->st;
    member->type = (uint8_t)entry->type;
    member->mtime_s = st->st_mtim.tv_sec;
    member->mtime_ns = (uint32_t)st->st_mtim.tv_nsec;
    member->ctime_s = st->st_ctim.tv_sec;
    member->ctime_ns = (uint32_t)st->st_ctim.tv_nsec;
    member->device = st->st_dev;
    member->inode = st->st_ino;
    member->uid = st->st_uid;
    member->gid = st->st_gid;
    member->mode = st->st_mode;
    member->name_length = (uint32_t)entry->name.length;
    member->link_length = (uint32_t)entry->link.length;
}

/* A name that readers without sparse support may create. It never needs a pax path record, which some readers (Python's
 * tarfile) would take for the true name. */
static int sparse_alias(const pytp_entry *entry, pytp_bytes *alias)
{
    const char *name = (const char *)entry->name.data, *slash = memrchr(name, '/', entry->name.length);
    size_t directory = slash ? (size_t)(slash - name) + 1 : 0;
    int bad = pytp_bytes_add(alias, name, directory) | pytp_bytes_add(alias, "GNUSparseFile.0/", 16) |
              pytp_bytes_add(alias, name + directory, entry->name.length - directory);
    int plain = alias->length <= 100;
    for (size_t i = 0; i < alias->length; i++)
        plain &= alias->data[i] < 0x80;
    if (plain || bad)
        return bad;
    char number[64];
    int n = snprintf(number, sizeof number, "GNUSparseFile.0/%ju", (uintmax_t)entry->st.st_ino);
    alias->length = 0;
    return pytp_bytes_add(alias, number, (size_t)n);
}

/* GNU tar manual, format 1.0: the true name and size are records. */
static int sparse_records(pytp_entry *entry, pytp_tarhead *head, pytp_bytes *alias)
{
    char size[24];
    pytp_bytes *records = &entry->records;
    int n = snprintf(size, sizeof size, "%jd", (intmax_t)entry->st.st_size);
    int bad = pytp_pax_record(records, "GNU.sparse.major", "1", 1) |
              pytp_pax_record(records, "GNU.sparse.minor", "0", 1) |
              pytp_pax_record(records, "GNU.sparse.name", entry->name.data, entry->name.length) |
              pytp_pax_record(records, "GNU.sparse.realsize", size, (size_t)n) | sparse_alias(entry, alias);
    head->name = (const char *)alias->data;
    head->name_length = alias->length;
    return bad;
}

static int put_headers(pytp_pack *pack, const pytp_entry *entry, const pytp_tarhead *head, pytp_packed_member *member)
{
    pack->group.length = 0;
    if (pytp_tarhead_build(head, &entry->records, &pack->group) != 0)
        return PYTP_FAILED;
    member->stored_bytes = pack->group.length + (head->size + PYTP_TAR_BLOCK - 1) / PYTP_TAR_BLOCK * PYTP_TAR_BLOCK;
    int status = pytp_stream_put(pack, pack->preface.data, pack->preface.length);
    pack->preface.length = 0;
    if (status == 0)
        status = pytp_stream_frame(pack, pack->group.length, member->stored_bytes);
    if (status == 0)
        status = pytp_stream_align(pack, pack->group.length);
    member->block = pack->block;
    member->offset = (uint32_t)pack->used;
    if (status == 0 && pack->rest != NULL)
        status = pytp_rest_check(pack, member, head->size);
    if (status == 0)
        status = pytp_stream_put(pack, pack->group.data, pack->group.length);
    return status ? status : pytp_crossings_note(pack, head, entry, member);
}

static int put_file(pytp_pack *pack, pytp_entry *entry, pytp_tarhead *head, pytp_packed_member *member)
{
    pytp_sparse map;
    pytp_bytes alias = {0};
    int holes = pytp_sparse_map(entry->fd, &entry->st, &map), status = PYTP_FAILED;
    if (holes == 0) {
        pytp_sparse_free(&map);
        head->size = (uint64_t)entry->st.st_size;
    } else if (holes > 0)
        head->size = map.text.length + map.data_bytes;
    member->size = (uint64_t)entry->st.st_size;
    if (holes >= 0 && (holes == 0 || sparse_records(entry, head, &alias) == 0))
        status = put_headers(pack, entry, head, member);
    if (status == 0)
        status = pytp_pack_content(pack, entry, &map, member);
    pytp_sparse_free(&map);
    pytp_bytes_free(&alias);
    return status;
}

/* A file that had to wait may have changed meanwhile; what is true now belongs into the header. */
static void refresh(pytp_entry *entry)
{
    enum { STALE_NS = 10 * 1000 * 1000 };
    struct stat now;
    struct timespec tick;
    if (entry->fd < 0 || pytp_now_ns() - entry->found_ns <= STALE_NS)
        return;
    clock_gettime(CLOCK_REALTIME_COARSE, &tick);
    if (fstat(entry->fd, &now) != 0)
        return;
    entry->st = now;
    entry->tick = tick;
}

/* Changed in the very tick in which it was looked at: another change in that tick would leave no trace in its times. A
 * time far ahead is another machine's clock. */
static int may_change_unseen(const pytp_entry *entry)
{
    const struct timespec *changed = &entry->st.st_ctim, *tick = &entry->tick;
    if (changed->tv_sec == tick->tv_sec)
        return changed->tv_nsec >= tick->tv_nsec;
    return changed->tv_sec == tick->tv_sec + 1;
}

int pytp_pack_member(pytp_pack *pack, pytp_entry *entry)
{
    pytp_tarhead head = {0};
    pytp_packed_member member = {0};
    refresh(entry);
    fill_head(pack, entry, &head);
    fill_log(entry, &member);
    if (entry->incomplete || may_change_unseen(entry))
        member.ctime_s = member.ctime_ns = 0; /* never agrees with what is on disk */
    int status = entry->type == '0' ? put_file(pack, entry, &head, &member) : put_headers(pack, entry, &head, &member);
    if (entry->type == '0' && pack->filled_up)
        member.ctime_s = member.ctime_ns = 0;
    if (status == 0)
        pytp_log_member(pack, &member, entry);
    return status == PYTP_REPLACED ? 0 : status;
}
