/* SPDX-License-Identifier: WTFPL OR MIT */
/* The tar packer; see csrc/pack.h. */
#define PYTP_HASH_NONE ...
#define PYTP_HASH_XXH3 ...
#define PYTP_HASH_SHA256 ...
#define PYTP_CHECKED_HOLES ...
#define PYTP_PROBLEM_UNREADABLE ...
#define PYTP_PROBLEM_VANISHED ...
#define PYTP_PROBLEM_READ_ERROR ...
#define PYTP_PROBLEM_SHRANK ...
#define PYTP_PROBLEM_GREW ...
#define PYTP_PROBLEM_CHANGED ...
#define PYTP_PROBLEM_SOCKET ...
#define PYTP_PROBLEM_UNKNOWN_TYPE ...
#define PYTP_PROBLEM_ATTRIBUTES ...
#define PYTP_PROBLEM_REPLACED ...
typedef struct pytp_pack pytp_pack;
typedef struct {
    int hash;
    int one_file_system;
    const char *const *exclude;
    size_t excludes;
    int members_fd;
    size_t frame_blocks;
    void (*problem)(void *context, const char *path, size_t length, int kind, int error);
    void *context;
    ...;
} pytp_pack_options;
typedef struct { uint64_t members, data_bytes, problems; int log_error; ...; } pytp_pack_counts;
pytp_pack *pytp_pack_new(pytp_ring *ring, const pytp_pack_options *options);
void pytp_pack_free(pytp_pack *pack);
int pytp_pack_tree(pytp_pack *pack, const char *path, const char *name, const char *after);
int pytp_pack_preface(pytp_pack *pack, const void *data, size_t length);
typedef struct { uint64_t members, data_bytes, tape_bytes; ...; } pytp_survey;
void pytp_pack_compare(pytp_pack *pack, pytp_known *known);
int pytp_pack_survey(pytp_pack *pack, const char *path, const char *name, int first_only, pytp_survey *survey);
int pytp_pack_end(pytp_pack *pack);
void pytp_pack_restart(pytp_pack *pack);
void pytp_pack_stop(pytp_pack *pack);
int pytp_pack_continuation(pytp_pack *pack, uint64_t block, uint8_t *into);
typedef struct {
    const char *name;
    size_t name_length;
    const char *uname, *gname;
    uint32_t mode, mtime_ns, ctime_ns;
    uint64_t uid, gid;
    int64_t mtime_s, ctime_s;
    uint64_t head, start, end, total;
} pytp_cut_member;
int pytp_pack_cut(pytp_pack *pack, uint64_t block, pytp_cut_member *cut);
int pytp_pack_recall(pytp_pack *pack, const pytp_cut_member *member);
int pytp_pack_rest(pytp_pack *pack, const char *path, const char *name, uint64_t block, const pytp_cut_member *cut);
void pytp_pack_forget(pytp_pack *pack, uint64_t block);
void pytp_pack_flush_log(pytp_pack *pack);
void pytp_pack_read_counts(pytp_pack *pack, pytp_pack_counts *counts);
extern "Python" void pytp_pack_problem_seen(void *context, const char *path, size_t length, int kind, int error);

typedef struct pytp_hash pytp_hash;
pytp_hash *pytp_hash_new(int kind);
void pytp_hash_free(pytp_hash *hash);
void pytp_hash_start(pytp_hash *hash);
void pytp_hash_add(pytp_hash *hash, const void *data, size_t length);
size_t pytp_hash_finish(pytp_hash *hash, uint8_t *digest);
