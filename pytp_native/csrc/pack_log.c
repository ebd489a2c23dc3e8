/* SPDX-License-Identifier: WTFPL OR MIT
 * What is told about members while they are packed: the member log and problems. */
#include "members.h"
#include "pack_parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { LOG_BATCH = 1 << 16 };

/* A log that cannot be written (a full disk) is given up and told about: the tape matters more. */
static void write_out(pytp_pack *pack)
{
    size_t at = 0;
    while (at < pack->log.length && pack->counts.log_error == 0) {
        ssize_t done = write(pack->options.members_fd, pack->log.data + at, pack->log.length - at);
        if (done < 0 && errno != EINTR)
            pack->counts.log_error = errno;
        else if (done > 0)
            at += (size_t)done;
    }
    pack->log.length = 0;
}

void pytp_log_flush(pytp_pack *pack)
{
    if (pack->options.members_fd < 0)
        return;
    pthread_mutex_lock(&pack->log_lock);
    write_out(pack);
    pthread_mutex_unlock(&pack->log_lock);
}

void pytp_log_member(pytp_pack *pack, const pytp_packed_member *member, const pytp_entry *entry)
{
    __atomic_add_fetch(&pack->counts.members, 1, __ATOMIC_RELAXED);
    if (pack->options.members_fd < 0 || pack->counts.log_error != 0)
        return;
    pytp_packed_member head = *member;
    pytp_member_order(&head);
    pthread_mutex_lock(&pack->log_lock);
    if (pytp_bytes_add(&pack->log, &head, sizeof head) |
        pytp_bytes_add(&pack->log, entry->name.data, entry->name.length) |
        pytp_bytes_add(&pack->log, entry->link.data, entry->link.length))
        pack->counts.log_error = ENOMEM;
    if (pack->log.length >= LOG_BATCH)
        write_out(pack);
    pthread_mutex_unlock(&pack->log_lock);
}

void pytp_pack_problem(pytp_pack *pack, const pytp_bytes *name, int kind, int error)
{
    pytp_bytes path = {0};
    __atomic_add_fetch(&pack->counts.problems, 1, __ATOMIC_RELAXED);
    size_t root = strlen(pack->root), below = name->length - pack->prefix;
    while (below > 0 && root > 0 && pack->root[root - 1] == '/')
        root--;
    if (pytp_bytes_add(&path, pack->root, root) == 0 && pytp_bytes_add(&path, name->data + pack->prefix, below) == 0)
        pack->options.problem(pack->options.context, (const char *)path.data, path.length, kind, error);
    else
        pack->options.problem(pack->options.context, pack->root, root, kind, error);
    pytp_bytes_free(&path);
}
