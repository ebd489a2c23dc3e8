/* SPDX-License-Identifier: WTFPL OR MIT
 * An archive that goes on inside a member, which has to be what it was in front of the cut: anything else would be appended to
 * what is there of it. */
#include "pack_parts.h"

#include <string.h>

/* Zeros from the cut to the end of the member, as its header promised. */
static int give_up(pytp_pack *pack)
{
    const pytp_cut_member *rest = pack->rest;
    pytp_bytes name = {.data = (uint8_t *)rest->name, .length = rest->name_length};
    uint64_t end = (rest->end + PYTP_TAR_BLOCK - 1) / PYTP_TAR_BLOCK * PYTP_TAR_BLOCK;
    pack->rest = NULL;
    pack->slot = NULL;
    pack->used = 0;
    pack->block = pack->silent;
    pytp_pack_problem(pack, &name, PYTP_PROBLEM_REPLACED, 0);
    return pytp_stream_zeros(pack, end - pack->silent * pack->block_bytes);
}

int pytp_rest_await(pytp_pack *pack, const pytp_entry *entry)
{
    const pytp_cut_member *rest = pack->rest;
    if (rest == NULL || (entry != NULL && entry->type == '0' && entry->name.length == rest->name_length &&
                         memcmp(entry->name.data, rest->name, rest->name_length) == 0))
        return 0;
    return give_up(pack);
}

int pytp_rest_check(pytp_pack *pack, const pytp_packed_member *member, uint64_t stored)
{
    const pytp_cut_member *rest = pack->rest;
    uint64_t start = pack->block * pack->block_bytes + pack->used + pack->group.length;
    uint64_t total = member->size > stored ? member->size : stored;
    if (start == rest->start && start + stored == rest->end && total == rest->total && member->mtime_s == rest->mtime_s &&
        member->mtime_ns == rest->mtime_ns) {
        pack->rest = NULL;
        return 0;
    }
    int status = give_up(pack);
    return status ? status : PYTP_REPLACED;
}
