# SPDX-License-Identifier: WTFPL OR MIT
"""The system calls on one open st node; OSError is all that can happen here. linux_st makes sense of it."""

from __future__ import annotations

import fcntl
import os

from pytp_native.ffi import ffi, lib
from pytp_native.transport.records import MtStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import BlockRing

STOP_NAMES: dict[int, str] = {
    lib.PYTP_END_OF_STREAM: "end of stream", lib.PYTP_FILEMARK: "filemark", lib.PYTP_END_OF_DATA: "end of data",
    lib.PYTP_FAILED: "failed", lib.PYTP_CANCELLED: "cancelled", lib.PYTP_LIMIT: "limit",
    lib.PYTP_NO_SPACE: "no space",
}  # fmt: skip


def to_int32(count: int) -> int:
    """Return `count` as the C int with its low 32 bits; MT_ST_DEF_OPTIONS (A0000000h) does not fit otherwise."""
    return (count & 0xFFFFFFFF) - (1 << 32) if count & 0x80000000 and count > 0 else count


def slot_bytes(ring: BlockRing) -> int:
    """Return how much one slot of `ring` holds: the size of every bulk read."""
    raw = ffi.new("pytp_ring_stats *")
    lib.pytp_ring_read_stats(ring.handle, raw)
    return int(raw.slot_bytes)


class StNode:
    """A file descriptor of /dev/[n]stN."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def read(self, into: memoryview) -> int:
        return os.readv(self.fd, [into])

    def write(self, data: bytes | memoryview) -> int:
        return os.write(self.fd, data)

    def operate(self, operation: int, count: int) -> None:
        """MTIOCTOP; blocks until the drive has done it (a full rewind takes minutes) without the GIL."""
        request = ffi.new("struct mtop *", {"mt_op": operation, "mt_count": to_int32(count)})
        fcntl.ioctl(self.fd, lib.MTIOCTOP, ffi.buffer(request))

    def get(self) -> MtStatus:
        """MTIOCGET; clears st's count of recovered errors."""
        raw = ffi.new("struct mtget *")
        fcntl.ioctl(self.fd, lib.MTIOCGET, ffi.buffer(raw))
        return MtStatus(
            raw.mt_type, raw.mt_resid, raw.mt_dsreg & 0xFFFFFFFF, raw.mt_gstat & 0xFFFFFFFF, raw.mt_erreg,
            raw.mt_fileno, raw.mt_blkno,
        )  # fmt: skip

    def pos(self) -> int:
        """MTIOCPOS; on a drive at the beginning of the partition st also learns its file and block number from it."""
        raw = ffi.new("struct mtpos *")
        fcntl.ioctl(self.fd, lib.MTIOCPOS, ffi.buffer(raw))
        return int(raw.mt_blkno) & 0xFFFFFFFF

    def write_from(self, ring: BlockRing, limit: int) -> tuple[int, int, str, int]:
        """Run pytp_write_fd; return blocks, bytes, one of STOP_NAMES, errno."""
        moved = ffi.new("pytp_moved *")
        lib.pytp_write_fd(ring.handle, self.fd, limit, moved)
        return moved.blocks, moved.bytes, STOP_NAMES[moved.stop], moved.error

    def read_into(self, ring: BlockRing, limit: int) -> tuple[int, int, str, int]:
        """Run pytp_read_fd; return blocks, bytes, one of STOP_NAMES, errno."""
        moved = ffi.new("pytp_moved *")
        lib.pytp_read_fd(ring.handle, self.fd, limit, moved)
        return moved.blocks, moved.bytes, STOP_NAMES[moved.stop], moved.error

    def close(self) -> None:
        """Close; after a write st writes its filemark here, and an error of that is reported. The descriptor is gone
        afterwards in any case (close(2), Linux)."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)
