/* SPDX-License-Identifier: WTFPL OR MIT */
/* Reading a tar archive out of a ring; see csrc/untar.h for the contract. */
typedef struct { const uint8_t *at; size_t length; ...; } pytp_untar_text;
typedef struct {
    pytp_untar_text name, link, user, group;
    int64_t size, stored, mtime_s, atime_s;
    int32_t mtime_ns, atime_ns;
    uint64_t uid, gid, header_block, header_offset;
    uint32_t mode, device_major, device_minor;
    int kind, typeflag, sparse, has_atime, v7;
    ...;
} pytp_untar_entry;
typedef struct { pytp_untar_text path; const char *reason; int error; uint64_t block, offset, bytes; int damage, left; uint64_t at, bad; ...; } pytp_untar_mishap;
typedef struct { uint64_t members, restored, bytes, owners_skipped, content, checked, damaged, kept; ...; } pytp_untar_counts;
typedef struct { uint64_t at, slots; } pytp_untar_run;
typedef struct {
    uint64_t at, name_hash;
    uint8_t digest[32];
    uint32_t digest_length, name_at, name_length, link_at, link_length, mtime_s;
} pytp_untar_expected;
typedef struct pytp_untar pytp_untar;
#define PYTP_UNTAR_MEMBER ...
#define PYTP_UNTAR_PAUSE ...
#define PYTP_UNTAR_PROBLEM ...
#define PYTP_UNTAR_END ...
#define PYTP_UNTAR_UNMARKED ...
#define PYTP_UNTAR_CUT ...
#define PYTP_UNTAR_NO_TAR ...
#define PYTP_UNTAR_NO_SPACE ...
#define PYTP_UNTAR_NO_MEMORY ...
#define PYTP_UNTAR_FEED ...
#define PYTP_DAMAGE_NONE ...
#define PYTP_DAMAGE_CHECKSUM ...
#define PYTP_DAMAGE_UNREAD ...
#define PYTP_DAMAGE_LOST ...
#define PYTP_UNTAR_KEEP ...
#define PYTP_UNTAR_OVERWRITE ...
#define PYTP_UNTAR_NEWER ...
pytp_untar *pytp_untar_new(pytp_ring *ring);
void pytp_untar_free(pytp_untar *untar);
void pytp_untar_restart(pytp_untar *untar);
int pytp_untar_runs(pytp_untar *untar, const pytp_untar_run *runs, size_t count);
int pytp_untar_expect(pytp_untar *untar, int hash_kind, int only);
int pytp_untar_feed(pytp_untar *untar, const pytp_untar_expected *members, size_t count, const uint8_t *texts,
                    size_t text_length, int last);
void pytp_untar_strip(pytp_untar *untar, size_t components);
void pytp_untar_output(pytp_untar *untar, int descriptor);
int pytp_untar_wants(pytp_untar *untar, const uint8_t *name, size_t length);
int pytp_untar_next(pytp_untar *untar);
const pytp_untar_entry *pytp_untar_member(pytp_untar *untar);
const pytp_untar_mishap *pytp_untar_problem(pytp_untar *untar);
void pytp_untar_count(pytp_untar *untar, pytp_untar_counts *into);
int pytp_untar_target(pytp_untar *untar, int directory, int existing, int owners, int target_is_ours);
int pytp_untar_pattern(pytp_untar *untar, const uint8_t *pattern, size_t length);
int pytp_untar_matched(pytp_untar *untar, size_t pattern);
int pytp_untar_extract(pytp_untar *untar);
int pytp_untar_settle(pytp_untar *untar);
void pytp_untar_abandon(pytp_untar *untar);
int pytp_untar_line(pytp_untar *untar, pytp_untar_text *line);
int64_t pytp_acl_from_text(const uint8_t *text, size_t length, uint8_t *into, size_t room);
