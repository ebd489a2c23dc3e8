/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * One run of bytes kept in two files of the host: units of 512 KiB, the even ones in the first file, the odd ones in the second.
 *
 * A file admits one writer at a time (the kernel's inode lock), and filling new pages of a file is most of what it takes to
 * write a virtual cartridge: on tmpfs two threads wrote 2 GiB into one file in 0.75 s, as one thread did, and into two files in
 * 0.4 s. With blocks of 512 KiB, the default, neighbours lie in different files.
 *
 * Functions return 0 or an errno of the host; EBADMSG: a file is too short.
 */
#ifndef PYTP_STRIPED_H
#define PYTP_STRIPED_H
#include <stddef.h>
#include <stdint.h>

enum { PYTP_STRIPES = 2 };

typedef struct {
    int fds[PYTP_STRIPES];
    int files; /* PYTP_STRIPES, or 1: all of it is in the first file, as in cartridges made before there were two */
} pytp_striped;

int pytp_striped_write(const pytp_striped *s, const void *data, size_t length, uint64_t offset);
int pytp_striped_read(const pytp_striped *s, void *into, size_t length, uint64_t offset);
/* Keep `length` bytes. */
int pytp_striped_cut(const pytp_striped *s, uint64_t length);
/* How many bytes from the beginning on are there without a gap. */
int pytp_striped_length(const pytp_striped *s, uint64_t *length);
int pytp_striped_sync(const pytp_striped *s);

/* The same for one file of the host. */
int pytp_host_write(int fd, const void *data, size_t length, uint64_t offset);
int pytp_host_read(int fd, void *into, size_t length, uint64_t offset);

#endif
