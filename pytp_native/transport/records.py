# SPDX-License-Identifier: WTFPL OR MIT
"""What transports answer: immutable records with names. Light: the mt path imports this module."""

from __future__ import annotations

from pytp_native.ffi import lib
from pytp_native.light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.moved import Moved, Stop

__all__ = ["Moved", "MtStatus", "Position", "ScsiReply", "Stop"]

_BLKSIZE_SHIFT: int = lib.MT_ST_BLKSIZE_SHIFT
_BLKSIZE_MASK: int = lib.MT_ST_BLKSIZE_MASK
_DENSITY_SHIFT: int = lib.MT_ST_DENSITY_SHIFT

# General status bits of mt_gstat (linux/mtio.h, the GMT_* macros; st(4), "MTIOCGET").
GMT_EOF = 0x80000000
GMT_BOT = 0x40000000
GMT_EOT = 0x20000000
GMT_SM = 0x10000000
GMT_EOD = 0x08000000
GMT_WR_PROT = 0x04000000
GMT_ONLINE = 0x01000000
GMT_D_6250 = 0x00800000
GMT_D_1600 = 0x00400000
GMT_D_800 = 0x00200000
GMT_DR_OPEN = 0x00040000
GMT_IM_REP_EN = 0x00010000
GMT_CLN = 0x00008000


class MtStatus(NamedTuple):
    """struct mtget of MTIOCGET (st(4)), field by field; use the properties."""

    mt_type: int
    mt_resid: int
    mt_dsreg: int
    mt_gstat: int
    mt_erreg: int
    mt_fileno: int
    mt_blkno: int

    @property
    def file_number(self) -> int | None:
        """File number from 0, or None while the driver does not know it."""
        return self.mt_fileno if self.mt_fileno >= 0 else None

    @property
    def block_number(self) -> int | None:
        """Block number within the file from 0, or None while the driver does not know it."""
        return self.mt_blkno if self.mt_blkno >= 0 else None

    @property
    def block_bytes(self) -> int:
        """Fixed block size in bytes; 0 in variable-block mode."""
        return self.mt_dsreg >> _BLKSIZE_SHIFT & _BLKSIZE_MASK

    @property
    def density_code(self) -> int:
        return self.mt_dsreg >> _DENSITY_SHIFT & 0xFF

    def has(self, flag: int) -> bool:
        """Tell whether one of the GMT_* bits is on."""
        return bool(self.mt_gstat & flag)


class Position(NamedTuple):
    """Where the tape stands; None where the drive does not know. File numbers are st's own, from 0."""

    file: int | None
    block: int | None
    logical_block: int | None = None
    """Block number from the beginning of the partition, filemarks counted (MTIOCPOS)."""
    partition: int = 0

    def __str__(self) -> str:
        if self.file is None:
            return "an unknown file" if self.logical_block is None else f"logical block {self.logical_block}"
        return f"file {self.file}" if self.block is None else f"file {self.file} block {self.block}"


class ScsiReply(NamedTuple):
    """What happened to one SCSI command, on every axis; nothing is judged here (SG_IO v3; SAM-5 5.3.1)."""

    status: int
    """SAM status byte: 00h GOOD, 02h CHECK CONDITION, 08h BUSY, 18h RESERVATION CONFLICT..."""
    sense: bytes
    data: bytes
    """Data-in, cut to what was transferred."""
    residual: int = 0
    host_status: int = 0
    driver_status: int = 0
    duration_ms: int = 0


def __getattr__(name: str) -> object:
    """Bulk transfers' records are part of this module, but their enum would make every mt(1) slower."""
    if name in {"Moved", "Stop"}:
        from pytp_native.transport import moved  # noqa: PLC0415

        return getattr(moved, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
