# SPDX-License-Identifier: WTFPL OR MIT
"""How the kernel's log words additional sense codes (T10's texts, drivers/scsi/sense_codes.h), for tape and changer
codes that operators meet: from text, in lower case, to ASC << 8 | ASCQ."""

from __future__ import annotations

KERNEL_TEXTS = {
    "no additional sense information": 0x0000, "filemark detected": 0x0001,
    "end-of-partition/medium detected": 0x0002, "beginning-of-partition/medium detected": 0x0004,
    "end-of-data detected": 0x0005, "cleaning requested": 0x0017, "peripheral device write fault": 0x0300,
    "excessive write errors": 0x0302, "logical unit not ready, cause not reportable": 0x0400,
    "logical unit is in process of becoming ready": 0x0401,
    "logical unit not ready, initializing command required": 0x0402,
    "logical unit not ready, manual intervention required": 0x0403,
    "logical unit not ready, format in progress": 0x0404,
    "logical unit communication failure": 0x0800, "logical unit communication time-out": 0x0801,
    "track following error": 0x0900, "tracking servo failure": 0x0901, "write error": 0x0C00,
    "unrecovered read error": 0x1100, "read retries exhausted": 0x1101, "error too long to correct": 0x1102,
    "recorded entity not found": 0x1400, "end-of-data not found": 0x1403, "locate operation failure": 0x1407,
    "mechanical positioning error": 0x1501, "invalid command operation code": 0x2000, "invalid field in cdb": 0x2400,
    "write protected": 0x2700, "not ready to ready change, medium may have changed": 0x2800,
    "power on, reset, or bus device reset occurred": 0x2900, "power on occurred": 0x2901,
    "scsi bus reset occurred": 0x2902, "incompatible medium installed": 0x3000,
    "cannot read medium - unknown format": 0x3001, "cannot read medium - incompatible format": 0x3002,
    "cleaning cartridge installed": 0x3003, "cleaning failure": 0x3007, "medium format corrupted": 0x3100,
    "tape length error": 0x3300, "medium not present": 0x3A00, "sequential positioning error": 0x3B00,
    "medium destination element full": 0x3B0D, "medium source element empty": 0x3B0E,
    "medium magazine not accessible": 0x3B11, "internal target failure": 0x4400, "scsi parity error": 0x4700,
    "initiator detected error message received": 0x4800, "data phase error": 0x4B00, "nak received": 0x4B04,
    "erase failure": 0x5100, "cartridge fault": 0x5200, "media load or eject failed": 0x5300,
    "unload tape failure": 0x5301, "medium removal prevented": 0x5302, "failure prediction threshold exceeded": 0x5D00,
    "media failure prediction threshold exceeded": 0x5D01, "security error": 0x7400, "unable to decrypt data": 0x7401,
}  # fmt: skip
