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
    PYTP_UNTAR_NO_MEMORY,
    PYTP_UNTAR_FEED /* feed() is due, then call again */
};

/* What is wrong with a member's data, in a problem. */
enum {
    PYTP_DAMAGE_NONE = 0,
    PYTP_DAMAGE_CHECKSUM, /* its content is not what the checksum says */
    PYTP_DAMAGE_UNREAD,   /* a block of it could not be read; its place holds zeros */
    PYTP_DAMAGE_LOST      /* expected there, and not found */
};

/* What happens to files that exist already. */
enum { PYTP_UNTAR_KEEP = 0, PYTP_UNTAR_OVERWRITE, PYTP_UNTAR_NEWER };

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
    int damage;     /* PYTP_DAMAGE_ */
    int left;       /* the damaged file is there under its name with ".damaged" behind it */
    uint64_t at;    /* damage: byte of the archive at which the member's header group begins */
    uint64_t bad;   /* damage: byte of the archive at which the first block begins that could not be read */
} pytp_untar_mishap;

typedef struct {
    uint64_t members;        /* seen */
    uint64_t restored;       /* made in the target */
    uint64_t bytes;          /* of the archive, taken from the ring */
    uint64_t owners_skipped; /* members whose owner or privileged attribute an unprivileged user could not set */
    uint64_t content;        /* bytes of file content that were delivered or checked */
    uint64_t checked;        /* files whose checksum was compared and is right */
    uint64_t damaged;        /* members with one of PYTP_DAMAGE_ */
    uint64_t kept;           /* files that exist and are as new (PYTP_UNTAR_NEWER) */
} pytp_untar_counts;

/* Part of an archive in the ring: `slots` of them, the first of which begins with byte `at` of the archive. */
typedef struct {
    uint64_t at, slots;
} pytp_untar_run;

/* A member that is known to be in the archive. */
typedef struct {
    uint64_t at;        /* byte of the archive at which its header group begins */
    uint64_t name_hash; /* pytp_hash_seeded(name without slashes at the end, 0) */
    uint8_t digest[32];
    uint32_t digest_length;            /* 0: none is known */
    uint32_t name_at, name_length;     /* in the texts: the name it is restored under; length 0: its own */
    uint32_t link_at, link_length;     /* likewise for what a hard link refers to */
    uint32_t mtime_s;                  /* low 32 bits; compared only where `only` is not set */
} pytp_untar_expected;

typedef struct pytp_untar pytp_untar;

/* A slot of no bytes in the ring stands for a block that could not be read: as many bytes as a slot holds are missing. */
pytp_untar *pytp_untar_new(pytp_ring *ring);
void pytp_untar_free(pytp_untar *untar);
/* The ring was reset: another archive comes, for the same target. */
void pytp_untar_restart(pytp_untar *untar);

/* Which parts of the archive come through the ring; without it, all of it from the start. 0 or an errno. */
int pytp_untar_runs(pytp_untar *untar, const pytp_untar_run *runs, size_t count);
/* What is known of the archive, in its order: checksums of a kind (PYTP_HASH_) that are compared. `only`: nothing else is read;
 * the others are passed over, by address, without a look. Asked for with FEED. 0 or an errno. */
int pytp_untar_expect(pytp_untar *untar, int hash_kind, int only);
/* More of them (copied); `last`: there are no others. 0 or an errno. */
int pytp_untar_feed(pytp_untar *untar, const pytp_untar_expected *members, size_t count, const uint8_t *texts,
                    size_t text_length, int last);

/* Step to the next member, past what is left of the current one. MEMBER, PAUSE, PROBLEM or a final event (END ...
 * NO_TAR), which repeats. */
int pytp_untar_next(pytp_untar *untar);
const pytp_untar_entry *pytp_untar_member(pytp_untar *untar);
const pytp_untar_mishap *pytp_untar_problem(pytp_untar *untar);
void pytp_untar_count(pytp_untar *untar, pytp_untar_counts *into);

/* Restore beneath `directory` (an open descriptor that stays the caller's). `existing` is one of PYTP_UNTAR_KEEP ...: what exists
 * is replaced by removing it, never by writing through it; where a checksum is known, only when the new file has proved right.
 * `owners` sets uid and gid; `target_is_ours` lets the archive's "./" member change the target itself. 0 or an errno. */
int pytp_untar_target(pytp_untar *untar, int directory, int existing, int owners, int target_is_ours);
/* Leave out the first components of all names; members with no more than those are passed over. */
void pytp_untar_strip(pytp_untar *untar, size_t components);
/* Instead of a target: write the content of files there, one after the other; -1: read and check them, keep nothing. */
void pytp_untar_output(pytp_untar *untar, int descriptor);
/* Restore only what a pattern names: a member, a directory and all beneath it, or a glob. 0 or an errno. */
int pytp_untar_pattern(pytp_untar *untar, const uint8_t *pattern, size_t length);
/* Whether a member of that name is named by a pattern; 1 where there are none. */
int pytp_untar_wants(pytp_untar *untar, const uint8_t *name, size_t length);
/* How many members pattern number `pattern` (from 0) named so far, as 0 or 1. */
int pytp_untar_matched(pytp_untar *untar, size_t pattern);
/* Restore up to the next event: PAUSE, PROBLEM or a final one. */
int pytp_untar_extract(pytp_untar *untar);
/* After the final event: give directories their attributes, deepest first. PROBLEM, PAUSE, then END. */
int pytp_untar_settle(pytp_untar *untar);
/* Remove the file that is half restored, if there is one (interrupt). */
void pytp_untar_abandon(pytp_untar *untar);

/* Where the reader stands, for the thread that fills the ring while the reader waits for the next block: inside a member's data
 * (member() is that member, `left` what is missing of it), in a header group, between two members, or behind the end mark. */
enum { PYTP_STANDS_BETWEEN = 0, PYTP_STANDS_INSIDE, PYTP_STANDS_IN_HEADER, PYTP_STANDS_BEHIND_END };
int pytp_untar_standing(const pytp_untar *untar, uint64_t *left);

/* The line `tar -tv` prints for member(), without newline, in the process's locale and time zone. Valid until the next
 * call. 0 or an errno. */
int pytp_untar_line(pytp_untar *untar, pytp_untar_text *line);

/* An ACL's text ("user::rwx,user:ann:r--,...", names or numbers, an optional fourth field with the number) as the
 * kernel's system.posix_acl_* value. Its length, or -errno. */
int64_t pytp_acl_from_text(const uint8_t *text, size_t length, uint8_t *into, size_t room);

#endif
