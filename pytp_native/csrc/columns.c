/* SPDX-License-Identifier: WTFPL OR MIT */
#include "columns.h"
#include "members.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    pytp_packed_member head;
    const uint8_t *name, *link;
    size_t directory, base; /* where the name's last slash is, and what is behind it */
} record;

static void *room_for(size_t count, size_t size, int *short_of)
{
    void *room = calloc(count + 1, size);
    *short_of |= room == NULL;
    return room;
}

pytp_columns *pytp_columns_new(size_t length)
{
    pytp_columns *columns = calloc(1, sizeof *columns);
    if (columns == NULL)
        return NULL;
    size_t most = length / sizeof(pytp_packed_member);
    int bad = 0;
    int64_t **wide[] = {&columns->size, &columns->mtime_ns, &columns->ctime_ns, &columns->inode,
                        &columns->uid,  &columns->gid,      &columns->block,    &columns->length};
    uint32_t **narrow[] = {&columns->offset, &columns->mode, &columns->run_members, &columns->link_member};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        *wide[i] = room_for(most, sizeof **wide[i], &bad);
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++)
        *narrow[i] = room_for(most, sizeof **narrow[i], &bad);
    columns->type = room_for(most, 1, &bad);
    columns->has_digest = room_for(most, 1, &bad);
    columns->digests = room_for(most, PYTP_DIGEST_MAX, &bad);
    /* every record is longer than its strings and their NULs */
    columns->names = room_for(length, 1, &bad);
    columns->directories = room_for(length, 1, &bad);
    columns->links = room_for(length, 1, &bad);
    if (bad) {
        pytp_columns_free(columns);
        return NULL;
    }
    return columns;
}

void pytp_columns_free(pytp_columns *columns)
{
    if (columns == NULL)
        return;
    void *rooms[] = {columns->size,        columns->mtime_ns,    columns->ctime_ns, columns->inode,      columns->uid,
                     columns->gid,         columns->block,       columns->length,   columns->offset,     columns->mode,
                     columns->run_members, columns->link_member, columns->type,     columns->has_digest, columns->digests,
                     columns->names,       columns->directories, columns->links};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        free(rooms[i]);
    free(columns);
}

/* Length of the record at `at`; 0 when it is not there in full. */
static size_t look(const uint8_t *at, size_t length, record *found)
{
    if (length < sizeof found->head)
        return 0;
    memcpy(&found->head, at, sizeof found->head);
    pytp_member_order(&found->head);
    uint64_t whole = sizeof found->head + (uint64_t)found->head.name_length + found->head.link_length;
    if (whole > length)
        return 0;
    found->name = at + sizeof found->head;
    found->link = found->name + found->head.name_length;
    return (size_t)whole;
}

static int is_bad(const record *found)
{
    return found->head.digest_length > PYTP_DIGEST_MAX || found->head.type == 0 || found->head.type >= 0x80 ||
           memchr(found->name, 0, (size_t)found->head.name_length + found->head.link_length) != NULL;
}

static int64_t saturated(uint64_t value)
{
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static int64_t nanoseconds(int64_t seconds, uint32_t nanoseconds)
{
    int64_t value;
    if (__builtin_mul_overflow(seconds, (int64_t)1000000000, &value) ||
        __builtin_add_overflow(value, (int64_t)nanoseconds, &value))
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    return value;
}

static uint8_t *put(uint8_t *to, size_t *used, const uint8_t *text, size_t length)
{
    memcpy(to + *used, text, length);
    to[*used + length] = 0;
    *used += length + 1;
    return to + *used - length - 1;
}

static void put_name(pytp_columns *columns, const record *found, const uint8_t **directory, size_t *directory_length)
{
    put(columns->names, &columns->names_bytes, found->name + found->base, found->head.name_length - found->base);
    if (columns->runs == 0 || *directory_length != found->directory ||
        memcmp(*directory, found->name, found->directory) != 0) {
        *directory_length = found->directory;
        *directory = put(columns->directories, &columns->directories_bytes, found->name, found->directory);
        columns->run_members[columns->runs++] = 0;
    }
    columns->run_members[columns->runs - 1]++;
}

static void put_figures(pytp_columns *columns, const record *found)
{
    const pytp_packed_member *head = &found->head;
    size_t i = columns->members;
    columns->size[i] = saturated(head->size);
    columns->mtime_ns[i] = nanoseconds(head->mtime_s, head->mtime_ns);
    columns->ctime_ns[i] = nanoseconds(head->ctime_s, head->ctime_ns);
    columns->inode[i] = (int64_t)head->inode; /* 64 bits of any pattern: a table keeps them signed */
    columns->uid[i] = saturated(head->uid);
    columns->gid[i] = saturated(head->gid);
    columns->block[i] = saturated(head->block);
    columns->length[i] = saturated(head->stored_bytes);
    columns->offset[i] = head->offset;
    columns->mode[i] = head->mode;
    columns->type[i] = head->type;
    columns->has_digest[i] = head->digest_length;
    memcpy(columns->digests + i * columns->digest_bytes, head->digest, head->digest_length);
}

/* The longest digest of all: they are of one kind in a tape file, but some members have none. */
static size_t longest_digest(const uint8_t *records, size_t length)
{
    size_t at = 0, whole, longest = 0;
    record found;
    while ((whole = look(records + at, length - at, &found)) > 0 && !is_bad(&found)) {
        longest = found.head.digest_length > longest ? found.head.digest_length : longest;
        at += whole;
    }
    return longest;
}

static void begin(pytp_columns *columns, const uint8_t *records, size_t length)
{
    columns->members = columns->names_bytes = columns->directories_bytes = columns->links_bytes = 0;
    columns->runs = columns->linked = 0;
    columns->bad = 0;
    columns->digest_bytes = longest_digest(records, length);
    memset(columns->digests, 0, length / sizeof(pytp_packed_member) * columns->digest_bytes);
}

size_t pytp_columns_fill(pytp_columns *columns, const uint8_t *records, size_t length)
{
    size_t at = 0, whole, directory_length = 0;
    const uint8_t *directory = NULL;
    record found;
    begin(columns, records, length);
    while ((whole = look(records + at, length - at, &found)) > 0) {
        if (is_bad(&found)) {
            columns->bad = 1;
            break;
        }
        const uint8_t *slash = memrchr(found.name, '/', found.head.name_length);
        found.directory = slash ? (size_t)(slash - found.name) : 0;
        found.base = slash ? found.directory + 1 : 0;
        put_name(columns, &found, &directory, &directory_length);
        if (found.head.link_length > 0) {
            put(columns->links, &columns->links_bytes, found.link, found.head.link_length);
            columns->link_member[columns->linked++] = (uint32_t)columns->members;
        }
        put_figures(columns, &found);
        columns->members++;
        at += whole;
    }
    return at;
}
