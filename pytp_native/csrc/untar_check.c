/* SPDX-License-Identifier: WTFPL OR MIT
 * Whether a file came off the tape as it went on: its checksum, and blocks that could not be read. What is damaged is told and
 * never left under its own name. */
#include "untar_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char SUFFIX[] = ".damaged";

void untar_check_start(pytp_untar *untar)
{
    untar->hashed = 0;
    untar->gaps_before = untar->in.gap_bytes;
    untar->hashing = untar->expected != NULL && untar->expected->digest_length > 0;
    if (untar->hashing)
        pytp_hash_start(untar->hash);
}

static void add_zeros(pytp_untar *untar, uint64_t upto)
{
    while (untar->hashed < upto) {
        uint64_t some = upto - untar->hashed;
        if (some > untar->in.slot_bytes)
            some = untar->in.slot_bytes;
        pytp_hash_add(untar->hash, untar->in.zeros, (size_t)some);
        untar->hashed += some;
    }
}

void untar_check_data(pytp_untar *untar, const uint8_t *data, size_t length, uint64_t at)
{
    untar->counts.content += length;
    if (!untar->hashing)
        return;
    add_zeros(untar, at);
    pytp_hash_add(untar->hash, data, length);
    untar->hashed += length;
}

static int differs(pytp_hash *hash, const pytp_untar_expected *expected)
{
    uint8_t digest[PYTP_DIGEST_MAX];
    size_t length = pytp_hash_finish(hash, digest);
    return length != expected->digest_length || memcmp(digest, expected->digest, length) != 0;
}

int untar_check_end(pytp_untar *untar, uint64_t size)
{
    if (untar->in.gap_bytes != untar->gaps_before)
        return PYTP_DAMAGE_UNREAD;
    if (!untar->hashing)
        return PYTP_DAMAGE_NONE;
    add_zeros(untar, size);
    if (differs(untar->hash, untar->expected))
        return PYTP_DAMAGE_CHECKSUM;
    untar->counts.checked++;
    return PYTP_DAMAGE_NONE;
}

int untar_check_whole(pytp_hash **hash, int kind, const pytp_untar_expected *expected, const uint8_t *data, size_t length)
{
    uint8_t digest[PYTP_DIGEST_MAX];
    if (*hash == NULL && (*hash = pytp_hash_new(kind)) == NULL)
        return PYTP_DAMAGE_CHECKSUM; /* it was not proved right */
    size_t got = pytp_hash_whole(*hash, data, length, digest);
    return got == expected->digest_length && memcmp(digest, expected->digest, got) == 0 ? PYTP_DAMAGE_NONE : PYTP_DAMAGE_CHECKSUM;
}

int untar_damaged(pytp_untar *untar, pytp_untar_text name, int damage, uint64_t at, uint64_t bad, int left)
{
    static const char *const reasons[] = {
        [PYTP_DAMAGE_CHECKSUM] = "its content does not agree with its checksum",
        [PYTP_DAMAGE_UNREAD] = "a block of it could not be read",
        [PYTP_DAMAGE_LOST] = "it could not be read",
    };
    int event = untar_trouble_of(untar, name, reasons[damage], 0);
    untar->problem.damage = damage;
    untar->problem.at = at;
    untar->problem.bad = bad;
    untar->problem.left = left;
    untar->counts.damaged++;
    return event;
}

/* Number `number` of the names that a damaged file may get. */
static void aside_name(char into[NAME_MAX + 1], const char *base, int number)
{
    char suffix[32];
    int length = snprintf(suffix, sizeof suffix, number > 0 ? "%s.%d" : "%s", SUFFIX, number);
    snprintf(into, NAME_MAX + 1, "%.*s%s", NAME_MAX - length, base, suffix);
}

int untar_free_name(int parent, const char *base, const char *mine, char into[NAME_MAX + 1])
{
    enum { TRIES = 1000 };
    struct stat there;
    for (int number = 0; number < TRIES; number++) {
        aside_name(into, base, number);
        if ((mine != NULL && strcmp(into, mine) == 0) ||
            (fstatat(parent, into, &there, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT))
            return 1;
    }
    return 0;
}

int untar_set_aside(int parent, const char *name, const char *base)
{
    char aside[NAME_MAX + 1];
    if (untar_free_name(parent, base, name, aside) &&
        (strcmp(aside, name) == 0 || renameat(parent, name, parent, aside) == 0))
        return 1;
    unlinkat(parent, name, 0);
    return 0;
}
