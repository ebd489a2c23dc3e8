# SPDX-License-Identifier: WTFPL OR MIT
"""What of a virtual drive's blocks is on the medium, and what only in the drive's buffer: power loss takes that.

The cartridge's files hold all of it, for a killed process must not lose what the drive has. What has been flushed is
what the cartridge knows to be synced; a full buffer writes on by itself, the oldest blocks first.
"""

from __future__ import annotations

import os

from pytp_native.errors import MediumDamaged
from pytp_native.ffi import lib
from pytp_native.light import NamedTuple
from pytp_native.units import GIB
from pytp_native.vtl.cartridge import partition_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive


BUFFER_BYTES = GIB
"""As of LTO-7 and later drives."""
_SYNCED_AT = 16
"""Where the index says how many objects were synced (csrc/cartridge.c, header)."""


class Buffered(NamedTuple):
    """READ POSITION's answer to what is where."""

    on_medium: int
    """Every object before this one is on the medium."""
    objects: int
    """Blocks and filemarks in the buffer."""
    data_bytes: int


def look(drive: VirtualDrive) -> Buffered:
    """What is in the buffer now; also beside a user who is writing. Nothing, unless the tape was written here."""
    position = int(drive.raw.position)
    path = os.path.join(drive.cartridge_path, partition_files(int(drive.raw.partition))[2])
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as exc:
        raise MediumDamaged(path, f"cannot be opened: {exc.strerror}") from exc
    try:
        return _Index(fd).buffered(position, buffer_bytes(drive))
    finally:
        os.close(fd)


def buffer_bytes(drive: VirtualDrive) -> int:
    """How much the drive's buffer holds."""
    asked = drive.faults.reached("buffer", 2**63)
    return asked.at if asked is not None else BUFFER_BYTES


class _Index:
    """Reads a cartridge's index (csrc/cartridge.h) while its user writes it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def buffered(self, position: int, room: int) -> Buffered:
        synced = self._number(_SYNCED_AT)
        if position <= synced:
            return Buffered(position, 0, 0)
        end = self._end_of(position - 1)
        low, high = synced, position  # the first object from which on no more than the buffer holds was written
        while low < high:
            middle = (low + high) // 2
            if end - self._start_of(middle) <= room:
                high = middle
            else:
                low = middle + 1
        return Buffered(low, position - low, end - self._start_of(low) if low < position else 0)

    def _start_of(self, at: int) -> int:
        return self._number(self._place(at))

    def _end_of(self, at: int) -> int:
        return self._start_of(at) + int.from_bytes(os.pread(self._fd, 4, self._place(at) + 8), "little")

    def _number(self, place: int) -> int:
        return int.from_bytes(os.pread(self._fd, 8, place), "little")

    @staticmethod
    def _place(at: int) -> int:
        return int(lib.PYTP_CARTRIDGE_HEADER) + at * int(lib.PYTP_CARTRIDGE_RECORD)
