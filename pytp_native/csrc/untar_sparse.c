/* SPDX-License-Identifier: WTFPL OR MIT
 * Where the data of a sparse file belongs: GNU's old header ('S'), and the pax formats 0.0, 0.1 and 1.0
 * (GNU tar manual, "Storing Sparse Files"). */
#include "untar_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OLD_MAP = 386, OLD_ENTRIES = 4, OLD_MORE = 482, OLD_REAL_SIZE = 483, EXTENSION_ENTRIES = 21, EXTENSION_MORE = 504 };

int untar_map_add(untar_map *map, int64_t offset, int64_t length)
{
    if (map->count == map->room) {
        size_t room = map->room > 0 ? map->room * 2 : 64;
        untar_segment *at = map->count < SEGMENT_LIMIT ? realloc(map->at, room * sizeof *at) : NULL;
        if (at == NULL)
            return ENOMEM;
        map->at = at;
        map->room = room;
    }
    map->at[map->count++] = (untar_segment){offset, length};
    return 0;
}

const char *untar_map_check(const untar_map *map, int64_t size, int64_t stored)
{
    int64_t end = 0, sum = 0;
    for (size_t i = 0; i < map->count; i++) {
        untar_segment piece = map->at[i];
        if (piece.offset < end || piece.length < 0 || __builtin_add_overflow(piece.offset, piece.length, &end) || end > size)
            return "its sparse map has pieces that overlap or lie outside the file";
        sum += piece.length; /* no overflow: the pieces are disjoint and below `size` */
    }
    return sum == stored ? NULL : "its sparse map does not agree with the data that is stored";
}

int untar_list_map(untar_map *map, pytp_untar_text list)
{
    int64_t pair[2];
    int which = 0;
    while (list.length > 0) {
        const uint8_t *comma = memchr(list.at, ',', list.length);
        size_t length = comma ? (size_t)(comma - list.at) : list.length;
        if (untar_decimal((pytp_untar_text){list.at, length}, &pair[which]) != 0 || pair[which] < 0)
            return -1;
        if (which == 1 && untar_map_add(map, pair[0], pair[1]) != 0)
            return -1;
        which = !which;
        list.at += length + (comma != NULL);
        list.length -= length + (comma != NULL);
    }
    return which ? -1 : 0;
}

/* One row of 24-byte entries; 1 when the row was full, so that more may follow. */
static int old_entries(pytp_untar *untar, const uint8_t *row, int entries)
{
    for (int i = 0; i < entries; i++, row += 24) {
        int64_t offset, length;
        if (row[0] == 0 && row[12] == 0)
            return 0;
        if (untar_number(row, 12, &offset) != 0 || untar_number(row + 12, 12, &length) != 0 || offset < 0 || length < 0 ||
            untar_map_add(&untar->map, offset, length) != 0)
            untar->refused = "its sparse map makes no sense";
    }
    return 1;
}

int untar_old_sparse(pytp_untar *untar)
{
    int64_t size = 0;
    uint8_t block[BLOCK];
    int more = untar->header[OLD_MORE];
    if (untar_number(untar->header + OLD_REAL_SIZE, 12, &size) != 0 || size < 0)
        untar->refused = "its sparse header has no valid size";
    old_entries(untar, untar->header + OLD_MAP, OLD_ENTRIES);
    while (more) {
        if (untar_stream_read(&untar->in, block, BLOCK) < BLOCK)
            return untar_over(untar, PYTP_UNTAR_CUT);
        old_entries(untar, block, EXTENSION_ENTRIES);
        more = block[EXTENSION_MORE];
    }
    untar->member.size = size;
    untar->member.sparse = 1;
    return 0;
}

/* One line of digits out of the member's data; -1: none, -2: the stream ended. */
static int64_t data_number(pytp_untar *untar)
{
    int64_t value = 0;
    uint8_t digit;
    for (int digits = 0; digits < 20 && untar->left > 0; digits++) {
        if (untar_stream_read(&untar->in, &digit, 1) != 1)
            return -2;
        untar->left--;
        if (digit == '\n')
            return digits > 0 ? value : -1;
        if (digit < '0' || digit > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit - '0', &value))
            return -1;
    }
    return -1;
}

static int data_map_entries(pytp_untar *untar)
{
    int64_t count = data_number(untar);
    for (int64_t i = 0; i < count; i++) {
        int64_t offset = data_number(untar), length = offset < 0 ? offset : data_number(untar);
        if (length < 0)
            return (int)length;
        if (untar_map_add(&untar->map, offset, length) != 0)
            return -1;
    }
    return count < 0 ? (int)count : 0;
}

int untar_data_map(pytp_untar *untar)
{
    uint8_t rest[BLOCK];
    int64_t before = untar->left;
    int bad = data_map_entries(untar);
    size_t fill = (size_t)((BLOCK - (before - untar->left) % BLOCK) % BLOCK);
    if (bad == -2)
        return untar_over(untar, PYTP_UNTAR_CUT);
    if (bad == 0 && fill <= (uint64_t)untar->left) {
        if (untar_stream_read(&untar->in, rest, fill) < fill)
            return untar_over(untar, PYTP_UNTAR_CUT);
        untar->left -= (int64_t)fill;
        return 0;
    }
    untar->refused = "its sparse map makes no sense";
    return 0;
}
