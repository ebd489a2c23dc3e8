/* SPDX-License-Identifier: WTFPL OR MIT
 * The 512-byte header: POSIX ustar (IEEE 1003.1, pax), its v7 ancestor, and GNU's variant. */
#include "untar_parts.h"

#include <string.h>

/* Field offsets; the same in all dialects up to the device numbers. */
enum {
    NAME = 0, MODE = 100, UID = 108, GID = 116, SIZE = 124, MTIME = 136, CHECKSUM = 148, TYPE = 156, LINK = 157,
    MAGIC = 257, USER = 265, GROUP = 297, MAJOR = 329, MINOR = 337, PREFIX = 345, PREFIX_LENGTH = 155,
    STAR_PREFIX_LENGTH = 131, STAR_MAGIC = 508
};

int untar_is_zero(const uint8_t *block)
{
    uint64_t words[BLOCK / 8], any = 0;
    memcpy(words, block, BLOCK);
    for (size_t i = 0; i < BLOCK / 8; i++)
        any |= words[i];
    return any == 0;
}

/* GNU's and star's binary form: the first byte's top bit marks it, the next is the sign, the rest is big-endian. */
static int binary_number(const uint8_t *field, size_t length, int64_t *value)
{
    uint64_t sign = field[0] & 0x40 ? UINT64_MAX : 0;
    uint64_t number = sign << 6 | (field[0] & 0x3f);
    for (size_t i = 1; i < length; i++) {
        if (number >> 55 != sign >> 55)
            return -1;
        number = number << 8 | field[i];
    }
    *value = (int64_t)number;
    return 0;
}

int untar_number(const uint8_t *field, size_t length, int64_t *value)
{
    size_t i = 0;
    uint64_t number = 0;
    if (field[0] & 0x80)
        return binary_number(field, length, value);
    while (i < length && (field[i] == ' ' || field[i] == 0))
        i++;
    for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
        number = number << 3 | (uint64_t)(field[i] - '0'); /* 12 octal digits at most: 36 bits */
    *value = (int64_t)number;
    return i == length || field[i] == ' ' || field[i] == 0 ? 0 : -1;
}

int untar_is_header(const uint8_t *block)
{
    int64_t said;
    int32_t plain = 0, with_sign = 0, octal = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        plain += block[i];
        with_sign += (int8_t)block[i]; /* old Sun tars summed signed characters */
    }
    for (size_t i = CHECKSUM; i < CHECKSUM + 8; i++) {
        plain += ' ' - block[i];
        with_sign += ' ' - (int8_t)block[i];
        octal |= block[i] >= '0' && block[i] <= '7';
    }
    return octal && untar_number(block + CHECKSUM, 8, &said) == 0 && (said == plain || said == with_sign);
}

static pytp_untar_text text(const uint8_t *field, size_t room)
{
    return (pytp_untar_text){field, strnlen((const char *)field, room)};
}

static int64_t number_or_zero(const uint8_t *field, size_t length)
{
    int64_t value;
    return untar_number(field, length, &value) == 0 ? value : 0;
}

static void decode_name(pytp_untar *untar, int posix)
{
    const uint8_t *header = untar->header;
    int star = posix && memcmp(header + STAR_MAGIC, "tar", 4) == 0;
    pytp_untar_text prefix = text(header + PREFIX, star ? STAR_PREFIX_LENGTH : PREFIX_LENGTH);
    pytp_untar_text name = text(header + NAME, 100);
    size_t length = 0;
    if (posix && prefix.length > 0) {
        memcpy(untar->short_name, prefix.at, prefix.length);
        untar->short_name[prefix.length] = '/';
        length = prefix.length + 1;
    }
    memcpy(untar->short_name + length, name.at, name.length);
    untar->member.name = (pytp_untar_text){(const uint8_t *)untar->short_name, length + name.length};
}

static void long_text(const untar_buffer *buffer, pytp_untar_text *into)
{
    if (buffer->length > 0)
        *into = text(buffer->at, buffer->length);
}

static int kind_of(const pytp_untar *untar)
{
    int type = untar->header[TYPE];
    pytp_untar_text name = untar->member.name;
    int slash = name.length > 0 && name.at[name.length - 1] == '/';
    if (type == 0 || type == '0' || type == '7')
        return slash && type != '7' ? '5' : '0';
    if (type == 'D')
        return '5';
    if ((type >= '1' && type <= '6') || type == 'V' || type == 'M')
        return type;
    return '0'; /* POSIX: a type that is not known is a file with data; GNU's sparse 'S' is one anyway */
}

/* Links, nodes and directories have no data whatever their size field says (v7 tars repeat the linked file's size). */
static int has_data(int kind, int type)
{
    return kind == '0' || kind == 'M' || kind == 'V' || type == 'D' || (kind == '5' && type != '5');
}

/* The first member of a continued archive, when part of it is on the cartridge before. */
static int goes_on(const pytp_untar *untar)
{
    pytp_untar_text name = untar->member.name, cut = untar->volume.name;
    return untar->volume.offset > 0 && untar->member.kind == '0' && name.length == cut.length &&
           memcmp(name.at, cut.at, name.length) == 0;
}

int untar_decode(pytp_untar *untar)
{
    const uint8_t *header = untar->header;
    pytp_untar_entry *member = &untar->member;
    int posix = memcmp(header + MAGIC, "ustar\0", 6) == 0;
    int named = posix || memcmp(header + MAGIC, "ustar ", 6) == 0;
    int64_t size = 0;
    decode_name(untar, posix);
    member->link = text(header + LINK, 100);
    member->user = named ? text(header + USER, 32) : (pytp_untar_text){header, 0};
    member->group = named ? text(header + GROUP, 32) : (pytp_untar_text){header, 0};
    member->v7 = !named;
    member->mode = (uint32_t)(number_or_zero(header + MODE, 8) & 07777);
    member->uid = (uint64_t)number_or_zero(header + UID, 8);
    member->gid = (uint64_t)number_or_zero(header + GID, 8);
    member->mtime_s = number_or_zero(header + MTIME, 12);
    member->mtime_ns = member->atime_ns = 0;
    member->atime_s = 0;
    member->has_atime = member->sparse = 0;
    member->typeflag = header[TYPE];
    if (untar_number(header + SIZE, 12, &size) != 0 || size < 0)
        return -1;
    member->size = size;
    member->device_major = named ? (uint32_t)number_or_zero(header + MAJOR, 8) : 0;
    member->device_minor = named ? (uint32_t)number_or_zero(header + MINOR, 8) : 0;
    long_text(&untar->long_name, &member->name);
    long_text(&untar->long_link, &member->link);
    untar_apply_records(untar, &untar->global);
    untar_apply_records(untar, &untar->local);
    member->kind = kind_of(untar); /* by its true name: the header's own may be cut behind a slash */
    member->stored = has_data(member->kind, member->typeflag) ? member->size : 0;
    if (member->kind == '1')
        member->size = 0;
    if (untar->sparse.name.length > 0)
        member->name = untar->sparse.name;
    if (goes_on(untar))
        member->kind = 'M';
    if (untar->sparse.real_size >= 0) {
        member->size = untar->sparse.real_size;
        member->sparse = 1;
    }
    return 0;
}
