/* SPDX-License-Identifier: WTFPL OR MIT */
#include "tarhead.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Offsets of ustar fields: POSIX.1-2017, pax, table "ustar Header Block". */
enum { MODE = 100, UID = 108, GID = 116, SIZE = 124, MTIME = 136, CHECKSUM = 148, TYPE = 156, LINK = 157, MAGIC = 257,
       UNAME = 265, GNAME = 297, MAJOR = 329, MINOR = 337 };
enum { NAME_ROOM = 100, OWNER_ROOM = 32 };

int pytp_pax_record(pytp_bytes *records, const char *key, const void *value, size_t length)
{
    size_t rest = strlen(key) + length + 3; /* blank, '=', newline */
    size_t total = rest + 1;
    char digits[24];
    while (total != rest + (size_t)snprintf(digits, sizeof digits, "%zu", total))
        total = rest + strlen(digits);
    if (pytp_bytes_reserve(records, total) != 0)
        return -1;
    return pytp_bytes_add(records, digits, strlen(digits)) | pytp_bytes_add(records, " ", 1) |
           pytp_bytes_add(records, key, strlen(key)) | pytp_bytes_add(records, "=", 1) |
           pytp_bytes_add(records, value, length) | pytp_bytes_add(records, "\n", 1);
}

static int number_record(pytp_bytes *records, const char *key, uint64_t value)
{
    char text[24];
    return pytp_pax_record(records, key, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, value));
}

/* Seconds since 1970 as an exact decimal; -2 s + 500,000,000 ns is -1.5. */
static size_t time_text(int64_t s, uint32_t ns, char text[40])
{
    int negative = s < 0;
    uint64_t whole = negative ? (uint64_t)-s : (uint64_t)s;
    if (negative && ns > 0) {
        whole -= 1;
        ns = 1000000000u - ns;
    }
    size_t length = (size_t)snprintf(text, 40, "%s%" PRIu64 ".%09" PRIu32, negative ? "-" : "", whole, ns);
    while (text[length - 1] == '0')
        length--;
    return text[length - 1] == '.' ? length - 1 : length;
}

static int fits(uint64_t value, int digits)
{
    return value < (uint64_t)1 << (3 * digits);
}

static int ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return 0;
    return 1;
}

static int text_record(pytp_bytes *records, const char *key, const char *text, size_t length, size_t room)
{
    return length > room || !ascii(text, length) ? pytp_pax_record(records, key, text, length) : 0;
}

static void octal(uint8_t *field, int digits, uint64_t value)
{
    for (int i = digits - 1; i >= 0; i--, value >>= 3)
        field[i] = (uint8_t)('0' + (value & 7));
}

/* What fits of a name, for readers that know no pax: one '?' for each character that is not ASCII, as tarfile has it. */
static void plain(uint8_t *field, size_t room, const char *text, size_t length)
{
    size_t at = 0;
    for (size_t i = 0; i < length && at < room; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x80)
            field[at++] = c;
        else if (c >= 0xc0) /* the first byte of a character; continuation bytes are not counted */
            field[at++] = '?';
    }
}

static void seal(uint8_t *header)
{
    unsigned sum = 0;
    memcpy(header + MAGIC, "ustar\00000", 8);
    memset(header + CHECKSUM, ' ', 8);
    for (int i = 0; i < PYTP_TAR_BLOCK; i++)
        sum += header[i];
    octal(header + CHECKSUM, 6, sum);
    header[CHECKSUM + 6] = 0;
}

static void numbers(uint8_t *header, const pytp_tarhead *head)
{
    octal(header + MODE, 7, head->mode & 07777);
    octal(header + UID, 7, fits(head->uid, 7) ? head->uid : 0);
    octal(header + GID, 7, fits(head->gid, 7) ? head->gid : 0);
    octal(header + SIZE, 11, fits(head->size, 11) ? head->size : 0);
    octal(header + MTIME, 11, head->mtime_s >= 0 && fits((uint64_t)head->mtime_s, 11) ? (uint64_t)head->mtime_s : 0);
    header[TYPE] = (uint8_t)head->type;
    if (head->type == '3' || head->type == '4') {
        octal(header + MAJOR, 7, head->major);
        octal(header + MINOR, 7, head->minor);
    }
}

static int extended_header(char type, const pytp_bytes *records, pytp_bytes *out)
{
    uint8_t header[PYTP_TAR_BLOCK] = "././@PaxHeader";
    static const uint8_t zeros[PYTP_TAR_BLOCK];
    numbers(header, &(pytp_tarhead){.type = type, .size = records->length});
    seal(header);
    size_t tail = (PYTP_TAR_BLOCK - records->length % PYTP_TAR_BLOCK) % PYTP_TAR_BLOCK;
    return pytp_bytes_add(out, header, sizeof header) | pytp_bytes_add(out, records->data, records->length) |
           pytp_bytes_add(out, zeros, tail);
}

/* The records that the ustar fields cannot hold, in tarfile's order. */
static int overflow_records(const pytp_tarhead *head, const char *name, size_t name_length, pytp_bytes *records)
{
    int bad = text_record(records, "path", name, name_length, NAME_ROOM);
    if (head->link != NULL)
        bad |= text_record(records, "linkpath", head->link, head->link_length, NAME_ROOM);
    if (head->uname != NULL)
        bad |= text_record(records, "uname", head->uname, strlen(head->uname), OWNER_ROOM);
    if (head->gname != NULL)
        bad |= text_record(records, "gname", head->gname, strlen(head->gname), OWNER_ROOM);
    if (!fits(head->uid, 7))
        bad |= number_record(records, "uid", head->uid);
    if (!fits(head->gid, 7))
        bad |= number_record(records, "gid", head->gid);
    if (!fits(head->size, 11))
        bad |= number_record(records, "size", head->size);
    return bad;
}

static int mtime_record(const pytp_tarhead *head, pytp_bytes *records)
{
    char text[40];
    if (head->mtime_ns == 0 && head->mtime_s >= 0 && fits((uint64_t)head->mtime_s, 11))
        return 0;
    return pytp_pax_record(records, "mtime", text, time_text(head->mtime_s, head->mtime_ns, text));
}

static void ustar(const pytp_tarhead *head, const char *name, size_t name_length, uint8_t header[PYTP_TAR_BLOCK])
{
    memset(header, 0, PYTP_TAR_BLOCK);
    plain(header, NAME_ROOM, name, name_length);
    numbers(header, head);
    if (head->link != NULL)
        plain(header + LINK, NAME_ROOM, head->link, head->link_length);
    if (head->uname != NULL)
        plain(header + UNAME, OWNER_ROOM, head->uname, strlen(head->uname));
    if (head->gname != NULL)
        plain(header + GNAME, OWNER_ROOM, head->gname, strlen(head->gname));
    seal(header);
}

static int build(const pytp_tarhead *head, const pytp_bytes *extra, pytp_bytes *name, pytp_bytes *records, pytp_bytes *out)
{
    uint8_t header[PYTP_TAR_BLOCK];
    int bad = pytp_bytes_add(name, head->name, head->name_length);
    if (head->type == '5')
        bad |= pytp_bytes_add(name, "/", 1);
    if (bad)
        return -1;
    bad = mtime_record(head, records) | pytp_bytes_add(records, extra->data, extra->length) |
          overflow_records(head, (char *)name->data, name->length, records);
    if (!bad && records->length > 0)
        bad = extended_header('x', records, out);
    ustar(head, (char *)name->data, name->length, header);
    return bad ? -1 : pytp_bytes_add(out, header, sizeof header);
}

int pytp_tarhead_build(const pytp_tarhead *head, const pytp_bytes *extra, pytp_bytes *out)
{
    pytp_bytes name = {0}, records = {0};
    int bad = build(head, extra, &name, &records, out);
    pytp_bytes_free(&name);
    pytp_bytes_free(&records);
    return bad;
}

/* Fill the records up to exactly `room` bytes with one comment: "NUMBER comment=....\n". */
static int fill_up(pytp_bytes *records, size_t room, const char *filling)
{
    char start[96];
    size_t pad = room - records->length;
    if (room < records->length)
        return -1;
    if (pad == 0)
        return 0;
    size_t used = (size_t)snprintf(start, sizeof start, "%zu comment=", pad);
    if (pad < used + 1 || pytp_bytes_reserve(records, pad) != 0)
        return -1;
    size_t words = strlen(filling) < pad - used - 1 ? strlen(filling) : pad - used - 1;
    int bad = pytp_bytes_add(records, start, used) | pytp_bytes_add(records, filling, words);
    memset(records->data + records->length, ' ', pad - used - words - 1);
    records->length += pad - used - words - 1;
    return bad | pytp_bytes_add(records, "\n", 1);
}

int pytp_tarhead_global(const pytp_bytes *records, size_t length, pytp_bytes *out)
{
    pytp_bytes filled = {0};
    int bad = length < PYTP_TAR_BLOCK || pytp_bytes_add(&filled, records->data, records->length) ||
              fill_up(&filled, length - PYTP_TAR_BLOCK, "pytp: fills the block") || extended_header('g', &filled, out);
    pytp_bytes_free(&filled);
    return bad ? -1 : 0;
}

int pytp_tarhead_filler(size_t length, pytp_bytes *out)
{
    pytp_bytes records = {0};
    int bad = fill_up(&records, length - PYTP_TAR_BLOCK, "pytp: keeps the next header inside one tape block");
    bad = bad || extended_header('g', &records, out);
    pytp_bytes_free(&records);
    return bad ? -1 : 0;
}
