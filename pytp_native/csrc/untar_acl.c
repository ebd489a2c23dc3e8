/* SPDX-License-Identifier: WTFPL OR MIT
 * POSIX ACLs from the text that tars store to the kernel's binary value (linux/posix_acl_xattr.h: version 2, then
 * tag, permissions and id of each entry, little-endian, in the order of the tags). */
#include "untar.h"

#include <endian.h>
#include <errno.h>
#include <grp.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 4, FIELD_LENGTH = 256, SCRATCH = 16384 };

typedef struct {
    uint16_t tag, permissions;
    uint32_t id;
} entry;

static int64_t find_id(const char *name, int group)
{
    char scratch[SCRATCH], *end;
    struct passwd user, *found_user = NULL;
    struct group members, *found_group = NULL;
    unsigned long id = strtoul(name, &end, 10);
    if (name[0] >= '0' && name[0] <= '9' && *end == 0)
        return id < UINT32_MAX ? (int64_t)id : -EINVAL;
    if (group)
        return getgrnam_r(name, &members, scratch, sizeof scratch, &found_group) == 0 && found_group ? (int64_t)members.gr_gid : -ENOENT;
    return getpwnam_r(name, &user, scratch, sizeof scratch, &found_user) == 0 && found_user ? (int64_t)user.pw_uid : -ENOENT;
}

static int permissions(const char *text, uint16_t *into)
{
    *into = 0;
    for (; *text; text++) {
        if (*text == 'r')
            *into |= ACL_READ;
        else if (*text == 'w')
            *into |= ACL_WRITE;
        else if (*text == 'x')
            *into |= ACL_EXECUTE;
        else if (*text != '-')
            return -EINVAL;
    }
    return 0;
}

static int tag(const char *name, int qualified)
{
    if (strcmp(name, "user") == 0 || strcmp(name, "u") == 0)
        return qualified ? ACL_USER : ACL_USER_OBJ;
    if (strcmp(name, "group") == 0 || strcmp(name, "g") == 0)
        return qualified ? ACL_GROUP : ACL_GROUP_OBJ;
    if (strcmp(name, "mask") == 0 || strcmp(name, "m") == 0)
        return ACL_MASK;
    if (strcmp(name, "other") == 0 || strcmp(name, "o") == 0)
        return ACL_OTHER;
    return -EINVAL;
}

/* Copy one field up to `stop`, without blanks around it. */
static int field(const uint8_t **at, const uint8_t *end, char *into)
{
    size_t length = 0;
    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
    while (*at < end && **at != ':') {
        if (length == FIELD_LENGTH - 1 || **at == 0)
            return -EINVAL;
        into[length++] = (char)*(*at)++;
    }
    *at += *at < end;
    while (length > 0 && (into[length - 1] == ' ' || into[length - 1] == '\t'))
        length--;
    into[length] = 0;
    return 0;
}

static int parse(const uint8_t *at, const uint8_t *end, entry *into)
{
    char fields[FIELDS][FIELD_LENGTH] = {{0}};
    int which;
    const uint8_t *comment = memchr(at, '#', (size_t)(end - at));
    if (comment != NULL)
        end = comment; /* "#effective:r--" */
    for (int i = 0; i < FIELDS && at < end; i++)
        if (field(&at, end, fields[i]) != 0)
            return -EINVAL;
    which = tag(fields[0], fields[1][0] != 0);
    if (which < 0 || permissions(fields[2], &into->permissions) != 0)
        return -EINVAL;
    into->tag = (uint16_t)which;
    into->id = ACL_UNDEFINED_ID;
    if (which == ACL_USER || which == ACL_GROUP) {
        int64_t id = fields[3][0] ? find_id(fields[3], which == ACL_GROUP) : find_id(fields[1], which == ACL_GROUP);
        if (id < 0)
            return (int)id;
        into->id = (uint32_t)id;
    }
    return 0;
}

static int by_tag(const void *left, const void *right)
{
    const entry *a = left, *b = right;
    if (a->tag != b->tag)
        return a->tag < b->tag ? -1 : 1; /* the tags' values are in the kernel's order */
    return a->id < b->id ? -1 : a->id > b->id;
}

static int64_t encode(entry *entries, size_t count, uint8_t *into, size_t room)
{
    size_t length = sizeof(struct posix_acl_xattr_header) + count * sizeof(struct posix_acl_xattr_entry);
    struct posix_acl_xattr_header header = {htole32(POSIX_ACL_XATTR_VERSION)};
    if (length > room)
        return -ERANGE;
    qsort(entries, count, sizeof *entries, by_tag);
    memcpy(into, &header, sizeof header);
    into += sizeof header;
    for (size_t i = 0; i < count; i++, into += sizeof(struct posix_acl_xattr_entry)) {
        struct posix_acl_xattr_entry one = {htole16(entries[i].tag), htole16(entries[i].permissions), htole32(entries[i].id)};
        memcpy(into, &one, sizeof one);
    }
    return (int64_t)length;
}

int64_t pytp_acl_from_text(const uint8_t *text, size_t length, uint8_t *into, size_t room)
{
    const uint8_t *end = text + length;
    size_t count = 0, room_entries = room / sizeof(struct posix_acl_xattr_entry) + 1;
    entry *entries = calloc(room_entries, sizeof *entries);
    int64_t result = entries == NULL ? -ENOMEM : 0;
    while (result == 0 && text < end) {
        const uint8_t *stop = text;
        while (stop < end && *stop != ',' && *stop != '\n')
            stop++;
        if (stop > text && *text != '#') {
            if (count == room_entries)
                result = -ERANGE;
            else
                result = parse(text, stop, &entries[count++]);
        }
        text = stop + (stop < end);
    }
    if (result == 0)
        result = encode(entries, count, into, room);
    free(entries);
    return result;
}
