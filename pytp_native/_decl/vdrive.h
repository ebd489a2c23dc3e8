/* SPDX-License-Identifier: WTFPL OR MIT */
/* A virtual drive's remembered state and its bulk transfers; see csrc/vdrive.h for the contract. */
#define PYTP_EVENT ...
#define PYTP_PARTITIONS ...
#define PYTP_ST_IDLE ...
#define PYTP_ST_READING ...
#define PYTP_ST_WRITING ...
#define PYTP_ST_NOEOF ...
#define PYTP_ST_FM_HIT ...
#define PYTP_ST_FM ...
#define PYTP_ST_EOM_OK ...
#define PYTP_ST_EOM_ERROR ...
#define PYTP_ST_EOD_1 ...
#define PYTP_ST_EOD_2 ...
#define PYTP_ST_EOD ...
typedef struct {
    uint64_t last_block;
    uint32_t last_block_valid, rw;
    ...;
} pytp_st_left;
typedef struct {
    char magic[8];
    uint32_t state_bytes;
    int32_t user;
    uint64_t loads, position;
    uint32_t partition, mounted, st_attention, sg_attention;
    uint32_t block_bytes, buffered_mode, compression, prevented, recheck;
    int32_t file, block;
    uint32_t busy, rw, eof, setmark, door, options;
    int32_t default_block_bytes, default_density, default_buffering, default_compression;
    uint64_t load_written, load_read, changes, life_written, life_read;
    uint32_t load_write_errors, load_read_errors, life_write_errors, life_read_errors, life_loads;
    uint32_t descriptor_sense;
    uint64_t alerts;
    uint32_t wanted_partitions;
    uint32_t wanted_sizes[4];
    uint32_t next_partition, partitions;
    pytp_st_left left[4];
    uint32_t loading, loading_polls, cleaning, cleaning_due, life_cleanings;
    uint64_t cleaned_moved;
    uint32_t drive_protected, pos_unknown, block_bytes_changed, density_changed;
    uint32_t programmed_warning;
    uint64_t load_verified;
    uint32_t load_verify_errors;
    uint64_t cleaned_before[2];
    ...;
} pytp_drive_state;
typedef struct {
    pytp_cartridge *cartridge;
    pytp_drive_state *state;
    uint64_t stop_at, stop_bytes;
    uint32_t least, most;
    int host_error;
    ...;
} pytp_bulk;
void pytp_bulk_write(pytp_ring *ring, pytp_bulk *bulk, uint64_t limit, pytp_moved *moved);
void pytp_bulk_read(pytp_ring *ring, pytp_bulk *bulk, uint64_t limit, pytp_moved *moved);
