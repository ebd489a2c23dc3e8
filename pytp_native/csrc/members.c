/* SPDX-License-Identifier: WTFPL OR MIT */
#include "members.h"

#include <stddef.h>
#include <string.h>

typedef struct {
    pytp_packed_member head;
    const uint8_t *name;
} record;

void pytp_member_swap(uint8_t *head)
{
    enum { LONG = offsetof(pytp_packed_member, mtime_ns), ALL = offsetof(pytp_packed_member, type) };
    for (size_t at = 0; at < ALL; at += at < LONG ? 8 : 4)
        for (size_t low = at, high = at + (at < LONG ? 7 : 3); low < high; low++, high--) {
            uint8_t kept = head[low];
            head[low] = head[high];
            head[high] = kept;
        }
}

/* The record at `at`, and its length; 0 when it is not there in full. */
static size_t look(const uint8_t *at, size_t length, record *found)
{
    if (length < sizeof found->head)
        return 0;
    memcpy(&found->head, at, sizeof found->head);
    pytp_member_order(&found->head);
    found->name = at + sizeof found->head;
    uint64_t whole = sizeof found->head + (uint64_t)found->head.name_length + found->head.link_length;
    return whole <= length ? (size_t)whole : 0;
}

static int has_line(const record *found)
{
    return found->head.digest_length > 0 && found->head.digest_length <= PYTP_DIGEST_MAX;
}

/* As GNU coreutils: a name with one of these has them escaped, and a backslash in front of the line. */
static char escape(uint8_t c)
{
    return c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\\' ? '\\' : 0;
}

static size_t escapes(const record *found)
{
    size_t count = 0;
    for (uint32_t i = 0; i < found->head.name_length; i++)
        count += escape(found->name[i]) != 0;
    return count;
}

/* Digest in hex, two blanks, name, newline. */
static size_t line_length(const record *found)
{
    size_t count = escapes(found);
    return (size_t)2 * found->head.digest_length + 2 + found->head.name_length + 1 + count + (count > 0);
}

static int is_beyond(const record *found, uint64_t limit_bytes, uint32_t block_bytes)
{
    uint64_t start, end;
    return __builtin_mul_overflow(found->head.block, (uint64_t)block_bytes, &start) ||
           __builtin_add_overflow(start, (uint64_t)found->head.offset, &start) ||
           __builtin_add_overflow(start, found->head.stored_bytes, &end) || end > limit_bytes;
}

size_t pytp_members_count(const uint8_t *records, size_t length, uint64_t limit_bytes, uint32_t block_bytes,
                          pytp_members_tally *tally, int *beyond)
{
    size_t at = 0, whole;
    record found;
    *beyond = 0;
    while ((whole = look(records + at, length - at, &found)) > 0) {
        if (is_beyond(&found, limit_bytes, block_bytes)) {
            *beyond = 1;
            break;
        }
        tally->members++;
        tally->line_bytes += has_line(&found) ? line_length(&found) : 0;
        at += whole;
    }
    return at;
}

static uint8_t *put_line(const record *found, uint8_t *to)
{
    static const char hex[] = "0123456789abcdef";
    if (escapes(found) > 0)
        *to++ = '\\';
    for (int i = 0; i < found->head.digest_length; i++) {
        *to++ = (uint8_t)hex[found->head.digest[i] >> 4];
        *to++ = (uint8_t)hex[found->head.digest[i] & 15];
    }
    *to++ = ' ';
    *to++ = ' ';
    for (uint32_t i = 0; i < found->head.name_length; i++) {
        char escaped = escape(found->name[i]);
        if (escaped)
            *to++ = '\\';
        *to++ = escaped ? (uint8_t)escaped : found->name[i];
    }
    *to++ = '\n';
    return to;
}

size_t pytp_members_lines(const uint8_t *records, size_t length, uint8_t *lines, size_t room)
{
    size_t at = 0, whole, used = 0;
    record found;
    while ((whole = look(records + at, length - at, &found)) > 0) {
        at += whole;
        if (!has_line(&found))
            continue;
        if (line_length(&found) > room - used)
            break;
        used = (size_t)(put_line(&found, lines + used) - lines);
    }
    return used;
}

static int is_fit(const record *found, uint64_t from, uint64_t limit, uint32_t block_bytes, uint64_t most)
{
    return has_line(found) && found->head.stored_bytes <= most && !is_beyond(found, limit, block_bytes) &&
           found->head.block * (uint64_t)block_bytes + found->head.offset >= from; /* no overflow: not beyond */
}

size_t pytp_members_pick(const uint8_t *records, size_t length, uint64_t from, uint64_t limit, uint32_t block_bytes,
                         uint64_t most, size_t picked[3])
{
    record found;
    size_t count = 0, at, whole;
    for (at = 0; (whole = look(records + at, length - at, &found)) > 0; at += whole) {
        if (!is_fit(&found, from, limit, block_bytes, most))
            continue;
        if (count++ == 0)
            picked[0] = at;
        picked[2] = at;
    }
    size_t middle = count / 2;
    for (at = 0; count > 0 && (whole = look(records + at, length - at, &found)) > 0; at += whole)
        if (is_fit(&found, from, limit, block_bytes, most) && middle-- == 0) {
            picked[1] = at;
            break;
        }
    return count;
}
