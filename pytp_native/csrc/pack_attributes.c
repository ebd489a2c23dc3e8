/* SPDX-License-Identifier: WTFPL OR MIT
 * Extended attributes and POSIX ACLs as pax records, under the keys that star introduced and GNU tar and bsdtar read. */
#include "pack_parts.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/limits.h>
#include <sys/xattr.h>

/* linux/posix_acl_xattr.h: a version word, then entries of tag, permissions and id, little-endian. */
enum { ACL_HEAD = 4, ACL_ENTRY = 8, ACL_VERSION = 2 };

static ssize_t list(int fd, const char *path, char *into, size_t room)
{
    return fd >= 0 ? flistxattr(fd, into, room) : llistxattr(path, into, room);
}

static ssize_t get(int fd, const char *path, const char *name, void *into, size_t room)
{
    return fd >= 0 ? fgetxattr(fd, name, into, room) : lgetxattr(path, name, into, room);
}

static const char *acl_word(unsigned tag)
{
    switch (tag) {
    case 0x01: return "user:";
    case 0x02: return "user:";
    case 0x04: return "group:";
    case 0x08: return "group:";
    case 0x10: return "mask:";
    case 0x20: return "other:";
    default: return NULL;
    }
}

/* "user::rwx,user:1000:r--,..." from the kernel's form, with numeric ids; -1 when it is not one. */
static int acl_text(const uint8_t *acl, size_t length, pytp_bytes *text)
{
    uint32_t version;
    if (length < ACL_HEAD || (length - ACL_HEAD) % ACL_ENTRY != 0)
        return -1;
    memcpy(&version, acl, sizeof version);
    if (le32toh(version) != ACL_VERSION)
        return -1;
    for (size_t at = ACL_HEAD; at < length; at += ACL_ENTRY) {
        uint16_t tag, bits;
        uint32_t id;
        char entry[64];
        memcpy(&tag, acl + at, 2);
        memcpy(&bits, acl + at + 2, 2);
        memcpy(&id, acl + at + 4, 4);
        tag = le16toh(tag), bits = le16toh(bits), id = le32toh(id);
        const char *word = acl_word(tag);
        if (word == NULL)
            return -1;
        char who[16] = "";
        if (tag == 0x02 || tag == 0x08)
            snprintf(who, sizeof who, "%" PRIu32, id);
        int n = snprintf(entry, sizeof entry, "%s%s%s:%c%c%c", at == ACL_HEAD ? "" : ",", word, who, bits & 4 ? 'r' : '-',
                         bits & 2 ? 'w' : '-', bits & 1 ? 'x' : '-');
        if (pytp_bytes_add(text, entry, (size_t)n) != 0)
            return -1;
    }
    return 0;
}

static int acl_record(const char *key, const pytp_bytes *value, pytp_bytes *records)
{
    pytp_bytes text = {0};
    int bad = acl_text(value->data, value->length, &text);
    if (!bad && text.length > 0)
        bad = pytp_pax_record(records, key, text.data, text.length);
    pytp_bytes_free(&text);
    return bad;
}

/* A key ends at the first '=', so GNU tar (1.29, xattr_encode_keyword) writes that and '%' as "%3D" and "%25". */
static void attribute_key(const char *name, char key[1024])
{
    char *at = stpcpy(key, "SCHILY.xattr.");
    for (; *name != 0; name++) /* at most XATTR_NAME_MAX bytes */
        at = *name == '=' ? stpcpy(at, "%3D") : *name == '%' ? stpcpy(at, "%25") : stpncpy(at, name, 1);
    *at = 0;
}

static int record(const char *name, const pytp_bytes *value, pytp_bytes *records)
{
    char key[1024];
    if (strcmp(name, "system.posix_acl_access") == 0)
        return acl_record("SCHILY.acl.access", value, records);
    if (strcmp(name, "system.posix_acl_default") == 0)
        return acl_record("SCHILY.acl.default", value, records);
    if (strcmp(name, "security.selinux") == 0) /* GNU tar's own key; the value without its closing NUL */
        return pytp_pax_record(records, "RHT.security.selinux", value->data, strnlen((char *)value->data, value->length));
    attribute_key(name, key);
    return pytp_pax_record(records, key, value->data, value->length);
}

/* Read one attribute of any size into `value`. */
static int fetch(int fd, const char *path, const char *name, pytp_bytes *value)
{
    for (size_t room = 256;; room *= 4) {
        value->length = 0;
        if (pytp_bytes_reserve(value, room) != 0)
            return -1;
        ssize_t got = get(fd, path, name, value->data, value->room);
        if (got >= 0) {
            value->length = (size_t)got;
            return 0;
        }
        if (errno != ERANGE)
            return -1;
    }
}

static int each(int fd, const char *path, const char *names, size_t length, pytp_bytes *records)
{
    pytp_bytes value = {0};
    int error = 0;
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        if (strncmp(name, "system.", 7) == 0 && strncmp(name, "system.posix_acl_", 17) != 0)
            continue; /* other system.* attributes are views of the file system (NFS ACLs, CIFS), not data */
        size_t before = records->length;
        if (fetch(fd, path, name, &value) != 0) {
            if (errno != ENODATA && error == 0) /* ENODATA: it was removed meanwhile */
                error = errno;
            continue;
        }
        errno = EINVAL; /* an ACL of a form that nobody knows; short memory says so itself */
        if (record(name, &value, records) != 0) {
            records->length = before;
            error = error ? error : errno;
        }
    }
    pytp_bytes_free(&value);
    return error;
}

int pytp_attribute_records(int fd, const char *path, pytp_bytes *records)
{
    char few[1024];
    ssize_t length = list(fd, path, few, sizeof few);
    if (length == 0 || (length < 0 && (errno == ENOTSUP || errno == ENOSYS)))
        return 0;
    if (length > 0)
        return each(fd, path, few, (size_t)length, records);
    if (errno != ERANGE)
        return errno;
    char *many = malloc(XATTR_LIST_MAX);
    if (many == NULL)
        return ENOMEM;
    length = list(fd, path, many, XATTR_LIST_MAX);
    int error = length < 0 ? errno : each(fd, path, many, (size_t)length, records);
    free(many);
    return error;
}
