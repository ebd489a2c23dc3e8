/* SPDX-License-Identifier: WTFPL OR MIT
 *
 * What a virtual drive and the driver above it remember, in a file that every process maps (driveN/state). Plain stores keep it up
 * to date, also for each block of a bulk transfer, so that it outlives a user who is killed: the next one reads in `rw` that a
 * write was going on and does what the driver's close would have done.
 *
 * The bulk transfers below move blocks between a ring and the cartridge as long as nothing remarkable happens. They stop before
 * the first block that needs thought (a fault, early warning, a filemark, another block length...) with error PYTP_EVENT; the
 * caller handles that one block with the ordinary read or write and calls again. So there is one behaviour, and it is fast.
 */
#ifndef PYTP_VDRIVE_H
#define PYTP_VDRIVE_H
#include "cartridge.h"
#include "ring.h"

enum { PYTP_EVENT = 0x5054, PYTP_PARTITIONS = 4 };

/* st: what the last operation on the tape was. */
enum { PYTP_ST_IDLE = 0, PYTP_ST_READING, PYTP_ST_WRITING };
/* st: what the head met last, ordered as st compares it. */
enum {
    PYTP_ST_NOEOF = 0,
    PYTP_ST_FM_HIT, /* a fixed-block read has data to hand out and stands behind a filemark */
    PYTP_ST_FM,     /* behind a filemark */
    PYTP_ST_EOM_OK, /* early warning; the next write gets ENOSPC */
    PYTP_ST_EOM_ERROR,
    PYTP_ST_EOD_1, /* ENOSPC was given; the next write is tried */
    PYTP_ST_EOD_2,
    PYTP_ST_EOD /* end of data */
};

/* st: what it remembers of a partition that it left. */
typedef struct {
    uint64_t last_block;
    uint32_t last_block_valid, rw;
} pytp_st_left;

typedef struct {
    char magic[8];
    uint32_t state_bytes; /* sizeof of this struct, and so its version */
    int32_t user;         /* process id of the last opener, negative when it closed */
    /* drive */
    uint64_t loads;                  /* the library's count of loads into this drive that this state belongs to */
    uint64_t position;               /* logical object number, from 0 */
    uint32_t partition;
    uint32_t mounted;                /* a cartridge is threaded */
    uint32_t st_attention, sg_attention; /* pending unit attention for each door: ASC << 8 | ASCQ, 0 none */
    uint32_t block_bytes;            /* 0: variable */
    uint32_t buffered_mode, compression, prevented;
    uint32_t recheck;                /* somebody changed the fault script: look at it before the next block */
    /* st */
    int32_t file, block; /* drv_file, drv_block; -1 unknown */
    uint32_t busy; /* an operation is under way: if its user is dead, `file` and `block` may not belong to `position` */
    uint32_t rw, eof, setmark, door;
    uint32_t options;
    int32_t default_block_bytes, default_density, default_buffering, default_compression; /* -1: none */
    /* drive: what it counts, since the cartridge was threaded and, without that, over its own life */
    uint64_t load_written, load_read; /* bytes of blocks */
    uint64_t changes;                 /* objects written, and cuts */
    uint64_t life_written, life_read;
    uint32_t load_write_errors, load_read_errors, life_write_errors, life_read_errors, life_loads;
    uint32_t descriptor_sense; /* control mode page, D_SENSE */
    uint64_t alerts;           /* TapeAlert: flag N is bit N - 1 */
    uint32_t wanted_partitions; /* medium partition mode page: what FORMAT MEDIUM will make */
    uint32_t wanted_sizes[PYTP_PARTITIONS];
    /* st, with can-partitions */
    uint32_t next_partition, partitions;
    pytp_st_left left[PYTP_PARTITIONS];
    /* drive: for how many more questions it is getting ready, of how many; the same for cleaning itself */
    uint32_t loading, loading_polls, cleaning;
    uint32_t cleaning_due, life_cleanings; /* it asks for cleaning; how often it was cleaned */
    uint64_t cleaned_moved;                /* life_written + life_read when it was */
    uint32_t drive_protected; /* drv_write_prot: the tab of the last cartridge, whether it is still there or not */
    uint32_t pos_unknown; /* st: there was a bus reset; all but rewinding and seeking is refused */
    uint32_t block_bytes_changed, density_changed; /* somebody asked for another since the cartridge was loaded */
    uint32_t programmed_warning; /* drive: 10^6 bytes in front of early warning where it tells of the end, too; 0 none */
    uint64_t load_verified;     /* bytes that VERIFY has read since the cartridge was threaded */
    uint32_t load_verify_errors;
    uint64_t cleaned_before[2]; /* what it had moved when it was cleaned the last time but one, and but two */
} pytp_drive_state;

typedef struct {
    pytp_cartridge *cartridge;
    pytp_drive_state *state;
    uint64_t stop_at;    /* stop before this object number */
    uint64_t stop_bytes; /* stop before the cartridge holds this many bytes of data */
    uint32_t least, most; /* block lengths that need no thought, in bytes */
    int host_error;      /* errno of the host's file system that stopped a transfer; 0 none */
} pytp_bulk;

void pytp_bulk_write(pytp_ring *ring, pytp_bulk *bulk, uint64_t limit, pytp_moved *moved);
void pytp_bulk_read(pytp_ring *ring, pytp_bulk *bulk, uint64_t limit, pytp_moved *moved);

#endif
