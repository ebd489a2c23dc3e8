/* SPDX-License-Identifier: WTFPL OR MIT
 * A growing run of bytes. Every function returns 0, or -1 when memory is short. */
#ifndef PYTP_BYTES_H
#define PYTP_BYTES_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *data;
    size_t length, room;
} pytp_bytes;

int pytp_bytes_reserve(pytp_bytes *bytes, size_t more);
int pytp_bytes_add(pytp_bytes *bytes, const void *data, size_t length);
void pytp_bytes_free(pytp_bytes *bytes);
#endif
