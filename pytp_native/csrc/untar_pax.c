/* SPDX-License-Identifier: WTFPL OR MIT
 * Extended header records: "LENGTH KEY=VALUE\n" (IEEE 1003.1, pax Extended Header). Names are raw bytes whatever
 * hdrcharset says; an empty value takes the header's own field again. */
#include "untar_parts.h"

#include <string.h>

int untar_record(const uint8_t **at, const uint8_t *end, pytp_untar_text *key, pytp_untar_text *value)
{
    const uint8_t *start = *at, *p = start, *equals;
    size_t length = 0;
    if (start == end)
        return 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        length = length * 10 + (size_t)(*p - '0');
        if (length > (size_t)(end - start))
            return -1;
    }
    if (p == start || p == end || *p != ' ' || length <= (size_t)(p + 1 - start) || start[length - 1] != '\n')
        return -1;
    p++;
    equals = memchr(p, '=', (size_t)(start + length - 1 - p));
    if (equals == NULL || equals == p)
        return -1;
    *key = (pytp_untar_text){p, (size_t)(equals - p)};
    *value = (pytp_untar_text){equals + 1, (size_t)(start + length - 1 - (equals + 1))};
    *at = start + length;
    return 1;
}

int untar_begins(pytp_untar_text key, const char *with)
{
    size_t length = strlen(with);
    return key.length >= length && memcmp(key.at, with, length) == 0;
}

static int is(pytp_untar_text key, const char *name)
{
    return key.length == strlen(name) && memcmp(key.at, name, key.length) == 0;
}

int untar_decimal(pytp_untar_text text, int64_t *value)
{
    size_t i = 0;
    int negative = text.length > 0 && text.at[0] == '-';
    int64_t number = 0;
    for (i = (size_t)negative; i < text.length && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, text.at[i] - '0', &number))
            return -1;
    *value = negative ? -number : number;
    return i == text.length && i > (size_t)negative ? 0 : -1;
}

/* Seconds with a fraction; -1.5 is one and a half seconds before 1970: -2 s + 500000000 ns. */
static int seconds(pytp_untar_text text, int64_t *whole, int32_t *nanoseconds)
{
    const uint8_t *point = memchr(text.at, '.', text.length);
    size_t before = point ? (size_t)(point - text.at) : text.length;
    int negative = text.length > 0 && text.at[0] == '-';
    int32_t ns = 0, unit = 100000000;
    if (untar_decimal((pytp_untar_text){text.at, before}, whole) != 0)
        return -1;
    for (size_t i = before + 1; i < text.length; i++, unit /= 10) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return -1;
        ns += (text.at[i] - '0') * unit;
    }
    if (negative && ns > 0) {
        *whole -= 1;
        ns = 1000000000 - ns;
    }
    *nanoseconds = ns;
    return 0;
}

static int unsigned_number(pytp_untar_text value, uint64_t *into)
{
    int64_t number;
    if (untar_decimal(value, &number) != 0)
        return -1;
    *into = (uint64_t)number;
    return 0;
}

static int positive_number(pytp_untar_text value, int64_t *into)
{
    int64_t number;
    if (untar_decimal(value, &number) != 0 || number < 0)
        return -1;
    *into = number;
    return 0;
}

static int sparse_record(pytp_untar *untar, pytp_untar_text key, pytp_untar_text value)
{
    untar_sparse_info *sparse = &untar->sparse;
    int64_t number = 0;
    if (is(key, "GNU.sparse.name")) {
        sparse->name = value;
        return 0;
    }
    if (is(key, "GNU.sparse.map"))
        return untar_list_map(&untar->map, value);
    if (positive_number(value, &number) != 0)
        return -1;
    if (is(key, "GNU.sparse.major"))
        sparse->major = (int)(number > 9 ? 9 : number);
    else if (is(key, "GNU.sparse.minor"))
        sparse->minor = (int)(number > 9 ? 9 : number);
    else if (is(key, "GNU.sparse.size") || is(key, "GNU.sparse.realsize"))
        sparse->real_size = number;
    else if (is(key, "GNU.sparse.offset"))
        sparse->pending = number;
    else if (is(key, "GNU.sparse.numbytes")) {
        if (sparse->pending < 0 || untar_map_add(&untar->map, sparse->pending, number) != 0)
            return -1;
        sparse->pending = -1;
    }
    return 0;
}

static int volume_record(pytp_untar *untar, pytp_untar_text key, pytp_untar_text value)
{
    if (is(key, "GNU.volume.filename"))
        untar->volume.name = value;
    return is(key, "GNU.volume.offset") ? positive_number(value, &untar->volume.offset) : 0;
}

static int apply(pytp_untar *untar, pytp_untar_text key, pytp_untar_text value)
{
    pytp_untar_entry *member = &untar->member;
    if (untar_begins(key, "GNU.sparse."))
        return sparse_record(untar, key, value);
    if (untar_begins(key, "GNU.volume."))
        return volume_record(untar, key, value);
    if (untar_begins(key, "SCHILY.xattr.") || untar_begins(key, "SCHILY.acl.")) {
        untar->has_records = 1;
        return 0;
    }
    if (value.length == 0)
        return 0;
    if (is(key, "path"))
        member->name = value;
    else if (is(key, "linkpath"))
        member->link = value;
    else if (is(key, "uname"))
        member->user = value;
    else if (is(key, "gname"))
        member->group = value;
    else if (is(key, "size"))
        return positive_number(value, &member->size);
    else if (is(key, "uid"))
        return unsigned_number(value, &member->uid);
    else if (is(key, "gid"))
        return unsigned_number(value, &member->gid);
    else if (is(key, "mtime"))
        return seconds(value, &member->mtime_s, &member->mtime_ns);
    else if (is(key, "atime")) {
        member->has_atime = 1;
        return seconds(value, &member->atime_s, &member->atime_ns);
    }
    return 0;
}

void untar_apply_records(pytp_untar *untar, const untar_buffer *records)
{
    const uint8_t *at = records->at, *end = records->at + records->length;
    pytp_untar_text key, value;
    int more;
    if (records->length == 0)
        return;
    while ((more = untar_record(&at, end, &key, &value)) == 1)
        if (apply(untar, key, value) != 0)
            untar->refused = "its extended header has a record that makes no sense";
    if (more < 0)
        untar->refused = "its extended header is malformed";
}

int untar_only_comments(const uint8_t *at, size_t length)
{
    const uint8_t *end = at + length;
    pytp_untar_text key, value;
    int more;
    while ((more = untar_record(&at, end, &key, &value)) == 1)
        if (!is(key, "comment"))
            return 0;
    return more == 0;
}
