/* SPDX-License-Identifier: WTFPL OR MIT */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

int pytp_bytes_reserve(pytp_bytes *bytes, size_t more)
{
    if (bytes->room - bytes->length >= more)
        return 0;
    size_t room = bytes->room ? bytes->room : 256;
    while (room - bytes->length < more)
        room *= 2;
    uint8_t *data = realloc(bytes->data, room);
    if (data == NULL)
        return -1;
    bytes->data = data;
    bytes->room = room;
    return 0;
}

int pytp_bytes_add(pytp_bytes *bytes, const void *data, size_t length)
{
    if (length == 0)
        return 0;
    if (pytp_bytes_reserve(bytes, length) != 0)
        return -1;
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
    return 0;
}

void pytp_bytes_free(pytp_bytes *bytes)
{
    free(bytes->data);
    *bytes = (pytp_bytes){0};
}
