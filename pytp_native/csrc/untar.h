/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * Reads a tar archive (v7, ustar, pax, GNU) out of a ring of tape blocks: lists it or restores it beneath a directory.
 *
 * The caller is the ring's consumer. Every call does a bounded piece of work without the GIL and answers with one of
 * the events below; PYTP_UNTAR_PAUSE only means "call again", so that the caller can report progress and see signals.
 * Texts in a member or problem are bytes of the archive, valid until the next call, never NUL-terminated.
 */
#ifndef PYTP_UNTAR_H
#define PYTP_UNTAR_H
#include "ring.h"

enum {
    PYTP_UNTAR_MEMBER = 1, /* next(): member() describes one more member */
    PYTP_UNTAR_PAUSE,      /* nothing to tell; call again */
    PYTP_UNTAR_PROBLEM,    /* problem() says what one member, or the archive, lacks; call again to go on */
    PYTP_UNTAR_END,        /* the end mark was read, and what followed it up to the end of the stream */
    PYTP_UNTAR_UNMARKED,   /* the stream ended between two members, without an end mark */
    PYTP_UNTAR_CUT,        /* the stream ended inside member(); nothing of that member was left behind */
    PYTP_UNTAR_NO_TAR,     /* there is no tar header in the first SEARCH_LIMIT bytes */
    PYTP_UNTAR_NO_SPACE,   /* the target's file system is full; the problem told before says where */
    PYTP_UNTAR_NO_MEMORY
};

typedef struct {
    const uint8_t *at;
    size_t length;
} pytp_untar_text;

typedef struct {
    pytp_untar_text name, link, user, group;
    int64_t size;   /* bytes of the restored file */
    int64_t stored; /* bytes behind the header in the archive, without padding */
    int64_t mtime_s, atime_s;
    int32_t mtime_ns, atime_ns;
    uint64_t uid, gid;
    uint64_t header_block, header_offset; /* of the first header of its group: ring slots from 0, bytes in that slot */
    uint32_t mode, device_major, device_minor;
    int kind;     /* what it is: '0' file, '1' hard link ... '6' as in ustar; 'V' label; 'M' continuation */
    int typeflag; /* as it stands in the header */
    int sparse, has_atime, v7;
} pytp_untar_entry;

typedef struct {
    pytp_untar_text path;     /* empty when no member is concerned */
    const char *reason; /* static text, or NULL: then `error` says it all */
    int error;          /* errno or 0 */
    uint64_t block, offset, bytes; /* where, and how many bytes were passed over in search of a header */
} pytp_untar_mishap;

typedef struct {
    uint64_t members;        /* seen */
    uint64_t restored;       /* made in the target */
    uint64_t bytes;          /* of the archive, taken from the ring */
    uint64_t owners_skipped; /* members whose owner or privileged attribute an unprivileged user could not set */
} pytp_untar_counts;

typedef struct pytp_untar pytp_untar;

pytp_untar *pytp_untar_new(pytp_ring *ring);
void pytp_untar_free(pytp_untar *untar);

/* Step to the next member, past what is left of the current one. MEMBER, PAUSE, PROBLEM or a final event (END ...
 * NO_TAR), which repeats. */
int pytp_untar_next(pytp_untar *untar);
const pytp_untar_entry *pytp_untar_member(pytp_untar *untar);
const pytp_untar_mishap *pytp_untar_problem(pytp_untar *untar);
void pytp_untar_count(pytp_untar *untar, pytp_untar_counts *into);

/* Restore beneath `directory` (an open descriptor that stays the caller's). `overwrite` replaces what exists (by
 * removing it, never by writing through it); `owners` sets uid and gid; `target_is_ours` lets the archive's "./" member
 * change the target itself. 0 or an errno. */
int pytp_untar_target(pytp_untar *untar, int directory, int overwrite, int owners, int target_is_ours);
/* Restore only what a pattern names: a member, a directory and all beneath it, or a glob. 0 or an errno. */
int pytp_untar_pattern(pytp_untar *untar, const uint8_t *pattern, size_t length);
/* How many members pattern number `pattern` (from 0) named so far, as 0 or 1. */
int pytp_untar_matched(pytp_untar *untar, size_t pattern);
/* Restore up to the next event: PAUSE, PROBLEM or a final one. */
int pytp_untar_extract(pytp_untar *untar);
/* After the final event: give directories their attributes, deepest first. PROBLEM, PAUSE, then END. */
int pytp_untar_settle(pytp_untar *untar);
/* Remove the file that is half restored, if there is one (interrupt). */
void pytp_untar_abandon(pytp_untar *untar);

/* The line `tar -tv` prints for member(), without newline, in the process's locale and time zone. Valid until the next
 * call. 0 or an errno. */
int pytp_untar_line(pytp_untar *untar, pytp_untar_text *line);

/* An ACL's text ("user::rwx,user:ann:r--,...", names or numbers, an optional fourth field with the number) as the
 * kernel's system.posix_acl_* value. Its length, or -errno. */
int64_t pytp_acl_from_text(const uint8_t *text, size_t length, uint8_t *into, size_t room);

#endif
