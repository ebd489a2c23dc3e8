/* SPDX-License-Identifier: WTFPL OR MIT
 * Inodes with more than one name, and the name that was archived first. */
#include "pack_parts.h"

#include <stdlib.h>
#include <string.h>

static size_t place_of(const pytp_links *links, uint64_t device, uint64_t inode)
{
    uint64_t mixed = (inode ^ device << 40 ^ device >> 24) * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(mixed >> 20) & (links->room - 1);
    while (links->places[at].name != 0 && (links->places[at].inode != inode || links->places[at].device != device))
        at = (at + 1) & (links->room - 1);
    return at;
}

static int grow(pytp_links *links)
{
    pytp_links larger = {.room = links->room ? links->room * 2 : 1024, .count = links->count, .names = links->names};
    larger.places = calloc(larger.room, sizeof *larger.places);
    if (larger.places == NULL)
        return -1;
    for (size_t i = 0; i < links->room; i++)
        if (links->places[i].name != 0)
            larger.places[place_of(&larger, links->places[i].device, links->places[i].inode)] = links->places[i];
    free(links->places);
    *links = larger;
    return 0;
}

const char *pytp_links_seen(pytp_links *links, const struct stat *st, const pytp_bytes *name, int *failed)
{
    *failed = 0;
    if (links->count * 2 >= links->room && grow(links) != 0) {
        *failed = 1;
        return NULL;
    }
    size_t at = place_of(links, st->st_dev, st->st_ino);
    if (links->places[at].name != 0)
        return (const char *)links->names.data + links->places[at].name - 1;
    size_t offset = links->names.length;
    if (pytp_bytes_add(&links->names, name->data, name->length) != 0 || pytp_bytes_add(&links->names, "", 1) != 0) {
        *failed = 1;
        return NULL;
    }
    links->places[at] = (pytp_link){st->st_dev, st->st_ino, offset + 1};
    links->count++;
    return NULL;
}

void pytp_links_clear(pytp_links *links)
{
    free(links->places);
    pytp_bytes_free(&links->names);
    *links = (pytp_links){0};
}
