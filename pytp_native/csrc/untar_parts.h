/* SPDX-License-Identifier: WTFPL OR MIT
 * What the parts of the tar reader share: untar_stream (bytes), untar_header and untar_pax (meaning), untar_walk (safe
 * directories), untar_place (names), untar_fill and untar_crew (data), untar_check (checksums and damage), untar_expect (what is
 * known of the archive beforehand), untar_attributes, untar_list (lines), untar_extract and untar (the order of it all). */
#ifndef PYTP_UNTAR_PARTS_H
#define PYTP_UNTAR_PARTS_H
#include "hash.h"
#include "untar.h"

#include <limits.h>
#include <sys/stat.h>
#include <time.h>

enum { BLOCK = 512 };                              /* tar's own unit, "record" in POSIX pax */
static const uint64_t PAUSE_BYTES = 16u << 20;     /* a call moves about this much before it pauses */
static const uint64_t SEARCH_LIMIT = 64u << 20;    /* junk before the first header that is still searched */
static const uint64_t EXTENDED_LIMIT = 64u << 20;  /* largest extended header taken into memory */
static const size_t SEGMENT_LIMIT = 8u << 20;      /* largest sparse map */

typedef struct {
    uint8_t *at;
    size_t length, room;
} untar_buffer;

int untar_buffer_room(untar_buffer *buffer, size_t room);                            /* 0 or ENOMEM */
int untar_buffer_add(untar_buffer *buffer, const void *bytes, size_t length);        /* keeps a NUL behind the end */

typedef struct {
    pytp_ring *ring;
    const uint8_t *slot;
    size_t used, at;
    uint64_t block;     /* number of the current slot */
    uint64_t taken;     /* bytes taken since the last pause */
    uint64_t total;     /* bytes taken in all */
    uint64_t start;     /* byte of the archive at which the current slot begins */
    size_t slot_bytes;
    pytp_untar_run *runs;
    size_t run_count, run;
    uint64_t run_left;  /* slots of the current run, this one included */
    uint8_t *zeros;     /* a slot of them, in place of a block that could not be read */
    int in_gap;         /* this slot is one */
    uint64_t gap_bytes; /* so many bytes were taken out of such slots */
    uint64_t gap_start; /* byte of the archive at which the last of them begins */
} untar_stream;

int untar_stream_begin(untar_stream *in, pytp_ring *ring); /* 0 or ENOMEM */
void untar_stream_restart(untar_stream *in);
void untar_stream_end(untar_stream *in);
uint64_t untar_stream_position(const untar_stream *in); /* byte of the archive, within the current run */

/* Contiguous bytes at hand, at least one, or NULL at the end of the stream. They stay valid until pass() uses them up. */
const uint8_t *untar_stream_look(untar_stream *in, size_t *length);
void untar_stream_pass(untar_stream *in, size_t length);
size_t untar_stream_read(untar_stream *in, void *into, size_t length); /* less only at the end */
void untar_stream_where(const untar_stream *in, uint64_t *block, uint64_t *offset);

typedef struct {
    int64_t offset, length;
} untar_segment;

typedef struct {
    untar_segment *at;
    size_t count, room;
} untar_map;

int untar_map_add(untar_map *map, int64_t offset, int64_t length);         /* 0 or a reason below */
const char *untar_map_check(const untar_map *map, int64_t size, int64_t stored);

/* What a global header says about a member that goes on from an earlier cartridge (GNU.volume.*). */
typedef struct {
    pytp_untar_text name;
    int64_t offset;
} untar_volume_info;

/* What extended headers say about sparse files (GNU.sparse.*). */
typedef struct {
    int major, minor;
    int64_t real_size; /* -1: not said */
    int64_t pending;   /* an offset that waits for its length (format 0.0), or -1 */
    pytp_untar_text name;    /* the file's name; "path" then holds one for readers that do not know the format */
} untar_sparse_info;

/* Whom a new file in a directory belongs to: learned from the first one made there. */
typedef struct {
    int known;
    uid_t uid;
    gid_t gid;
} untar_birth;

typedef struct {
    size_t end;
    int fd;
    untar_birth birth;
} untar_level;

/* A chain of open directories from the target down, so that consecutive members need no path lookup. */
typedef struct {
    int root;
    untar_birth root_birth;
    untar_buffer path;
    untar_level *levels;
    size_t depth, room, open;
    struct untar_made *made;
} untar_walk;

/* The directory `path` (clean, `length` bytes) as a descriptor that stays the walk's, or -1 with errno. No symbolic link
 * is followed. `make` creates what is missing. */
int untar_walk_to(untar_walk *walk, const char *path, size_t length, int make);
void untar_walk_forget(untar_walk *walk);
void untar_walk_free(untar_walk *walk);

/* Paths that this restore made: they may be replaced by later members of the same archive. */
typedef struct untar_made {
    uint64_t *hashes;
    size_t count, room;
    uint64_t seed;
} untar_made;

int untar_made_add(untar_made *made, const char *path, size_t length); /* 0 or ENOMEM */
int untar_made_has(const untar_made *made, const char *path, size_t length);

/* A directory whose attributes are set at the end. */
typedef struct {
    char *path; /* clean, followed by the copied extended records */
    size_t length, records, sequence;
    uint64_t uid, gid;
    uint32_t mode;
    struct timespec times[2];
} untar_delayed;

/* Who we are, for owners and modes. */
typedef struct {
    int owners;     /* set uid and gid */
    int born_right; /* the new file has the right owner already */
    uid_t euid;
    gid_t egid;
} untar_rules;

typedef struct {
    const char *reason; /* static text; NULL: all went well */
    int error;
} untar_mishap;

typedef struct {
    char *text;
    size_t length;
    int glob, matched;
} untar_pattern;

/* What is known of the archive, piece by piece. */
typedef struct {
    int on, only, last;
    pytp_untar_expected *members;
    size_t count, room, next;
    untar_buffer texts;
    int in_group; /* only: the stream stands in the header group of members[next] */
} untar_expectations;

enum { TO_FILES = 0, TO_OUTPUT, TO_NOTHING }; /* where content goes */

typedef struct untar_crew untar_crew;

struct pytp_untar {
    untar_stream in;
    uint8_t header[BLOCK];
    pytp_untar_entry member;
    char short_name[258];
    untar_buffer local, global, long_name, long_link;
    untar_sparse_info sparse;
    untar_volume_info volume;
    untar_map map;
    const char *refused; /* why the current member must not be restored */
    int pending;         /* an extended header waits for its member */
    int has_records;     /* xattrs or ACLs came with the member */
    int64_t left;        /* data bytes of the current member still in the stream */
    size_t padding;
    uint64_t data_end;   /* byte of the archive behind them */
    int zeros, draining, lost, lost_zeros, lost_in_gap, over;
    uint64_t here_block, here_offset; /* of the header read last */
    uint64_t here_at, group_at;       /* byte of the archive: of that header, of the member's header group */
    untar_expectations expect;
    const pytp_untar_expected *expected; /* what is known of the current member, or NULL */
    pytp_hash *hash;
    int hash_kind, hashing;
    uint64_t hashed;     /* bytes of the current file's content that are in the checksum */
    uint64_t gaps_before; /* stream.gap_bytes where the current file's data begin */
    pytp_untar_mishap problem;
    untar_buffer problem_path;
    pytp_untar_counts counts;

    /* restoring */
    int root, existing, root_is_ours;
    size_t strip;
    int sink, output;
    uint64_t written; /* bytes of the current file that are in `output` */
    untar_rules rules;
    untar_crew *crew;
    int place_again; /* a member that waited for the crew, which had to tell something */
    untar_walk parents, links;
    untar_made made;
    untar_pattern *patterns;
    size_t pattern_count;
    untar_buffer path, link_path, scratch;
    struct {
        int filling, fd, parent;
        const char *base;     /* its name, behind `parent` */
        const char *spare;    /* the name it has until its checksum has proved right, or NULL */
        size_t segment;
        int64_t at;
        int born_right;
    } file; /* the regular file that is being filled */
    untar_buffer spare_name;
    untar_delayed *delayed;
    size_t delayed_count, delayed_room, settled;
    int sorted, absolute_told; /* told: 1 to be told, 2 done */

    /* listing */
    size_t names_width, date_width;
    untar_buffer line;
};

/* untar_header.c */
int untar_is_zero(const uint8_t *block);
int untar_is_header(const uint8_t *block);
int untar_number(const uint8_t *field, size_t length, int64_t *value); /* 0, or -1 for what is no number */
int untar_decode(pytp_untar *untar);                                   /* 0, or -1: not to be understood */

/* untar_pax.c */
int untar_record(const uint8_t **at, const uint8_t *end, pytp_untar_text *key, pytp_untar_text *value); /* 1, 0 end, -1 malformed */
void untar_apply_records(pytp_untar *untar, const untar_buffer *records);
int untar_only_comments(const uint8_t *at, size_t length);
int untar_decimal(pytp_untar_text text, int64_t *value);
int untar_begins(pytp_untar_text key, const char *with);

/* untar_sparse.c */
int untar_old_sparse(pytp_untar *untar); /* 0, or a final event */
int untar_data_map(pytp_untar *untar);   /* format 1.0: 0, or a final event; sets `refused` */
int untar_list_map(untar_map *map, pytp_untar_text list);

/* untar.c */
int untar_over(pytp_untar *untar, int event);
int untar_pause_due(pytp_untar *untar);
int untar_trouble(pytp_untar *untar, const char *reason, int error); /* fills problem() for the member */

int untar_trouble_of(pytp_untar *untar, pytp_untar_text name, const char *reason, int error);
void untar_begin_group(pytp_untar *untar);
int untar_leave(pytp_untar *untar); /* what is left of the current member: 0, or an event */

/* untar_expect.c */
int untar_expect_here(pytp_untar *untar);   /* before a header group is read: 0, or FEED */
int untar_expect_match(pytp_untar *untar);  /* behind it: sets `expected`; 0, or PROBLEM for what was not expected there */
int untar_expect_seek(pytp_untar *untar);   /* only what is expected: go to the next of it; 0, or an event */
int untar_expect_lost(pytp_untar *untar);   /* what is expected here cannot be read: PROBLEM */

/* untar_check.c */
void untar_check_start(pytp_untar *untar);
void untar_check_data(pytp_untar *untar, const uint8_t *data, size_t length, uint64_t at); /* `at`: in the file; holes are zeros */
int untar_check_end(pytp_untar *untar, uint64_t size); /* PYTP_DAMAGE_ */
int untar_check_whole(pytp_hash **hash, int kind, const pytp_untar_expected *expected, const uint8_t *data, size_t length);
int untar_damaged(pytp_untar *untar, pytp_untar_text name, int damage, uint64_t at, uint64_t bad, int left); /* PROBLEM */
/* The name with ".damaged" behind it, or ".damaged.1"...: one that no file has but `mine` (or NULL). 0: all are taken. */
int untar_free_name(int parent, const char *base, const char *mine, char into[NAME_MAX + 1]);
/* Give a file such a name; 1 when it has it. Nothing that exists is replaced. */
int untar_set_aside(int parent, const char *name, const char *base);

/* untar_crew.c */
enum { UNTAR_SMALL = 128 << 10 };   /* files up to this size go to the crew */
int untar_crew_take(pytp_untar *untar, const untar_delayed *what); /* give it the current file; 0, or an event */
int untar_crew_settle(pytp_untar *untar, pytp_untar_text name);     /* until what has that name is done; likewise */
int untar_crew_wait(pytp_untar *untar);                             /* until all is done; 0, or PROBLEM, or a final event */
void untar_crew_dismiss(untar_crew *crew);
uint64_t untar_crew_checked(untar_crew *crew); /* files whose checksum it found right */

/* untar_extract.c */
int untar_is_wanted(pytp_untar *untar); /* the clean name in `path` */

/* untar_place.c */
int untar_place(pytp_untar *untar);                      /* 0, or an event */
int untar_failed(pytp_untar *untar, const char *reason); /* trouble() with errno */
const char *untar_clean(pytp_untar_text name, untar_buffer *into, int *absolute);
/* The name in the target: clean, without what is stripped off. */
const char *untar_target_name(pytp_untar *untar, pytp_untar_text name, untar_buffer *into, int *absolute);
size_t untar_parent_length(const untar_buffer *path); /* of a clean path: how much of it is the directory */
const char *untar_last_component(const untar_buffer *path, size_t parent);

/* untar_fill.c */
int untar_fill(pytp_untar *untar); /* 0 when the file is complete, or an event */
void untar_begin_file(pytp_untar *untar, int fd);
int untar_parent_of(pytp_untar *untar, pytp_untar_text name, const char **base); /* a descriptor that stays the walk's, or -1 */
int untar_born_right(pytp_untar *untar, int fd);
void untar_remove_incomplete(pytp_untar *untar, int fd, pytp_untar_text name);
int untar_write_all(int fd, const uint8_t *data, size_t length, int64_t at);

/* untar_attributes.c */
int untar_is_foreign(const untar_rules *rules, const untar_delayed *what);
void untar_set_basics(int fd, const untar_rules *rules, const untar_delayed *what, untar_mishap *mishap);
void untar_set_times(int fd, const untar_delayed *what, untar_mishap *mishap);
int untar_set_attributes(pytp_untar *untar, int fd, const untar_delayed *what, const uint8_t *records, size_t length);
int untar_set_node_attributes(pytp_untar *untar, int parent, const char *base);
int untar_delay(pytp_untar *untar, const char *path, size_t length);
void untar_member_attributes(const pytp_untar *untar, untar_delayed *into);
int untar_member_records(pytp_untar *untar, const uint8_t **at, size_t *length);

#endif
