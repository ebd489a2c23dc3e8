/* SPDX-License-Identifier: WTFPL OR MIT
 * One member as `tar -tv` of GNU tar prints it: the columns grow with what they have to hold, names are escaped as in
 * GNU's "escape" quoting style, which asks the locale what can be printed. */
#include "untar_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

static int add(untar_buffer *line, const char *text)
{
    return untar_buffer_add(line, text, strlen(text));
}

static char escape_letter(uint8_t byte)
{
    static const char letters[] = "abtnvfr"; /* 7 to 13 */
    return byte >= 7 && byte <= 13 ? letters[byte - 7] : byte == '\\' ? '\\' : 0;
}

/* One character of the name: how many bytes it takes, and whether it may be printed as it is. */
static size_t character(const uint8_t *at, size_t length, int *printable)
{
    mbstate_t state = {0};
    wchar_t wide;
    size_t taken = mbrtowc(&wide, (const char *)at, length, &state);
    *printable = taken != (size_t)-1 && taken != (size_t)-2 && taken != 0 && iswprint((wint_t)wide);
    return *printable || (taken != (size_t)-1 && taken != (size_t)-2 && taken != 0) ? taken : 1;
}

static int add_escaped(untar_buffer *line, pytp_untar_text name)
{
    char octal[5];
    int error = 0;
    for (size_t i = 0; i < name.length && error == 0;) {
        int printable;
        char letter = escape_letter(name.at[i]);
        if (letter != 0) {
            char pair[2] = {'\\', letter};
            error = untar_buffer_add(line, pair, 2);
            i++;
            continue;
        }
        size_t length = character(name.at + i, name.length - i, &printable);
        if (printable)
            error = untar_buffer_add(line, name.at + i, length);
        for (size_t k = 0; !printable && k < length && error == 0; k++) {
            snprintf(octal, sizeof octal, "\\%03o", name.at[i + k]);
            error = add(line, octal);
        }
        i += length;
    }
    return error;
}

static char type_letter(const pytp_untar_entry *member)
{
    static const char letters[] = "-hlcbdp";
    if (member->typeflag == '7')
        return 'C';
    if (member->typeflag != 0 && strchr("0123456DSVM", member->typeflag) == NULL)
        return '?';
    return member->kind >= '0' && member->kind <= '6' ? letters[member->kind - '0'] : (char)member->kind;
}

static void mode_text(const pytp_untar_entry *member, char *into)
{
    uint32_t mode = member->mode;
    into[0] = type_letter(member);
    for (int i = 0; i < 9; i++)
        into[1 + i] = mode & (0400u >> i) ? "rwx"[i % 3] : '-';
    if (mode & 04000)
        into[3] = into[3] == 'x' ? 's' : 'S';
    if (mode & 02000)
        into[6] = into[6] == 'x' ? 's' : 'S';
    if (mode & 01000)
        into[9] = into[9] == 'x' ? 't' : 'T';
    into[10] = 0;
}

static void time_text(int64_t seconds, char *into, size_t room)
{
    struct tm local;
    time_t when = (time_t)seconds;
    if (localtime_r(&when, &local) != NULL)
        snprintf(into, room, "%04ld-%02d-%02d %02d:%02d", local.tm_year + 1900L, local.tm_mon + 1, local.tm_mday, local.tm_hour,
                 local.tm_min);
    else
        snprintf(into, room, "%lld", (long long)seconds);
}

static void size_text(const pytp_untar_entry *member, char *into, size_t room)
{
    if (member->kind == '3' || member->kind == '4')
        snprintf(into, room, "%u,%u", member->device_major, member->device_minor);
    else
        snprintf(into, room, "%lld", (long long)member->size);
}

/* "name" or the number, as tar shows owners. */
static int add_owner(untar_buffer *line, pytp_untar_text name, uint64_t number)
{
    char digits[24];
    size_t length = name.at != NULL ? strnlen((const char *)name.at, name.length) : 0;
    if (length > 0)
        return untar_buffer_add(line, name.at, length);
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    return add(line, digits);
}

static int add_columns(pytp_untar *untar)
{
    const pytp_untar_entry *member = &untar->member;
    untar_buffer *line = &untar->line;
    char text[64], size[64];
    mode_text(member, text);
    if (add(line, text) != 0 || add(line, " ") != 0)
        return ENOMEM;
    size_t before = line->length;
    if (add_owner(line, member->user, member->uid) != 0 || add(line, "/") != 0 ||
        add_owner(line, member->group, member->gid) != 0)
        return ENOMEM;
    size_text(member, size, sizeof size);
    size_t width = line->length - before + 1 + strlen(size);
    if (width > untar->names_width)
        untar->names_width = width;
    for (; width < untar->names_width; width++)
        if (add(line, " ") != 0)
            return ENOMEM;
    time_text(member->mtime_s, text, sizeof text);
    if (add(line, " ") != 0 || add(line, size) != 0 || add(line, " ") != 0 || add(line, text) != 0)
        return ENOMEM;
    size_t date = strlen(text);
    if (date > untar->date_width)
        untar->date_width = date;
    for (; date < untar->date_width; date++)
        if (add(line, " ") != 0)
            return ENOMEM;
    return add(line, " ");
}

static int add_ending(pytp_untar *untar)
{
    const pytp_untar_entry *member = &untar->member;
    char text[64];
    switch (member->typeflag) {
    case '2':
        return add(&untar->line, " -> ") != 0 ? ENOMEM : add_escaped(&untar->line, member->link);
    case '1':
        return add(&untar->line, " link to ") != 0 ? ENOMEM : add_escaped(&untar->line, member->link);
    case 'V':
        return add(&untar->line, "--Volume Header--");
    case 'M':
        return add(&untar->line, "--Continued at byte of an earlier volume--");
    case 0: case '0': case '3': case '4': case '5': case '6': case '7': case 'D': case 'S':
        return 0;
    default:
        snprintf(text, sizeof text, " unknown file type \xe2\x80\x98%c\xe2\x80\x99", member->typeflag);
        return add(&untar->line, text);
    }
}

int pytp_untar_line(pytp_untar *untar, pytp_untar_text *line)
{
    untar->line.length = 0;
    if (add_columns(untar) != 0 || add_escaped(&untar->line, untar->member.name) != 0 || add_ending(untar) != 0)
        return ENOMEM;
    *line = (pytp_untar_text){untar->line.at, untar->line.length};
    return 0;
}
