/* SPDX-License-Identifier: WTFPL OR MIT */
/* scsi/sg.h, SG_IO version 3: the compiler fills in every value. */
#define SG_IO ...
#define SG_GET_VERSION_NUM ...
#define SG_GET_RESERVED_SIZE ...
#define SG_SET_RESERVED_SIZE ...
#define SG_DXFER_NONE ...
#define SG_DXFER_TO_DEV ...
#define SG_DXFER_FROM_DEV ...
#define SG_INFO_OK_MASK ...
#define SG_INFO_OK ...
typedef struct sg_io_hdr {
    int interface_id;
    int dxfer_direction;
    unsigned char cmd_len;
    unsigned char mx_sb_len;
    unsigned short iovec_count;
    unsigned int dxfer_len;
    void *dxferp;
    unsigned char *cmdp;
    unsigned char *sbp;
    unsigned int timeout;
    unsigned int flags;
    int pack_id;
    void *usr_ptr;
    unsigned char status;
    unsigned char masked_status;
    unsigned char msg_status;
    unsigned char sb_len_wr;
    unsigned short host_status;
    unsigned short driver_status;
    int resid;
    unsigned int duration;
    unsigned int info;
    ...;
} sg_io_hdr_t;
