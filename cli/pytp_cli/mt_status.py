# SPDX-License-Identifier: WTFPL OR MIT
"""What `mt status` and `mt tell` print, to the byte, and the same as JSON."""

from __future__ import annotations

from pytp_native.spec.density import NAMES
from pytp_native.transport import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pytp_native.transport.records import MtStatus

# mt_type (linux/mtio.h, MT_IS...).
_SCSI2 = 0x72
_DRIVES = {0x71: "SCSI 1", _SCSI2: "SCSI 2", 0x61: "OnStream SC-, DI-, DP-, or USB"}
_QIC117 = 0x800000
_FLAGS = (
    ("EOF", records.GMT_EOF), ("BOT", records.GMT_BOT), ("EOT", records.GMT_EOT), ("SM", records.GMT_SM),
    ("EOD", records.GMT_EOD), ("WR_PROT", records.GMT_WR_PROT), ("ONLINE", records.GMT_ONLINE),
    ("D_6250", records.GMT_D_6250), ("D_1600", records.GMT_D_1600), ("D_800", records.GMT_D_800),
    ("DR_OPEN", records.GMT_DR_OPEN), ("IM_REP_EN", records.GMT_IM_REP_EN), ("CLN", records.GMT_CLN),
)  # fmt: skip
"""In the order in which mt prints them."""


def is_scsi(status: MtStatus) -> bool:
    return status.mt_type in {0x71, _SCSI2}


def text(status: MtStatus) -> str:
    """The lines of `mt status`."""
    body = _scsi_lines(status) if status.mt_type in _DRIVES else _other_lines(status)
    bits = f"General status bits on ({status.mt_gstat & 0xFFFFFFFF:x}):\n"
    return body + bits + "".join(f" {name}" for name in flags(status)) + "\n"


def _scsi_lines(status: MtStatus) -> str:
    partition = f", partition={status.mt_resid & 0xFF}" if status.mt_type == _SCSI2 else ""
    code = status.density_code
    return (
        f"{_DRIVES[status.mt_type]} tape drive:\n"
        f"File number={status.mt_fileno}, block number={status.mt_blkno}{partition}.\n"
        f"Tape block size {status.block_bytes} bytes. Density code 0x{code:x} ({density(code)}).\n"
        f"Soft error count since last status={status.mt_erreg & 0xFFFF}\n"
    )


def _other_lines(status: MtStatus) -> str:
    if status.mt_type & _QIC117:
        first = f"qic-117 drive type = 0x{status.mt_type & 0x1FFFF:05x}"
    elif status.mt_type == 0:
        first = "IDE-Tape (type code 0) ?"
    else:
        first = f"Unknown tape drive type (type code {status.mt_type})"
    return (
        f"{first}\n"
        f"File number={status.mt_fileno}, block number={status.mt_blkno}.\n"
        f"mt_resid: {status.mt_resid}, mt_erreg: 0x{status.mt_erreg:x}\n"
        f"mt_dsreg: 0x{status.mt_dsreg:x}, mt_gstat: 0x{status.mt_gstat:x}\n"
    )


def density(code: int) -> str:
    return NAMES.get(code, "no translation")


def flags(status: MtStatus) -> list[str]:
    return [name for name, bit in _FLAGS if status.mt_gstat & bit]


def fields(status: MtStatus) -> dict[str, Any]:
    """What `status --json` adds; the names are those of `pytp status --json`."""
    empty = status.has(records.GMT_DR_OPEN)
    return {
        "state": "ready" if status.has(records.GMT_ONLINE) else "empty" if empty else "not ready",
        "drive_type": _DRIVES.get(status.mt_type, f"type {status.mt_type:#x}"),
        "block_bytes": status.block_bytes,
        "density_code": status.density_code,
        "density": density(status.density_code),
        "soft_errors": status.mt_erreg & 0xFFFF,
        "general_status": status.mt_gstat & 0xFFFFFFFF,
        "flags": flags(status),
        "position": position(status),
    }


def position(status: MtStatus | None, logical_block: int | None = None) -> dict[str, int | None]:
    """The position object that every --json of pytp has; null is unknown."""
    return {
        "file": status.file_number if status is not None else None,
        "block": status.block_number if status is not None else None,
        "logical_block": logical_block,
        "partition": status.mt_resid & 0xFF if status is not None else None,
    }
